"""Programs that outlive the command that started them, known by process id and start time, and the file that lists them."""

import contextlib
import json
import os
import signal
import subprocess
import time


class Failed(Exception):
    """What went wrong and the way out, in words for the user."""


def started_at(pid):
    """Clock ticks from boot to the start of `pid`; None if no such process runs."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def alive(process):
    """Whether it is still the process that was started, and not another that has got its number."""
    return process["started"] is not None and started_at(process["pid"]) == process["started"]


def start(command, log):
    """Starts `command` in a session of its own, its words appended to `log`."""
    with open(log, "ab") as words:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    return {"pid": child.pid, "started": started_at(child.pid), "log": str(log), "command": [str(word) for word in command]}


def end(process, signals=(signal.SIGTERM, signal.SIGKILL), grace=10):
    """Ends it with the first of the signals that it obeys within `grace` seconds each."""
    for each in signals:
        if not alive(process):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(process["pid"], each)
        try:
            wait(lambda: not alive(process), grace)
        except TimeoutError:
            continue
    if alive(process):
        raise Failed(f"process {process['pid']} does not end")


def wait(holds, seconds):
    """The first true answer of `holds`, asked until `seconds` are over: TimeoutError then."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def wait_ready(process, what, holds, seconds=30):
    """What `holds` answers once it is true; Failed with the process's last words if it ends or takes too long."""

    def look():
        if not alive(process):
            raise Failed(f"{what} ended at once; its last words:\n{last_words(process)}")
        return holds()

    try:
        return wait(look, seconds)
    except TimeoutError:
        raise Failed(f"{what} is not ready after {seconds:.0f} s; its last words:\n{last_words(process)}") from None


def last_words(process, lines=15):
    with open(process["log"], errors="replace") as file:
        return "".join(file.readlines()[-lines:]) or "(none)"


# The state: what runs, in a file that is written after every step, so that `down` finds all of it.


def load(folder):
    path = folder / "state.json"
    return json.loads(path.read_text()) if path.exists() else None


def save(folder, state):
    (folder / "state.new").write_text(json.dumps(state, indent=2) + "\n")
    (folder / "state.new").rename(folder / "state.json")


def running(state):
    return [part for part in [state["nats"], state["registry"], *state["hosts"]] if part and alive(part)]
