"""A bar for who waits at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from sidecar.billing.charging import Tally
from sidecar.billing.store import count_due
from sidecar.db import reading
from sidecar.i18n import _
from sidecar.service import service


@contextmanager
def charging_shown(wanted: bool) -> Iterator[Callable[[Tally], None] | None]:
    """What charging tells of its progress, drawn as a bar on stderr; None where nobody looks, or nothing is due."""
    due = _count_due() if wanted else 0
    if not due:
        yield None
        return
    with click.progressbar(length=due, label=_("charging"), file=sys.stderr) as bar:
        yield lambda tally: bar.update(tally.total - bar.pos)


def _count_due() -> int:
    if not service().config.billing.gateway:
        return 0
    with reading() as reader:
        return count_due(reader, service().clock.now())
