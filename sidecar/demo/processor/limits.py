"""Rate limits: a bucket of requests that fills up in real time."""

from __future__ import annotations

import threading
import time


class Bucket:
    """Holds one second's requests at most."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left = per_second
        self._at = time.monotonic()

    def take(self) -> bool:
        """False where the bucket is empty."""
        now = time.monotonic()
        self._left = min(self._per_second, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Limits:
    """One limit for everything and one for each endpoint; None is no limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set(None, None)

    def set(self, per_second: float | None, per_endpoint: float | None) -> None:
        with self._lock:
            self._all = Bucket(per_second) if per_second else None
            self._per_endpoint = per_endpoint
            self._endpoints: dict[str, Bucket] = {}

    def allow(self, endpoint: str) -> bool:
        """Counts the request; False: it is one too many."""
        with self._lock:
            return self._take(self._all) and self._take(self._bucket(endpoint))

    def _bucket(self, endpoint: str) -> Bucket | None:
        if not self._per_endpoint:
            return None
        return self._endpoints.setdefault(endpoint, Bucket(self._per_endpoint))

    @staticmethod
    def _take(bucket: Bucket | None) -> bool:
        return bucket is None or bucket.take()
