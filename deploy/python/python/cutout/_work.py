"""One image's way through an engine."""

from __future__ import annotations

import inspect
import os
import warnings
from typing import TYPE_CHECKING, Any

from . import _cutout
from ._errors import NoForegroundWarning, of_kind
from ._images import Made, Source, source
from ._options import Compat, Crop, Format, PngEffort, Quality, WebpQuality, backdrop, flags, margin

if TYPE_CHECKING:
    from ._images import AnyImage
    from ._options import Background


class Work:
    """An image that is read, but for a path, and its options. With `file` the result of pixels is a file's bytes, too."""

    def __init__(
        self,
        engine: _cutout.Session,
        data: AnyImage,
        *,
        mask_only: bool = False,
        background: Background | None = None,
        crop: Crop = False,
        quality: Quality = "good",
        compat: Compat | None = None,
        format: Format | None = None,
        png: PngEffort | None = None,
        webp_quality: WebpQuality | None = None,
        jpeg_quality: int | None = None,
        max_side: int | None = None,
        file: bool = False,
    ) -> None:
        self._engine = engine
        self._data = data
        self._mask_only = mask_only
        self._file = file
        self._on_background = background is not None
        colour, self._behind = backdrop(background, engine.max_bytes)
        encoding = dict(format=format, png=png, webp_quality=webp_quality, jpeg_quality=jpeg_quality)
        self._flags = flags(
            [
                ("mask", mask_only),
                ("background", "black" if self._behind and self._behind.image else colour),
                ("crop", margin(crop)),
                ("quality", None if compat else quality),
                ("compat", compat),
                *encoding.items(),
                ("max_side", max_side),
            ]
        )
        self._image = None if isinstance(data, (str, os.PathLike)) else self._read()
        given = [name for name, value in encoding.items() if value is not None]
        if self._image and self._image.has_pixels and given and not file:
            text = f"{', '.join(given)}: the result is pixels and no file; leave it out, or give the image as bytes or a path"
            raise of_kind("usage", text)

    def run(self) -> tuple[Source, Any]:
        """Makes what `finish` takes; may be called in another thread."""
        image = self._image or self._read()
        parts = [part for part in (image, self._behind) if part]
        has_pixels = any(part.has_pixels for part in parts)
        if has_pixels:
            # The engine has one limit for both, and pixels have none in bytes.
            for part in parts:
                self._check_bytes(part)
        behind = self._behind and self._behind.image
        as_pixels = image.has_pixels and not self._file
        return image, self._engine.remove(image.image, self._flags, behind, as_pixels, has_pixels)

    def finish(self, done: tuple[Source, Any]) -> Any:
        """Makes the result of what `run` gave; warnings are given here."""
        image, (made, width, height, has_foreground, _) = done
        if not has_foreground:
            text = "no subject can be told from the background; the result is empty"
            warnings.warn(text, NoForegroundWarning, stacklevel=_caller())
        return bytes(made) if self._file else image.give(Made(made, width, height, self._mask_only))

    def _read(self) -> Source:
        return source(self._data, self._engine.max_bytes, self._on_background)

    def _check_bytes(self, part: Source) -> None:
        most = self._engine.max_bytes
        if not part.has_pixels and len(part.image) > most:
            raise of_kind("too-many-bytes", f"an encoded image has more than {most} bytes; raise max_bytes")


def _caller() -> int:
    """The `stacklevel`, for the function that calls this one, of the nearest caller outside of this package."""
    level, frame = 1, inspect.currentframe()
    frame = frame and frame.f_back
    while frame and frame.f_globals.get("__name__", "").split(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    return level
