"""How many requests may wait for a gateway at the same time in one process: never all of its threads, as pages need one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app

from sidecar.service import service


@contextmanager
def one_of_few() -> Iterator[bool]:
    """Whether this process has a thread to spare; it is given back at the end."""
    few = max(1, service().config.service.threads - 1)
    free: threading.Semaphore = current_app.extensions.setdefault(
        "gatepost_forms", threading.BoundedSemaphore(few)
    )
    is_free = free.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            free.release()
