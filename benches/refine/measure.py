"""Corrections of one image by a server: stages of each stroke, and the processor's time. measure.py URL IMAGE SAMPLES FOLDER PID"""

import os
import statistics
import struct
import subprocess
import sys
import zlib

MOST_MS = 150
url, image, samples, folder, server = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]


def processor():
    """What the server has had of the processor, in ms."""
    with open(f"/proc/{server}/stat") as file:
        ticks = file.read().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) * 1000 / os.sysconf("SC_CLK_TCK")


def ask(path, fields, to, accept="image/png"):
    """Sends a form; the stages in ms by their names."""
    form = [word for name, value in fields for word in ("-F", f"{name}={value}")]
    said = subprocess.run(
        ["curl", "-sS", "--fail-with-body", "-D", "-", "-o", to, "-H", f"Accept: {accept}", *form, url + path],
        check=True, capture_output=True, text=True).stdout
    timing = next(line for line in said.splitlines() if line.lower().startswith("server-timing:"))
    stages = dict(part.strip().split(";dur=") for part in timing.split(":", 1)[1].split(","))
    return {name: float(ms) for name, ms in stages.items() if name != "wait"}


def png(path, width, height, rows):
    """A PNG of grey and alpha: `rows` gives the alpha of a row."""
    line = lambda y: b"\0" + b"".join(bytes((0, alpha)) for alpha in rows(y))
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 4, 0, 0, 0)
    body = zlib.compress(b"".join(line(y) for y in range(height)), 6)
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


def size(path):
    with open(path, "rb") as file:
        file.seek(16)
        return struct.unpack(">II", file.read(8))


def stroke(path, width, height, thickness, waves):
    """A wavy stroke from left to right."""
    from math import sin
    middle = [height * (0.5 + 0.35 * sin(waves * 6.283 * x / width)) for x in range(width)]
    png(path, width, height, lambda y: [255 if abs(y - middle[x]) < thickness / 2 and 0.05 < x / width < 0.95 else 0 for x in range(width)])


mask = os.path.join(folder, "mask.png")
ask("/v1/remove", [("image", f"@{image}"), ("output", "mask")], mask)
width, height = size(mask)
files = {}
for name, thickness, waves in [("thin", 0.01, 2), ("thick", 0.08, 2), ("everywhere", 0.06, 9)]:
    files[name] = os.path.join(folder, f"{name}.png")
    stroke(files[name], width, height, thickness * width, waves)
box = f"{width // 3},{height // 3},{width // 12},{height // 9}"
cases = [
    ("no mark", []),
    ("a rectangle of a twelfth of the width", [("erase", box)]),
    ("a stroke of 1 % of the width, from side to side", [("keep", f"@{files['thin']}")]),
    ("a stroke of 8 %, from side to side", [("erase", f"@{files['thick']}")]),
    ("strokes of 6 % over all of the image", [("keep", f"@{files['everywhere']}")]),
    ("the last two", [("keep", f"@{files['everywhere']}"), ("erase", f"@{files['thick']}")]),
]
print(f"{width}×{height}, {width * height / 1e6:.2f} megapixels, {os.path.basename(image)}, {samples} samples, ms\n")
print("| marks | decode | matte | colour | encode | all: least | median | processor, with the request |")
print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
missed = False
for name, marks in cases:
    fields = [("image", f"@{image}"), ("mask", f"@{mask}"), *marks]
    once = lambda: ask("/v1/refine", fields, os.path.join(folder, "out.png"))
    once(), once()
    before = processor()
    runs = [once() for _ in range(samples)]
    spent = (processor() - before) / samples
    sums = [sum(run.values()) for run in runs]
    median = statistics.median(sums)
    stages = " | ".join(f"{statistics.median(run[stage] for run in runs):.1f}" for stage in ("decode", "matte", "colour", "encode"))
    print(f"| {name} | {stages} | {min(sums):.1f} | {median:.1f} | {spent:.1f} |")
    missed |= median > MOST_MS
sys.exit(missed)
