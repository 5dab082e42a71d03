"""Memory: peak linear memory of one fresh instance over the whole pipeline, and the component's size."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from common import BIN, MODEL, ROOT, footer, machine, record, table
from speed import verdict

MIB = 1 << 20
# Megapixels, width and height (3:2, like the photo), and the project's bars in MiB.
SIZES = [(2, (1732, 1155), 96, 64), (24, (6000, 4000), 320, None)]
PHOTO = ROOT / "fixtures" / "photos" / "coffee.png"
# The portable component with u2netp inside, MiB.
COMPONENT_MUST, COMPONENT_GOAL = 12, 7


@dataclass(frozen=True)
class Figure:
    """One measurement against its bar, in MiB."""

    what: str
    mib: float
    must: float | None
    goal: float | None
    raw: dict


def photos(folder: Path) -> list[tuple[str, Path, int, int | None]]:
    """The images: label, file, must and goal. Enlarged, so soft; linear memory depends on the size alone."""
    made = []
    with Image.open(PHOTO) as photo:
        for megapixels, size, must, goal in SIZES:
            large = photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            for name, suffix, options in (
                ("JPEG", "jpg", {"quality": 90}),
                ("progressive JPEG", "progressive.jpg", {"quality": 90, "progressive": True}),
                ("PNG", "png", {"compress_level": 1}),
            ):
                path = folder / f"{megapixels}.{suffix}"
                large.save(path, **options)
                made.append((f"{megapixels} megapixels, {name}", path, must, goal))
    return made


def measure(folder: Path, runtime: str, args: argparse.Namespace) -> list[Figure]:
    """A fresh process, and so a fresh instance, for each image."""
    pin = ["taskset", "-c", str(args.core)]
    command = [*pin, str(BIN / "peer"), "--engine", "wasm", "--runtime", runtime, "--model", MODEL, "--timeout", "600"]
    found = []
    for label, path, must, goal in photos(folder):
        done = subprocess.run(command, cwd=ROOT, input=f"remove {path}\n", text=True, check=True, stdout=subprocess.PIPE)
        answer = json.loads(done.stdout)
        bars = (must, goal) if runtime == "net" else (None, None)
        found.append(Figure(f"{runtime}: {label}", answer["peak_linear_memory"] / MIB, *bars, answer))
        print(f"{found[-1].what}: {found[-1].mib:.1f} MiB", flush=True)
    return found


def component(folder: Path) -> Figure:
    """The size of the portable component with the model inside."""
    path = folder / "component.wasm"
    subprocess.run([BIN / "cutout", "bake", "--model", MODEL, "-o", path], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    size = path.stat().st_size
    return Figure(f"portable component with {MODEL}", size / MIB, COMPONENT_MUST, COMPONENT_GOAL, {"bytes": size})


def show(figures: list[Figure], about: dict) -> str:
    """The table, as markdown."""

    def bound(value: float | None) -> str:
        return "–" if value is None else f"{value:.0f}"

    lines = [
        [figure.what, f"{figure.mib:.1f}", bound(figure.must), bound(figure.goal), verdict(figure.mib, figure.must, figure.goal)]
        for figure in figures
    ]
    title = "Peak linear memory of one instance, image in, cut-out out; and the component's size"
    return "\n\n".join([title, table(["what", "MiB", "must", "goal", "verdict"], lines), footer(about)])


def main(args: argparse.Namespace) -> int:
    """The question `memory`; the exit code is 1 when a bar is missed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        figures = measure(folder, "net", args) + measure(folder, "tract", args) + [component(folder)]
    about = machine(args.core)
    data = {"machine": about, "figures": [vars(figure) for figure in figures]}
    # One sample is enough: the same image takes the same memory every time.
    record("memory", show(figures, about), data, args.out, True)
    return 1 if any(verdict(figure.mib, figure.must, figure.goal) == "MISSED" for figure in figures) else 0
