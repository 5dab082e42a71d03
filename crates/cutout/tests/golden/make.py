#!/usr/bin/env python3
"""Makes the golden files of this folder with Pillow 12.0.0 (pip install pillow==12.0.0).

resample.tsv  channels, width, height, target width, target height, FNV-1a of Pillow's LANCZOS
inks.jpg      a CMYK picture with a profile of inks that never were, and LittleCMS's sRGB of it in inks.png
*.jpg ...     the four quadrants of ../decode.rs in codings that the image crate cannot write

Pillow 13 (and 12.3 for very tall pictures) runs the vertical pass first when the height shrinks
more than the width, so that newer versions make other hashes.
"""

import io
import itertools
import pathlib
import struct

import PIL
from PIL import Image, ImageCms

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


def inks_profile():
    """ICC version 2: a table of 9 steps per ink to L*a*b*, each ink taking its part of lightness and colour away."""
    steps, grid = [i / 8 for i in range(9)], bytearray()
    for c, m, y, k in itertools.product(steps, repeat=4):
        light = (1 - 0.45 * c**0.8) * (1 - 0.5 * m**0.8) * (1 - 0.1 * y**0.8) * (1 - 0.85 * k**0.8)
        a = (70 * m - 35 * c) * (1 - k) * light
        b = (85 * y - 45 * c - 10 * m) * (1 - k) * light
        grid += struct.pack(">BBB", round(255 * light), round(a + 128), round(b + 128))
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *[65536 if i % 4 == 0 else 0 for i in range(9)])
    table = b"mft1\0\0\0\0" + bytes([4, 3, 9, 0]) + identity + ramp * 4 + bytes(grid) + ramp * 3
    name = b"Inks that never were\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0CC0\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"A2B0": table,
    }
    directory, data = struct.pack(">I", len(tags)), b""
    for tag, body in tags.items():
        directory += tag + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    header = struct.pack(">I4sI4s4s4s", 132 + 12 * len(tags) + len(data), b"\0" * 4, 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + directory + data


def inks():
    picture = Image.new("CMYK", (64, 64))
    picture.putdata([(x * 4, y * 4, (x + y) * 2, 255 - x * 4 if y >= 48 else 0) for y in range(64) for x in range(64)])
    profile = inks_profile()
    picture.save(HERE / "inks.jpg", quality=95, subsampling=0, icc_profile=profile)
    stored = Image.open(HERE / "inks.jpg")
    inks, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    ImageCms.profileToProfile(stored, inks, srgb, outputMode="RGB").save(HERE / "inks.png")


if __name__ == "__main__":
    if PIL.__version__ != "12.0.0":
        raise SystemExit(f"Pillow {PIL.__version__}: these files are made with 12.0.0")
    resample()
    pictures()
    inks()
