"""Times of stages, a process each: measure.py FOLDER ROUNDS PROGRAM…"""

import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LEAST_PIXELS = 1_500_000
ENGINES = ["wasm", "native"]
# Of the whole image's way, beside each stage.
SUM = "matte + colour"


def photos(folder):
    """Path and megapixels of each photo that is large enough."""
    with open(folder / "manifest.tsv", newline="") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            pixels = int(row["width"]) * int(row["height"])
            if pixels >= LEAST_PIXELS:
                yield folder / row["image"], pixels / 1e6


def stages(program, engine, photo, out):
    """Milliseconds of each stage of one process."""
    command = [program, "run", photo, "-o", out, "--engine", engine, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["stages_ms"]


def main():
    folder, rounds, programs = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    rows = [(program, engine) for program in programs for engine in ENGINES]
    per_photo = {row: {} for row in rows}
    chosen = list(photos(folder))
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "out.png"
        for photo, megapixels in chosen:
            times = {row: {} for row in rows}
            for _ in range(rounds):
                for row in rows:
                    for stage, ms in stages(*row, photo, out).items():
                        times[row].setdefault(stage, []).append(ms / megapixels)
            for row, by_stage in times.items():
                medians = {stage: statistics.median(samples) for stage, samples in by_stage.items()}
                medians[SUM] = medians["matte"] + medians["colour"]
                for stage, ms in medians.items():
                    per_photo[row].setdefault(stage, []).append(ms)
    print(f"{len(chosen)} photos, {rounds} rounds; ms per megapixel: the median photo (least to most), of medians\n")
    names = list(per_photo[rows[0]])
    print("| program, engine |", " | ".join(names), "|")
    print("| --- |", " --- | " * len(names))
    for (program, engine), by_stage in per_photo.items():
        cells = [f"{statistics.median(ms):.1f} ({min(ms):.1f} to {max(ms):.1f})" for ms in by_stage.values()]
        print(f"| {Path(program).name}, {engine} |", " | ".join(cells), "|")


main()
