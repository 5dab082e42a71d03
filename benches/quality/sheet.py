#!/usr/bin/env python3
"""The contact sheet of docs/quality.md: parts of the fixtures' photos by rembg's plain recipe with u2netp and by ours with cutnet, on three
grounds.

    sheet.py OUT.png
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

CUTOUT = Path("target/release/cutout")
PHOTOS = Path("fixtures/photos")
# Photo and the part of it that is shown: left, top, right, bottom.
PARTS = {
    "chelsea.png": (0, 100, 220, 250),
    "coffee.png": (90, 20, 200, 95),
    "astronaut.png": (150, 0, 260, 75),
    "rocket.jpg": (280, 200, 390, 275),
}
WAYS = {"u2netp": ["--compat", "rembg", "--model", "u2netp"], "cutnet": []}
GROUNDS = [(0, 0, 0), (255, 255, 255), (255, 0, 255)]
CELL = (220, 150)
GAP, LABEL = 4, 16


def cell(sheet: Image.Image, image: Image.Image, column: int, row: int) -> None:
    # Larger pixels, not smoother ones.
    image = image.resize(CELL, Image.Resampling.NEAREST)
    sheet.paste(image, (column * (CELL[0] + GAP), LABEL + row * (CELL[1] + GAP)))


def main() -> int:
    out = Path(sys.argv[1])
    columns = 1 + len(WAYS) * len(GROUNDS)
    size = (columns * (CELL[0] + GAP) - GAP, LABEL + len(PARTS) * (CELL[1] + GAP) - GAP)
    sheet = Image.new("RGB", size, (200, 200, 200))
    draw = ImageDraw.Draw(sheet)
    with tempfile.TemporaryDirectory() as work:
        for row, (name, box) in enumerate(PARTS.items()):
            photo = Image.open(PHOTOS / name).convert("RGB")
            cell(sheet, photo.crop(box), 0, row)
            for index, (way, flags) in enumerate(WAYS.items()):
                made = Path(work) / f"{way}.png"
                subprocess.run([CUTOUT, "run", PHOTOS / name, "-o", made, *flags], check=True)
                cutout = Image.open(made).convert("RGBA").crop(box)
                for number, ground in enumerate(GROUNDS):
                    column = 1 + index * len(GROUNDS) + number
                    behind = Image.new("RGBA", cutout.size, (*ground, 255))
                    cell(sheet, Image.alpha_composite(behind, cutout).convert("RGB"), column, row)
                    draw.text((column * (CELL[0] + GAP) + 4, 2), way, fill=(0, 0, 0))
    sheet.quantize(256, dither=Image.Dither.NONE).save(out, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
