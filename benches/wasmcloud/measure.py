"""A wasmCloud host beside `cutout serve --fresh`, in alternating rounds: measure.py ROUNDS IMAGE WORK

Servers are pinned: one of one core to core 0, the second host to core 1. Clients run on whatever core is free, keep their
connection, and ask again as soon as they have an answer. Over NATS the client is `cutout batch`.
"""

import collections
import concurrent.futures
import http.client
import json
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches/peers"))
from common import BIN, machine, record, table  # noqa: E402  (the path is set above)

CUTOUT = BIN / "cutout"
FLEET = ROOT / "deploy/wasmcloud/fleet"
REQUESTS = 12  # for each core
LEAST_ROUNDS = 3  # below this, medians are not worth keeping

ROUNDS, IMAGE, WORK = int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), Path(sys.argv[3])
samples = collections.defaultdict(list)  # figure → a number for every round, or for every request


def note(subject, figure, *values):
    samples[f"{subject}: {figure}"].extend(values)


def memory(pid):
    """Resident and proportional set in MiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return [int(re.search(rf"^{name}: +(\d+) kB", rollup, re.M)[1]) / 1024 for name in ("Rss", "Pss")]


def ask(connection):
    """Seconds from sending the image to the last byte of the cut-out."""
    start = time.perf_counter()
    connection.request("POST", "/v1/remove", IMAGE, {"Host": "localhost", "Content-Type": "image/jpeg"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"status {answer.status}: {body[:200]}")
    answers.add(body)
    return time.perf_counter() - start


answers = set()


def client(url, count):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    return [ask(connection) for _ in range(count)]


def load(urls, count):
    """One client for each address, `count` requests each: all latencies, and images per second."""
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(len(urls)) as pool:
        latencies = sum(pool.map(lambda url: client(url, count), urls), [])
    return latencies, len(latencies) / (time.perf_counter() - start)


def first(subject, url, pid):
    """What can only be asked once: memory before any request, and the first request."""
    for name, value in zip(("RSS", "PSS"), memory(pid)):
        note(subject, f"{name} idle, MiB", value)
    note(subject, "first request, ms", client(url, 1)[0] * 1000)


def largest_memory(pid, done):
    """The largest of either, looked at every 20 ms until `done`."""
    seen = [memory(pid)]
    while not done.wait(0.02):
        seen.append(memory(pid))
    return [max(values) for values in zip(*seen)]


def one_server(subject, url, pid):
    latencies, rate = load([url], REQUESTS)
    note(subject, "later requests, ms", *(latency * 1000 for latency in latencies))
    note(subject, "HTTP, 1 client, images/s", rate)
    _, rate = load([url] * 2, REQUESTS // 2)
    note(subject, "HTTP, 2 clients, images/s", rate)
    done = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        busy = pool.submit(largest_memory, pid, done)
        try:
            load([url] * 2, 2)
        finally:
            done.set()
    for name, value, after in zip(("RSS", "PSS"), busy.result(), memory(pid)):
        note(subject, f"{name} busy, MiB", value)
        note(subject, f"{name} after requests, MiB", after)


def two_servers(subject, urls):
    for clients in (2, 4):
        _, rate = load(urls * (clients // 2), 2 * REQUESTS // clients)
        note(subject, f"HTTP, {clients} clients, images/s", rate)


def over_nats(subject, state, count):
    """`cutout batch --nats` over `count` copies of the image, from its start to its end."""
    folder, out = WORK / f"copies-{count}", WORK / "out"
    if not folder.exists():
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}{Path(sys.argv[2]).suffix}").write_bytes(IMAGE)
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    subprocess.run([CUTOUT, "batch", folder, "-o", out, "--nats", state["nats"]["url"], "-q"], check=True)
    note(subject, "NATS, images/s", count / (time.perf_counter() - start))
    answers.update(path.read_bytes() for path in out.glob("*.png"))


def up(hosts):
    """Hosts that stay for all rounds, each on a core of its own; the first request of each is taken at once."""
    folder = WORK / f"hosts-{hosts}"
    start = time.perf_counter()
    subprocess.run([FLEET, "up", "--hosts", str(hosts), "--cores", "--state", folder], check=True, stdout=subprocess.DEVNULL)
    note("wasmCloud", f"start of everything, hosts: {hosts}, s", time.perf_counter() - start)
    state = json.loads((folder / "state.json").read_text())
    for host in state["hosts"]:
        first("wasmCloud, one host", host["http"], host["pid"])
    return state


def one_host(state):
    host = state["hosts"][0]
    one_server("wasmCloud, one host", host["http"], host["pid"])
    over_nats("wasmCloud, one host", state, 4 * REQUESTS)


def two_hosts(state):
    two_servers("wasmCloud, two hosts", [host["http"] for host in state["hosts"]])
    over_nats("wasmCloud, two hosts", state, 8 * REQUESTS)


def serve_one(url, pid):
    first("cutout serve, 1 worker", url, pid)
    one_server("cutout serve, 1 worker", url, pid)


def serve_two(url, _):
    client(url, 2)
    two_servers("cutout serve, 2 workers", [url, url])


def serve(workers, ask_it):
    """`cutout serve --fresh` on as many cores as it has workers."""
    cores = ",".join(map(str, range(workers)))
    words = ["taskset", "-c", cores, CUTOUT, "serve", "--fresh", "--addr", "127.0.0.1:0", "--workers", str(workers)]
    log = (WORK / "serve.log").open("w+")
    server = subprocess.Popen(words, stderr=log)
    try:
        while not (url := re.search(r"http://[\d.:]+\d", (WORK / "serve.log").read_text())):
            if server.poll() is not None:
                sys.exit((WORK / "serve.log").read_text())
            time.sleep(0.005)
        ask_it(url[0], server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def shown(figure, values):
    """Median, and the spread that goes with the figure."""
    middle = statistics.median(values)
    if "later requests" in figure:
        return f"{middle:.0f}", f"p95 {percentile(values, 0.95):.0f}, of {len(values)}"
    digits = 0 if "ms" in figure else 2 if "/s" in figure else 1
    return f"{middle:.{digits}f}", f"{min(values):.{digits}f} to {max(values):.{digits}f}"


def ratio(figure, above, below):
    return f"{figure}: {statistics.median(samples[above]) / statistics.median(samples[below]):.2f}"


def main():
    rng = random.Random(2026)
    one, two = up(1), up(2)
    subjects = [lambda: one_host(one), lambda: two_hosts(two), lambda: serve(1, serve_one), lambda: serve(2, serve_two)]
    for number in range(ROUNDS):
        for subject in rng.sample(subjects, len(subjects)):
            subject()
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    if len(answers) != 1:
        sys.exit(f"{len(answers)} different answers to one image: nothing here can be compared")
    rows = [[figure, *shown(figure, values)] for figure, values in sorted(samples.items())]
    host, alone, pair = "wasmCloud, one host", "cutout serve, 1 worker", "wasmCloud, two hosts"
    later, rate = "later requests, ms", "HTTP, 2 clients, images/s"
    ratios = [
        ratio("one host ÷ `cutout serve --fresh`, later requests", f"{host}: {later}", f"{alone}: {later}"),
        ratio("one host ÷ `cutout serve --fresh`, images/s of 2 clients", f"{host}: {rate}", f"{alone}: {rate}"),
        ratio("two hosts ÷ one, HTTP, 2 clients", f"{pair}: {rate}", f"{host}: {rate}"),
        ratio("two hosts with 4 clients ÷ one with 2, HTTP", f"{pair}: HTTP, 4 clients, images/s", f"{host}: {rate}"),
        ratio("two workers of `cutout serve --fresh` ÷ one, HTTP, 2 clients", f"cutout serve, 2 workers: {rate}", f"{alone}: {rate}"),
        ratio("two hosts ÷ one, NATS (wanted: 1.7)", f"{pair}: NATS, images/s", f"{host}: NATS, images/s"),
    ]
    about = machine(0)
    foot = f"{ROUNDS} rounds in shuffled order; image {Path(sys.argv[2]).name}. {about['date']}, {about['cpu']}, {about['cores']} cores, Linux {about['kernel']}. Commit {about['commit']}."
    markdown = "\n\n".join(
        [
            "A wasmCloud host (wash 2.10.3) of one core beside `cutout serve --fresh` of one worker, and two of each",
            table(["figure", "median", "spread"], rows),
            "\n".join(f"- {line}" for line in ratios),
            foot,
        ]
    )
    record("wasmcloud", markdown, {"machine": about, "samples": samples}, None, ROUNDS >= LEAST_ROUNDS)


if __name__ == "__main__":
    main()
