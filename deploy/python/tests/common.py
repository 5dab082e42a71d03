"""What the tests share: photos, and the program that results are compared with."""

import io
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from PIL import Image

import cutout

ROOT = Path(__file__).resolve().parents[3]
PHOTOS = ROOT / "fixtures/photos"
PROGRAM = os.environ.get("CUTOUT", str(ROOT / "target/release/cutout"))


@contextmanager
def within(folder: str) -> Iterator[None]:
    """The working folder, as contextlib.chdir of Python 3.11 sets it."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@cache
def native() -> cutout.Session:
    """A session that all tests of results share."""
    return cutout.Session(engine="native", workers=2)


@cache
def run(photo: Path, *flags: str, format: str = "png") -> bytes:
    """What `cutout run` writes."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, f"result.{format}")
        subprocess.run([PROGRAM, "run", photo, "-o", output, *flags], check=True)
        return output.read_bytes()


def blank(width: int, height: int) -> bytes:
    """A PNG, all black."""
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()
