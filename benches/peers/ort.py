#!/usr/bin/env python3
"""onnxruntime on one thread, as a persistent process: `run INPUT.f32 OUTPUT.f32` answers one line of JSON.

    ort.py MODEL SIDE       the input is 1x3xSxS, the output is the model's first
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime


def open_session(model: str) -> onnxruntime.InferenceSession:
    """One thread, everything else as onnxruntime has it by default."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def infer(session: onnxruntime.InferenceSession, values: np.ndarray) -> tuple[np.ndarray, float]:
    """The first output and the milliseconds it took."""
    wanted, feeds = [session.get_outputs()[0].name], {session.get_inputs()[0].name: values}
    start = time.perf_counter()
    answer = session.run(wanted, feeds)[0]
    return answer, (time.perf_counter() - start) * 1e3


def main() -> int:
    session, side = open_session(sys.argv[1]), int(sys.argv[2])
    for line in sys.stdin:
        _, source, target = line.split()
        values = np.fromfile(source, dtype="<f4").reshape(1, 3, side, side)
        answer, ms = infer(session, values)
        raw = answer.tobytes()
        Path(target).write_bytes(raw)
        print(json.dumps({"segment_ms": ms, "digest": hashlib.sha256(raw).hexdigest()}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
