#!/usr/bin/env python3
"""Makes the golden files of this folder with Pillow 12.0.0 (pip install pillow==12.0.0).

resample.tsv  channels, width, height, target width, target height, FNV-1a of Pillow's LANCZOS
*.jpg ...     the four quadrants of ../decode.rs in codings that the image crate cannot write

Pillow 13 (and 12.3 for very tall pictures) runs the vertical pass first when the height shrinks
more than the width, so that newer versions make other hashes.
"""

import pathlib

import PIL
from PIL import Image

HERE = pathlib.Path(__file__).parent

CASES = [
    (1, 1, 1, 5, 7), (3, 1, 1, 320, 320), (1, 5, 7, 1, 1), (3, 1, 300, 32, 32), (3, 300, 1, 32, 32),
    (4, 17, 31, 16, 16), (3, 64, 64, 64, 64), (4, 64, 64, 64, 64), (3, 64, 48, 64, 20), (4, 64, 48, 20, 48),
    (3, 64, 48, 64, 99), (4, 64, 48, 99, 48), (1, 64, 48, 64, 99), (3, 200, 150, 32, 32), (4, 150, 200, 32, 32),
    (3, 33, 35, 320, 320), (1, 320, 320, 451, 300), (1, 320, 320, 100, 75), (1, 320, 320, 321, 319),
    (1, 320, 320, 640, 480), (1, 32, 32, 1000, 1), (1, 32, 32, 1, 1000), (1, 32, 32, 3, 500), (3, 1000, 7, 33, 29),
    (3, 640, 427, 320, 320), (4, 427, 640, 320, 320), (3, 320, 200, 320, 320), (3, 200, 320, 320, 320),
]

QUADRANTS = [(200, 40, 30), (40, 160, 60), (30, 60, 200), (240, 235, 200)]


def noise(length):
    """The bytes that the test makes too: the top byte of a linear congruential generator."""
    state, out = 1, bytearray()
    for _ in range(length):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return bytes(out)


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def resample():
    lines = []
    for channels, width, height, to_width, to_height in CASES:
        mode = {1: "L", 3: "RGB", 4: "RGBX"}[channels]
        picture = Image.frombytes(mode, (width, height), noise(width * height * channels))
        if channels == 4:
            picture = picture.convert("RGB")
        stretched = picture.resize((to_width, to_height), Image.Resampling.LANCZOS)
        lines.append(f"{channels}\t{width}\t{height}\t{to_width}\t{to_height}\t{fnv1a(stretched.tobytes()):016x}\n")
    (HERE / "resample.tsv").write_text("".join(lines))


def quadrants():
    picture = Image.new("RGB", (32, 32))
    for index, colour in enumerate(QUADRANTS):
        left, top = index % 2 * 16, index // 2 * 16
        picture.paste(colour, (left, top, left + 16, top + 16))
    return picture


def pictures():
    picture = quadrants()
    other = Image.new("RGB", picture.size, (1, 2, 3))
    picture.convert("CMYK").save(HERE / "cmyk.jpg", quality=95)
    picture.save(HERE / "progressive.jpg", quality=95, progressive=True, subsampling=0)
    picture.save(HERE / "rgb_coded.jpg", quality=95, keep_rgb=True)
    picture.save(HERE / "lossy.webp", quality=95)
    picture.save(HERE / "animated.webp", save_all=True, append_images=[other], lossless=True)
    picture.save(HERE / "animated.gif", save_all=True, append_images=[other])
    picture.quantize(4, dither=Image.Dither.NONE).save(HERE / "palette2.png", bits=2)
    picture.save(HERE / "lzw.tif", compression="tiff_lzw")


if __name__ == "__main__":
    if PIL.__version__ != "12.0.0":
        raise SystemExit(f"Pillow {PIL.__version__}: these files are made with 12.0.0")
    resample()
    pictures()
