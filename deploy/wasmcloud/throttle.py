"""A share of a core for a process, by a control group of Linux with a quota of CPU time. Needs root."""

import os
import time
from pathlib import Path

from processes import Failed

PERIOD = 10_000  # microseconds: short, so that the process is slow all the time and not stopped for long
NO_QUOTA = "this machine gives no quota of CPU time: that takes root and a cpu controller of control groups that can be written to"


def throttle(pid, percent, name):
    """Lets the process `pid` and its children have `percent` of one core. The group's folder, which `release` takes."""
    try:
        group, quota = make_group(name)
        for file, value in quota(PERIOD * percent // 100).items():
            (group / file).write_text(value)
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        raise Failed(f"{NO_QUOTA} ({error})") from None
    return str(group)


def make_group(name):
    """A new group below our own, so that quotas add up, and the files that give it a quota in microseconds a period."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup" and "cpu" in options.split(","):
            group = Path(place + own_group()) / name
            group.mkdir(exist_ok=True)
            return group, lambda quota: {"cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(max(quota, 1000))}
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2" and "cpu" in (Path(place) / "cgroup.controllers").read_text().split():
            # Version 2 has no processes beside groups but at the top.
            (Path(place) / "cgroup.subtree_control").write_text("+cpu")
            group = Path(place) / name
            group.mkdir(exist_ok=True)
            return group, lambda quota: {"cpu.max": f"{max(quota, 1000)} {PERIOD}"}
    raise Failed(NO_QUOTA)


def own_group():
    """Our own group of the first version's cpu controller."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(","):
            return path.rstrip("/")
    return ""


def release(group, seconds=5):
    """Removes the group, which is empty once its processes have ended."""
    deadline = time.monotonic() + seconds
    while os.path.isdir(group):
        try:
            os.rmdir(group)
        except OSError as error:
            if time.monotonic() > deadline:
                raise Failed(f"the control group {group} cannot be removed: {error}") from None
            time.sleep(0.05)
