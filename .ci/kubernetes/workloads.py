"""The chart's wasmCloud mode against the live API server, with the definitions of wasmCloud's resources and without its operator."""

import pathlib
import tempfile

from checks import check, skip, sound
from cluster import CHART, ROOT, blocks, get, helm, kubectl, problem, reader, remove, run
from definitions import WASMCLOUD

def workload():
    return get("workloaddeployment", "cutout")["spec"]


def check_workloads():
    if not WASMCLOUD.exists():
        skip("../shared/data/wasmcloud-crds is not here: the wasmCloud mode was not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        follow = reader(pathlib.Path(folder))
        commands = [line for line in "".join(blocks("4. The function")).splitlines()]
        sound("the docs' installation on wasmCloud", follow("\n".join(commands)))
        check("it is two workloads", workload()["replicas"] == 2)
        names(follow)
        scaling(follow)
    autoscaling()
    left = remove("cutout")
    check("nothing of the workloads is left after the removal", not left, left)
    folder = ROOT / "deploy/kubernetes/wasmcloud"
    sound("kustomize applies the workloads", problem("kubectl", "apply", "--kustomize", folder))
    kubectl("delete", "--kustomize", folder)


def names(follow):
    """The operator registers three names for a workload, whatever runs: that of `host`, and two of the Service."""
    registered = {workload()["template"]["spec"]["hostInterfaces"][0]["config"]["host"], "cutout.NAMESPACE", "cutout.NAMESPACE.svc"}
    said = (ROOT / "docs/kubernetes.md").read_text().split("## Without wasmCloud")[0]
    notes = helm("get", "notes", "cutout").replace("cutout.default", "cutout.NAMESPACE")
    for place, text in (("docs", said), ("notes", notes)):
        given = {word.strip("`.,:;'/()").removeprefix("http://").split("/")[0] for word in text.split() if "cutout." in word}
        given = {name for name in given if name.startswith(("cutout.NAMESPACE", "cutout.example"))}
        check(f"the {place} give names that hosts know", given and given <= registered, str(given - registered or "none"))


def scaling(follow):
    for block in blocks("Scaling"):
        if "replicas=4" in block:
            sound("the docs' scaling of workloads", follow(block))
    check("it is four workloads", workload()["replicas"] == 4)
    sound("an upgrade after it", problem("helm", "upgrade", "cutout", CHART, "--reuse-values", "--set=limits.maxPixelsMP=40"))
    sound("a rollback after it", problem("helm", "rollback", "cutout"))
    kubectl("scale", "workloaddeployment/cutout", "--replicas=3")
    said, well = run("helm", "upgrade", "cutout", CHART, "--reuse-values", "--set=limits.maxPixelsMP=41")
    check("an upgrade after a scale by hand is refused, as the docs say", not well and "conflict" in said, said)
    again = [line for block in blocks("Troubleshooting") for line in block.splitlines() if "--force-conflicts" in line]
    sound("and goes on as they say", follow(again[0] if again else "false"))


def autoscaling():
    metric = '{"type":"External","external":{"metric":{"name":"waiting"},"target":{"type":"AverageValue","averageValue":"2"}}}'
    words = ("helm", "upgrade", "cutout", CHART, "--reuse-values", f"--set-json=autoscaling.metrics=[{metric}]", "--set=autoscaling.enabled=true")
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=replicas=4")
    sound("the autoscaler of workloads is turned on", problem(*words))
    check("it takes no workload away", workload()["replicas"] == 4, str(workload()["replicas"]))
    kubectl("scale", "workloaddeployment/cutout", "--replicas=5")
    sound("an upgrade beside it", problem(*words, "--set=limits.maxPixelsMP=42"))
    check("takes none away either", workload()["replicas"] == 5, str(workload()["replicas"]))
