"""The chart's autoscaler on the live node, with metrics-server: up, down, and beside upgrades and rollbacks."""

import json

from checks import check, skip, sound
from cluster import CHART, Load, address, get, helm, kubectl, problem, ready, until


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
    check_rollback(before)


def check_rollback(count):
    """A rollback leaves the number to the autoscaler, which holds more pods here than a revision has."""
    helm("upgrade", "cutout", CHART, "--reuse-values", f"--set=autoscaling.minReplicas={count + 1}", "--set=native.queue=10")
    until(lambda: replicas() > count, 60)
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=native.queue=11")
    before, fewest = replicas(), []
    sound("a rollback beside the autoscaler", problem("helm", "rollback", "cutout"))
    until(lambda: fewest.append(replicas()) or get("deployment", "cutout")["status"].get("observedGeneration") == generation() and len(fewest) > 5)
    check("takes no pod away either", min(fewest) >= before > 1, f"{before} before, {min(fewest)} after")


def generation():
    return get("deployment", "cutout")["metadata"]["generation"]
