"""Every object that the chart and the docs have, validated by the API server that would take it."""

import tempfile

from checks import check, skip, sound
from cluster import CHART, NAMED, blocks, helm, kubectl, run
from definitions import WASMCLOUD, files

def define(folders):
    """Gives the API server the definitions."""
    for file in files(folders):
        # Too large for the annotation of an ordinary apply.
        kubectl("apply", "--server-side", f"--filename={file}")
    kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all", "--timeout=60s")


def refusal(text):
    """What the API server has against documents, warnings included, or nothing."""
    said, well = run("kubectl", "apply", "--dry-run=server", "--warnings-as-errors", "--filename=-", text=text)
    return None if well else said.strip()[-1500:]


def rendered(values):
    """What the chart makes of values, the autoscaler among it."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(values)
        file.flush()
        text = helm("template", "cutout", CHART, *NAMED, f"--values={file.name}", *(() if "kedaTriggers" in values else ("--set=mode=native",)))
    check("they make an autoscaler", "kind: HorizontalPodAutoscaler" in text or "kind: ScaledObject" in text)
    return text


def check_objects():
    sets = {path.stem: ["-f", path] for path in sorted((CHART / "ci").glob("*.yaml"))}
    for name, values in sets.items():
        if name.startswith("wasmcloud"):
            if not WASMCLOUD.exists():
                skip(f"{name}: ../shared/data/wasmcloud-crds is not here")
                continue
        sound(f"{name} is valid to the API server", refusal(helm("template", "cutout", CHART, *values)))
    for heading in ("From outside", "Scaling", "Watching"):
        for number, block in enumerate(blocks(heading, "yaml"), 1):
            if "apiVersion" in block:
                sound(f"the docs' object {number} of {heading!r} is valid to the API server", refusal(block))
    for block in blocks("Scaling", "yaml"):
        if "autoscaling:" in block:
            sound("the docs' values of an autoscaler are the chart's", refusal(rendered(block)))
    spoiled = helm("template", "cutout", CHART, "--set=mode=native", *NAMED).replace("emptyDir:", "emptyDirs:")
    check("a field that is unknown is noticed", refusal(spoiled))
    spoiled = helm("template", "cutout", CHART, "-f", CHART / "ci/native-everything.yaml").replace("type: PathPrefix", "type: Prefixed")
    check("a value of a route that is unknown is noticed", refusal(spoiled))
