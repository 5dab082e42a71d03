"""Options as the flags of ``cutout run``, which reads them: words and ranges are its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterable, Literal, Optional, TypedDict, Union

from ._errors import of_kind
from ._images import Source, source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Background = Union[str, os.PathLike[str], tuple[int, ...], list[int], bytes, Image, NDArray[np.uint8]]

Quality = Literal["fast", "good", "best"]
Compat = Literal["rembg"]
Format = Literal["png", "webp", "jpg", "jpeg"]
PngEffort = Literal["fast", "small"]
WebpQuality = Union[int, Literal["lossless"]]
Crop = Union[bool, int, str]


class MaskOptions(TypedDict, total=False):
    """Options of a mask, as `cutout.mask` has them."""

    crop: Crop
    quality: Quality
    compat: Optional[Compat]
    format: Optional[Format]
    png: Optional[PngEffort]
    webp_quality: Optional[WebpQuality]
    jpeg_quality: Optional[int]
    max_side: Optional[int]


class Options(MaskOptions, total=False):
    """Options of a result, as `cutout.remove` has them."""

    mask_only: bool
    background: Optional[Background]


def flags(options: Iterable[tuple[str, Any]]) -> list[str]:
    """The flags of the options that are given: those neither None nor False."""
    given = [(name.replace("_", "-"), value) for name, value in options if value is not None and value is not False]
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in given]


def margin(crop: Crop) -> str | bool:
    """A value of ``--crop``; a number is pixels."""
    return f"{crop}px" if isinstance(crop, int) and not isinstance(crop, bool) else crop


def backdrop(background: Background | None, max_bytes: int) -> tuple[str | None, Source | None]:
    """A value of ``--background``, or an encoded image."""
    if background is None or isinstance(background, str):
        return background, None
    if isinstance(background, (list, tuple)):
        values = list(background)
        if len(values) not in (3, 4) or not all(value in range(256) for value in values):
            raise of_kind("usage", f"background={background!r} is no colour; it takes three or four numbers of 0 to 255")
        return "#" + bytes(int(value) for value in values).hex(), None
    return None, source(background, max_bytes)
