"""How fast this machine is: speed.py prints a line; speed.py SECONDS, what SECONDS of a usual machine are here.

A check that imports it, or asks it, takes its limits of time from what is measured at that moment.
"""

import functools
import os
import pathlib
import re
import sys
import time

USUAL = 0.040  # seconds of `loop` in Python 3.11 on an AMD EPYC of 2.4 GHz (Milan): .036 to .045 were seen
TRIES = 5


def loop():
    start, total = time.perf_counter(), 0
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - start


@functools.cache
def measured():
    return sorted(loop() for _ in range(TRIES))


def limit(seconds):
    """As many seconds, or more where the machine is slower than usual, other work on it included."""
    return seconds * max(1, measured()[-1] / USUAL)


def cpu():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else "unknown CPU"


def main():
    if len(sys.argv) > 1:
        print(f"{limit(float(sys.argv[1])):.1f}")
        return
    best = measured()[0]  # the one that other work disturbed least
    times = best / USUAL
    slower = f"{times:.1f} times slower than usual" if times > 1 else f"{1 / times:.1f} times faster than usual"
    cores = len(os.sched_getaffinity(0))
    print(f"machine: {cpu()}, {cores} cores; loop {best:.3f} s, usual {USUAL:.3f} s: {slower}")


if __name__ == "__main__":
    main()
