"""Pictures through wasmCloud hosts, over HTTP and NATS, while hosts come and go: wasmcloud.py CUTOUT WORK"""

import collections
import concurrent.futures
import json
import random
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from PIL import Image, ImageOps

CUTOUT, WORK = sys.argv[1], Path(sys.argv[2])
STATE = WORK / "state"
PICTURES = WORK / "pictures"
COUNT = 200
MANY = 500
passed = failed = 0


def check(what, ok, seen=""):
    global passed, failed
    if ok:
        passed += 1
        print(f"ok: {what}", flush=True)
    else:
        failed += 1
        print(f"FAILED: {what} {seen}", flush=True)


def make_pictures(count, folder):
    """`count` different pictures: turned, mirrored and scaled-down cut-outs of the photos, the same in every run."""
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


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, **options).stdout


def fleet(*words):
    run("deploy/wasmcloud/fleet", *words, "--state", STATE)
    return json.loads((STATE / "state.json").read_text())


def expected():
    """What `cutout batch` makes of every picture in the sandbox here; `cutout run` makes the same of some."""
    folder = WORK / "expected"
    run(CUTOUT, "batch", PICTURES, "-o", folder, "--engine", "wasm", "-q")
    some = sorted(PICTURES.iterdir())[:: COUNT // 4]
    for picture in some:
        run(CUTOUT, "run", picture, "-o", WORK / "run.png")
        assert (WORK / "run.png").read_bytes() == (folder / f"{picture.stem}.png").read_bytes(), picture
    print(f"{COUNT} pictures by `cutout batch`, {len(some)} of them the same by `cutout run`", flush=True)
    return {path.stem: path.read_bytes() for path in folder.glob("*.png")}


def over_http(state, wanted):
    """Every picture to the hosts in turn, two at a time."""

    def post(task):
        number, picture = task
        address = state["hosts"][number % len(state["hosts"])]["http"]
        request = urllib.request.Request(f"{address}/v1/remove", picture.read_bytes(), {"Host": "localhost", "Content-Type": "image/*"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return picture.stem, answer.read()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(post, enumerate(sorted(PICTURES.iterdir()))))
    wrong = [name for name, answer in answers if answer != wanted[name]]
    check(f"{len(answers)} pictures over HTTP, byte for byte", len(answers) == COUNT and not wrong, wrong)


def main():
    make_pictures(COUNT, PICTURES)
    wanted = expected()
    state = fleet("up", "--hosts", 2, "--cutout", CUTOUT)
    print(f"hosts {', '.join(host['name'] for host in state['hosts'])} at {state['nats']['url']}", flush=True)
    over_http(state, wanted)


if __name__ == "__main__":
    main()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)
