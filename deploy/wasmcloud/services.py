"""NATS and an OCI registry on this machine."""

import json
import socket
import urllib.error
import urllib.request

from processes import Failed, save, start, wait_ready

MAX_PAYLOAD = 8 << 20  # bytes of a NATS message; images do not fit in NATS' own default of 1 MiB


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def refuse_taken(port, what):
    """Failed if somebody listens there already, who would be taken for `what`."""
    if listens(port):
        raise Failed(f"{what} cannot have port {port}, which is taken: end what listens there, or choose another port")


def status(url, host=None):
    """The status that `url` answers with, None if nobody answers."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def start_nats(folder, state, port):
    refuse_taken(port, "NATS")
    config = folder / "nats.conf"
    config.write_text(f"listen: 127.0.0.1:{port}\nmax_payload: {MAX_PAYLOAD}\n")
    process = start(["nats-server", "-c", config], folder / "nats.log")
    state["nats"] = {**process, "url": f"nats://127.0.0.1:{port}", "port": port}
    save(folder, state)
    wait_ready(process, "NATS", lambda: listens(port))


def start_registry(folder, state, port):
    refuse_taken(port, "the registry")
    config = folder / "registry.yml"
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    config.write_text(json.dumps(settings))  # JSON is YAML
    process = start(["docker-registry", "serve", config], folder / "registry.log")
    state["registry"] = {**process, "address": f"127.0.0.1:{port}"}
    save(folder, state)
    wait_ready(process, "the registry", lambda: status(f"http://127.0.0.1:{port}/v2/") == 200)
