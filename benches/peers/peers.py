#!/usr/bin/env python3
"""Compares Cutout's runtime with others, in one run on one core.

    run                    speed: every runtime on one image, one thread, in shuffled rounds
    run --agreement        the largest difference of the raw outputs from onnxruntime's, over ../shared/data/dev
    run --memory           peak linear memory of one instance over the whole pipeline; the component's size
    run --breakdown        where the time goes, by operator and by kind, in wasm and natively

Results go to benches/record, with machine and date; those of a trial (few samples) to target/peers-trial.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import agreement
import breakdown
import memory
import speed
from common import LEAST_SAMPLES, MODEL


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    question = parser.add_mutually_exclusive_group()
    for name in ("agreement", "memory", "breakdown"):
        question.add_argument(f"--{name}", action="store_const", const=name, dest="question")
    parser.add_argument("--samples", type=int, default=11, help=f"of each row (default 11; the record wants {LEAST_SAMPLES})")
    parser.add_argument("--core", type=int, default=(os.cpu_count() or 1) - 1, help="the core to run on (default: the last)")
    parser.add_argument("--seed", type=int, default=1, help="of the order within rounds (default 1)")
    parser.add_argument("--only", help="speed: only rows whose name has this in it, and onnxruntime native")
    parser.add_argument("--model", default=MODEL, help=f"speed and agreement: a name; agreement also: the path of an ONNX file (default {MODEL})")
    parser.add_argument("--images", type=int, help="agreement: only the first so many")
    parser.add_argument("--out", type=Path, help="folder for the results")
    args = parser.parse_args()
    if args.samples < 1:
        parser.error("--samples takes at least 1")
    return args


def main() -> int:
    args = parse_args()
    questions = {"agreement": agreement.main, "memory": memory.main, "breakdown": breakdown.main, None: speed.main}
    return questions[args.question](args)


if __name__ == "__main__":
    sys.exit(main())
