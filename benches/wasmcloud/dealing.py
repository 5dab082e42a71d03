"""Images a second over two wasmCloud hosts, in alternating rounds: dealing.py WORK ROUNDS PROGRAM…

Each program bakes the components that its own fleet runs, so that two versions of the protocol can be compared.
"""

import collections
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches/peers"))
from common import machine, record, table  # noqa: E402  (the path is set above)

FLEET = ROOT / "deploy/wasmcloud/fleet"
IMAGE = ROOT / "fixtures/photos/rocket.jpg"
COUNT = 48
LEAST_ROUNDS = 3  # below this, medians are not worth keeping

WORK, ROUNDS, PROGRAMS = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
samples = collections.defaultdict(list)
states = {}  # of each program's fleet


def fleet(number, *words):
    state = WORK / f"fleet-{number}"
    subprocess.run([FLEET, *words, "--state", state], check=True, stdout=subprocess.DEVNULL)
    return json.loads((state / "state.json").read_text())


def images():
    folder = WORK / "images"
    if not folder.exists():
        folder.mkdir()
        for number in range(COUNT):
            shutil.copy(IMAGE, folder / f"{number}{IMAGE.suffix}")
    return folder


class Batch:
    """A batch at work, its report and the time that it takes."""

    def __init__(self, program, *words):
        self.out, self.report = WORK / "out", WORK / "report.jsonl"
        shutil.rmtree(self.out, ignore_errors=True)
        self.report.unlink(missing_ok=True)
        self.begun = time.perf_counter()
        words = [program, "batch", images(), "-o", self.out, "--report", self.report, "-q", *words]
        self.process = subprocess.Popen(words)

    def lines(self):
        whole = self.report.read_text().rpartition("\n")[0] if self.report.exists() else ""
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for(self, count):
        while len(self.lines()) < count and self.process.poll() is None:
            time.sleep(0.02)

    def end(self, name):
        self.process.wait()
        seconds = time.perf_counter() - self.begun
        lines = self.lines()
        done = sum(line.get("status") == "done" for line in lines)
        samples[f"{name}: images/s"].append(done / seconds)
        samples[f"{name}: failed"].append(COUNT - done)
        copies = [line["copies"] for line in lines if "copies" in line]
        if copies:
            samples[f"{name}: copies"].extend(copies)


def one_round(number, program):
    name = f"program {number + 1}"
    Batch(program, "--engine", "wasm", "--jobs", "2").end(f"{name}, two workers in the process")
    state = states[number]
    nats = ["--nats", state["nats"]["url"]]
    Batch(program, *nats).end(f"{name}, two hosts undisturbed")
    first, second = (host["name"] for host in state["hosts"])
    fleet(number, "slow", second, "33")
    Batch(program, *nats).end(f"{name}, one host with a third of a core")
    fleet(number, "slow", second, "100")
    batch = Batch(program, *nats)
    batch.wait_for(COUNT // 4)
    fleet(number, "stop", first, "--kill")
    batch.end(f"{name}, one host killed after a quarter")
    states[number] = fleet(number, "add")


def main():
    rng = random.Random(2026)
    for number, program in enumerate(PROGRAMS):
        states[number] = fleet(number, "up", "--hosts", "2", "--cutout", program)
    for number in range(ROUNDS):
        for index, program in rng.sample(list(enumerate(PROGRAMS)), len(PROGRAMS)):
            one_round(index, program)
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    rows = []
    for figure, values in sorted(samples.items()):
        digits = 2 if figure.endswith("/s") else 0
        rows.append([figure, f"{statistics.median(values):.{digits}f}", f"{min(values):.{digits}f} to {max(values):.{digits}f}"])
    about = machine(0)
    versions = [subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip() for program in PROGRAMS]
    programs = ", ".join(f"{number + 1}: {version}" for number, version in enumerate(versions))
    foot = f"{ROUNDS} rounds of {COUNT} images in shuffled order; image {IMAGE.name}; programs {programs}. {about['date']}, {about['cpu']}, {about['cores']} cores, Linux {about['kernel']}. Commit {about['commit']}."
    title = "Images a second of `cutout batch --nats` over two wasmCloud hosts (wash 2.10.3), and of two workers in the process"
    markdown = "\n\n".join([title, table(["figure", "median", "spread"], rows), foot])
    record("dealing", markdown, {"machine": about, "samples": samples}, None, ROUNDS >= LEAST_ROUNDS)


if __name__ == "__main__":
    main()
