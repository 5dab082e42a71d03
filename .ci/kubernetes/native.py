"""The chart's native mode on the live node: as the docs say, and under load."""

import json
import pathlib
import re
import tempfile

from checks import check, skip, sound
from cluster import (
    CHART, IMAGE, PHOTO, ROOT, Load, address, ask, blocks, get, helm, install, kubectl, pods, problem, reader, ready, remove, run, until,
)

PNG = b"\x89PNG"
# Two pods that fit on two cores, ready as soon as they can be.
SMALL = ("--set=native.workers=1", "--set=native.resources.requests.cpu=100m")


def from_a_pod(name, url, namespace):
    """What is wrong where a pod in a namespace asks a server there."""
    where = f"--namespace={namespace}"
    kubectl("run", name, where, f"--image={IMAGE}", "--image-pull-policy=Never", "--restart=Never", "--", "health", url)
    phase = until(lambda: (phase := get("pod", name, where)["status"]["phase"]) in ("Succeeded", "Failed") and phase)
    said = kubectl("logs", name, where)
    kubectl("delete", "pod", name, where, "--wait=false")
    return None if phase == "Succeeded" else said


def check_docs():
    """Follows the docs from the installation to the removal."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        follow = reader(folder)
        for number, block in enumerate(blocks("Without wasmCloud"), 1):
            sound(f"the docs' native commands, {number}", follow(block))
        made = folder / "cutout.png"
        sound("they make a cut-out", None if made.exists() and made.read_bytes().startswith(PNG) else "there is no PNG")
        idle = [pod["metadata"]["name"] for pod in pods("cutout") if not all(s["ready"] for s in pod["status"]["containerStatuses"])]
        sound("both pods are ready", idle and str(idle))
        kubectl("create", "namespace", "other")
        for name, host, namespace in (
            ("short", "cutout", "default"), ("with-namespace", "cutout.default", "other"), ("full", "cutout.default.svc.cluster.local", "other"),
        ):
            sound(f"a pod in {namespace} reaches http://{host}", from_a_pod(name, f"http://{host}", namespace))
        check_notes("cutout", folder, follow)
    sound("helm test", problem("helm", "test", "cutout"))
    kubectl("patch", "service", "cutout", "--patch", '{"spec":{"selector":{"app.kubernetes.io/instance":"other"}}}')
    said, well = run("helm", "test", "cutout", "--timeout=60s")
    check("helm test fails where nothing answers", not well, said)
    kubectl("patch", "service", "cutout", "--patch", '{"spec":{"selector":{"app.kubernetes.io/instance":"cutout"}}}')


def check_notes(name, folder, follow):
    notes = helm("get", "notes", name)
    commands = "\n".join(line.strip() for line in notes.splitlines() if line.startswith("  "))
    (folder / "cutout.png").unlink(missing_ok=True)
    sound("the commands of the notes", follow(commands) or (None if (folder / "cutout.png").exists() else "made nothing"))


def check_instances():
    """Each pod says who it is, so that numbers of one are not taken for those of another."""
    seen = {}
    for pod in pods("cutout"):
        _, text = ask(f"http://{pod['status']['podIP']}:7000/metrics")
        found = re.search(rb'^cutout_server_info\{host="([^"]*)"\} 1$', text, re.M)
        seen[pod["metadata"]["name"]] = found and found[1].decode()
    counted = set(re.findall(r"cutout_\w+", "".join(blocks("Scaling", "yaml"))))
    check("pods count what the docs scale by", counted and all(f"\n{name} ".encode() in text for name in counted), str(counted))
    check("each pod's metrics have its name", all(name == said for name, said in seen.items()) and len(seen) == 2, str(seen))


def check_token():
    kubectl("create", "secret", "generic", "cutout-token", "--from-literal=token=s3cret")
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=native.tokenSecret=cutout-token", *SMALL)
    ready("cutout")
    url = f"{address('cutout')}/v1/remove"
    check("without the token nothing is made", ask(url, PHOTO)[0] == 401, str(ask(url, PHOTO)))
    status, image = ask(url, PHOTO, {"Authorization": "Bearer s3cret"})
    check("with the token an image is", status == 200 and image.startswith(PNG), f"{status} {image[:200]}")
    sound("helm test shows the token", problem("helm", "test", "cutout"))
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=native.tokenSecret=")
    ready("cutout")


def check_scaling_by_hand():
    """Scales as the docs say, and by hand, and goes on as they say then."""
    with tempfile.TemporaryDirectory() as folder:
        follow = reader(pathlib.Path(folder))
        for block in blocks("Scaling"):
            if "cutout" in block and "autoscaling" not in block:
                sound("the docs' scaling", follow(block.replace("replicas=4", "replicas=3")))
        until(lambda: len(pods("cutout")) == 3)
        check("it is as many pods", len(pods("cutout")) == 3, str(len(pods("cutout"))))
        sound("an upgrade after it", problem("helm", "upgrade", "cutout", CHART, "--reuse-values", "--set=native.queue=5"))
        sound("a rollback after it", problem("helm", "rollback", "cutout"))
        kubectl("scale", "deployment/cutout", "--replicas=1")
        said, well = run("helm", "upgrade", "cutout", CHART, "--reuse-values", "--set=native.queue=6")
        check("an upgrade after a scale by hand is refused, as the docs say", not well and "conflict" in said, said)
        again = [line for block in blocks("Troubleshooting") for line in block.splitlines() if "--force-conflicts" in line]
        check("the docs have a command for that", len(again) == 1, str(again))
        sound("which goes on", follow(again[0] if again else "false"))
        helm("upgrade", "cutout", CHART, "--reuse-values", "--set=replicas=2")
        ready("cutout")


def check_no_request_is_lost():
    url = address("cutout")
    with Load(url, callers=1, pause=0.2) as load:
        kubectl("rollout", "restart", "deployment/cutout")
        ready("cutout")
        load.seen(3)
    sound("a rolling restart loses no request", load.lost())
    with Load(url, callers=1, pause=0.2) as load:
        kubectl("delete", "pod", pods("cutout")[0]["metadata"]["name"], "--wait=false")
        until(lambda: len(pods("cutout")) == 2)
        ready("cutout")
        load.seen(3)
    sound("the deletion of a pod loses no request", load.lost())
    with Load(url, callers=1, pause=0.2) as load:
        helm("upgrade", "cutout", CHART, "--reuse-values", "--set=native.queue=7")
        ready("cutout")
        helm("rollback", "cutout")
        ready("cutout")
        load.seen(3)
    sound("an upgrade and its rollback lose no request", load.lost())


def check_drain():
    commands = [line for block in blocks("Nodes") for line in block.splitlines() if line.startswith("kubectl drain")]
    check("the docs have a command that drains a node", len(commands) == 1, str(commands))
    # One at a time is all that the budget allows, and the next one has no other node to go to.
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=podDisruptionBudget.maxUnavailable=100%")
    words = (commands[0] if commands else "false").replace("NODE", "node").split()
    sound("the docs' drain ends well", problem(*words, seconds=200))
    kubectl("uncordon", "node")
    ready("cutout")
    volumes = {volume["name"] for volume in pods("cutout")[0]["spec"]["volumes"] if "emptyDir" in volume}
    safe = pods("cutout")[0]["metadata"]["annotations"].get("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", "")
    check("the cluster autoscaler may remove its node", volumes == set(safe.split(",")), f"{volumes}, declared {safe!r}")


def check_restricted():
    kubectl("create", "namespace", "restricted")
    kubectl("label", "namespace", "restricted", "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")
    install("strict", "--namespace=restricted", "--set=replicas=1", "--set=fullnameOverride=strict", *SMALL, namespace="restricted")
    check("the pod security standard `restricted` lets its pods in", len(pods("strict", "restricted")) == 1)
    left = remove("strict", "restricted")
    check("nothing is left after the removal", not left, left)


def check_room():
    """Two pods as they are by default fit on two cores beside wasmCloud as the docs install it."""
    values = json.loads(run("python3", "-c", "import json,sys,yaml; print(json.dumps([yaml.safe_load(open(f)) for f in sys.argv[1:]]))",
                            ROOT / "deploy/helm/wasmcloud-values.yaml", ROOT / "deploy/helm/nats-values.yaml")[0])
    hosts, nats = values[0]["runtime"], values[1]["container"]["merge"]["resources"]["requests"]
    # What wasmCloud's chart asks for its operator.
    wanted = [("operator", 1, {"cpu": "100m", "memory": "64Mi"}), ("nats", 1, nats),
              ("hosts", hosts["hostGroups"][0]["replicas"], hosts["resources"]["requests"])]
    for name, replicas, requests in wanted:
        labels = {"beside": name}
        pod = {"terminationGracePeriodSeconds": 0, "containers": [{"name": "pause", "image": "localhost/pause:1", "imagePullPolicy": "Never",
               "resources": {"requests": requests}}]}
        kubectl("create", "--filename=-", text=json.dumps({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "other"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}}))
        kubectl("rollout", "status", f"deployment/{name}", "--namespace=other", "--timeout=60s")
    helm("install", "beside", CHART, "--set=mode=native", "--set=fullnameOverride=beside")
    placed = until(lambda: len(found := pods("beside")) == 2 and all("nodeName" in pod["spec"] for pod in found), 20)
    check("two pods fit beside wasmCloud on two cores", placed, str([pod["status"].get("conditions") for pod in pods("beside")]))
    remove("beside")
    kubectl("delete", "deployments", "--all", "--namespace=other")


def check_kustomize():
    folder = ROOT / "deploy/kubernetes/native"
    sound("kustomize applies the manifests", problem("kubectl", "apply", "--kustomize", folder))
    ready("cutout")
    status, image = ask(f"{address('cutout')}/v1/remove", PHOTO)
    check("what it made answers an image", status == 200 and image.startswith(PNG), f"{status} {image[:200]}")
    kubectl("delete", "--kustomize", folder)
    until(lambda: not pods("cutout"))


def replicas():
    return get("deployment", "cutout")["spec"]["replicas"]


def cpu():
    """The cores that the busiest pod uses, as metrics-server says."""
    items = json.loads(kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"))["items"]
    cores = [item["containers"][0]["usage"]["cpu"] for item in items]
    return max([float(text.rstrip("num")) / {"n": 1e9, "u": 1e6, "m": 1e3}.get(text[-1], 1) for text in cores], default=0)


def check_autoscaler():
    """Turned on, it takes no pod away; at rest it does; and it adds one before any caller is refused.

    The worker gets two thirds of a core, as on a busy node.
    """
    fewest = []

    def scaled():
        fewest.append(replicas())
        return get("hpa", "cutout").get("status", {}).get("currentMetrics")

    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=replicas=3", "--set=native.workers=1", "--set=native.resources.limits.cpu=660m")
    ready("cutout")
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=autoscaling.enabled=true", "--set=autoscaling.minReplicas=1")
    until(scaled)
    check("turning the autoscaler on takes no pod away", min(fewest) == 3, f"{min(fewest)} of 3")
    check("at rest it goes down to the fewest", until(lambda: replicas() == 1, 180), str(replicas()))
    ready("cutout")
    with Load(address("cutout"), callers=3) as load:
        more = until(lambda: replicas() > 1, 90)
        used = cpu()
    sound("nobody is refused meanwhile", load.lost())
    if more or used > 0.6:
        check("under load it adds a pod", more, json.dumps(get("hpa", "cutout").get("status")))
    else:
        skip(f"the machine gave the pod {used:.2f} cores: too few to see the autoscaler add one")
    before = replicas()
    sound("an upgrade beside it", problem("helm", "upgrade", "cutout", CHART, "--reuse-values", "--set=native.queue=9"))
    after = replicas()
    check("takes no pod away", after >= before, f"{before} before, {after} after")


def check_native():
    check_docs()
    check_instances()
    check_token()
    check_scaling_by_hand()
    check_no_request_is_lost()
    check_drain()
    check_autoscaler()
    left = remove("cutout")
    check("nothing is left after the removal", not left, left)
    check_restricted()
    check_room()
    check_kustomize()
