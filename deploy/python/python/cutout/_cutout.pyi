"""The compiled part: sessions, and the program's command line."""

from typing import final

__all__ = ["Session", "__version__", "kinds", "main", "smoothed"]

__version__: str

@final
class Session:
    @property
    def workers(self) -> int: ...
    @property
    def engine(self) -> str: ...
    @property
    def max_bytes(self) -> int: ...
    def __new__(cls, words: list[str], workers: int | None = None) -> Session: ...
    def remove(
        self,
        image: bytes | bytearray,
        words: list[str],
        background: bytes | None = None,
        pixels: bool = False,
        unbounded: bool = False,
    ) -> tuple[bytearray, int, int, bool, float]: ...

def main(arguments: list[str], script: str | None = None) -> int: ...
def smoothed(mask: bytes, width: int, height: int) -> bytes: ...
def kinds() -> list[tuple[str, str]]: ...
