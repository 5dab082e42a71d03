"""NATS, an OCI registry and wasmCloud hosts on this machine, every host with Cutout on it. See docs/wasmcloud.md."""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nats

from processes import Failed, end, last_words, load, running, save, start, wait_ready
from services import MAX_PAYLOAD, free_port, refuse_taken, start_nats, start_registry, status
from throttle import release, throttle

ROOT = Path(__file__).resolve().parents[2]
CORE_INSTANCES = 256  # a component may have a fifth of two thirds of a quarter of these in flight: 8
SUBJECT = "cutout.remove"
WORLDS = {"http": "actor", "worker": "worker"}  # a workload's name → what `cutout bake --world` makes for it


# Cutout, and the hosts that it is on.


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


# The commands.


def up(options):
    state = load(options.state)
    if state and running(state):
        print(f"It is up already ({options.state}/state.json). End it with {called('down', options)}")
        return
    state = {"nats": None, "registry": None, "hosts": [], "subject": SUBJECT, "max_payload": MAX_PAYLOAD}
    state["settings"] = {"slots": options.slots, "memory": options.memory, "cores": options.cores}
    cutout = find_cutout(options.cutout)
    empty(options.state)
    save(options.state, state)
    try:
        start_nats(options.state, state, options.nats_port or free_port())
        start_registry(options.state, state, options.registry_port or free_port())
        state["images"] = publish(options.state, state, cutout)
        for number in range(options.hosts):
            start_host(options.state, state, f"h{number + 1}", options.http_port + number if options.http_port else free_port())
    except BaseException:
        end_all(state)
        raise
    say(options, state)


def empty(folder):
    """Makes the folder of the state, or empties what an earlier `up` left: only a folder with our mark is emptied."""
    mark = folder / "cutout-fleet"
    if folder.exists():
        if not mark.exists() and (folder.is_file() or any(folder.iterdir())):
            raise Failed(f"{folder} holds something else than the state of a fleet: name another folder with --state, or remove it")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    mark.touch()


def find_cutout(path):
    found = shutil.which(path or ROOT / "target/release/cutout") or (shutil.which("cutout") if not path else None)
    if not found:
        raise Failed(f"{path or 'target/release/cutout'} is not here: build it with `cargo build --release`, or name it with --cutout")
    return found


def say(options, state):
    print(f"NATS      {state['nats']['url']}\nregistry  {state['registry']['address']}")
    for host in state["hosts"]:
        print(f"host {host['name']}   {host['http']}  (id {host['id']}, log {host['log']})")
    address = state["hosts"][0]["http"].replace("127.0.0.1", "localhost")
    print("\nNext:")
    print(f"  curl --fail-with-body --data-binary @fixtures/photos/coffee.png {address}/v1/remove -o cutout.png")
    print(f"  target/release/cutout batch fixtures/photos -o cutouts --nats {state['nats']['url']}")
    print(f"  {called('down', options)}")


def called(what, options):
    place = "" if options.state == DEFAULT_STATE else f" --state {options.state}"
    return f"deploy/wasmcloud/{what}{place}"


def end_all(state):
    """Ends the hosts first, so that they can still say good-bye over NATS; all of them, even if one does not end."""
    failures = []
    for part in [*state["hosts"], state["registry"], state["nats"]]:
        try:
            if part:
                end(part)
                release_group(part)
        except Failed as failure:
            failures.append(str(failure))
    if failures:
        raise Failed("; ".join(failures))


def down(options):
    state = load(options.state)
    if not state:
        print(f"Nothing to end: {options.state}/state.json is not there.")
        return
    count = len(running(state))
    end_all(state)
    (options.state / "state.json").unlink()
    print(f"{count} processes ended.")


def loaded(options):
    state = load(options.state)
    if not state or not running(state):
        raise Failed(f"nothing is up in {options.state}: start it with {called('up', options)}")
    return state


def add(options):
    state = loaded(options)
    numbers = [int(host["name"][1:]) for host in state["hosts"]]
    start_host(options.state, state, f"h{max(numbers, default=0) + 1}", free_port())
    host = state["hosts"][-1]
    print(f"host {host['name']}   {host['http']}")


def named(state, name):
    host = next((host for host in state["hosts"] if host["name"] == name), None)
    if not host:
        raise Failed(f"there is no host {name}: {', '.join(host['name'] for host in state['hosts'])}")
    return host


def slow(options):
    state = loaded(options)
    host = named(state, options.host)
    host["group"] = throttle(host["pid"], options.percent, f"cutout-{host['name']}-{host['pid']}")
    save(options.state, state)


def stop(options):
    state = loaded(options)
    host = named(state, options.host)
    end_host(options.state, state, host, [signal.SIGKILL] if options.kill else [signal.SIGTERM, signal.SIGKILL])


def restart_nats(options):
    state = loaded(options)
    end(state["nats"])
    start_nats(options.state, state, state["nats"]["port"])


DEFAULT_STATE = ROOT / "target/wasmcloud"


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/wasmcloud/fleet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(act, text, name=None):
        command = commands.add_parser(name or act.__name__, help=text, description=text)
        command.add_argument("--state", type=lambda path: Path(path).resolve(), default=DEFAULT_STATE, help="folder for state, logs and caches (target/wasmcloud)")
        command.set_defaults(act=act)
        return command

    command = verb(up, "Starts NATS, a registry and hosts, and Cutout on every host.")
    command.add_argument("--hosts", type=int, default=2, help="hosts to start (2)")
    command.add_argument("--slots", type=int, default=1, help="pictures that a host works at in the same moment, over NATS (1)")
    command.add_argument("--cores", action="store_true", help="each host on one core of its own")
    command.add_argument("--memory", default="512MiB", help="a guest's largest memory (512MiB)")
    command.add_argument("--cutout", help="the program that bakes the components (target/release/cutout)")
    command.add_argument("--nats-port", type=int, help="(a free one)")
    command.add_argument("--registry-port", type=int, help="(a free one)")
    command.add_argument("--http-port", type=int, help="of the first host, the others count on (free ones)")
    verb(down, "Ends what `up` started, and nothing else.")
    verb(add, "Starts one more host.")
    command = verb(stop, "Ends one host.")
    command.add_argument("host", help="its name, as h1")
    command.add_argument("--kill", action="store_true", help="with SIGKILL, as if it had crashed")
    command = verb(slow, "Lets a host have a share of one core only, as on a slow or busy machine; needs root.")
    command.add_argument("host", help="its name, as h1")
    command.add_argument("percent", type=int, choices=range(10, 101), metavar="PERCENT", help="of one core, 10 to 100")
    verb(restart_nats, "Ends NATS and starts it again at the same port.", "restart-nats")
    return parser.parse_args()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a start that is ended clears up
    options = arguments()
    try:
        options.act(options)
    except Failed as failure:
        sys.exit(f"error: {failure}")
