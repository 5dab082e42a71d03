"""Sessions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO, Iterable, Iterator, Literal, overload

from . import _cutout
from ._errors import of_kind
from ._many import in_order
from ._options import Compat, Crop, Format, PngEffort, Quality, WebpQuality, flags
from ._work import Work

if TYPE_CHECKING:
    import io

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image
    from typing_extensions import Unpack

    from ._images import AnyImage, Encoded
    from ._options import Background, MaskOptions, Options


class Session:
    """A model made ready in an engine, with limits. `cutout.remove` and its like use one
    of their own, with all defaults.

    A session may be used by any number of threads; Python's lock is released meanwhile.
    It works in a forked process too, where it makes its engines anew.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "cutnet",
        *,
        engine: Literal["wasm", "native"] | None = None,
        runtime: Literal["net", "net-f32", "tract"] | None = None,
        side: int | None = None,
        max_bytes: int | None = None,
        max_pixels: float | None = None,
        max_memory: int | None = None,
        timeout: float | None = None,
        workers: int | None = None,
    ) -> None:
        """Makes a model ready.

        Args:
            model: a known name, such as ``"cutnet"`` or ``"u2netp"``, or the path of an
                ONNX file of the U²-Net family. Nothing is downloaded.
            engine: ``"wasm"``, in a sandbox, the default; or ``"native"``, faster. The
                first session in the sandbox compiles the model for this processor,
                which takes 5 to 15 s, and keeps the result in ``~/.cache/cutout``.
            runtime: what computes the network. Default: ``"net"``.
            side: side of the image that the network sees, in pixels. Default: the
                model's own.
            max_bytes: the largest encoded image, in MiB. Default: 64.
            max_pixels: the largest image, in megapixels. Default: 50.
            max_memory: memory for one image, in MiB, 16 to 4096. Default: 1024.
            timeout: time for one image, in seconds. Default: 60.
            workers: images that are made at once, each of which takes an engine;
                further ones wait. Default: one for each processor.

        Raises:
            UsageError: a value that is not possible, or a model that is not here.
            ModelError: a model that cannot be used.
            EngineError: a sandbox that cannot be set up.
        """
        if workers is not None and workers < 1:
            raise of_kind("usage", f"workers={workers} is below 1")
        limits = dict(max_bytes=max_bytes, max_pixels=max_pixels, max_memory=max_memory, timeout=timeout)
        words = flags(
            [("model", os.fspath(model)), ("engine", engine), ("runtime", runtime), ("side", side), *limits.items()]
        )
        self._inner = _cutout.Session(words, workers)
        self._model = os.fspath(model)

    @property
    def model(self) -> str:
        """The model, as it was named."""
        return self._model

    @property
    def engine(self) -> str:
        """``"wasm"`` or ``"native"``."""
        return self._inner.engine

    @property
    def workers(self) -> int:
        """Images that are made at once."""
        return self._inner.workers

    def __repr__(self) -> str:
        return f"cutout.Session({self.model!r}, engine={self.engine!r}, workers={self.workers})"

    @overload
    def remove(self, data: Encoded, **options: Unpack[Options]) -> bytes: ...
    @overload
    def remove(self, data: Image, **options: Unpack[Options]) -> Image: ...
    @overload
    def remove(self, data: NDArray[np.uint8], **options: Unpack[Options]) -> NDArray[np.uint8]: ...
    @overload
    def remove(self, data: BinaryIO, **options: Unpack[Options]) -> io.BytesIO: ...
    def remove(
        self,
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
    ) -> Any:
        """As `cutout.remove`, in this session."""
        work = Work(
            self._inner,
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
        return work.finish(work.run())

    @overload
    def mask(self, data: Encoded, **options: Unpack[MaskOptions]) -> bytes: ...
    @overload
    def mask(self, data: Image, **options: Unpack[MaskOptions]) -> Image: ...
    @overload
    def mask(self, data: NDArray[np.uint8], **options: Unpack[MaskOptions]) -> NDArray[np.uint8]: ...
    @overload
    def mask(self, data: BinaryIO, **options: Unpack[MaskOptions]) -> io.BytesIO: ...
    def mask(self, data: AnyImage, **options: Unpack[MaskOptions]) -> Any:
        """As `cutout.mask`, in this session."""
        return self.remove(data, mask_only=True, **options)

    @overload
    def remove_many(
        self,
        images: Iterable[Encoded],
        *,
        workers: int | None = None,
        errors: Literal["raise"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[bytes]: ...
    @overload
    def remove_many(
        self,
        images: Iterable[Image],
        *,
        workers: int | None = None,
        errors: Literal["raise"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[Image]: ...
    @overload
    def remove_many(
        self,
        images: Iterable[NDArray[np.uint8]],
        *,
        workers: int | None = None,
        errors: Literal["raise"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[NDArray[np.uint8]]: ...
    @overload
    def remove_many(
        self,
        images: Iterable[BinaryIO],
        *,
        workers: int | None = None,
        errors: Literal["raise"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[io.BytesIO]: ...
    @overload
    def remove_many(
        self,
        images: Iterable[AnyImage],
        *,
        workers: int | None = None,
        errors: Literal["raise", "return"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[Any]: ...
    def remove_many(
        self,
        images: Iterable[AnyImage],
        *,
        workers: int | None = None,
        errors: Literal["raise", "return"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[Any]:
        """As `cutout.remove_many`, in this session."""
        if errors not in ("raise", "return"):
            raise ValueError(f"errors={errors!r} is neither 'raise' nor 'return'")
        if workers is None:
            workers = self.workers
        if workers < 1:
            raise of_kind("usage", f"workers={workers} is below 1")
        return in_order(
            images,
            lambda image: Work(self._inner, image, **options),
            min(workers, self.workers),
            errors == "return",
        )


_defaults: dict[str, Session] = {}


def default() -> Session:
    """The session of those who name none. Without a lock, which a fork could find taken:
    the first of two stays."""
    return _defaults.get("") or _defaults.setdefault("", Session())
