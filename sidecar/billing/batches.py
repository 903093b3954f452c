"""Claimed orders on their way through a pool of threads. The next batch may begin before the last one has ended, so no thread
waits for the slowest call of a batch; the locks of a batch are given back when its last order is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class Batches:
    """Used by one thread. `release`: called with a batch's holder when nothing of it is under way any more."""

    def __init__(self, release: Callable[[str], None]) -> None:
        self._release = release
        self._open: Counter[str] = Counter()
        self._ended: SimpleQueue[tuple[str, Future[str]]] = SimpleQueue()

    @property
    def under_way(self) -> int:
        """How many orders have begun and not been taken."""
        return self._open.total()

    def begin(self, pool: Executor, holder: str, work: Callable[[T], str], tasks: Iterable[T]) -> None:
        """Put a batch into the pool."""
        for task in tasks:
            self._open[holder] += 1
            pool.submit(work, task).add_done_callback(lambda done: self._ended.put((holder, done)))

    def take(self, leaving: int) -> Iterator[str]:
        """The outcomes of what has ended, in that order, until no more than `leaving` are under way."""
        while self.under_way > leaving:
            holder, done = self._ended.get()
            self._open[holder] -= 1
            if not self._open[holder]:
                del self._open[holder]
                self._release(holder)
            yield done.result()

    def release(self) -> None:
        """Give all locks back, once the pool has ended: what broke the run off has left some."""
        for holder in list(self._open):
            del self._open[holder]
            self._release(holder)
