"""prepare.py: turns a folder of images and masks into one file of training samples.

Every image is stretched to 512 x 512. Its label comes from a mask drawn by a person, from the
teacher, or from both. The README explains the folder and the rules.
"""

import argparse
import csv
import os
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from teacher import Teacher

SIDE = 512
TEACHER_SIDE = 1024
# Above this intersection over union, the teacher and the person mean the same subject.
AGREEMENT = 0.85
# Limits on the part of the image that a label covers: by a person, and by the teacher alone.
HUMAN_COVER = (0.004, 0.97)
TEACHER_COVER = (0.01, 0.93)
MOST_DOUBT = 0.42
LEAST_WEIGHT = 0.3
# Pillow reports a broken file by any of these.
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


@dataclass(frozen=True)
class Entry:
    """One line of a manifest; `mask` is None where nobody drew one."""

    image: Path
    mask: Path | None
    is_background: bool
    source: str


class Picture(NamedTuple):
    """A decoded entry: image SIDE x SIDE x 3 and, if there is one, mask SIDE x SIDE, in bytes."""

    entry: Entry
    image: np.ndarray
    mask: np.ndarray | None


class Label(NamedTuple):
    """A label, SIDE x SIDE in bytes, and what the rules say about it."""

    mask: Tensor
    usable: bool
    weight: float
    teacher_agrees: bool


def read_manifests(root: Path) -> list[Entry]:
    """Entries of every manifest.tsv in a direct subfolder of `root`, in the order of the names."""
    entries = []
    for manifest in sorted(root.glob("*/manifest.tsv")):
        with manifest.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                mask = manifest.parent / row["mask"] if row["mask"] else None
                image = manifest.parent / row["file"]
                entries.append(Entry(image, mask, row["group"] == "background", row["source"]))
    return entries


def decode(entry: Entry) -> Picture | None:
    """Image and mask of an entry, stretched to the square; None if a file cannot be read."""
    try:
        size = (SIDE, SIDE)
        with Image.open(entry.image) as file:
            image = np.asarray(file.convert("RGB").resize(size, Image.Resampling.BICUBIC))
        if entry.mask is None:
            return Picture(entry, image, None)
        with Image.open(entry.mask) as file:
            mask = np.asarray(file.convert("L").resize(size, Image.Resampling.BILINEAR))
        return Picture(entry, image, mask)
    except UNREADABLE as error:
        print(f"left out, unreadable: {entry.image}: {error}")
        return None


def decode_all(entries: list[Entry], workers: int) -> list[Picture]:
    """Pictures of all entries that can be read, in their order."""
    if workers == 1:
        decoded = [decode(entry) for entry in entries]
    else:
        with Pool(workers) as pool:
            decoded = pool.map(decode, entries, chunksize=32)
    return [picture for picture in decoded if picture is not None]


def ask_teacher(images: Tensor, path: Path, device: str) -> Tensor:
    """Masks by the teacher for N x 3 x SIDE x SIDE bytes: N x SIDE x SIDE bytes.

    Each is the mean of the masks of the image and of its mirror image.
    """
    on_gpu = device == "cuda"
    teacher = Teacher(path, torch.float16 if on_gpu else torch.bfloat16, device)
    enlarge = partial(F.interpolate, size=TEACHER_SIDE, mode="bilinear", align_corners=False)
    masks = []
    for part in images.split(16 if on_gpu else 1):
        enlarged = (enlarge(part.to(device).float()) - 128) / 256
        probability = (teacher(enlarged) + teacher(enlarged.flip(3)).flip(3)) / 2
        small = F.avg_pool2d(probability.float(), TEACHER_SIDE // SIDE)[:, 0]
        masks.append((small * 255 + 0.5).clamp(0, 255).to(torch.uint8).cpu())
    return torch.cat(masks)


def overlap(first: Tensor, second: Tensor) -> float:
    """Soft intersection over union of two masks in 0..1."""
    union = torch.maximum(first, second).sum().clamp(min=1)
    return float(torch.minimum(first, second).sum() / union)


def label_of_person(human: Tensor, taught: Tensor | None) -> Label:
    """Label where a person drew a mask: that mask, or the teacher's finer one where both agree."""
    agrees = taught is not None and overlap(taught.float() / 255, human.float() / 255) > AGREEMENT
    mask = taught if agrees else human
    cover = float((mask > 127).float().mean())
    least, most = HUMAN_COVER
    return Label(mask, least <= cover <= most, 1.0, agrees)


def label_of_teacher(taught: Tensor) -> Label:
    """Label where only the teacher knows: the more it doubts, the less the label counts."""
    probability = taught.float() / 255
    # 4p(1-p) is 1 where the teacher cannot tell and 0 where it is sure.
    unsure = float((4 * probability * (1 - probability)).mean())
    doubt = unsure / max(float(probability.mean()), 0.02)
    cover = float((probability > 0.5).float().mean())
    least, most = TEACHER_COVER
    usable = doubt <= MOST_DOUBT and least <= cover <= most
    return Label(taught, usable, max(LEAST_WEIGHT, 1 - 2.5 * doubt), False)


def label(picture: Picture, taught: Tensor | None) -> Label:
    """Label of a picture; a background's is empty."""
    if picture.entry.is_background:
        return Label(torch.zeros(SIDE, SIDE, dtype=torch.uint8), True, 1.0, False)
    if picture.mask is not None:
        return label_of_person(torch.from_numpy(picture.mask.copy()), taught)
    if taught is None:
        raise ValueError(f"{picture.entry.image} has no mask, and there is no teacher")
    return label_of_teacher(taught)


def report(pictures: list[Picture], labels: list[Label]) -> None:
    """Prints, for each source, how many images there are and what became of them."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for picture, result in zip(pictures, labels, strict=True):
        if not picture.entry.is_background:
            count = counts[picture.entry.source]
            count[0] += 1
            count[1] += result.teacher_agrees
            count[2] += not result.usable
    print(f"{'source':<28} images  teacher's edges  left out")
    for source, (images, agreeing, dropped) in counts.items():
        print(f"{source:<28} {images:6}  {agreeing:15}  {dropped:8}")


def draw_sheet(images: Tensor, masks: Tensor, path: Path) -> None:
    """Writes one image that shows up to 48 samples, each beside its label, for a look by eye."""
    tile = 160
    sheet = Image.new("RGB", (tile * 16, tile * 6))
    numbers = range(len(images))
    chosen = random.Random(1).sample(numbers, min(48, len(images)))
    for place, number in enumerate(chosen):
        left, top = place % 8 * 2 * tile, place // 8 * tile
        image = Image.fromarray(images[number].permute(1, 2, 0).numpy())
        mask = Image.fromarray(masks[number].numpy())
        sheet.paste(image.resize((tile, tile)), (left, top))
        sheet.paste(mask.resize((tile, tile)), (left + tile, top))
    sheet.save(path, quality=80)


def prepare(options: argparse.Namespace) -> None:
    """Reads the folder, makes the labels and writes the samples."""
    entries = read_manifests(options.data)
    if not entries:
        raise SystemExit(f"no */manifest.tsv with entries in {options.data}")
    unlabelled = sum(entry.mask is None and not entry.is_background for entry in entries)
    if unlabelled and options.teacher is None:
        raise SystemExit(f"{unlabelled} images have no mask: give a teacher with --teacher")
    pictures = decode_all(entries, options.workers)
    if not pictures:
        raise SystemExit(f"none of the images that {options.data} lists can be read")
    print(f"decoded {len(pictures)} of {len(entries)} images", flush=True)

    stacked = torch.from_numpy(np.stack([picture.image for picture in pictures]))
    images = stacked.permute(0, 3, 1, 2).contiguous()
    if options.teacher is None:
        labels = [label(picture, None) for picture in pictures]
    else:
        taught = ask_teacher(images, options.teacher, options.device)
        labels = [label(picture, mask) for picture, mask in zip(pictures, taught, strict=True)]
    report(pictures, labels)

    masks = torch.stack([result.mask for result in labels])
    samples = {
        "im": images,
        "lab": masks,
        "ok": torch.tensor([result.usable for result in labels]),
        "wt": torch.tensor([result.weight for result in labels]),
        "back": torch.tensor([picture.entry.is_background for picture in pictures]),
    }
    torch.save(samples, options.out)
    if options.sheet is not None:
        draw_sheet(images, masks, options.sheet)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[2])
    parser.add_argument("data", type=Path, help="folder whose subfolders each have a manifest.tsv")
    parser.add_argument("out", type=Path, help="file of samples to write, for train.py")
    parser.add_argument(
        "--teacher", type=Path, help="IS-Net's ONNX file; needed if any image has no mask"
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where the teacher runs"
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count(), help="processes that decode images"
    )
    parser.add_argument("--sheet", type=Path, help="JPEG to write that shows 48 samples")
    prepare(parser.parse_args(arguments))


if __name__ == "__main__":
    main()
