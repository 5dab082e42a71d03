"""`cutout batch` over a folder, on both engines, beside the single-worker rate of `cutout bench`.

Usage: measure.py CUTOUT FOLDER WORK; FOLDER comes from make.py.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image, ImageChops

ENGINES = ["wasm", "native"]


def mean_area(folder):
    areas = []
    for path in sorted(folder.rglob("*.*")):
        try:
            with Image.open(path) as image:
                areas.append((image.width * image.height, path))
        except OSError:
            continue
    mean = sum(area for area, _ in areas) / len(areas)
    jpegs = [entry for entry in areas if entry[1].suffix == ".jpg"]
    return min(jpegs, key=lambda entry: abs(entry[0] - mean))[1]


def single(cutout, engine, image, work):
    """Images per second of one worker, by `cutout bench`, over the image nearest to the mean area."""
    command = [cutout, "bench", image, "-o", work / "bench", "--row", f"{engine}:net"]
    subprocess.run([*command, "--measure", "throughput", "--samples", "5", "--workers", "1"], check=True, capture_output=True)
    series = json.loads((work / "bench/bench.json").read_text())["series"]
    samples = next(each["samples"] for each in series if each["figure"] == "throughput-reused" and each["count"] == 1)
    return statistics.median(samples)


def rss(pid):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


def batch(cutout, engine, folder, work):
    out, report = work / engine, work / f"{engine}.jsonl"
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    words = work / "said.txt"
    with words.open("w") as stderr:
        command = [cutout, "batch", folder, "-o", out, "--also", "mask", "--engine", engine, "-q", "--report", report]
        process = subprocess.Popen(command, stderr=stderr)
        memory = []
        while process.poll() is None:
            done = report.read_bytes().count(b"\n") if report.exists() else 0
            memory.append((done, rss(process.pid)))
            time.sleep(0.2)
    seconds = time.perf_counter() - start
    said = words.read_text()
    records = [json.loads(line) for line in report.read_text().splitlines()]
    return seconds, process.returncode, memory, said, records


def masks_agree(work, records):
    """The largest difference between the engines' masks, over all images."""
    worst = 0
    for record in records:
        if record["status"] == "done":
            mask = Path(record["mask"])
            pair = [Image.open(work / engine / mask.relative_to(work / "wasm")) for engine in ENGINES]
            worst = max(worst, ImageChops.difference(*pair).getextrema()[1])
    return worst


def main(cutout, folder, work):
    cores = os.cpu_count()
    image = mean_area(folder)
    results = {}
    for engine in ENGINES:
        before = single(cutout, engine, image, work)
        seconds, code, memory, said, records = batch(cutout, engine, folder, work)
        after = single(cutout, engine, image, work)
        done = [record for record in records if record["status"] == "done"]
        failed = [record for record in records if record["status"] == "failed"]
        rate = len(done) / seconds
        one = (before + after) / 2
        ends = [100, *range(500, len(records) + 1, 500)]
        peaks = [max((mib for count, mib in memory if first < count <= last), default=0) for first, last in zip([-1, *ends], ends)]
        named = sum(record["input"] in said and record["error"]["kind"] in said for record in failed)
        results[engine] = records
        print(f"{engine}: {len(done)} done, {len(failed)} failed ({named} named with their kind), exit code {code}")
        print(f"  {rate:.2f} images/s; one worker by `cutout bench` {before:.2f} before, {after:.2f} after: {rate / one / cores:.2f} of {cores} cores")
        spans = ", ".join(f"{peak:.0f} to image {last}" for peak, last in zip(peaks, ends))
        print(f"  RSS, peaks in MiB: {spans}")
    print(f"masks of the two engines: at most {masks_agree(work, results['wasm'])} levels apart")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
