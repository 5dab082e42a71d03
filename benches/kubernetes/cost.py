"""Measures pods on a live node, from inside of it: cost.py WORK SECONDS [RECORD]"""

import json
import pathlib
import re
import subprocess
import sys
import time

import yaml
from cluster import CHART, PHOTO, ROOT, Load, address, ask, get, helm, kubectl, pods, ready, until
from hosts import ask as ask_host
from speed import cpu as processor

WORK, SECONDS = pathlib.Path(sys.argv[1]), float(sys.argv[2])
REGISTRY = "10.244.0.1:5000"
NAME = "cutout.example.com"
CALLERS = 2


def usage():
    """Core-seconds so far, the moment, and bytes of every pod's containers, as the kubelet says."""
    summary = json.loads(kubectl("get", "--raw", "/api/v1/nodes/node/proxy/stats/summary"))
    found = {}
    for pod in summary["pods"]:
        name = re.sub(r"(-[a-z0-9]{6,10})?-[a-z0-9]{5}$", "", pod["podRef"]["name"])
        for container in pod.get("containers", []):
            cpu, memory = container.get("cpu", {}), container.get("memory", {})
            if "usageCoreNanoSeconds" in cpu and "workingSetBytes" in memory:
                found[name] = cpu["usageCoreNanoSeconds"] / 1e9, cpu["time"], memory["workingSetBytes"]
    return found


def looked(before, names):
    """What the kubelet says once it has looked at all of these pods again."""
    return until(lambda: all((seen := usage())[name][1] != before[name][1] for name in names) and seen)


def moment(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def span(names, seconds):
    """Cores, and the largest memory in MiB, of some pods over a time.

    The kubelet looks every ten seconds or so: the time begins with its first look, and ends with one.
    """
    before = until(lambda: (seen := usage()) and all(name in seen for name in names) and seen)
    first = looked(before, names)
    most = {name: first[name][2] for name in names}
    end, last = time.monotonic() + seconds, first
    while time.monotonic() < end:
        last = looked(last, names)
        most = {name: max(most[name], last[name][2]) for name in names}
    cores = {}
    for name in names:
        cores[name] = (last[name][0] - first[name][0]) / (moment(last[name][1]) - moment(first[name][1]))
    return cores, {name: value / 2**20 for name, value in most.items()}


class Named(Load):
    """Callers who say the name that a host routes by."""

    def call(self):
        while not self.over.is_set():
            status, text = ask(self.url, self.body, {"Host": NAME})
            self.answers[status if status else text.decode()] += 1


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


def start_hosts():
    """NATS, and a wasmCloud host with the settings of wasmcloud-values.yaml and both components on it; its address."""
    settings = {"version": 0.1, "log": {"level": "warn"}, "http": {"addr": REGISTRY},
                "storage": {"filesystem": {"rootdirectory": str(WORK / "registry")}}}
    (WORK / "registry.yml").write_text(json.dumps(settings))
    subprocess.Popen(["docker-registry", "serve", WORK / "registry.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: ask(f"http://{REGISTRY}/v2/")[0] == 200)
    for name, world in (("http", "actor"), ("worker", "worker")):
        component = WORK / f"{name}.wasm"
        subprocess.run([ROOT / "target/release/cutout", "bake", "--world", world, "-o", component], check=True)
        subprocess.run(["wash", "oci", "push", "--insecure", f"{REGISTRY}/cutout/{name}:1", component], check=True, stdout=subprocess.DEVNULL)
    nats = yaml.safe_load((ROOT / "deploy/helm/nats-values.yaml").read_text())["container"]["merge"]["resources"]
    _, nats_ip = pod("nats", "localhost/nats:1", [], nats)
    url = f"nats://{nats_ip}:4222"
    runtime = yaml.safe_load((ROOT / "deploy/helm/wasmcloud-values.yaml").read_text())["runtime"]
    args = ["host", "--non-interactive", "--host-group=default", "--host-name=h1", f"--scheduler-nats-url={url}", f"--data-nats-url={url}",
            "--http-addr=0.0.0.0:9191", "--allow-insecure-registries", "--oci-cache-dir=/tmp/oci", *runtime["extraArgs"]]
    env = [{"name": "HOME", "value": "/tmp"}, *runtime["env"]]
    name, ip = pod("host", "localhost/wash:1", args, runtime["resources"], env=env, volumeMounts=[{"name": "tmp", "mountPath": "/tmp"}])
    found = until(lambda: re.search(r'host_id="([^"]+)"', kubectl("logs", name)))
    workload = yaml.safe_load(helm("template", "cutout", CHART, "--show-only=templates/workloaddeployment.yaml"))["spec"]["template"]["spec"]
    for component in workload["components"]:
        component["image"] = f"{REGISTRY}/cutout/{component['name']}:1"
        component["imagePullPolicy"] = "IMAGE_PULL_POLICY_ALWAYS"
        component["localResources"]["environment"] = component["localResources"]["environment"]["config"]
    world = {"components": workload["components"], "hostInterfaces": workload["hostInterfaces"]}
    question = {"workloadId": "cutout", "workload": {"namespace": "default", "name": "cutout", "witWorld": world}}
    [answer] = until(lambda: ask_host(url, f"runtime.host.{found[1]}.workload.start", question, 120))
    if answer.get("workloadStatus", {}).get("workloadState") != "WORKLOAD_STATE_RUNNING":
        raise RuntimeError(answer)
    until(lambda: ask(f"http://{ip}:9191/", None, {"Host": NAME})[0] == 200)
    return f"http://{ip}:9191"


def row(what, names, cores, memory, rate):
    shown = [f"{rate:.2f}" if rate else "–"]
    cells = [f"{cores[name]:.3f} | {memory[name]:.0f}" for name in names]
    return [f"| {what}: {name} | {cell} | {shown[0] if number == 0 else '–'} |" for number, (name, cell) in enumerate(zip(names, cells))]


def loaded(what, names, *loads):
    """Rows of pods while callers ask; images a second of all loads together."""
    for load in loads:
        load.__enter__()
    begun, before = time.monotonic(), [load.answers[200] for load in loads]
    cores, memory = span(names, SECONDS)
    took = time.monotonic() - begun
    made = [load.answers[200] - count for load, count in zip(loads, before)]
    for load in loads:
        load.__exit__()
        if wrong := load.lost():
            raise RuntimeError(f"{what}: {wrong}")
    rates = [count / took for count in made]
    return [line for name, rate in zip(names, rates + [0] * len(names)) for line in row(what, [name], cores, memory, rate)]


def main():
    lines = ["| pods | cores | largest memory, MiB | images/s |", "| --- | ---: | ---: | ---: |"]
    helm("install", "cutout", CHART, "--set=mode=native", "--set=replicas=1")
    ready("cutout")
    native = address("cutout")
    lines += row("native, idle", ["cutout"], *span(["cutout"], SECONDS), 0)
    lines += loaded("native, at work", ["cutout"], Load(native, CALLERS))
    lines += row("native, after it", ["cutout"], *span(["cutout"], SECONDS), 0)
    helm("uninstall", "cutout", "--wait")
    until(lambda: not pods("cutout"))
    host = start_hosts()
    both = ["host", "nats"]
    lines += row("wasmCloud, idle", both, *span(both, SECONDS), 0)
    lines += loaded("wasmCloud, at work", both, Named(host, CALLERS))
    lines += row("wasmCloud, after it", both, *span(both, SECONDS), 0)
    helm("install", "cutout", CHART, "--set=mode=native", "--set=replicas=1")
    ready("cutout")
    three = ["cutout", "host", "nats"]
    lines += row("both, idle", three, *span(three, SECONDS), 0)
    lines += loaded("both, at work", three, Load(address("cutout"), CALLERS), Named(host, CALLERS))
    about = (f"What pods cost on a node of Kubernetes 1.36.3 with two cores ({processor()}): cores and the largest working set by the kubelet, over "
             f"{SECONDS:.0f} s each; {CALLERS} callers of each service, one image after the other, {len(PHOTO)} bytes of JPEG.")
    text = "\n".join([about, "", *lines, ""])
    print(text)
    if len(sys.argv) > 3 and sys.argv[3]:
        pathlib.Path(sys.argv[3]).write_text(text)


main()
