"""What Python costs, beside the program; see `run`. Prints a table and the bars that are missed."""

import io
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy
from PIL import Image

import cutout

PHOTO = "fixtures/photos/rocket.jpg"
ROUNDS = 12
CALLS = 1000
THREADS = 8
MIB = 1 << 20


def engine_times(program: str) -> list[float]:
    """Milliseconds of further images in the native engine, by the program itself, in a fresh process."""
    command = [program, "bench-probe", "times", PHOTO, "--engine", "native"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return next(series["samples"] for series in answer if series["figure"] == "steady")


def call_times(call) -> list[float]:
    """Milliseconds of three calls behind a first one."""
    call()
    return [timed(call) for _ in range(3)]


def timed(call) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def rate(session: cutout.Session, threads: int, images: int) -> float:
    """Images a second."""
    content = Path(PHOTO).read_bytes()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: session.remove(content), range(threads)))
        begun = time.perf_counter()
        list(pool.map(lambda _: session.remove(content), range(images)))
        return images / (time.perf_counter() - begun)


def rss() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Found(NamedTuple):
    times: dict[str, list[float]]
    """Milliseconds of calls by their name, and of the engine."""
    rates: dict[int, list[float]]
    """Images a second by the number of threads."""
    memory: list[int]
    """Resident bytes after each hundred calls."""


def measured(program: str) -> Found:
    content = Path(PHOTO).read_bytes()
    one, all_ = (cutout.Session(engine="native", workers=workers) for workers in (1, None))
    image = Image.open(PHOTO)
    image.load()
    array = numpy.asarray(image)
    calls = {
        "bytes": lambda: one.remove(content),
        "PIL.Image": lambda: one.remove(image),
        "numpy": lambda: one.remove(array),
        "PIL.Image by way of PNG": lambda: by_png(one, image),
    }
    times: dict[str, list[float]] = {"the engine": [], **{name: [] for name in calls}}
    rates: dict[int, list[float]] = {1: [], THREADS: []}
    for _ in range(ROUNDS):
        times["the engine"] += engine_times(program)
        for name, call in calls.items():
            times[name] += call_times(call)
    # Short, so that there are moments of rest on a machine with other work.
    for _ in range(3 * ROUNDS):
        for threads, session in ((1, one), (THREADS, all_)):
            rates[threads].append(rate(session, threads, 8))
    memory = []
    for number in range(CALLS + 1):
        if number % 100 == 0:
            memory.append(rss())
        one.remove(content if number % 2 else array, quality="fast")
    return Found(times, rates, memory)


def main(program: str, wheel: str) -> int:
    times, rates, memory = measured(program)
    middle = {name: statistics.median(found) for name, found in times.items()}
    # Of the fastest, as are the rates: what else runs on a machine only adds.
    costs = min(times["bytes"]) - min(times["the engine"])
    scaled = max(rates[THREADS]) / max(rates[1])
    grown = memory[-1] - memory[1]
    size = Path(wheel).stat().st_size
    print(f"Python beside the program: {PHOTO}, native engine\n\n| figure | found | bar |\n| --- | ---: | ---: |")
    for name, found in middle.items():
        bar = "engine + 5 ms" if name == "bytes" else ""
        print(f"| a call, {name}, ms (median; fastest) | {found:.1f}; {min(times[name]):.1f} | {bar} |")
    for threads, found in rates.items():
        print(f"| images/s, {threads} threads (median; best) | {statistics.median(found):.2f}; {max(found):.2f} | |")
    print(f"| {THREADS} threads over one (best) | {scaled:.2f} | 1.7 |")
    print(f"| RSS after 100 calls, MiB | {memory[1] / MIB:.1f} | |")
    print(f"| RSS after {CALLS} calls, MiB | {memory[-1] / MIB:.1f} | + 2 |")
    print(f"| the wheel, MB | {size / 1e6:.1f} | 25 |")
    cores = len(os.sched_getaffinity(0))
    print(f"\n{ROUNDS} rounds, interleaved; {date.today()}, {platform.processor() or platform.machine()}, {cores} cores, "
          f"Python {platform.python_version()}, cutout {cutout.__version__}.")
    missed = [
        name
        for name, is_missed in (
            ("time of a call", costs > 5),
            ("threads", cores >= 2 and scaled < 1.7),
            ("memory", grown > 2 * MIB),
            ("wheel", size > 25e6),
        )
        if is_missed
    ]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def by_png(session: cutout.Session, image: Image.Image) -> Image.Image:
    """What a caller would do without pixels."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    result = Image.open(io.BytesIO(session.remove(file.getvalue())))
    result.load()
    return result


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
