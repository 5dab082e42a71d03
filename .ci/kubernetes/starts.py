"""Starts of native pods: from the host images in their container's image, from those of other pods, and by compiling."""

import datetime
import json
import pathlib
import re

from checks import check, skip
from cluster import CHART, IMAGE, SMALL, answered, get, helm, install, kubectl, pods, ready, remove, until
from speed import limit

COMPILES = "preparing the model"
# Turns the container's own host images off.
NONE = ("--set-json=native.extraEnv=[{\"name\":\"CUTOUT_HOST_IMAGES\",\"value\":\"\"}]",)


def start(name):
    """What a release's only pod said when it started, and the seconds until it served.

    Its start is known in whole seconds, so that these are up to one more than the truth.
    """
    [pod] = pods(name)
    [container] = pod["status"]["containerStatuses"]
    begun = datetime.datetime.fromisoformat(container["state"]["running"]["startedAt"])
    said = kubectl("logs", pod["metadata"]["name"], "--timestamps")
    served = re.search(r"^(\S{26})\S*Z .*serving on", said, re.M)
    served = datetime.datetime.fromisoformat(f"{served[1]}+00:00")
    return said, (served - begun).total_seconds()


def check_starts(work):
    install("start", "--set=fullnameOverride=start", "--set=replicas=1", *SMALL)
    seconds = from_host_images("start")
    check(f"it serves after {seconds:.1f} s, less than 2", seconds < limit(2), str(seconds))
    claim()
    helm("upgrade", "start", CHART, "--reuse-values", *NONE, "--set=native.cacheClaim=host-images")
    ready("start")
    without_host_images("start")
    image = answered("start")
    check("and answers images", image)
    kubectl("rollout", "restart", "deployment/start")
    ready("start")
    said, _ = start("start")
    check("the next one finds what it made on their volume", COMPILES not in said, said)
    kubectl("scale", "deployment/start", "--replicas=0")
    until(lambda: not get("pods", "--selector=app.kubernetes.io/instance=start")["items"])
    kubectl("scale", "deployment/start", "--replicas=1")
    ready("start")
    said, _ = start("start")
    check("nor does one compile that mounts the volume anew", COMPILES not in said, said)
    left = remove("start")
    check("nothing is left of the pods", not left, left)
    kubectl("delete", "persistentvolumeclaim/host-images", "persistentvolume/host-images")
    if (work / "images/cutout-arm64.tar").exists():
        check_arm(image)
    else:
        skip("the program for ARM64, which .ci/check-image aarch64 builds, or its emulation is missing: no pod of it was started")


def check_arm(image):
    """Starts the image for ARM64, which QEMU runs on a node of another architecture; `image` is what pods of the node's own answered."""
    tag = f"--set-string=native.image.tag={IMAGE.partition(':')[2]}-arm64"
    install("arm", "--set=fullnameOverride=arm", "--set=replicas=1", tag, *SMALL)
    print(f"it serves after {from_host_images('arm'):.1f} s, emulated", flush=True)
    seen = "no answer, or that of an older program: .ci/check-image aarch64 builds it anew"
    check("and answers the same image, byte for byte", answered("arm") == image, seen)
    helm("upgrade", "arm", CHART, "--reuse-values", *NONE)
    ready("arm")
    without_host_images("arm")
    left = remove("arm")
    check("nothing is left of the pods for ARM64", not left, left)


def from_host_images(name):
    """The seconds until the first pod served."""
    said, seconds = start(name)
    check(f"{name}: from the container's host images nothing is compiled", COMPILES not in said and "not used" not in said, said)
    return seconds


def without_host_images(name):
    said, seconds = start(name)
    check(f"{name}: a start without them compiles", COMPILES in said, said)
    print(f"it serves after {seconds:.1f} s", flush=True)


def claim():
    """Makes a volume for the host images of pods, and a claim to it."""
    wanted = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}}
    pathlib.Path("/var/lib/host-images").mkdir()
    local = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "local": {"path": "/var/lib/host-images"},
             "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                 {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node"]}]}]}}}
    for kind, spec in (("PersistentVolume", local), ("PersistentVolumeClaim", wanted)):
        document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "host-images"}, "spec": spec}
        kubectl("create", "--filename=-", text=json.dumps(document))
