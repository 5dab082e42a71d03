"""NATS, an OCI registry and wasmCloud hosts on this machine, every host with Cutout on it. See docs/wasmcloud.md."""

import argparse
import shutil
import signal
import sys
from pathlib import Path

from hosts import SUBJECT, end_host, publish, release_group, start_host
from processes import Failed, end, load, running, save
from services import MAX_PAYLOAD, free_port, start_nats, start_registry
from throttle import throttle

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_STATE = ROOT / "target/wasmcloud"


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
    command.add_argument("--slots", type=int, default=1, help="images that a host works at in the same moment, over NATS (1)")
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
