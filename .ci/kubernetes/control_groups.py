"""The control groups of a node's pods: the kubelet removes what it finds in its group and does not know, so a node has one of its own."""

import os
import pathlib
import time


def groups(pid):
    """The folders of a node's own control group: one for each controller in the first version of control groups, one in the second."""
    root = pathlib.Path("/sys/fs/cgroup")
    controllers = [root] if (root / "cgroup.controllers").exists() else [path for path in root.iterdir() if path.is_dir()]
    # Links are second names of a controller.
    return [path / f"cutout-node-{pid}" for path in controllers if not path.is_symlink()]


def make(pid):
    """Makes the control group of a node whose first process is `pid`; its name."""
    for group in groups(pid):
        group.mkdir()
        # In the second version a group has the controllers that its parent hands down.
        if (group.parent / "cgroup.subtree_control").exists() and group.parent.name == "cgroup":
            for switch in (group.parent, group):
                (switch / "cgroup.subtree_control").write_text("+cpu +cpuset +io +memory +pids")
    return f"/cutout-node-{pid}"


def remove(pid):
    # A group can be removed once the last of its processes is gone.
    deadline = time.monotonic() + 10
    while (left := [group for group in groups(pid) if group.exists()]) and time.monotonic() < deadline:
        for path, _, _ in (step for group in left for step in os.walk(group, topdown=False)):
            try:
                os.rmdir(path)
            except OSError:
                pass
        time.sleep(0.1)
