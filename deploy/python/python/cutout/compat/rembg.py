"""The functions of rembg, for scripts that change one line.

    from cutout.compat.rembg import remove, new_session  # from rembg import …

Results are made by rembg's recipe, its darkened edges included; with a model that both
have (u2netp, u2net and others) masks are rembg's but for a level.
``decontaminate=True`` takes Cutout's own edges and colours. Without a session the model
is cutnet: rembg's own default, bria-rmbg, is of another family.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Literal, Sequence, overload

from .. import _cutout, _session
from .._errors import of_kind
from .._session import Session
from .._work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["new_session", "remove"]


def new_session(model_name: str = "cutnet", *, providers: Any = None, sess_opts: Any = None, **options: Any) -> Session:
    """A session of a model, as rembg's function of that name makes one.

    Args:
        model_name: ``"cutnet"``, ``"u2netp"``, or another model of the U²-Net family
            whose file is where rembg keeps it (``U2NET_HOME``), or the path of one.
            Nothing is downloaded.
        providers, sess_opts: onnxruntime's, which is not used here; without effect.
        options: those of `cutout.Session`, such as ``engine="native"``.

    Raises:
        ValueError: there is no such model, or its file is not here.
    """
    return Session(model_name, **options)


@overload
def remove(data: bytes | Image | NDArray[np.uint8], *, force_return_bytes: Literal[True], **options: Any) -> bytes: ...
@overload
def remove(data: bytes, *args: Any, **options: Any) -> bytes: ...
@overload
def remove(data: Image, *args: Any, **options: Any) -> Image: ...
@overload
def remove(data: NDArray[np.uint8], *args: Any, **options: Any) -> NDArray[np.uint8]: ...
def remove(
    data: Any,
    alpha_matting: bool = False,
    alpha_matting_foreground_threshold: int = 240,
    alpha_matting_background_threshold: int = 10,
    alpha_matting_erode_size: int = 10,
    session: Session | None = None,
    only_mask: bool = False,
    post_process_mask: bool = False,
    decontaminate: bool = False,
    vitmatte: bool = False,
    vitmatte_model: str | None = None,
    bgcolor: Sequence[int] | None = None,
    force_return_bytes: bool = False,
    putalpha: bool = False,
    **others: Any,
) -> Any:
    """Removes the background of an image, with the arguments of rembg 2.0.86.

    Args:
        data: ``bytes`` of an encoded image, a ``PIL.Image``, or a numpy array (height ×
            width × 3 or × 4 of uint8); the result is the same kind, bytes are a PNG.
        alpha_matting, vitmatte: refused when True: pass ``decontaminate=True`` for
            better edges. Their thresholds and sizes are without effect.
        session: of `new_session`. Default: one of cutnet.
        only_mask: make the mask alone, in grey.
        post_process_mask: smooth the mask, to 0 or 255 everywhere. Needs Pillow.
        decontaminate: edges along the image's own and the subject's own colours on
            them, by Cutout's quality ``good``.
        bgcolor: red, green, blue and alpha of a background, 0 to 255.
        force_return_bytes: give bytes, whatever `data` is.
        putalpha: keep all colours, and make the mask the alpha. Needs Pillow.

    Raises:
        ValueError: `data` of another type, or an argument that is not possible here;
            all of `CutoutError` are as in `cutout.remove`.
    """
    _check(data, {"alpha_matting": alpha_matting, "vitmatte": vitmatte}, others)
    edges: dict[str, Any] = {"quality": "good"} if decontaminate else {"compat": "rembg"}
    session = session or _session.default()
    if (post_process_mask or putalpha) and not (only_mask and not post_process_mask):
        return _by_pillow(data, session, edges, only_mask, post_process_mask, putalpha, bgcolor, force_return_bytes)
    background = None if only_mask or bgcolor is None else tuple(bgcolor)
    if force_return_bytes:
        work = Work(session._inner, data, mask_only=only_mask, background=background, file=True, **edges)
        return work.finish(work.run())
    return session.remove(data, mask_only=only_mask, background=background, **edges)


def _check(data: Any, matting: dict[str, bool], others: dict[str, Any]) -> None:
    """Refuses matting that is asked for, arguments that are not known, and what is no image of rembg's."""
    for name, asked in matting.items():
        if asked:
            text = f"{name} is not done here; leave it out, and pass decontaminate=True for finer edges"
            raise of_kind("usage", text)
    if others:
        raise of_kind("usage", f"{', '.join(others)}: not known here; leave it out")
    pillow, numpy = sys.modules.get("PIL.Image"), sys.modules.get("numpy")
    is_image = pillow is not None and isinstance(data, pillow.Image)
    is_array = numpy is not None and isinstance(data, numpy.ndarray)
    if not (isinstance(data, bytes) or is_image or is_array):
        raise of_kind("usage", f"Input type {type(data)} is not supported: give bytes, a PIL.Image or a numpy array")


def _by_pillow(
    data: Any,
    session: Session,
    edges: dict[str, Any],
    only_mask: bool,
    post_process_mask: bool,
    putalpha: bool,
    bgcolor: Sequence[int] | None,
    force_return_bytes: bool,
) -> Any:
    """What is made of image and mask apart, as rembg makes it."""
    from PIL import Image as pillow
    from PIL import ImageOps

    image: Image
    if isinstance(data, bytes):
        image = pillow.open(io.BytesIO(data))
    elif isinstance(data, pillow.Image):
        image = data
    else:
        image = pillow.fromarray(data)
    image = ImageOps.exif_transpose(image)
    mask = session.remove(image, mask_only=True, **edges)
    if post_process_mask:
        smooth = _cutout.smoothed(mask.tobytes(), mask.width, mask.height)
        mask = pillow.frombytes("L", mask.size, smooth)
    if only_mask:
        cutout = mask
    elif putalpha:
        cutout = image.copy()
        cutout.putalpha(mask)
    else:
        cutout = pillow.composite(image, pillow.new("RGBA", image.size, 0), mask)
    if bgcolor is not None and not only_mask:
        cutout = pillow.alpha_composite(pillow.new("RGBA", cutout.size, tuple(bgcolor)), cutout)
    if isinstance(data, bytes) or force_return_bytes:
        file = io.BytesIO()
        cutout.save(file, "PNG")
        return file.getvalue()
    if isinstance(data, pillow.Image):
        return cutout
    import numpy

    return numpy.asarray(cutout)
