"""Background removal: an image in, the image with its background transparent out.

    >>> import cutout
    >>> png = cutout.remove("photo.jpg")                  # a path or bytes: the bytes of a PNG
    >>> image = cutout.remove(PIL.Image.open("photo.jpg"))  # a PIL.Image: a PIL.Image
    >>> array = cutout.mask(array)                        # a numpy array: a numpy array

Nothing is downloaded, no image leaves the machine, no GPU is needed. By default the
network runs in a WebAssembly sandbox with caps on memory and time;
``cutout.Session(engine="native")`` does without. Pillow and numpy are needed only by
those who use them.

The functions:

* `remove` and `mask` make one image, `remove_many` many.
* `Session` holds a model, an engine and limits, for those who want others than the
  default ones.
* `cutout.compat.rembg` has rembg's functions.
* ``python -m cutout`` is the program ``cutout``, which is installed beside.

Errors are a `CutoutError` with a stable ``kind``; see its subclasses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Iterable, Iterator, Literal, overload

from ._cutout import __version__
from ._errors import (
    CutoutError,
    EngineError,
    FileError,
    ImageMemoryError,
    ImageTimeoutError,
    ImageTooLargeError,
    InvalidImageError,
    ModelError,
    NoForegroundWarning,
    UsageError,
)
from ._options import Compat, Crop, Format, PngEffort, Quality, WebpQuality
from ._session import Session
from ._session import default as _default

if TYPE_CHECKING:
    import io

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image
    from typing_extensions import Unpack

    from ._images import AnyImage, Encoded
    from ._options import Background, MaskOptions, Options

__all__ = [
    "CutoutError",
    "EngineError",
    "FileError",
    "ImageMemoryError",
    "ImageTimeoutError",
    "ImageTooLargeError",
    "InvalidImageError",
    "ModelError",
    "NoForegroundWarning",
    "Session",
    "UsageError",
    "__version__",
    "mask",
    "remove",
    "remove_many",
]

for _class in (*CutoutError.__subclasses__(), CutoutError, NoForegroundWarning, Session):
    # As people import them, in tracebacks and pickles.
    _class.__module__ = __name__


@overload
def remove(data: Encoded, *, session: Session | None = None, **options: Unpack[Options]) -> bytes: ...
@overload
def remove(data: Image, *, session: Session | None = None, **options: Unpack[Options]) -> Image: ...
@overload
def remove(
    data: NDArray[np.uint8], *, session: Session | None = None, **options: Unpack[Options]
) -> NDArray[np.uint8]: ...
@overload
def remove(data: BinaryIO, *, session: Session | None = None, **options: Unpack[Options]) -> io.BytesIO: ...
def remove(
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
    session: Session | None = None,
) -> Any:
    """Removes the background of an image.

    Args:
        data: the image, and what the result is:

            * ``bytes``, ``bytearray``, ``memoryview``: a JPEG, PNG, WebP, HEIC, AVIF,
              BMP, GIF or TIFF; the result is ``bytes``.
            * ``str`` or ``os.PathLike``: the path of one; the result is ``bytes``.
            * a binary file object: it is read to its end; the result is an
              ``io.BytesIO``.
            * ``PIL.Image.Image`` of any mode but I and F, which do not say which value is
              white: the result is one of mode RGBA, upright
              (EXIF orientation is applied), with the colour profile and ``dpi`` in its
              ``info``; a mask has mode L.
            * a numpy array of uint8, height × width (grey), height × width × 3 (RGB),
              or height × width × 4 (RGBA, straight alpha): the result is one of height
              × width × 4; a mask is one of height × width.
        mask_only: make the mask alone, in grey: 0 is background, 255 foreground.
        background: what is put behind the subject: a colour as in CSS (``"white"``,
            ``"#81d4fa"``), three or four numbers of 0 to 255, or an image as a path,
            bytes, ``PIL.Image`` or array, which is scaled to cover the result. Default:
            nothing.
        crop: end the result at the subject. True, a margin in pixels, or one, two or
            four lengths as in CSS (``"5%"``, ``"10px 20px"``).
        quality: how edges are made: ``"fast"``, ``"good"``, or ``"best"``, which takes
            up to three times as long.
        compat: ``"rembg"`` makes edges as rembg does, in place of `quality`.
        format: of encoded results: ``"png"``, ``"webp"`` or ``"jpg"`` (white behind
            what is transparent). Default: PNG. Refused where the result is pixels (a
            ``PIL.Image`` or an array), as are `png`, `webp_quality` and `jpeg_quality`.
        png: ``"fast"`` or, many times slower, ``"small"``.
        webp_quality: 1 to 100, or ``"lossless"``, the default.
        jpeg_quality: 1 to 100. Default: 90.
        max_side: longer side of the result in pixels; larger images are scaled down.
        session: model, engine and limits. Default: one that is made at the first call,
            with all defaults of `Session`.

    Returns:
        The cut-out as `data` is: see there. Encoded results are, byte for byte, those
        of ``cutout run``.

    Raises:
        InvalidImageError: `data` is no image, or a damaged one.
        ImageTooLargeError: it is above the session's limits.
        ImageTimeoutError, ImageMemoryError: it took more time or memory than the
            session allows.
        UsageError: an option that is not possible.
        TypeError: `data` is of another type.
        OSError: a path that cannot be read.

    Warns:
        NoForegroundWarning: there is no subject; the result is empty.
    """
    return (session or _default()).remove(
        data,
        mask_only=mask_only,
        background=background,
        crop=crop,
        quality=quality,
        compat=compat,
        format=format,
        png=png,
        webp_quality=webp_quality,
        jpeg_quality=jpeg_quality,
        max_side=max_side,
    )


@overload
def mask(data: Encoded, *, session: Session | None = None, **options: Unpack[MaskOptions]) -> bytes: ...
@overload
def mask(data: Image, *, session: Session | None = None, **options: Unpack[MaskOptions]) -> Image: ...
@overload
def mask(
    data: NDArray[np.uint8], *, session: Session | None = None, **options: Unpack[MaskOptions]
) -> NDArray[np.uint8]: ...
@overload
def mask(data: BinaryIO, *, session: Session | None = None, **options: Unpack[MaskOptions]) -> io.BytesIO: ...
def mask(data: AnyImage, *, session: Session | None = None, **options: Unpack[MaskOptions]) -> Any:
    """The mask of an image: 8-bit grey, 0 is background, 255 foreground.

    Args:
        data: the image, as in `remove`.
        session: as in `remove`.
        options: those of `remove` but for `mask_only` and `background`.

    Returns:
        The mask as `data` is: an encoded image, a ``PIL.Image`` of mode L, or an array
            of height × width of uint8.

    Raises:
        CutoutError, TypeError, OSError: as `remove`.
    """
    return (session or _default()).mask(data, **options)


@overload
def remove_many(
    images: Iterable[Encoded],
    *,
    workers: int | None = None,
    errors: Literal["raise"] = "raise",
    session: Session | None = None,
    **options: Unpack[Options],
) -> Iterator[bytes]: ...
@overload
def remove_many(
    images: Iterable[Image],
    *,
    workers: int | None = None,
    errors: Literal["raise"] = "raise",
    session: Session | None = None,
    **options: Unpack[Options],
) -> Iterator[Image]: ...
@overload
def remove_many(
    images: Iterable[NDArray[np.uint8]],
    *,
    workers: int | None = None,
    errors: Literal["raise"] = "raise",
    session: Session | None = None,
    **options: Unpack[Options],
) -> Iterator[NDArray[np.uint8]]: ...
@overload
def remove_many(
    images: Iterable[BinaryIO],
    *,
    workers: int | None = None,
    errors: Literal["raise"] = "raise",
    session: Session | None = None,
    **options: Unpack[Options],
) -> Iterator[io.BytesIO]: ...
@overload
def remove_many(
    images: Iterable[AnyImage],
    *,
    workers: int | None = None,
    errors: Literal["raise", "return"] = "raise",
    session: Session | None = None,
    **options: Unpack[Options],
) -> Iterator[Any]: ...
def remove_many(
    images: Iterable[AnyImage],
    *,
    workers: int | None = None,
    errors: Literal["raise", "return"] = "raise",
    session: Session | None = None,
    **options: Unpack[Options],
) -> Iterator[Any]:
    """Removes the backgrounds of many images, several at once; results come in the order
    of the images.

    Args:
        images: what `remove` takes. It may be endless: at most twice as many are taken
            from it as there are workers, and each is read, but for paths, before the next
            one is taken.
        workers: images that are made at once, 1 or more; no more than the session's,
            which is the default.
        errors: ``"raise"`` ends at the first image that is refused; ``"return"`` has
            the `CutoutError`, or a path's `OSError`, in the place of its result.
        session: as in `remove`.
        options: those of `remove`.

    Returns:
        An iterator of results, each as its image is. Ending it early, by ``close()`` or
        ``break``, begins no further image.

    Raises:
        CutoutError, TypeError, OSError: as `remove`, when the image's turn comes.
    """
    return (session or _default()).remove_many(images, workers=workers, errors=errors, **options)
