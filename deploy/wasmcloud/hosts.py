"""wasmCloud hosts on this machine, and Cutout on every one of them."""

import asyncio
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import nats

from processes import Failed, end, last_words, save, start, wait_ready
from services import MAX_PAYLOAD, refuse_taken, status
from throttle import release

CORE_INSTANCES = 256  # a component may have a fifth of two thirds of a quarter of these in flight: 8
SUBJECT = "cutout.remove"
WORLDS = {"http": "actor", "worker": "worker"}  # a workload's name → what `cutout bake --world` makes for it


def publish(folder, state, cutout):
    """Bakes the components and pushes them; their references by name. The time tells how long a host may take to be ready,
    since it compiles the same components."""
    images = {}
    begun = time.monotonic()
    for name, world in WORLDS.items():
        component = folder / f"cutout-{name}.wasm"
        reference = f"{state['registry']['address']}/cutout/{name}:latest"
        command([cutout, "bake", "--world", world, "-o", component])
        command(["wash", "oci", "push", "--insecure", reference, component])
        images[name] = reference
    state["settings"]["patience"] = max(30, 10 * (time.monotonic() - begun))
    return images


def command(words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failed(f"`{' '.join(map(str, words))}` failed:\n{done.stdout}")


def start_host(folder, state, name, port):
    """One more host with all workloads on it, ready to answer; noted in the state as soon as it runs."""
    refuse_taken(port, f"host {name}")
    settings = state["settings"]
    core = unused_core(state, name) if settings["cores"] else None
    words = ["taskset", "-c", str(core)] if settings["cores"] else []
    url = state["nats"]["url"]
    words += ["wash", "host", "--non-interactive", "--host-group", "default", "--host-name", name]
    words += ["--scheduler-nats-url", url, "--data-nats-url", url, "--nats-connect-timeout", "30s"]
    words += ["--http-addr", f"127.0.0.1:{port}", "--allow-insecure-registries", "--oci-cache-dir", folder / f"oci-{name}"]
    words += ["--default-heap-memory", settings["memory"], "--core-instances", str(CORE_INSTANCES)]
    log = folder / f"{name}.log"
    log.unlink(missing_ok=True)
    host = {**start(words, log), "name": name, "http": f"http://127.0.0.1:{port}", "core": core}
    state["hosts"].append(host)
    save(folder, state)
    try:
        make_ready(state, host)
    except BaseException:
        end_host(folder, state, host)
        raise
    save(folder, state)


def make_ready(state, host):
    """Has a host that was just started take all workloads, and answer."""
    patience = state["settings"]["patience"]
    host["id"] = wait_ready(host, f"host {host['name']}", lambda: host_id(host["log"]), patience)
    subject = f"runtime.host.{host['id']}.workload.start"
    for workload in workloads(state, host):
        # It has started a little before it listens.
        [answer] = wait_ready(host, f"host {host['name']} at NATS", lambda: ask(state["nats"]["url"], subject, workload, 4 * patience), patience)
        if answer.get("workloadStatus", {}).get("workloadState") != "WORKLOAD_STATE_RUNNING":
            said = f"{json.dumps(answer)}; its last words:\n{last_words(host)}"
            raise Failed(f"host {host['name']} does not start {workload['workloadId']}: {said}")
    wait_ready(host, f"Cutout on host {host['name']}", lambda: status(f"{host['http']}/", "localhost") == 200, patience)


def end_host(folder, state, host, signals=(signal.SIGTERM, signal.SIGKILL)):
    end(host, signals)
    release_group(host)
    state["hosts"].remove(host)
    save(folder, state)


def release_group(part):
    if part.get("group"):
        release(part["group"])


def unused_core(state, name):
    """The first core that we may use and no host has."""
    cores = sorted(os.sched_getaffinity(0))
    left = [core for core in cores if core not in [host["core"] for host in state["hosts"]]]
    if not left:
        raise Failed(f"no core is left for host {name}: {len(cores)} are there, and --cores gives each host one of its own")
    return left[0]


def host_id(log):
    found = re.search(r'Host started host_id="([^"]+)"', Path(log).read_text(errors="replace"))
    return found and found[1]


def workloads(state, host):
    """The requests that start Cutout on a host. Workloads of one name share NATS' messages between hosts."""
    slots = str(state["settings"]["slots"])
    variables = {"CUTOUT_HOST": host["name"], "CUTOUT_SLOTS": slots, "CUTOUT_MAX_PAYLOAD": str(MAX_PAYLOAD)}
    http = {"namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"], "config": {"host": "localhost"}}
    messaging = {"namespace": "wasmcloud", "package": "messaging", "version": "0.2.0", "interfaces": ["handler", "consumer"]}
    subscription = {"subscriptions": SUBJECT, "max_in_flight": slots}
    for name, interface, config in (("http", http, {}), ("worker", messaging, subscription)):
        component = {
            "name": name,
            "image": state["images"][name],
            "imagePullPolicy": "IMAGE_PULL_POLICY_ALWAYS",
            "localResources": {"environment": variables, "config": config},
        }
        world = {"components": [component], "hostInterfaces": [interface]}
        yield {"workloadId": f"{name}-{host['name']}", "workload": {"namespace": "default", "name": f"cutout-{name}", "witWorld": world}}


def ask(url, subject, question, seconds):
    """A list of a host's answer to a request over NATS, both JSON; {} for none, which is what it says to bad questions. No
    list if nobody listens."""

    async def quiet(_):
        """Instead of tracebacks on stderr."""

    async def request():
        # 0 attempts would be endless ones.
        client = await nats.connect(url, connect_timeout=5, max_reconnect_attempts=1, reconnect_time_wait=0.1, error_cb=quiet)
        try:
            return await client.request(subject, json.dumps(question).encode(), timeout=seconds)
        finally:
            await client.close()

    try:
        return [json.loads(asyncio.run(request()).data)]
    except nats.errors.TimeoutError:
        return [{}]
    except nats.errors.NoRespondersError:
        return None
    except (nats.errors.Error, OSError) as error:
        raise Failed(f"no answer to {subject} over NATS at {url}: {error}") from None
