"""Documents that the chart renders: what the API server would have against one, and what does not fit together."""

import os
import pathlib
import subprocess

import jsonschema
import kubernetes_validate
import yaml

from speed import limit

ROOT = pathlib.Path(__file__).parent.parent
CHART = ROOT / "deploy/helm/cutout"
CRDS = ROOT / "../shared/data/wasmcloud-crds"
KUBERNETES = "1.35"
# What Kubernetes does not have itself; .ci/check-kubernetes validates all of it.
OTHERS = ("runtime.wasmcloud.dev/v1alpha1", "gateway.networking.k8s.io/v1", "monitoring.coreos.com/v1", "keda.sh/v1alpha1")


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=limit(60))


def helm(*arguments):
    return run(os.environ["HELM"], *arguments)


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def at(error):
    return "/".join(str(part) for part in error.absolute_path) + ": " + error.message.splitlines()[0]


def closed(schema):
    """A CRD's schema that refuses what the API server would silently drop."""
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema:
        made["properties"] = {key: closed(value) for key, value in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    if "items" in schema:
        made["items"] = closed(schema["items"])
    return made


def wasmcloud_schemas():
    """The schemas of wasmCloud's kinds by name; none where the definitions are not here."""
    found = {}
    for path in sorted(CRDS.glob("*.yaml")):
        for definition in documents(path.read_text()):
            version = definition["spec"]["versions"][0]
            found[definition["spec"]["names"]["kind"]] = closed(version["schema"]["openAPIV3Schema"])
    return found


def refusal(document, schemas):
    """What the API server would have against a document, or nothing."""
    try:
        if document["apiVersion"] not in OTHERS:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
        elif document["kind"] in schemas:
            jsonschema.Draft202012Validator(schemas[document["kind"]]).validate(document)
    except jsonschema.ValidationError as error:
        return at(error)
    except kubernetes_validate.SchemaNotFoundError as error:
        return error.message
    return None


def loose_ends(rendered):
    """What one document says of another and is not so."""
    metrics = [document for document in rendered if document["kind"] == "Service" and document["metadata"]["name"].endswith("-metrics")]
    by_kind = {document["kind"]: document for document in rendered if document not in metrics}
    names = {(document["kind"], document["metadata"]["name"]) for document in rendered if document not in metrics}
    if len(names) + len(metrics) != len(rendered):
        yield "two documents have one name"
    service = by_kind.get("Service", {}).get("spec")
    if service and [port["name"] for port in service["ports"]] != ["http"]:
        yield "the Service's port is not named http"
    if service and ("selector" in service) == ("WorkloadDeployment" in by_kind):
        yield "a Service has a selector for pods, and none on wasmCloud"
    wanted = []
    if workload := by_kind.get("WorkloadDeployment"):
        if target := workload["spec"].get("kubernetes"):
            wanted.append(("Service", target["service"]["name"]))
        yield from loose_interfaces(workload["spec"]["template"]["spec"], by_kind.get("Ingress"))
    if scaler := by_kind.get("HorizontalPodAutoscaler") or by_kind.get("ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        wanted.append((target["kind"], target["name"]))
        if "replicas" in by_kind[target["kind"]]["spec"]:
            yield "replicas would be set against the autoscaler's"
    for rule in by_kind.get("Ingress", {}).get("spec", {}).get("rules", []):
        wanted += [("Service", path["backend"]["service"]["name"]) for path in rule["http"]["paths"]]
    for rule in by_kind.get("HTTPRoute", {}).get("spec", {}).get("rules", []):
        wanted += [("Service", reference["name"]) for reference in rule["backendRefs"]]
    yield from loose_metrics(by_kind, metrics)
    if deployment := by_kind.get("Deployment"):
        pod = deployment["spec"]["template"]
        container = pod["spec"]["containers"][0]
        wanted += [("ConfigMap", source["configMapRef"]["name"]) for source in container["envFrom"]]
        for kind, selector in selectors(by_kind):
            if not selector.items() <= pod["metadata"]["labels"].items():
                yield f"the selector of {kind} does not fit the pods"
    for kind, name in wanted:
        if (kind, name) not in names:
            yield f"no {kind} is named {name}"


def loose_metrics(by_kind, services):
    """Metrics have a Service of their own, which the ServiceMonitor selects, and the Service of the images does not lead to them."""
    if len(services) != ("Deployment" in by_kind):
        yield f"{len(services)} Services for metrics"
        return
    if not services:
        return
    [service] = services
    container = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    if f"--metrics-addr=0.0.0.0:{ports['metrics']}" not in container["args"] or f"--addr=0.0.0.0:{ports['http']}" not in container["args"]:
        yield "the container's ports are not those that it listens on"
    if [port["targetPort"] for port in by_kind["Service"]["spec"]["ports"]] != ["http"]:
        yield "the Service leads to more than images"
    if service["spec"]["selector"] != by_kind["Service"]["spec"]["selector"]:
        yield "the Service for metrics selects other pods"
    if monitor := by_kind.get("ServiceMonitor"):
        selector = monitor["spec"]["selector"]["matchLabels"].items()
        if not selector <= labels_of(service).items() or selector <= labels_of(by_kind["Service"]).items():
            yield "the ServiceMonitor does not select the Service for metrics alone"
        if monitor["spec"]["endpoints"][0]["port"] != service["spec"]["ports"][0]["name"]:
            yield "the ServiceMonitor asks another port"


def labels_of(document):
    return document["metadata"]["labels"]


def loose_interfaces(workload, ingress):
    components = {component["name"] for component in workload["components"]}
    packages = {interface["package"]: interface for interface in workload["hostInterfaces"]}
    provided = {"http": "http", "worker": "messaging"}
    if {provided[name] for name in components} != set(packages):
        yield f"components {sorted(components)} have the interfaces {sorted(packages)}"
    if ingress and ingress["spec"]["rules"][0]["host"] != packages["http"]["config"]["host"]:
        yield "the Ingress leads to a name that no host routes"


def selectors(by_kind):
    paths = {
        "Deployment": ("selector", "matchLabels"),
        "Service": ("selector",),
        "PodDisruptionBudget": ("selector", "matchLabels"),
        "NetworkPolicy": ("podSelector", "matchLabels"),
    }
    for kind, path in paths.items():
        if kind in by_kind:
            selector = by_kind[kind]["spec"]
            for key in path:
                selector = selector[key]
            yield kind, selector
