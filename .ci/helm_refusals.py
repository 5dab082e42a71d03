"""What the chart refuses, and what the checks of its documents notice."""

import tempfile

import yaml

from checks import sound
from helm_documents import CHART, documents, helm, loose_ends, refusal
from helm_tables import REFUSED, SPOILED, SPOILED_WORKLOADS, TAKEN


def check_spoiled(made, schemas):
    """The checks of documents can fail: each spoiled one is noticed."""
    for name, values, kind, path, value in SPOILED + (SPOILED_WORKLOADS if schemas else []):
        rendered = documents(yaml.safe_dump_all(made[values]))
        document = next(document for document in rendered if document["kind"] == kind)
        *way, last = path
        place = document
        for key in way:
            place = place[key]
        place[last] = value
        refused = refusal(document, schemas) or list(loose_ends(rendered))
        sound(f"spoiled: {name}", None if refused else "was not noticed")


def render(values):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        return helm("template", "cutout", CHART, "-f", file.name)


def check_refused():
    for name, values in TAKEN:
        template = render(values)
        sound(f"taken: {name}", template.returncode and template.stderr)
    for name, values, words in REFUSED:
        template = render(values)
        said = template.stderr.strip()
        problem = None if template.returncode and words in said else f"said {said!r}, not {words!r}"
        sound(f"refused: {name}", problem)
