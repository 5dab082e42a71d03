#!/usr/bin/env python3
"""Makes the JPEG files of this folder with cjpeg, jpegtran and djpeg of libjpeg-turbo 2.1.5, and Pillow 13.0.0.

source.png    33×40 pixels of fixtures/photos/coffee.png
420 3x1 fine  that picture in three samplings; in the PNG of the name what djpeg makes of it
420_*.jpg     420.jpg in other codings by jpegtran, which leaves the pixels as they are
cmyk_*.jpg    ../cmyk.jpg in other codings

Not made here, since no tool of libjpeg-turbo 2 writes them: lossless*.jpg, grey12.jpg and rgb12*.jpg hold source.png
(its green, where they are grey), written by oxideav-mjpeg 0.1.14 at quality 100. libjpeg-turbo 3 reads lossless.jpg
alike.
"""

import pathlib
import subprocess
import tempfile

from PIL import Image

HERE = pathlib.Path(__file__).parent
PHOTO = HERE / "../../../../../fixtures/photos/coffee.png"

SAMPLINGS = {"420": "2x2,1x1,1x1", "3x1": "3x1,1x1,1x1", "fine": "1x1,2x2,2x2"}

EACH = "0: 0-63, 0, 0;\n1: 0-63, 0, 0;\n2: 0-63, 0, 0;\n"
INKS = EACH + "3: 0-63, 0, 0;\n"
MIXED = "0: 0-63, 0, 0;\n1 2: 0-63, 0, 0;\n"
LUMA_FIRST = """0: 0-0, 0, 1;
1 2: 0-0, 0, 1;
0: 1-5, 0, 2;
2: 1-63, 0, 1;
1: 1-63, 0, 1;
0: 6-63, 0, 2;
0: 1-63, 2, 1;
0: 0-0, 1, 0;
1 2: 0-0, 1, 0;
2: 1-63, 1, 0;
1: 1-63, 1, 0;
0: 1-63, 1, 0;
"""

CODINGS = {
    "scans": (EACH, []),
    "scans_restarts": (EACH, ["-restart", "2B"]),
    "pair": (MIXED, []),
    "pair_restarts": (MIXED, ["-restart", "2B"]),
    "progressive": (None, ["-progressive"]),
    "progressive_pair": (LUMA_FIRST, ["-restart", "1"]),
    "arithmetic": (None, ["-arithmetic"]),
    "arithmetic_scans": (EACH, ["-arithmetic", "-restart", "2B"]),
    "arithmetic_progressive": (LUMA_FIRST, ["-arithmetic"]),
}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def transcoded(file, scans, options):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as script:
        script.write(scans or "")
        script.flush()
        return run("jpegtran", *options, *(["-scans", script.name] if scans else []), file)


def main():
    picture = Image.open(PHOTO).convert("RGB").crop((150, 60, 150 + 33 * 6, 60 + 40 * 6))
    picture = picture.resize((33, 40), Image.Resampling.LANCZOS)
    picture.save(HERE / "source.png")
    with tempfile.TemporaryDirectory() as folder:
        plain = pathlib.Path(folder) / "plain.ppm"
        picture.save(plain)
        for name, sampling in SAMPLINGS.items():
            file = HERE / f"{name}.jpg"
            file.write_bytes(run("cjpeg", "-quality", "85", "-sample", sampling, plain))
            plain_again = pathlib.Path(folder) / "again.ppm"
            plain_again.write_bytes(run("djpeg", "-ppm", file))
            Image.open(plain_again).save(HERE / f"{name}.png")
    for name, (scans, options) in CODINGS.items():
        (HERE / f"420_{name}.jpg").write_bytes(transcoded(HERE / "420.jpg", scans, options))
    (HERE / "cmyk_scans.jpg").write_bytes(transcoded(HERE / "../cmyk.jpg", INKS, ["-restart", "2B"]))


main()
