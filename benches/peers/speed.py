"""Speed: every runtime on one image, the network alone, in shuffled rounds on one core."""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common import LEAST_SAMPLES, MODEL, IMAGE, footer, machine, record, reference, table
from rows import Row, rows, write_inputs

# Masks of all rows have to be this close, in levels of 0..255: whole numbers differ from f32 by a few where the network is unsure.
LEVELS = {"u2netp": 1, "cutnet": 8}


@dataclass(frozen=True)
class Bar:
    """A ratio of two rows' medians: at most `must`, hopefully `goal`; None is only reported."""

    above: str
    below: str
    must: float | None
    goal: float | None


# The project's bars for each model; those without bounds are there to be reported.
BARS = {
    "cutnet": [
        Bar("net-wasm", "tract-wasm", 0.36, 0.23),
        Bar("net-wasm", "ort", 2.4, 1.5),
        Bar("net-native", "ort", 0.6, 0.4),
        Bar("net-wasm", "ort-u2netp", 0.33, 0.2),
        Bar("net-wasm", "f32-wasm", None, None),
        Bar("net-native", "f32-native", None, None),
        Bar("net-wasm", "net-native", None, None),
    ],
    "u2netp": [
    Bar("net-wasm", "ort", 1.0, 0.7),
    Bar("net-wasm", "tract-wasm", 0.33, 0.2),
    Bar("net-native", "ort", 0.6, 0.35),
    Bar("net-wasm", "net-native", None, 1.8),
    Bar("net-wasm", "net-128", None, None),
    ],
}


def measure(present: list[Row], args: argparse.Namespace) -> None:
    """Warms every process up, then samples in rounds, each in an order of its own."""
    order = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder), present)
        try:
            for row in present:
                row.start(args.core)
                row.warm_up(Path(folder))
            for number in range(args.samples):
                for row in order.sample(present, len(present)):
                    row.sample()
                print(f"round {number + 1} of {args.samples}", flush=True)
        finally:
            for row in present:
                row.stop()


def apart(a: Row, b: Row) -> int:
    """Largest difference of two rows' masks, in levels."""
    return int(np.abs(a.mask.astype(np.int16) - b.mask.astype(np.int16)).max())


def ratio(above: Row, below: Row) -> float | None:
    """The ratio of medians; none where the answers differ, since then the two did not do the same."""
    if above.model == below.model and apart(above, below) > LEVELS[above.model]:
        return None
    return statistics.median(above.times()) / statistics.median(below.times())


def summarise(every: list[Row], model: str) -> tuple[list[dict], list[dict]]:
    """Figures of every row, and of every bar whose two rows ran."""
    ran = {row.key: row for row in every if row.samples}
    figures = []
    for row in ran.values():
        times = row.times()
        figures.append(
            {
                "row": row.key,
                "name": row.name,
                "median_ms": statistics.median(times),
                "min_ms": min(times),
                "max_ms": max(times),
                "ratios": {key: ratio(row, ran[key]) for key in ("ort", "tract-wasm") if key in ran},
                "levels_apart": {
                    other.key: apart(row, other) for other in ran.values() if other is not row and other.model == row.model
                },
            }
        )
    bars = []
    for bar in BARS.get(model, []):
        if bar.above in ran and bar.below in ran:
            names = (ran[bar.above].name, ran[bar.below].name)
            bars.append({"names": names, "ratio": ratio(ran[bar.above], ran[bar.below]), "must": bar.must, "goal": bar.goal})
    return figures, bars


def verdict(value: float | None, must: float | None, goal: float | None) -> str:
    """In words, whether a bar is met."""
    if value is None:
        return "refused: the masks differ"
    if goal is not None and value <= goal:
        return "goal met"
    if must is not None:
        return "met" if value <= must else "MISSED"
    return "reported" if goal is None else "goal missed"


def text(value: float | None) -> str:
    """A ratio or a bound."""
    return "–" if value is None else f"{value:.2f}"


def show(every: list[Row], figures: list[dict], bars: list[dict], samples: int, about: dict) -> str:
    """The tables, as markdown."""

    def shown(figure: dict, key: str) -> str:
        value = figure["ratios"].get(key, 0.0)
        return "refused" if value is None else ("–" if key not in figure["ratios"] else f"{value:.2f}")

    lines = [
        [
            figure["name"],
            f"{figure['median_ms']:.0f}",
            f"{figure['min_ms']:.0f}…{figure['max_ms']:.0f}",
            shown(figure, "ort"),
            shown(figure, "tract-wasm"),
            str(max(figure["levels_apart"].values(), default=0)),
        ]
        for figure in figures
    ]
    lines += [[row.name, f"skipped: {row.skip}", "", "", "", ""] for row in every if row.skip]
    head = ["runtime", "ms, median", "min…max", "÷ onnxruntime native", "÷ tract wasm", "mask, levels apart"]
    judged = [
        [" ÷ ".join(bar["names"]), text(bar["ratio"]), text(bar["must"]), text(bar["goal"]), verdict(bar["ratio"], bar["must"], bar["goal"])]
        for bar in bars
    ]
    first = every[0]
    title = f"{first.model} at {first.spec.side}², the network alone, {IMAGE.name}, one core, one thread, {samples} samples in shuffled rounds"
    return "\n\n".join(
        [title, table(head, lines), table(["ratio of medians", "found", "must", "goal", "verdict"], judged), footer(about)]
    )


def main(args: argparse.Namespace) -> int:
    """The question `speed`; the exit code is 1 when a bar is missed or refused."""
    every = [row for row in rows(args.model) if not args.only or row.key == "ort" or args.only in row.key]
    for row in every:
        if row.skip:
            print(f"skip: {row.name}: {row.skip}")
    measure([row for row in every if not row.skip], args)
    figures, bars = summarise(every, args.model)
    file, _ = reference.find_model(args.model, reference.MODELS)
    about = machine(args.core, args.model, file)
    raw = {row.key: {"name": row.name, "skip": row.skip, "samples": row.samples} for row in every}
    data = {"machine": about, "seed": args.seed, "figures": figures, "bars": bars, "rows": raw}
    question = "peers" if args.model == MODEL else f"peers-{args.model}"
    record(question, show(every, figures, bars, args.samples, about), data, args.out, args.samples >= LEAST_SAMPLES and not args.only)
    missed = [bar for bar in bars if verdict(bar["ratio"], bar["must"], bar["goal"]).startswith(("MISSED", "refused"))]
    return 1 if missed else 0
