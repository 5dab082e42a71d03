"""The chart in front of real hosts of wasmCloud: with orders from here, and with wasmCloud's operator where that can be had."""

import collections
import json
import os
import pathlib
import re
import tempfile

from checks import check, skip, sound
from cluster import (
    CHART, NAMED, PHOTO, ROOT, Load, address, ask, blocks, get, helm, kubectl, problem, reader, remove, run, until,
)
from definitions import WASMCLOUD
from host_pods import PORT, REGISTRY, push, start_host, start_workload

NAMES = ("cutout.default", "cutout.default.svc", "cutout.example.com")
OURS = (f"--set=wasmcloud.http.image.repository={REGISTRY}/cutout/http", f"--set=wasmcloud.worker.image.repository={REGISTRY}/cutout/worker",
        "--set-string=wasmcloud.http.image.tag=1", "--set-string=wasmcloud.worker.image.tag=1")


def check_hosts(work):
    """`helm test` asks a Service whose EndpointSlice leads to a host, as the operator's does."""
    if not WASMCLOUD.exists():
        skip("../shared/data/wasmcloud-crds is not here: no host of wasmCloud ran")
        return
    push(work, "http", "actor")
    helm("install", "cutout", CHART, *NAMED, *OURS, "--set=wasmcloud.worker.enabled=false")
    url, host, ip = start_host()
    start_workload(url, host, get("workloaddeployment", "cutout")["spec"]["template"]["spec"], NAMES[0])
    kubectl("create", "--filename=-", text=json.dumps({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "cutout-host", "labels": {"kubernetes.io/service-name": "cutout"}},
        "ports": [{"name": "http", "port": PORT, "protocol": "TCP"}], "endpoints": [{"addresses": [ip], "conditions": {"ready": True}}]}))
    sound("helm test on a host of wasmCloud", problem("helm", "test", "cutout"))
    status, _ = ask(f"http://{ip}:{PORT}/", None, {"Host": "cutout"})
    check("the host answers 404 to a name that it does not know", status == 404, str(status))
    kubectl("delete", "deployment", "host", "nats")
    said, well = run("helm", "test", "cutout", "--timeout=60s")
    check("helm test fails once the host is gone", not well, said)
    # The pod of a test that failed stays, so that its log can be read.
    kubectl("delete", "endpointslice/cutout-host", "pod/cutout-test")
    left = remove("cutout")
    check("nothing of the workload is left", not left, left)


def check_operator(work):
    """wasmCloud as the docs install it, from charts and an image that the environment names. It takes its own definitions along."""
    nats, wasmcloud = os.environ["NATS_CHART"], os.environ["WASMCLOUD_CHART"]
    if not (nats and wasmcloud and os.environ["WASMCLOUD_OPERATOR"]):
        skip("WASMCLOUD_CHART, WASMCLOUD_OPERATOR and NATS_CHART do not name the charts and the operator: wasmCloud was not installed")
        return
    install_wasmcloud(nats, wasmcloud)
    push(work, "http", "actor")
    push(work, "worker", "worker")
    ready = until(lambda: len(found := conditions("hosts", "wasmcloud-system")) == 2 and all(found))
    check("two hosts are READY", ready, run("kubectl", "get", "hosts", "--namespace=wasmcloud-system")[0])
    check_operated()


def install_wasmcloud(nats, wasmcloud):
    """Installs these charts by the docs' commands."""
    kubectl("delete", "customresourcedefinitions", *(f"{kind}.runtime.wasmcloud.dev" for kind in
            ("artifacts", "hosts", "workloaddeployments", "workloadreplicasets", "workloads")), "--ignore-not-found")
    here = {f"nats/nats --version {version('nats/nats')}": f"{nats} --set reloader.enabled=false,natsBox.enabled=false",
            f"oci://ghcr.io/wasmcloud/charts/runtime-operator --version {version('runtime-operator')}":
                f"{wasmcloud} --set operator.image.pull_policy=IfNotPresent,runtime.image.pull_policy=IfNotPresent"
                f" --set 'runtime.extraArgs={{--max-guest-memory=1536MiB,--allow-insecure-registries}}'"}
    give_images(nats, wasmcloud)
    with tempfile.TemporaryDirectory() as folder:
        follow = reader(pathlib.Path(folder))
        for block in blocks("1. wasmCloud and its NATS"):
            for theirs, ours in here.items():
                block = block.replace(theirs, ours)
            sound("the docs' installation of wasmCloud", follow(re.sub("^helm repo .*$", "", block, flags=re.M)))


def check_operated():
    """The chart on wasmCloud and its operator: names, spread, a rolling update, a host that is deleted."""
    helm("install", "cutout", CHART, *NAMED, *OURS, "--set=replicas=4")
    check("the workload is READY", until(lambda: all(conditions("workloaddeployments") or [False])), kubectl("get", "workloaddeployments"))
    url = address("cutout")
    for name in NAMES:
        status = until(lambda: ask(f"{url}/v1/remove", PHOTO, {"Host": name})[0] == 200, 60)
        check(f"the Service answers as {name}", status)
    spread = collections.Counter(item["status"].get("hostId") for item in get("workloads")["items"])
    check("both hosts have a workload", len(spread) == 2, str(spread))
    old = workloads()
    with Load(url, pause=0.2, headers={"Host": NAMES[0]}) as load:
        helm("upgrade", "cutout", CHART, "--reuse-values", "--set=limits.maxPixelsMP=40")
        rolled = until(lambda: not old & workloads() and all(conditions("workloads") or [False]) and all(conditions("workloaddeployments")))
        load.seen(20)
    check("a rolling update replaces every workload", rolled, kubectl("get", "workloads"))
    sound("a rolling update loses no request", load.lost())
    with Load(url, pause=0.2, headers={"Host": NAMES[0]}) as load:
        pod = get("pods", "--namespace=wasmcloud-system", "--selector=wasmcloud.com/hostgroup=default")["items"][0]["metadata"]["name"]
        before = load.answers[200]
        kubectl("delete", "pod", pod, "--namespace=wasmcloud-system")
        load.seen(60)
    check("requests are answered after a host is deleted", load.answers[200] > before, str(load.answers))
    print(f"a host deleted under load: {load.lost() or 'no request is lost'}", flush=True)
    sound("helm test", problem("helm", "test", "cutout"))
    left = remove("cutout")
    check("nothing is left after the removal", not left, left)


def workloads():
    """Names of the workloads."""
    return {item["metadata"]["name"] for item in get("workloads")["items"]}


def version(chart):
    """The version that the docs install of a chart."""
    return re.search(rf"{chart} --version (\S+)", (ROOT / "docs/kubernetes.md").read_text())[1]


def conditions(kind, namespace="default"):
    """Whether each object of a kind is ready."""
    items = get(kind, f"--namespace={namespace}")["items"]
    return [any(c["type"] == "Ready" and c["status"] == "True" for c in item.get("status", {}).get("conditions", [])) for item in items]


def give_images(nats, wasmcloud):
    """Gives the images of the charts the names that they are asked by."""
    asked = helm("template", "nats", nats) + helm("template", "wasmcloud", wasmcloud, f"--values={ROOT}/deploy/helm/wasmcloud-values.yaml")
    operator = re.search(r"\S*runtime-operator\S*", images_here())
    for image in set(re.findall(r"image: *\"?([^\s\"]+)", asked)):
        for word, own in (("wash", "localhost/wash:1"), ("runtime-operator", operator and operator[0]), ("nats:", "localhost/nats:1")):
            if word in image and own and own != image:
                run("ctr", "--namespace=k8s.io", "images", "tag", own, whole(image))


def whole(image):
    """The name of an image with its registry, as containerd keeps it."""
    image = image.removeprefix("docker.io/")
    place, slash, _ = image.partition("/")
    return image if slash and "." in place else f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def images_here():
    """Names of the images that the node has."""
    return run("ctr", "--namespace=k8s.io", "images", "list", "--quiet")[0]
