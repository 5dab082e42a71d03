"""Many images at once, and their results in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

from ._errors import CutoutError
from ._work import Work

if TYPE_CHECKING:
    from ._images import AnyImage


def in_order(
    images: Iterable[AnyImage],
    prepare: Callable[[AnyImage], Work],
    workers: int,
    returns: bool,
) -> Iterator[Any]:
    """The results of `images`, made by as many workers; with `returns`, errors are among them."""
    waiting: deque[tuple[Work | None, Future[Any]]] = deque()

    def first() -> Any:
        work, done = waiting.popleft()
        try:
            result = done.result()
            return work.finish(result) if work else result
        except (CutoutError, OSError) as error:
            if returns:
                return error
            raise

    def begin(image: AnyImage) -> tuple[Work | None, Future[Any]]:
        # In this thread, for whoever gives an image may change or close it when the next one is asked for.
        try:
            work = prepare(image)
        except Exception as error:
            refused: Future[Any] = Future()
            refused.set_exception(error)
            return None, refused
        return work, pool.submit(work.run)

    pool = ThreadPoolExecutor(workers, "cutout")
    try:
        for image in images:
            waiting.append(begin(image))
            # One for each worker, and as many again that it can go on with.
            if len(waiting) >= 2 * workers:
                yield first()
        while waiting:
            yield first()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
