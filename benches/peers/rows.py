"""The runtimes that are compared: each a persistent process that answers one line for one line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from common import BIN, MODEL, PACKAGES, IMAGE, ROOT, levels, preprocess, reference

HERE = Path(__file__).resolve().parent
# Answers that do not count. V8 compiles wasm again, optimised, during the first ones.
WARM_UPS = 3


@dataclass
class Row:
    """A runtime: its key, its name in tables, and its command; `tensor` rows take raw f32, others the image."""

    key: str
    name: str
    command: list[str]
    tensor: bool
    model: str
    spec: reference.Spec
    skip: str | None = None
    samples: list[dict] = field(default_factory=list)
    # Set by the first answer: the line that repeats it, its digest, and its mask.
    line: str = ""
    digest: str = ""
    mask: np.ndarray | None = None
    process: subprocess.Popen | None = None

    def start(self, core: int) -> None:
        """Starts the process on one core."""
        pinned = ["taskset", "-c", str(core), *self.command]
        self.process = subprocess.Popen(pinned, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line: str) -> dict:
        """One line there, one line of JSON back."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} stopped at {line!r} with exit code {self.process.wait()}")
        return json.loads(answer)

    def warm_up(self, folder: Path) -> None:
        """The first answer: its digest is what later ones are held against, its mask is compared with other rows'."""
        target = folder / f"{self.key}.answer"
        self.line = f"run {folder / f'{self.model}.f32' if self.tensor else IMAGE}"
        first = self.ask(f"{self.line} {target}")
        self.digest = first["digest"]
        if self.tensor:
            self.line += f" {target}"
            raw = np.fromfile(target, dtype="<f4").reshape(1, 1, self.spec.side, self.spec.side)
            with reference.Image.open(IMAGE) as image:
                self.mask = np.asarray(reference.to_mask(raw, self.spec, image.size))
        else:
            with reference.Image.open(target) as mask:
                self.mask = np.asarray(mask)
        for _ in range(1, WARM_UPS):
            self.ask(self.line)

    def sample(self) -> None:
        """One more sample; an answer that differs from the first ends the run."""
        answer = self.ask(self.line)
        if answer["digest"] != self.digest:
            raise SystemExit(f"{self.name}: two runs on one input gave different answers; no figure is worth printing")
        self.samples.append(answer)

    def stop(self) -> None:
        """Ends the process."""
        if self.process:
            self.process.stdin.close()
            self.process.wait()

    def times(self) -> list[float]:
        """Milliseconds of the network, in the order measured."""
        return [sample["segment_ms"] for sample in self.samples]


def rows(model: str = MODEL) -> list[Row]:
    """Every row for a model that is shipped, those that cannot run with the reason."""
    file, spec = reference.find_model(model, reference.MODELS)

    def peer(key: str, name: str, engine: str, runtime: str, *more: str) -> Row:
        command = [str(BIN / "peer"), "--engine", engine, "--runtime", runtime, "--model", model, *more]
        return Row(key, name, command, False, model, spec)

    def onnxruntime(key: str, name: str, of: str) -> Row:
        file, spec = reference.find_model(of, reference.MODELS)
        return Row(key, name, [sys.executable, str(HERE / "ort.py"), str(file), str(spec.side)], True, of, spec)

    side = str(spec.side)
    web = Row("ort-web", "onnxruntime-web, wasm in V8", ["node", str(HERE / "web.mjs"), str(PACKAGES), str(file), side], True, model, spec)
    if not shutil.which("node") or not (PACKAGES / "node_modules/onnxruntime-web").is_dir():
        web.skip = "node or npm is not here"
    narrow = peer("net-128", "net, native, 128 bits (SSE2)", "native", "net", "--simd", "sse2")
    if "sse2" not in levels():
        narrow.skip = "this machine is no x86-64"
    # What a model in whole numbers is compared with.
    more = [
        onnxruntime("ort-u2netp", "onnxruntime, native, with u2netp", MODEL),
        peer("f32-native", "net in f32, native, best", "native", "net-f32"),
        peer("f32-wasm", "net in f32, wasm in wasmtime", "wasm", "net-f32"),
    ]
    return [
        onnxruntime("ort", "onnxruntime, native", model),
        web,
        peer("tract-native", "tract, native", "native", "tract"),
        peer("tract-wasm", "tract, wasm in wasmtime", "wasm", "tract"),
        narrow,
        peer("net-native", f"net, native, best ({levels()[-1]})", "native", "net"),
        peer("net-wasm", "net, wasm in wasmtime", "wasm", "net"),
        *(more if model != MODEL else []),
    ]


def write_inputs(folder: Path, every: list[Row]) -> None:
    """The image as each tensor row wants it: 1x3xSxS, preprocessed by the reference."""
    for model, spec in {row.model: row.spec for row in every if row.tensor}.items():
        preprocess(IMAGE, spec).astype("<f4").tofile(folder / f"{model}.f32")
