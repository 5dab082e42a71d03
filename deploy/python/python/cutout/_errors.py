"""Exceptions, one class for each group of the stable kinds."""

from __future__ import annotations


class CutoutError(Exception):
    """The base of all errors of Cutout.

    Attributes:
        kind: the stable kind, for programs, such as ``"undecodable"``; docs/errors.md
            has all of them. The text is for people.
    """

    kind: str

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple[type[CutoutError], tuple[str, str]]:
        return type(self), (str(self), self.kind)


class UsageError(CutoutError, ValueError):
    """An option that is not possible (kind ``usage``), or a correction that does not fit its image (``correction``)."""


class InvalidImageError(CutoutError, ValueError):
    """Bytes that are no image, or a damaged one (kinds ``unsupported-format``,
    ``undecodable``)."""


class ImageTooLargeError(CutoutError, ValueError):
    """An image, or a result, above a limit (kinds ``too-many-bytes``, ``too-many-pixels``,
    ``too-large``)."""


class ImageTimeoutError(CutoutError, TimeoutError):
    """An image that took longer than the session's ``timeout`` (kind ``timeout``)."""


class ImageMemoryError(CutoutError, MemoryError):
    """An image that needs more memory than the session's ``max_memory`` (kind
    ``out-of-memory``)."""


class ModelError(CutoutError):
    """A model that cannot be used (kind ``model``)."""


class FileError(CutoutError, OSError):
    """A file that could not be read, a model's for example (kind ``io``)."""


class EngineError(CutoutError, RuntimeError):
    """An engine that could not start, or stopped by itself (kinds ``engine``, ``trap``,
    ``encode``, ``bad-message``)."""


class NoForegroundWarning(UserWarning):
    """An image in which no subject can be told from the background; its result is empty."""


_CLASSES: dict[str, type[CutoutError]] = {
    "unsupported-format": InvalidImageError,
    "undecodable": InvalidImageError,
    "too-many-bytes": ImageTooLargeError,
    "too-many-pixels": ImageTooLargeError,
    "too-large": ImageTooLargeError,
    "timeout": ImageTimeoutError,
    "out-of-memory": ImageMemoryError,
    "model": ModelError,
    "usage": UsageError,
    "correction": UsageError,
    "io": FileError,
    "engine": EngineError,
    "trap": EngineError,
    "encode": EngineError,
    "bad-message": EngineError,
}


def of_kind(kind: str, message: str) -> CutoutError:
    """The exception of a stable kind."""
    return _CLASSES.get(kind, CutoutError)(message, kind)
