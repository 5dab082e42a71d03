"""Agreement: the largest difference of raw outputs from onnxruntime's, and whether wasm repeats bit for bit."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import ort
from common import DEV, MODEL, channel_last, footer, levels, machine, netrun, preprocess, record, reference, table, write_plan
from speed import verdict

# The project's bars for the largest difference: of the models that it ships, and of any other.
BARS = {"cutnet": (1e-3, 1e-3), "u2netp": (2e-3, 5e-4)}
OTHERS = (5e-3, 5e-3)
# Runs of wasm that have to give the same bits: two in one process, and one in a fresh process.
WASM_RUNS = ("wasm", "wasm-again", "wasm-fresh")


@dataclass(frozen=True)
class Difference:
    """How far one output is from onnxruntime's."""

    image: str
    largest: float
    mean: float


def prepare(folder: Path, model: str, count: int | None) -> tuple[list[str], dict[str, np.ndarray]]:
    """Writes the inputs, f32 channel-last; the images' names and onnxruntime's outputs on the very same values."""
    file, known = reference.find_model(model, reference.MODELS)
    session = ort.open_session(str(file))
    declared = session.get_inputs()[0].shape[-1]
    # A file that leaves its side open has a name there.
    spec = reference.settle_spec(known, declared if isinstance(declared, int) else None, None, None)
    names, expected = [], {}
    for name, path in list(reference.from_manifest(DEV / "manifest.tsv"))[:count]:
        tensor = preprocess(path, spec).astype("<f4")
        channel_last(tensor).tofile(folder / f"{name}.f32")
        expected[name] = ort.infer(session, tensor)[0][0, 0]
        names.append(name)
    return names, expected


def run(folder: Path, level: str, names: list[str], outputs: tuple[str, ...], core: int) -> None:
    """One netrun process over all images, once for each name in `outputs`."""
    lines = [f"check {name}.f32 {name}.{output}" for output in outputs for name in names]
    subprocess.run(netrun(level, core), cwd=folder, input="\n".join(lines) + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
    print(f"{level}: {len(lines)} runs", flush=True)


def compare(folder: Path, level: str, expected: dict[str, np.ndarray]) -> list[Difference]:
    """Every image's difference at one level."""
    found = []
    for name, values in expected.items():
        actual = np.fromfile(folder / f"{name}.{level}", dtype="<f4").reshape(values.shape)
        apart = np.abs(values.astype(np.float64) - actual)
        # A NaN would be no difference at all to `max`.
        found.append(Difference(name, float(apart.max()) if np.isfinite(actual).all() else float("inf"), float(apart.mean())))
    return found


def repeats(folder: Path, names: list[str]) -> int:
    """Images for which every run of wasm gave the same bits."""
    return sum(len({(folder / f"{name}.{output}").read_bytes() for output in WASM_RUNS}) == 1 for name in names)


def show(found: dict[str, list[Difference]], same: int, about: dict, bars: tuple[float, float]) -> str:
    """The table, as markdown."""
    must, goal = bars
    lines = []
    for level, differences in found.items():
        worst = max(differences, key=lambda difference: difference.largest)
        mean = float(np.mean([difference.mean for difference in differences]))
        lines.append([level, f"{worst.largest:.1e}", worst.image, f"{mean:.1e}", verdict(worst.largest, must, goal)])
    images = len(next(iter(found.values())))
    title = f"{about['model']['name']}'s first output, net against onnxruntime, identical inputs, {images} images of data/dev"
    head = ["level", "largest difference", "image", "mean difference", f"must {must:.0e}, goal {goal:.0e}"]
    bits = f"Bit for bit the same in {len(WASM_RUNS)} runs of wasm (one in a fresh process): {same} of {images} images."
    return "\n\n".join([title, table(head, lines), bits, footer(about)])


def main(args: argparse.Namespace) -> int:
    """The question `agreement`; the exit code is 1 when the bar is missed or wasm does not repeat."""
    if not DEV.is_dir():
        print("skip: ../shared/data/dev is not here, so there is nothing to agree on")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_plan(folder, args.model)
        names, expected = prepare(folder, args.model, args.images)
        for level in levels():
            run(folder, level, names, (level,), args.core)
        run(folder, "wasm", names, WASM_RUNS[:2], args.core)
        run(folder, "wasm", names, WASM_RUNS[2:], args.core)
        found = {level: compare(folder, level, expected) for level in (*levels(), "wasm")}
        same = repeats(folder, names)
    file, _ = reference.find_model(args.model, reference.MODELS)
    bars = BARS.get(args.model, OTHERS)
    about = machine(args.core, file.stem, file)
    raw = {level: [vars(difference) for difference in differences] for level, differences in found.items()}
    data = {"machine": about, "must": bars[0], "goal": bars[1], "images": names, "differences": raw, "wasm_repeats": same}
    question = "agreement" if args.model == MODEL else f"agreement-{file.stem}"
    record(question, show(found, same, about, bars), data, args.out, args.images is None)
    worst = max(difference.largest for differences in found.values() for difference in differences)
    return 0 if worst <= bars[0] and same == len(names) else 1
