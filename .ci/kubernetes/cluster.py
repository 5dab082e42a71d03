"""What the checks on a live cluster ask of it. They run inside the node's namespaces, where every address of the cluster is near."""

import collections
import json
import pathlib
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request

from speed import limit

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/cutout"
DOCS = ROOT / "docs/kubernetes.md"
PHOTO = (ROOT / "fixtures/photos/rocket.jpg").read_bytes()
REPOSITORY = "ghcr.io/example/cutout"
# The images of the docs.
NAMED = (f"--set=native.image.repository={REPOSITORY}", f"--set=wasmcloud.http.image.repository={REPOSITORY}-http",
         f"--set=wasmcloud.worker.image.repository={REPOSITORY}-worker")
# Pods that fit on two cores beside others.
SMALL = ("--set=native.workers=1", "--set=native.resources.requests.cpu=100m")
IMAGE = f"{REPOSITORY}:{re.search(r'^appVersion: (.*)$', (CHART / 'Chart.yaml').read_text(), re.M)[1]}"


def run(*command, text=None, seconds=120):
    """Runs a command; what it said, with its error output, and whether it did well."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=limit(seconds), cwd=ROOT)
    return done.stdout, done.returncode == 0


def told(*command, **options):
    """What a command says that has to do well."""
    said, well = run(*command, **options)
    if not well:
        raise RuntimeError(f"{' '.join(str(word) for word in command)}: {said}")
    return said


def kubectl(*words, **options):
    return told("kubectl", *words, **options)


def helm(*words, **options):
    return told("helm", *words, **options)


def get(*words):
    return json.loads(kubectl("get", *words, "--output=json"))


def problem(*command, **options):
    """What is wrong with a command that should do well, or nothing."""
    said, well = run(*command, **options)
    return None if well else f"{' '.join(str(word) for word in command[:3])}: {said.strip()[-1500:]}"


def until(what, seconds=120):
    """The first value of `what()` that is one; None when none came in time."""
    deadline = time.monotonic() + limit(seconds)
    while not (found := what()):
        if time.monotonic() > deadline:
            return None
        time.sleep(0.3)
    return found


def install(name, *words, namespace="default"):
    """Installs the chart natively, small enough for any machine, and waits for its pods."""
    helm("install", name, CHART, f"--namespace={namespace}", "--set=mode=native", *NAMED, *words)
    ready(name, namespace)


def ready(name, namespace="default"):
    """Waits until a release's pods serve, and those before them are gone."""
    kubectl("rollout", "status", f"deployment/{name}", f"--namespace={namespace}", f"--timeout={int(limit(180))}s", seconds=200)
    selector = f"--selector=app.kubernetes.io/instance={name}"
    until(lambda: not any("deletionTimestamp" in pod["metadata"] for pod in get("pods", f"--namespace={namespace}", selector)["items"]))


def remove(name, namespace="default", uninstall=True):
    """Uninstalls a release, unless that is done, and waits until its pods are gone; what is left of it."""
    if uninstall:
        helm("uninstall", name, f"--namespace={namespace}", "--wait", seconds=180)
    until(lambda: not get("pods", f"--namespace={namespace}", f"--selector=app.kubernetes.io/instance={name}")["items"])
    kinds = kubectl("api-resources", "--verbs=list", "--namespaced", "--output=name").split()
    kinds = ",".join(kind for kind in kinds if not kind.endswith(("events.k8s.io", "metrics.k8s.io")) and kind not in ("events", "endpoints"))
    return kubectl("get", kinds, f"--namespace={namespace}", f"--selector=app.kubernetes.io/instance={name}", "--output=name").strip()


def address(service, namespace="default"):
    spec = get("service", service, f"--namespace={namespace}")["spec"]
    return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"


def pods(name, namespace="default"):
    """The pods of a release that serve."""
    selector = f"--selector=app.kubernetes.io/name=cutout,app.kubernetes.io/instance={name}"
    found = get("pods", f"--namespace={namespace}", selector)["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def ask(url, body=None, headers=(), seconds=60):
    """The status and the body of an answer; status 0 and a text where there is none."""
    request = urllib.request.Request(url, data=body, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=limit(seconds)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def answered(name):
    """The image that a release answers; a Service may lead to its pods a moment later than they are ready."""
    return until(lambda: (answer := ask(f"{address(name)}/v1/remove", PHOTO))[0] == 200 and answer[1], 30)


class Load:
    """Callers who ask one after the other, each on a new connection, from `with` to its end."""

    def __init__(self, url, callers=1, pause=0.0, body=PHOTO, headers=()):
        self.url, self.callers, self.pause, self.body, self.headers = f"{url}/v1/remove", callers, pause, body, headers
        self.answers = collections.Counter()
        self.over = threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.call) for _ in range(self.callers)]
        for thread in self.threads:
            thread.start()
        self.seen(1)
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def call(self):
        while not self.over.is_set():
            status, text = ask(self.url, self.body, self.headers)
            self.answers[status if status else text.decode()] += 1
            self.over.wait(self.pause)

    def seen(self, count):
        """Waits for as many more answers."""
        wanted = sum(self.answers.values()) + count
        until(lambda: sum(self.answers.values()) >= wanted)

    def lost(self):
        """What was answered otherwise than with an image."""
        wrong = {status: count for status, count in self.answers.items() if status != 200}
        return f"{wrong} beside {self.answers[200]} images" if wrong or not self.answers[200] else None


def blocks(heading, language="sh"):
    """The code below a heading of docs/kubernetes.md."""
    section = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^## |\Z)", DOCS.read_text(), re.M | re.S)
    return re.findall(rf"^```{language}\n(.*?)^```", section[1], re.M | re.S)


def reader(folder):
    """One who follows the docs in a folder with the project's `deploy` and a photo; what runs in the background ends with the block."""
    (folder / "deploy").symlink_to(ROOT / "deploy")
    (folder / "photo.jpg").write_bytes(PHOTO)

    def follow(block):
        # A reader takes longer to type the next command than a port takes to be forwarded.
        script = "curl() { command curl --silent --show-error --retry 30 --retry-delay 1 --retry-connrefused \"$@\"; }\n" + block
        script = f"set -e\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script}"
        done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=limit(300))
        return None if done.returncode == 0 else f"{block}\n{done.stdout[-1000:]}{done.stderr[-1500:]}"

    return follow
