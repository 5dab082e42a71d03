"""What type checkers see; for mypy alone. An `ignore` that is not needed is an error, so refusals are held, too."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import assert_type

import cutout
from cutout.compat.rembg import new_session, remove

image = Image.new("RGB", (8, 8))
array = np.zeros((8, 8, 3), np.uint8)

assert_type(cutout.remove(b""), bytes)
assert_type(cutout.remove(Path("photo.png"), mask_only=True, webp_quality="lossless"), bytes)
assert_type(cutout.remove(image, background=(255, 255, 255)), Image.Image)
assert_type(cutout.remove(array, quality="best"), NDArray[np.uint8])
assert_type(cutout.mask(io.BytesIO(b"")), io.BytesIO)
assert_type(cutout.Session(engine="native").mask(array), NDArray[np.uint8])
assert_type(cutout.remove_many([Path("photo.png")]), Iterator[bytes])
assert_type(cutout.remove_many([image], workers=2, crop="5%"), Iterator[Image.Image])
assert_type(cutout.remove_many(["photo.png"], errors="return"), Iterator[Any])
assert_type(remove(b"", session=new_session("u2netp"), only_mask=True), bytes)
assert_type(remove(image, force_return_bytes=True), bytes)
assert_type(remove(image), Image.Image)

cutout.remove(7)  # type: ignore[call-overload]
cutout.remove(b"", quality="top")  # type: ignore[call-overload]
cutout.mask(b"", background="red")  # type: ignore[call-overload]
cutout.Session(engine="gpu")  # type: ignore[arg-type]
