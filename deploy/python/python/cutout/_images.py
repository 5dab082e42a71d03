"""Images as Python has them, to encoded ones and back. Pillow and numpy are never imported
here: whoever has an image of theirs has imported them."""

from __future__ import annotations

import io
import os
import struct
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, NamedTuple, Union

from ._errors import of_kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Encoded = Union[bytes, bytearray, memoryview, str, os.PathLike[str]]
    AnyImage = Union[Encoded, BinaryIO, Image, NDArray[np.uint8]]

_BLACK_IS_ZERO, _RGB, _INKS = 1, 2, 5
_SHORT, _LONG, _UNDEFINED = 3, 4, 7
_ORIENTATION = 0x0112


class Made(NamedTuple):
    """A result: a file's bytes, or plain pixels."""

    data: bytearray
    width: int
    height: int
    is_mask: bool


class Source(NamedTuple):
    """An image, and how its results are given back."""

    image: bytes
    has_pixels: bool
    """Whether results are plain pixels, too."""
    give: Callable[[Made], Any]


def source(data: AnyImage, max_bytes: int, on_background: bool = False) -> Source:
    """`data` as an encoded image. On a background, results have no colour profile.

    Raises:
        TypeError: `data` is no image of a kind that is taken.
        UsageError: an array of another shape or type.
        OSError: a path that cannot be read.
    """
    if isinstance(data, bytes):
        return Source(data, False, _bytes)
    if isinstance(data, (bytearray, memoryview)):
        return Source(bytes(data), False, _bytes)
    if isinstance(data, (str, os.PathLike)):
        with open(data, "rb") as file:
            # One more than is allowed, which is then refused.
            return Source(file.read(max_bytes + 1), False, _bytes)
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(data, pillow.Image):
        return _of_pillow(data, on_background)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(data, numpy.ndarray):
        return _of_array(data)
    if hasattr(data, "read"):
        content = data.read(max_bytes + 1)
        if isinstance(content, bytes):
            return Source(content, False, lambda made: io.BytesIO(made.data))
        raise TypeError("the file is opened as text; open it with mode 'rb'")
    raise TypeError(
        f"an image is bytes, a path, a binary file, a PIL.Image or a numpy array, and not {type(data).__qualname__}"
    )


def _bytes(made: Made) -> bytes:
    return bytes(made.data)


def _of_pillow(image: Image, on_background: bool) -> Source:
    profile: bytes | None = image.info.get("icc_profile")
    orientation: int = image.getexif().get(_ORIENTATION, 1)
    mode = image.mode
    if mode in ("P", "PA", "RGBa", "La") or "transparency" in image.info:
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif mode == "1":
        plain = image.convert("L")
    elif mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        plain = image
    elif mode.startswith("I;16"):
        plain = image.convert("I;16")
    else:
        plain, profile = image.convert("RGB"), None
    kind = {"L": _BLACK_IS_ZERO, "LA": _BLACK_IS_ZERO, "I;16": _BLACK_IS_ZERO, "CMYK": _INKS}.get(plain.mode, _RGB)
    keeps_profile = profile and kind == _RGB and not on_background

    def give(made: Made) -> Image:
        from PIL import Image as pillow

        mode = "L" if made.is_mask else "RGBA"
        result = pillow.frombytes(mode, (made.width, made.height), made.data)
        if "dpi" in image.info:
            result.info["dpi"] = image.info["dpi"]
        if keeps_profile and not made.is_mask:
            result.info["icc_profile"] = profile
        return result

    bits = 16 if plain.mode == "I;16" else 8
    samples = 1 if bits == 16 else len(plain.getbands())
    file = _tiff(plain.tobytes(), plain.size, samples, kind, bits, orientation, profile)
    return Source(file, True, give)


def _of_array(array: NDArray[Any]) -> Source:
    import numpy

    shape = array.shape
    samples = 1 if len(shape) == 2 else shape[2] if len(shape) == 3 else 0
    if array.dtype != numpy.uint8 or samples not in (1, 3, 4) or 0 in shape:
        raise of_kind(
            "usage",
            f"an array of shape {shape} and type {array.dtype} is no image: it is height × width, or height × width × 3 (RGB) "
            "or × 4 (RGBA), of uint8",
        )

    def give(made: Made) -> NDArray[Any]:
        shape = (made.height, made.width) if made.is_mask else (made.height, made.width, 4)
        return numpy.frombuffer(made.data, numpy.uint8).reshape(shape)

    kind = _BLACK_IS_ZERO if samples == 1 else _RGB
    pixels = numpy.ascontiguousarray(array).data
    return Source(_tiff(pixels, (shape[1], shape[0]), samples, kind), True, give)


def _tiff(
    pixels: bytes | memoryview,
    size: tuple[int, int],
    samples: int,
    kind: int,
    bits: int = 8,
    orientation: int = 1,
    profile: bytes | None = None,
) -> bytes:
    """A TIFF file around plain pixels, row by row: the quickest to read of the formats
    that keep all there is."""
    width, height = size
    profile = profile or b""
    length = width * height * samples * bits // 8
    if length + len(profile) + 4096 >= 1 << 32:
        raise of_kind("too-many-pixels", f"the image is {width}×{height}: more than fits into 4 GiB; make it smaller")
    has_alpha = samples == 2 or (samples == 4 and kind == _RGB)
    fields: list[tuple[int, int, bytes]] = [
        (256, _LONG, struct.pack("<I", width)),
        (257, _LONG, struct.pack("<I", height)),
        (258, _SHORT, struct.pack("<H", bits) * samples),
        (259, _SHORT, struct.pack("<H", 1)),
        (262, _SHORT, struct.pack("<H", kind)),
        (273, _LONG, b"\0\0\0\0"),
        (274, _SHORT, struct.pack("<H", orientation if 1 <= orientation <= 8 else 1)),
        (277, _SHORT, struct.pack("<H", samples)),
        (278, _LONG, struct.pack("<I", height)),
        (279, _LONG, struct.pack("<I", length)),
    ]
    if has_alpha:
        fields.append((338, _SHORT, struct.pack("<H", 2)))
    if profile:
        fields.append((34675, _UNDEFINED, profile))
    size_of = {_SHORT: 2, _LONG: 4, _UNDEFINED: 1}
    begin = 8 + 2 + 12 * len(fields) + 4
    # Values that do not fit into their field come behind the directory, and behind them the pixels.
    behind = sum(len(value) + len(value) % 2 for _, _, value in fields if len(value) > 4)
    directory: list[bytes] = []
    values: list[bytes] = []
    for tag, type_, value in fields:
        if tag == 273:
            value = struct.pack("<I", begin + behind)
        count = len(value) // size_of[type_]
        if len(value) > 4:
            at = begin + sum(len(value) for value in values)
            values.append(value + b"\0" * (len(value) % 2))
            value = struct.pack("<I", at)
        directory.append(struct.pack("<HHI4s", tag, type_, count, value))
    head = struct.pack("<2sHIH", b"II", 42, 8, len(fields))
    return b"".join([head, *directory, b"\0\0\0\0", *values, pixels])
