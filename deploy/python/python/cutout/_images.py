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
_OTHER_COLOURS = ("YCbCr", "LAB", "HSV")
"""Modes whose profile, if any, is not that of the RGB they become."""


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
        return Source(_read(data, max_bytes + 1), False, lambda made: io.BytesIO(made.data))
    raise TypeError(
        f"an image is bytes, a path, a binary file, a PIL.Image or a numpy array, and not {type(data).__qualname__}"
    )


def _read(file: Any, most: int) -> bytes:
    """The first `most` bytes of a file, which may give fewer at a time than it is asked for."""
    content = bytearray()
    while len(content) < most:
        part: Any = file.read(most - len(content))
        if isinstance(part, str):
            raise TypeError("the file is opened as text; open it with mode 'rb'")
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise TypeError(f"read() of the file gives {type(part).__qualname__}, and not bytes")
        if not part:
            break
        content += part
    return bytes(content)


def _bytes(made: Made) -> bytes:
    return bytes(made.data)


def _of_pillow(image: Image, on_background: bool) -> Source:
    # Before the orientation is read: Pillow turns a TIFF while it loads it, and deletes the tag then.
    image.load()
    profile: bytes | None = image.info.get("icc_profile")
    orientation = _orientation(image)
    file, kind = _plain(image, orientation, profile)
    keeps_profile = profile and kind == _RGB and image.mode not in _OTHER_COLOURS and not on_background

    def give(made: Made) -> Image:
        from PIL import Image as pillow

        mode = "L" if made.is_mask else "RGBA"
        result = pillow.frombytes(mode, (made.width, made.height), made.data)
        if "dpi" in image.info:
            result.info["dpi"] = image.info["dpi"]
        if keeps_profile and not made.is_mask:
            result.info["icc_profile"] = profile
        return result

    return Source(file, True, give)


def _orientation(image: Image) -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:
        # Pillow has no exception of its own for EXIF that is broken, which viewers pass over.
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _plain(image: Image, orientation: int, profile: bytes | None) -> tuple[bytes, int]:
    """The pixels of `image` in a TIFF file, and what their samples are.

    Raises:
        UsageError: a mode whose range or colours are not known.
    """
    mode = image.mode
    transparent = image.info.get("transparency")
    if mode.startswith("I;16"):
        # Pillow has no way from one order of bytes to the other but through 32 bits.
        grey = (image if mode == "I;16" else image.convert("I").convert("I;16")).tobytes()
        if not isinstance(transparent, int):
            return _tiff(grey, image.size, 1, _BLACK_IS_ZERO, 16, orientation, profile), _BLACK_IS_ZERO
        pixels = _with_alpha(grey, transparent)
        return _tiff(pixels, image.size, 2, _BLACK_IS_ZERO, 16, orientation, profile), _BLACK_IS_ZERO
    if mode in ("I", "F"):
        raise of_kind(
            "usage",
            f"an image of mode {mode} does not say which value is white; scale it and give it as mode L (0 to 255) or I;16 (0 to 65535)",
        )
    if mode in ("LA", "RGBA", "CMYK"):
        wanted = mode
    elif mode == "La":
        wanted = "LA"
    elif mode in ("PA", "RGBa") or transparent is not None or (image.palette and image.palette.mode == "RGBA"):
        wanted = "RGBA"
    else:
        wanted = "L" if mode in ("1", "L") else "RGB"
    try:
        plain = image if mode == wanted else image.convert(wanted)
    except ValueError as error:
        text = f"Pillow cannot make an image of mode {mode} one of mode {wanted}: {error}; convert it to RGB (PIL.ImageCms does for LAB)"
        raise of_kind("usage", text) from error
    kind = {"L": _BLACK_IS_ZERO, "LA": _BLACK_IS_ZERO, "CMYK": _INKS}.get(wanted, _RGB)
    if mode in _OTHER_COLOURS:
        profile = None
    return _tiff(plain.tobytes(), plain.size, len(plain.getbands()), kind, 8, orientation, profile), kind


def _with_alpha(grey: bytes, transparent: int) -> bytes:
    """16-bit grey, and behind each value its alpha: 0 where it is `transparent`."""
    differs = [bytes(0 if value == wanted else 255 for value in range(256)) for wanted in struct.pack("<H", transparent & 0xFFFF)]
    low, high = (int.from_bytes(grey[at::2].translate(differs[at]), "little") for at in (0, 1))
    alpha = (low | high).to_bytes(len(grey) // 2, "little")
    pixels = bytearray(2 * len(grey))
    pixels[0::4], pixels[1::4] = grey[0::2], grey[1::2]
    pixels[2::4] = pixels[3::4] = alpha
    return bytes(pixels)


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
        (274, _SHORT, struct.pack("<H", orientation)),
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
