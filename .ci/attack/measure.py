"""Whether clients without a token can take the server's memory, or its time from others: measure.py PROGRAM [--full].

Each attack meets a server of its own, and beside it an honest client with a small image. A table shows the server's peak
of resident memory, the honest client's 95th percentile, and how soon the memory was given back. --full takes ten minutes.
"""

import argparse
import math
import multiprocessing
import pathlib
import re
import resource
import signal
import subprocess
import sys
import threading
import time

from attacks import ATTACKS
from checks import close, counts
from honest import SLOWEST, honest, visited
from speed import limit

WORKERS = 2
CAP = 64  # MiB of one worker's sandbox
BESIDE = 128  # MiB for everything else
PATIENCE = 2  # seconds: what 95 of 100 honest requests take at most
BACK = 1.1  # of the memory before,
PAGES = 8  # or MiB more than before: pages that the heap keeps here and there are a tenth of a small server
RECOVERY = 20  # seconds for that
LEAST = 10  # honest requests
FLAGS = ["--workers", str(WORKERS), "--max-memory", str(CAP)]


class Server:
    """`cutout serve` on a free port."""

    def __init__(self, program):
        arguments = [program, "serve", "--addr", "127.0.0.1:0", *FLAGS]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"serving on http://127.0.0.1:(\d+)", line):
                self.port = int(found[1])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def resident(self):
        """In MiB; without end when the server is gone."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else math.inf

    def stop(self):
        self.process.terminate()
        self.process.wait()


def attacked(program, attack, count, seconds):
    """What a server and its honest client saw: memory before and at most, times and refusals, time until memory was back."""
    server = Server(program)
    try:
        visited(server.port, count)
        before = server.resident()
        peak, over = [before], threading.Event()

        def watch():
            while not over.wait(0.02):
                peak[0] = max(peak[0], server.resident())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        attacker = multiprocessing.Process(target=attack, args=(server.port, count), daemon=True)
        attacker.start()
        time.sleep(0.5)
        times, refusals = [], []
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(times) < LEAST:
            took, refused = honest(server.port)
            times.append(took)
            refusals += refused
            time.sleep(0.1)
        # One that has ended by itself has attacked nothing meanwhile.
        assert attacker.is_alive() or attacker.exitcode == 0, f"the attack broke off with {attacker.exitcode}"
        attacker.kill()
        attacker.join()
        over.set()
        watcher.join()
        begun = time.monotonic()
        rest = max(before * BACK, before + PAGES)
        while (after := server.resident()) > rest and time.monotonic() - begun < limit(RECOVERY):
            time.sleep(0.1)
        back = time.monotonic() - begun if after <= rest else None
        return before, peak[0], sorted(times), refusals, back
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", help="attacks whose name contains this")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard > 0 else 8192, hard))

    bound = WORKERS * CAP + BESIDE
    print(f"{'attack':<24} {'before':>7} {'peak':>7} {'bound':>7} {'honest':>7} {'p95':>7} {'worst':>7} {'back':>7}")
    print(f"{'':<24} {'MiB':>7} {'MiB':>7} {'MiB':>7} {'':>7} {'s':>7} {'s':>7} {'s':>7}")
    attacks = [attack for attack in ATTACKS if options.only in attack[0]]
    if not attacks:
        parser.error(f"no attack's name contains {options.only!r}")
    seconds = 60 if options.full else 3
    for name, attack, count in attacks:
        before, peak, times, refusals, back = attacked(options.program, attack, count, seconds)
        p95 = times[(len(times) - 1) * 95 // 100]
        wrong = [
            text
            for text, holds in [
                ("memory", peak < bound),
                ("honest requests are slow", p95 < limit(PATIENCE) and times[-1] < limit(SLOWEST)),
                ("honest requests are refused", not [one for one in refusals if one != 503]),
                ("memory is not given back", back is not None),
            ]
            if not holds
        ]
        counts["failed" if wrong else "passed"] += 1
        shown = "never" if back is None else f"{back:.1f}"
        print(
            f"{name:<24} {before:7.0f} {peak:7.0f} {bound:7} {len(times):7} {p95:7.3f} {times[-1]:7.3f} {shown:>7}"
            f"  {'FAILED: ' + ', '.join(wrong) if wrong else ''}"
            f"{' refusals: ' + ', '.join(map(str, refusals[:8])) if refusals else ''}",
            flush=True,
        )
    return close()


if __name__ == "__main__":
    sys.exit(main())
