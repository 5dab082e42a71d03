"""Images through wasmCloud hosts, over HTTP and NATS, while hosts come and go: wasmcloud.py CUTOUT WORK"""

import collections
import concurrent.futures
import json
import random
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import speed
from checks import check, close
from PIL import Image, ImageOps

CUTOUT, WORK = sys.argv[1], Path(sys.argv[2])
STATE = WORK / "state"
IMAGES = WORK / "images"
COUNT = 200
MANY = 500
FEW = 60
pace = None  # seconds for one image in one slot, as the first check has measured


def make_images(count, folder):
    """`count` different images: turned, mirrored and scaled-down crops of the photos, the same in every run."""
    folder.mkdir()
    rng = random.Random(2026)
    photos = [Image.open(path).convert("RGB") for path in sorted(Path("fixtures/photos").iterdir())]
    for number in range(count):
        photo = rng.choice(photos)
        width, height = photo.size
        left, top = rng.randrange(width // 3), rng.randrange(height // 3)
        photo = photo.crop((left, top, left + width * 2 // 3, top + height * 2 // 3))
        photo = rng.choice([photo, ImageOps.mirror(photo), photo.rotate(90, expand=True), photo.rotate(180)])
        photo.thumbnail([rng.randrange(96, 321)] * 2)
        photo.save(folder / f"{number:03}.{'jpg' if number % 4 else 'png'}")


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)


def fleet(*words):
    run("deploy/wasmcloud/fleet", *words, "--state", STATE)
    return json.loads((STATE / "state.json").read_text())


def expected():
    """What `cutout batch` makes of every image in the sandbox here; `cutout run` makes the same of some."""
    folder = WORK / "expected"
    run(CUTOUT, "batch", IMAGES, "-o", folder, "--engine", "wasm", "-q")
    some = sorted(IMAGES.iterdir())[:: COUNT // 4]
    for image in some:
        run(CUTOUT, "run", image, "-o", WORK / "run.png")
        assert (WORK / "run.png").read_bytes() == (folder / f"{image.stem}.png").read_bytes(), image
    print(f"{COUNT} images by `cutout batch`, {len(some)} of them the same by `cutout run`", flush=True)
    return {path.stem: path.read_bytes() for path in folder.glob("*.png")}


def post(host, image):
    """Status and body of the answer to an image."""
    headers = {"Host": "localhost", "Content-Type": "image/*"}
    request = urllib.request.Request(f"{host['http']}/v1/remove", image.read_bytes(), headers)
    try:
        with urllib.request.urlopen(request, timeout=speed.limit(120)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def limit(images):
    """Seconds after which a batch over one slot hangs: several times what the images take there."""
    return 30 + 5 * pace * images


def over_http(state, wanted):
    """Every image to the hosts in turn, two at a time; how long one takes is the measure of later limits."""
    global pace

    def ask(task):
        number, image = task
        return image.stem, post(state["hosts"][number % len(state["hosts"])], image)

    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, enumerate(sorted(IMAGES.iterdir()))))
    pace = 2 * (time.monotonic() - begun) / COUNT
    print(f"{pace:.2f} s for one image on one host", flush=True)
    wrong = [name for name, answer in answers if answer != (200, wanted[name])]
    check(f"{len(answers)} images over HTTP, byte for byte", len(answers) == COUNT and not wrong, wrong)


class Batch:
    """`cutout batch --nats` at work: its report as it grows, and what has become of it at the end. It ends with the `with`."""

    def __init__(self, state, images, name, *more):
        self.out, self.path = WORK / name, WORK / f"{name}.jsonl"
        self.said = WORK / f"{name}.txt"
        words = [CUTOUT, "batch", images, "-o", self.out, "--nats", state["nats"]["url"], "--report", self.path, *more]
        self.process = subprocess.Popen([str(word) for word in words], stderr=self.said.open("w"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def report(self):
        """The lines of the images that are finished, in order."""
        whole = self.path.read_text().rpartition("\n")[0] if self.path.exists() else ""
        lines = map(json.loads, whole.splitlines())
        return [line for line in lines if "input" in line]

    def wait_for(self, holds):
        """Until the report has what `holds` asks for, or the batch ends."""
        deadline = time.monotonic() + limit(MANY)
        while not holds(self.report()) and self.process.poll() is None:
            if time.monotonic() > deadline:
                sys.exit(f"FAILED: the batch did not get so far within {limit(MANY):.0f} s:\n{self.said.read_text()[-2000:]}")
            time.sleep(0.1)

    def end(self, images):
        """Its exit code."""
        return self.process.wait(timeout=limit(images))

    def arrivals(self):
        """When each image is finished, from now until the batch ends."""
        times, known = [], len(self.report())
        while self.process.poll() is None:
            count = len(self.report())
            times += [time.monotonic()] * (count - known)
            known = count
            time.sleep(0.02)
        return times

    def gone(self):
        """The hosts that it counted as gone."""
        return re.findall(r"host (\S+) has not answered", self.said.read_text())

    def hosts(self, lines=None):
        """Images by host."""
        lines = self.report() if lines is None else lines
        return dict(collections.Counter(line.get("host") for line in lines if line["status"] == "done"))

    def wrong(self, wanted):
        """Names of results that are not there, or not what was expected of the image before the `~`."""
        results = {path.stem: path.read_bytes() for path in self.out.glob("*.png")}
        names = [Path(line["input"]).stem for line in self.report()]
        return [name for name in names if results.get(name) != wanted[name.partition("~")[0]]]

    def written_once(self):
        """How many images the manifest has, and whether each stands there once."""
        lines = map(json.loads, (self.out / ".cutout/manifest.jsonl").read_text().splitlines())
        sources = [json.dumps(line["done"]["source"]) for line in lines if "done" in line]
        return len(sources), len(sources) == len(set(sources))


def over_nats(state, wanted):
    with Batch(state, IMAGES, "nats", "-q") as batch:
        code = batch.end(COUNT)
    wrong = batch.wrong(wanted)
    check(f"{COUNT} images over NATS, byte for byte", code == 0 and len(batch.report()) == COUNT and not wrong, [code, wrong])
    check(f"both hosts had a share: {batch.hosts()}", len(batch.hosts()) == 2 and min(batch.hosts().values()) > COUNT // 4)


def many_images():
    """500 images that repeat the 200 under other names."""
    folder = WORK / "many"
    folder.mkdir()
    images = sorted(IMAGES.iterdir())
    for number in range(MANY):
        image = images[number % COUNT]
        (folder / f"{image.stem}~{number // COUNT}{image.suffix}").write_bytes(image.read_bytes())
    return folder


def some_images(count, name):
    folder = WORK / name
    folder.mkdir()
    for image in sorted(IMAGES.iterdir())[:count]:
        (folder / image.name).write_bytes(image.read_bytes())
    return folder


def hosts_go_and_come(state, wanted):
    with Batch(state, many_images(), "many-out") as batch:
        batch.wait_for(lambda lines: len(lines) >= 100)
        fleet("stop", "h1", "--kill")
        killed_at = len(batch.report())
        state = fleet("add")
        batch.wait_for(lambda lines: any(line.get("host") == "h3" for line in lines))
        joined_at = len(batch.report())
        code = batch.end(MANY)
    lines = batch.report()
    seen = [code, len(lines), batch.wrong(wanted)]
    check(f"{MANY} images although h1 was killed after {killed_at}", code == 0 and len(lines) == MANY and not seen[2], seen)
    check("each stands in the manifest once", batch.written_once() == (MANY, True), batch.written_once())
    check("no host that works counted as gone", set(batch.gone()) <= {"h1"}, batch.gone())
    check(f"all in all {batch.hosts()}", sum(batch.hosts().values()) == MANY)
    late = batch.hosts(lines[joined_at:])
    enough = late.get("h3", 0) > 0.3 * sum(late.values())
    check(f"h3, which joined later, has its share of the last {MANY - joined_at}: {late}", joined_at < MANY - 50 and enough, late)
    return state


def nats_restarts(state, wanted):
    with Batch(state, some_images(100, "hundred"), "restarted") as batch:
        batch.wait_for(lambda lines: len(lines) >= 30)
        fleet("restart-nats")
        restarted_at = len(batch.report())
        code = batch.end(100)
    wrong = batch.wrong(wanted)
    ok = code == 0 and len(batch.report()) == 100 and not wrong and batch.written_once() == (100, True)
    check(f"100 images although NATS was restarted after {restarted_at}", ok and restarted_at < 90, [code, wrong])


def slow_hosts(state, wanted):
    """Two hosts with 30 % of a core each, of which one is killed."""
    global pace
    first, second = [host["name"] for host in state["hosts"]]
    try:
        for name in (first, second):
            fleet("slow", name, "30")
    except subprocess.CalledProcessError:
        print("skip: this machine gives no quota of CPU time", flush=True)
        return
    usual, pace = pace, pace / 0.3
    with Batch(state, some_images(FEW, "few"), "slow-out", "--timeout", "5") as batch:
        batch.wait_for(lambda lines: len(lines) >= FEW // 4)
        fleet("stop", first, "--kill")
        killed_at = len(batch.report())
        arrivals = batch.arrivals()
        code = batch.end(FEW)
    pace = usual
    wrong = batch.wrong(wanted)
    ok = code == 0 and len(batch.report()) == FEW and not wrong and batch.written_once() == (FEW, True)
    check(f"{FEW} images over two hosts at 30 % of a core, {first} killed after {killed_at}", ok and killed_at < FEW - 20, [code, wrong, batch.said.read_text()])
    check(f"no host that works counted as gone: {batch.gone()}", set(batch.gone()) <= {first}, batch.gone())
    # The time between two results less what the worker says that it took: so long the host had nothing to do.
    works = [sum(line.get("stages_ms", {}).values()) / 1000 for line in batch.report()[-len(arrivals):]]
    idle = [after - before - work for before, after, work in zip(arrivals, arrivals[1:], works[1:])]
    service = sorted(works)[len(works) // 2]
    check(f"the host that is left takes {service:.2f} s an image and is idle for {max(idle):.2f} s at most", max(idle) < 2 * service, idle)


def poisoned_image():
    """A progressive JPEG of 24 megapixels, whose decoder takes memory without asking, and ends the guest that has 96 MiB."""
    folder = some_images(10, "poisoned")
    Image.open("fixtures/photos/coffee.png").convert("RGB").resize((6000, 4000)).save(folder / "poison.jpg", progressive=True)
    run("deploy/wasmcloud/down", "--state", STATE)
    state = fleet("up", "--hosts", 1, "--memory", "96MiB", "--cutout", CUTOUT)
    status, body = post(state["hosts"][0], folder / "poison.jpg")
    check(f"over HTTP an image that needs too much memory is answered with {status}", status == 500 and not body, body)
    status, _ = post(state["hosts"][0], sorted(folder.iterdir())[0])
    check("and the next one with 200", status == 200, status)
    with Batch(state, folder, "poisoned-out", "--timeout", "5", "-q") as batch:
        code = batch.end(MANY)
    failed = [line for line in batch.report() if line["status"] == "failed"]
    done = [line for line in batch.report() if line["status"] == "done"]
    alone = code == 1 and len(done) == 10 and len(failed) == 1 and failed[0]["input"].endswith("poison.jpg")
    named = alone and "poison.jpg" in batch.said.read_text() and failed[0]["error"]["kind"] == "trap"
    check(f"over NATS it fails alone: {failed[0]['error'] if failed else 'it did not'}", alone and named, failed)


def main():
    make_images(COUNT, IMAGES)
    wanted = expected()
    state = fleet("up", "--hosts", 2, "--cutout", CUTOUT)
    print(f"hosts {', '.join(host['name'] for host in state['hosts'])} at {state['nats']['url']}", flush=True)
    over_http(state, wanted)
    over_nats(state, wanted)
    state = hosts_go_and_come(state, wanted)
    nats_restarts(state, wanted)
    slow_hosts(state, wanted)
    poisoned_image()


if __name__ == "__main__":
    main()
    sys.exit(close())
