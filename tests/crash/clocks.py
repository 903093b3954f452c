"""Business time of all processes: real time and an offset that stands in one file."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sidecar.clock import Clock, real_now


class FileClock(Clock):
    """The offset is read at each look, so that whoever moves it moves everybody."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def offset(self) -> timedelta:  # type: ignore[override]
        """As it stands in the file now."""
        return timedelta(seconds=float(self._path.read_text("ascii")))

    def set_to(self, moment: datetime) -> None:
        """It is `moment` now, for everybody."""
        self.set_offset(moment - real_now())

    def set_offset(self, offset: timedelta) -> None:
        """Written whole or not at all: somebody reads it at this very instant."""
        part = self._path.with_suffix(".part")
        part.write_text(repr(offset.total_seconds()), "ascii")
        part.replace(self._path)
