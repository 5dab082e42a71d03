"""Measures pods on a live node, from inside of it: cost.py WORK SECONDS [RECORD]"""

import json
import pathlib
import re
import sys
import time

from cluster import CHART, NAMED, PHOTO, Load, address, ask, helm, kubectl, pods, ready, until
from host_pods import start_all
from speed import cpu as processor

WORK, SECONDS = pathlib.Path(sys.argv[1]), float(sys.argv[2])
NAME = "cutout.example.com"
CALLERS = 2


def usage():
    """Core-seconds so far, the moment, and bytes of every pod's containers, as the kubelet says."""
    summary = json.loads(kubectl("get", "--raw", "/api/v1/nodes/node/proxy/stats/summary"))
    found = {}
    for pod in summary["pods"]:
        name = re.sub(r"(-[a-z0-9]{6,10})?-[a-z0-9]{5}$", "", pod["podRef"]["name"])
        for container in pod.get("containers", []):
            cpu, memory = container.get("cpu", {}), container.get("memory", {})
            if "usageCoreNanoSeconds" in cpu and "workingSetBytes" in memory:
                found[name] = cpu["usageCoreNanoSeconds"] / 1e9, cpu["time"], memory["workingSetBytes"]
    return found


def looked(before, names):
    """What the kubelet says once it has looked at all of these pods again."""
    return until(lambda: all((seen := usage())[name][1] != before[name][1] for name in names) and seen)


def moment(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def span(names, seconds):
    """Cores, and the largest memory in MiB, of some pods over a time.

    The kubelet looks every ten seconds or so: the time begins with its first look, and ends with one.
    """
    before = until(lambda: (seen := usage()) and all(name in seen for name in names) and seen)
    first = looked(before, names)
    most = {name: first[name][2] for name in names}
    end, last = time.monotonic() + seconds, first
    while time.monotonic() < end:
        last = looked(last, names)
        most = {name: max(most[name], last[name][2]) for name in names}
    cores = {}
    for name in names:
        cores[name] = (last[name][0] - first[name][0]) / (moment(last[name][1]) - moment(first[name][1]))
    return cores, {name: value / 2**20 for name, value in most.items()}


def row(what, names, cores, memory, rate):
    shown = [f"{rate:.2f}" if rate else "–"]
    cells = [f"{cores[name]:.3f} | {memory[name]:.0f}" for name in names]
    return [f"| {what}: {name} | {cell} | {shown[0] if number == 0 else '–'} |" for number, (name, cell) in enumerate(zip(names, cells))]


def loaded(what, names, *loads):
    """Rows of pods while callers ask; images a second of all loads together."""
    for load in loads:
        load.__enter__()
    begun, before = time.monotonic(), [load.answers[200] for load in loads]
    cores, memory = span(names, SECONDS)
    took = time.monotonic() - begun
    made = [load.answers[200] - count for load, count in zip(loads, before)]
    for load in loads:
        load.__exit__()
        if wrong := load.lost():
            raise RuntimeError(f"{what}: {wrong}")
    rates = [count / took for count in made]
    return [line for name, rate in zip(names, rates + [0] * len(names)) for line in row(what, [name], cores, memory, rate)]


def main():
    lines = ["| pods | cores | largest memory, MiB | images/s |", "| --- | ---: | ---: | ---: |"]
    helm("install", "cutout", CHART, "--set=mode=native", "--set=replicas=1", *NAMED)
    ready("cutout")
    native = address("cutout")
    lines += row("native, idle", ["cutout"], *span(["cutout"], SECONDS), 0)
    lines += loaded("native, at work", ["cutout"], Load(native, CALLERS))
    lines += row("native, after it", ["cutout"], *span(["cutout"], SECONDS), 0)
    helm("uninstall", "cutout", "--wait")
    until(lambda: not pods("cutout"))
    host = start_all(WORK, NAME)
    both = ["host", "nats"]
    lines += row("wasmCloud, idle", both, *span(both, SECONDS), 0)
    lines += loaded("wasmCloud, at work", both, Load(host, CALLERS, headers={"Host": NAME}))
    lines += row("wasmCloud, after it", both, *span(both, SECONDS), 0)
    helm("install", "cutout", CHART, "--set=mode=native", "--set=replicas=1", *NAMED)
    ready("cutout")
    three = ["cutout", "host", "nats"]
    lines += row("both, idle", three, *span(three, SECONDS), 0)
    lines += loaded("both, at work", three, Load(address("cutout"), CALLERS), Load(host, CALLERS, headers={"Host": NAME}))
    about = (f"What pods cost on a node of Kubernetes 1.36.3 with two cores ({processor()}): cores and the largest working set by the kubelet, over "
             f"{SECONDS:.0f} s each; {CALLERS} callers of each service, one image after the other, {len(PHOTO)} bytes of JPEG.")
    text = "\n".join([about, "", *lines, ""])
    print(text)
    if len(sys.argv) > 3 and sys.argv[3]:
        pathlib.Path(sys.argv[3]).write_text(text)


main()
