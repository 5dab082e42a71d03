#!/usr/bin/env python3
"""Scores of masks and colours over the development images, as one page of markdown.

    measure.py SHARED_DIR
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import blanks

CUTOUT = Path("target/release/cutout")
JOIN = Path("target/release/join")
WAYS = {
    "rembg (u2netp)": ["--model", "u2netp", "--compat", "rembg"],
    "u2netp": ["--model", "u2netp"],
    "fast": ["--quality", "fast"],
    "good": ["--quality", "good"],
    "best": ["--quality", "best"],
}
ROUNDS = 7


def run(*command: object) -> str:
    """The standard output of a program that must not fail."""
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return done.stdout


def batch(images: Path, folder: Path, flags: list[str]) -> dict[str, dict]:
    """Cut-outs of all images, natively; the report's records by the images' stems."""
    report = folder.with_name(f"{folder.name}.jsonl")
    run(CUTOUT, "batch", images, "-o", folder, "--engine", "native", "-q", "--report", report, *flags)
    records = [json.loads(line) for line in report.read_text().splitlines()]
    return {Path(record["input"]).stem: record for record in records}


def rgba(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGBA")).astype(float)


def errors(data: Path, rows: list[dict], folder: Path) -> dict[str, float]:
    """Mean absolute error of each image's alpha, 0..1; what a trimap leaves open is not scored."""
    found = {}
    for row in rows:
        truth = np.asarray(Image.open(data / row["gt"]).convert("L")).astype(float)
        alpha = rgba(folder / f"{row['id']}.png")[..., 3]
        scored = truth != 128 if row["gt_kind"] == "trimap" else np.ones(truth.shape, bool)
        found[row["id"]] = float(np.abs(alpha - truth)[scored].mean() / 255)
    return found


def rank_correlation(a: list[float], b: list[float]) -> float:
    """Spearman's; values that are alike have the mean of their ranks."""
    ranks = []
    for values in (a, b):
        _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - (counts - 1) / 2)[index])
    return float(np.corrcoef(*ranks)[0, 1])


def colour_error(found: np.ndarray, truth: np.ndarray, soft: np.ndarray) -> float:
    return float(np.abs(found[..., :3] - truth[..., :3])[soft].mean())


def colours(data: Path, rows: list[dict], work: Path) -> list[str]:
    """Errors of colours in the soft band of the true alpha, in levels: the image's own and ours, by the true alpha and by
    ours where that shows anything; our opaque pixels have to have the image's own colours."""
    sums = np.zeros(4)
    lines = [
        "| image | own | ours, true alpha | own, where ours shows | ours, our alpha |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    exact = [row for row in rows if row["fg"]]
    for row in exact:
        truth, image = rgba(data / row["fg"]), rgba(data / row["image"])
        alpha = np.asarray(Image.open(data / row["gt"]).convert("L"))
        soft = (alpha > 12) & (alpha < 243)
        joined = work / "joined.png"
        run(JOIN, data / row["image"], data / row["gt"], joined)
        good, fast = (rgba(work / way / f"{row['id']}.png") for way in ("good", "fast"))
        opaque = (good[..., 3] == 255) & (fast[..., 3] > 0)
        if not (good[opaque][:, :3] == fast[opaque][:, :3]).all():
            raise SystemExit(f"{row['id']}: an opaque pixel has changed its colour")
        shown = soft & (good[..., 3] > 0)
        found = [
            colour_error(image, truth, soft),
            colour_error(rgba(joined), truth, soft),
            colour_error(image, truth, shown),
            colour_error(good, truth, shown),
        ]
        sums += found
        lines.append(f"| {row['id']} | " + " | ".join(f"{value:.1f}" for value in found) + " |")
    own, true, own_shown, ours = sums / len(exact)
    shares = f"{true:.1f} ({true / own:.2f} of own) | {own_shown:.1f} | {ours:.1f} ({ours / own_shown:.2f} of own)"
    lines.append(f"| mean | {own:.1f} | {shares} |")
    return lines


def costs(image: Path, work: Path) -> list[str]:
    """Medians of stage times and peaks of linear memory in wasm, the ways one after the other in every round."""
    times: dict[str, list[dict]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way, flags in WAYS.items():
            report = run(CUTOUT, "run", image, "-o", work / "timed.png", "--json", *flags)
            times[way].append(json.loads(report))
    pixels = times["good"][0]["width"] * times["good"][0]["height"] / 1e6
    stages = ["decode", "preprocess", "segment", "matte", "colour", "encode"]
    lines = [f"| wasm, {pixels:.2f} MP, ms | " + " | ".join(stages) + " | matte and colour, per MP | peak, MiB |", "| --- |" + " ---: |" * 8]
    for way, reports in times.items():
        middle = [statistics.median(report["stages_ms"][stage] for report in reports) for stage in stages]
        each = statistics.median(report["stages_ms"]["matte"] + report["stages_ms"]["colour"] for report in reports)
        peak = max(report["peak_linear_memory"] for report in reports) / 2**20
        lines.append(f"| {way} | " + " | ".join(f"{value:.1f}" for value in middle) + f" | {each / pixels:.1f} | {peak:.1f} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    data = shared / "data" / "dev"
    with open(data / "manifest.tsv", encoding="utf-8") as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        report(shared, data, rows, work)
    return 0


def report(shared: Path, data: Path, rows: list[dict], work: Path) -> None:
    records = {way: batch(data / "images", work / way, flags) for way, flags in WAYS.items()}
    print("### Scores\n\n```text")
    for way in WAYS:
        print(way)
        print(run(sys.executable, shared / "tools" / "score.py", data / "manifest.tsv", work / way), end="")
    print("```\n\n### Colours in the soft band, mean error in levels\n")
    print("\n".join(colours(data, rows, work)))
    print("\n### Uncertainty\n")
    for way in ("good", "best"):
        error = errors(data, rows, work / way)
        pairs = [(records[way][id]["uncertainty"], error[id]) for id in error]
        print(f"- {way}: rank correlation with the true mean error {rank_correlation(*zip(*pairs)):.2f} over {len(pairs)} images")
    count = blanks.write(work / "blanks", seed=20_261_126)
    for what, found, total in (
        ("images without a subject", batch(work / "blanks", work / "no-blanks", []), count),
        ("photos", records["good"], len(rows)),
    ):
        empty = [name for name, record in found.items() if record["warning"] == "unknown_foreground"]
        print(f"- reported as without subject: {len(empty)} of {total} {what}")
    print("\n### Cost\n")
    print("\n".join(costs(data / "images" / "am2k_04.jpg", work)))


if __name__ == "__main__":
    sys.exit(main())
