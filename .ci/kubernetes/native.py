"""The chart's native mode on the live node: as the docs say, and under load."""

import json
import pathlib
import re
import tempfile

import yaml
from autoscaler import check_autoscaler
from checks import check, sound
from cluster import (
    CHART, IMAGE, NAMED, PHOTO, REPOSITORY, ROOT, SMALL, Load, address, answered, ask, blocks, get, helm, install, kubectl, pods, problem, reader, ready, remove,
    run, until,
)

PNG = b"\x89PNG"


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
        ready("cutout")
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
    said, well = run("helm", "test", "cutout", "--timeout=20s")
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
        _, text = ask(f"http://{pod['status']['podIP']}:7001/metrics")
        found = re.search(rb'^cutout_server_info\{host="([^"]*)"\} 1$', text, re.M)
        seen[pod["metadata"]["name"]] = found and found[1].decode()
    counted = set(re.findall(r"\bcutout_\w+", "".join(blocks("Scaling", "yaml"))))
    check("pods count what the docs scale by", counted and all(f"\n{name} ".encode() in text for name in counted), str(counted))
    check("each pod's metrics have its name", all(name == said for name, said in seen.items()) and len(seen) == 2, str(seen))
    ports = [port["port"] for port in get("service", "cutout")["spec"]["ports"]]
    check("the Service leads to images alone", ports == [80], str(ports))
    for path in ("/metrics", "/dashboard"):
        check(f"it answers no {path}", ask(address("cutout") + path)[0] == 404, str(ask(address("cutout") + path)))
    with tempfile.TemporaryDirectory() as folder:
        follow = reader(pathlib.Path(folder))
        [block] = blocks("Watching")
        sound("the docs' way to the dashboard", follow(block.strip() + " &\ncurl --fail http://127.0.0.1:7001/dashboard -o dashboard.html"))


def check_token():
    """The docs have set one, and have changed none yet."""
    url = f"{address('cutout')}/v1/remove"

    def seen(token):
        return ask(url, PHOTO, {"Authorization": f"Bearer {token}"})[0]

    check("without the token nothing is made", ask(url, PHOTO)[0] == 401, str(ask(url, PHOTO)))
    check("with the token an image is", seen("TOKEN") == 200, str(seen("TOKEN")))
    sound("helm test shows the token", problem("helm", "test", "cutout"))
    with tempfile.TemporaryDirectory() as folder:
        follow = reader(pathlib.Path(folder))
        [block] = [block for block in blocks("Without wasmCloud") if "create secret" in block]
        sound("the docs' change of the token", follow(block.replace("token=TOKEN", "token=NEW")))
    ready("cutout")
    check("the new token is the one that is asked for", (seen("TOKEN"), seen("NEW")) == (401, 200), f"{seen('TOKEN')}, {seen('NEW')}")
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=native.tokenSecret=", *SMALL)
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


def check_upgrade():
    """Upgrades to another image, goes back, and removes it all, as the docs say."""
    run("ctr", "--namespace=k8s.io", "images", "tag", IMAGE, f"{REPOSITORY}:0.1.1")
    helm("upgrade", "cutout", CHART, "--reuse-values", "--set=autoscaling.enabled=false", "--set=replicas=1", "--force-conflicts")
    ready("cutout")
    with tempfile.TemporaryDirectory() as folder:
        follow = reader(pathlib.Path(folder))
        [block] = blocks("Upgrade, rollback, removal")
        before, after = block.split("helm rollback")
        sound("the docs' upgrade", follow(before))
        seen = [pod["spec"]["containers"][0]["image"] for pod in pods("cutout")]
        check("it has the new image", seen == [f"{REPOSITORY}:0.1.1"], str(seen))
        rollback, removal = after.split("\n", 1)
        sound("the docs' rollback", follow(f"helm rollback{rollback}"))
        image = get("deployment", "cutout")["spec"]["template"]["spec"]["containers"][0]["image"]
        check("it has the old image", image == IMAGE, image)
        sound("the docs' removal", follow(removal))
    left = remove("cutout", uninstall=False)
    check("nothing is left after the removal", not left, left)


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
    values = [yaml.safe_load((ROOT / f"deploy/helm/{name}-values.yaml").read_text()) for name in ("wasmcloud", "nats")]
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
    helm("install", "beside", CHART, "--set=mode=native", "--set=fullnameOverride=beside", *NAMED)
    placed = until(lambda: len(found := pods("beside")) == 2 and all("nodeName" in pod["spec"] for pod in found), 20)
    check("two pods fit beside wasmCloud on two cores", placed, str([pod["status"].get("conditions") for pod in pods("beside")]))
    remove("beside")
    kubectl("delete", "deployments", "--all", "--namespace=other")


def check_kustomize():
    folder = ROOT / "deploy/kubernetes/native"
    sound("kustomize applies the manifests", problem("kubectl", "apply", "--kustomize", folder))
    ready("cutout")
    image = answered("cutout")
    check("what it made answers an image", image and image.startswith(PNG), str(image)[:200])
    kubectl("delete", "--kustomize", folder)
    until(lambda: not pods("cutout"))


def check_native():
    check_docs()
    check_token()
    check_instances()
    check_scaling_by_hand()
    check_no_request_is_lost()
    check_drain()
    check_autoscaler()
    check_upgrade()
    check_restricted()
    check_room()
    check_kustomize()
