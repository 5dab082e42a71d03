"""wasmCloud's NATS and a host as pods of the node, with the settings of the docs, and orders in place of wasmCloud's operator."""

import json
import re
import subprocess

import yaml
from cluster import CHART, NAMED, ROOT, ask, get, helm, kubectl, until
from hosts import ask as ask_host

REGISTRY = "10.244.0.1:5000"
PORT = 9191


def pod(name, image, args, resources, **more):
    container = {"name": name, "image": image, "imagePullPolicy": "Never", "args": args, "resources": resources, **more}
    labels = {"app": name}
    volumes = [{"name": mount["name"], "emptyDir": {}} for mount in more.get("volumeMounts", [])]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "volumes": volumes}}
    kubectl("create", "--filename=-", text=json.dumps({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}}))
    kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s")
    [made] = get("pods", f"--selector=app={name}")["items"]
    return made["metadata"]["name"], made["status"]["podIP"]


def start_registry(work):
    """Starts a registry on the node."""
    settings = {"version": 0.1, "log": {"level": "warn"}, "http": {"addr": REGISTRY},
                "storage": {"filesystem": {"rootdirectory": str(work / "registry")}}}
    (work / "registry.yml").write_text(json.dumps(settings))
    subprocess.Popen(["docker-registry", "serve", work / "registry.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: ask(f"http://{REGISTRY}/v2/")[0] == 200)


def push(work, name, world, tag="1"):
    """Bakes a component and pushes it."""
    component = work / f"{name}.wasm"
    subprocess.run([ROOT / "target/release/cutout", "bake", "--world", world, "-o", component], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["wash", "oci", "push", "--insecure", f"{REGISTRY}/cutout/{name}:{tag}", component], check=True, stdout=subprocess.DEVNULL)


def start_host():
    """Starts NATS and a host; the URL of the one, the id and the address of the other."""
    nats = yaml.safe_load((ROOT / "deploy/helm/nats-values.yaml").read_text())["container"]["merge"]["resources"]
    _, nats_ip = pod("nats", "localhost/nats:1", [], nats)
    url = f"nats://{nats_ip}:4222"
    runtime = yaml.safe_load((ROOT / "deploy/helm/wasmcloud-values.yaml").read_text())["runtime"]
    args = ["host", "--non-interactive", "--host-group=default", "--host-name=h1", f"--scheduler-nats-url={url}", f"--data-nats-url={url}",
            f"--http-addr=0.0.0.0:{PORT}", "--allow-insecure-registries", "--oci-cache-dir=/tmp/oci", *runtime["extraArgs"]]
    env = [{"name": "HOME", "value": "/tmp"}, *runtime["env"]]
    name, ip = pod("host", "localhost/wash:1", args, runtime["resources"], env=env, volumeMounts=[{"name": "tmp", "mountPath": "/tmp"}])
    found = until(lambda: re.search(r'host_id="([^"]+)"', kubectl("logs", name)))
    return url, found[1], ip


def start_workload(url, host, workload, name):
    """Has a host run the components of a WorkloadDeployment's template, under a name that it routes by."""
    for component in workload["components"]:
        component["image"] = f"{REGISTRY}/cutout/{component['name']}:1"
        component["imagePullPolicy"] = "IMAGE_PULL_POLICY_ALWAYS"
        component["localResources"]["environment"] = component["localResources"]["environment"]["config"]
    for interface in workload["hostInterfaces"]:
        if interface["package"] == "http":
            interface["config"]["host"] = name
    world = {"components": workload["components"], "hostInterfaces": workload["hostInterfaces"]}
    question = {"workloadId": "cutout", "workload": {"namespace": "default", "name": "cutout", "witWorld": world}}
    [answer] = until(lambda: ask_host(url, f"runtime.host.{host}.workload.start", question, 120))
    if answer.get("workloadStatus", {}).get("workloadState") != "WORKLOAD_STATE_RUNNING":
        raise RuntimeError(answer)


def start_all(work, name):
    """All of it, with both components; the address that images are asked at."""
    start_registry(work)
    push(work, "http", "actor")
    push(work, "worker", "worker")
    url, host, ip = start_host()
    text = helm("template", "cutout", CHART, *NAMED, "--show-only=templates/workloaddeployment.yaml")
    start_workload(url, host, yaml.safe_load(text)["spec"]["template"]["spec"], name)
    address = f"http://{ip}:{PORT}"
    until(lambda: ask(f"{address}/", None, {"Host": name})[0] == 200)
    return address
