"""What every question needs: places, the reference's recipe, the machine, and where results go."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "fixtures" / "reference"))
import reference  # noqa: E402  (the path is set above)

BIN = ROOT / "target" / "release"
NETRUN_WASM = ROOT / "target" / "wasm32-wasip2" / "release" / "netrun.wasm"
PACKAGES = ROOT / "target" / "peers-web"
MODEL = "u2netp"
MODEL_FILE, SPEC = reference.find_model(MODEL, reference.MODELS)
IMAGE = ROOT / "fixtures" / "photos" / "astronaut.png"
DEV = ROOT.parent / "shared" / "data" / "dev"
# Below this, medians are not worth keeping.
LEAST_SAMPLES = 7


def wasmtime() -> Path:
    """The wasmtime CLI that the environment holds."""
    return next(Path(sys.prefix).glob("lib/python3*/site-packages/wasmtime_cli/wasmtime"))


def preprocess(image: Path, spec: reference.Spec = SPEC) -> np.ndarray:
    """The network's input, f32 1x3xSxS, by the reference's recipe."""
    size = (spec.side, spec.side)
    small = reference.open_picture(image).resize(size, reference.Image.Resampling.LANCZOS)
    return reference.to_tensor(small, spec)


def channel_last(tensor: np.ndarray) -> np.ndarray:
    """1xCxHxW to HxWxC."""
    return np.ascontiguousarray(tensor[0].transpose(1, 2, 0))


def write_plan(folder: Path, model: str = MODEL) -> str:
    """Lowers the model into `folder`, in f32; the plan's file name."""
    subprocess.run([BIN / "plan", "--f32", "--model", model, folder / "model.plan"], check=True, stdout=subprocess.DEVNULL)
    return "model.plan"


def netrun(level: str, core: int | None = None) -> list[str]:
    """The command of netrun at a native level or in `wasm`; it wants to be run in the folder of its files."""
    pin = ["taskset", "-c", str(core)] if core is not None else []
    if level == "wasm":
        return [*pin, str(wasmtime()), "run", "--dir", ".", str(NETRUN_WASM), "model.plan"]
    return [*pin, str(BIN / "netrun"), "model.plan", "--simd", level]


def levels() -> list[str]:
    """netrun's levels on this machine, slowest first, without the oracle, which takes minutes."""
    text = subprocess.run([BIN / "netrun", "--levels"], check=True, capture_output=True, text=True).stdout
    return [level for level in text.split() if level != "scalar"]


def machine(core: int | None, model: str = MODEL, file: Path = MODEL_FILE) -> dict:
    """What a reader needs to judge or repeat the figures; nothing that names the machine itself."""

    def said(*command: str) -> str | None:
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()

    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    fields = ("cpu family", "model", "stepping", "cache size")
    found = {name: re.search(rf"^{name}\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M) for name in fields}
    locked = {package["name"]: package["version"] for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    web = json.loads((ROOT / "benches/peers/package.json").read_text())["dependencies"]
    python = dict(line.split("==") for line in (ROOT / "benches/peers/requirements.txt").read_text().split())
    return {
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "cpu_details": {name: match.group(1) for name, match in found.items() if match},
        "cores": os.cpu_count(),
        "core": core,
        "load": os.getloadavg(),
        "kernel": platform.release(),
        "rustc": said("rustc", "--version"),
        "node": said("node", "--version"),
        "python": platform.python_version(),
        "crates": {name: locked[name] for name in ("wasmtime", "tract-onnx", "cutout-net")},
        "packages": python | web,
        "commit": said("git", "rev-parse", "--short", "HEAD"),
        "uncommitted_changes": bool(said("git", "status", "--porcelain", "--untracked-files=no")),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "model": {"name": model, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()},
    }


def table(head: list[str], rows: list[list[str]]) -> str:
    """A markdown table; every column but the first is for numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def footer(about: dict) -> str:
    """The machine in one paragraph of markdown."""
    changed = " with uncommitted changes" if about["uncommitted_changes"] else ""
    load = f"{about['load'][0]:.2f}"
    return (
        f"{about['date']}, {about['cpu']} (family {about['cpu_details'].get('cpu family')}, model "
        f"{about['cpu_details'].get('model')}), {about['cores']} cores, Linux {about['kernel']}, load {load} at the end. "
        f"{about['rustc']}; wasmtime {about['crates']['wasmtime']}; tract {about['crates']['tract-onnx']}; "
        f"onnxruntime {about['packages']['onnxruntime']}; onnxruntime-web {about['packages']['onnxruntime-web']} in Node "
        f"{about['node'] or '(not here)'}. Commit {about['commit']}{changed}; model {about['model']['name']}, sha256 "
        f"{about['model']['sha256'][:12]}…"
    )


def record(question: str, markdown: str, data: dict, out: Path | None, worth_keeping: bool) -> None:
    """Prints the table, and writes it and the raw data; a trial goes under target/, not to the record."""
    print(markdown)
    folder = out or (ROOT / "benches/record" if worth_keeping else ROOT / "target/peers-trial")
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{question}-{data['machine']['date'][:10]}"
    # Without the time, so that the same data give the same file.
    (folder / f"{name}.json.gz").write_bytes(gzip.compress(json.dumps(data).encode(), mtime=0))
    (folder / f"{name}.md").write_text(markdown + "\n")
    where = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    print(f"\nwritten: {where}/{name}.json.gz and .md" + ("" if worth_keeping or out else " (a trial: not for the record)"))
