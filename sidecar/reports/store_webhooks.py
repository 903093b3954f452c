"""The SQL of lists of webhooks, the newest first. None of these commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import webhooks


class WebhookState(StrEnum):
    """What became of one."""

    FAILED = "failed"
    WAITS = "waits"
    DONE = "done"


_OF_STATE = {
    WebhookState.FAILED: sa.and_(webhooks.c.done_at.is_(None), webhooks.c.tries > 0),
    WebhookState.WAITS: sa.and_(webhooks.c.done_at.is_(None), webhooks.c.tries == 0),
    WebhookState.DONE: webhooks.c.done_at.is_not(None),
}


def state_of(row: Any) -> WebhookState:
    """Of a row of the table."""
    if row.done_at is not None:
        return WebhookState.DONE
    return WebhookState.FAILED if row.tries else WebhookState.WAITS


def list_webhooks(
    session: Session,
    state: WebhookState | None = None,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[sa.Row[Any]]:
    """Rows of the table; `before`: (received_at, id) of the last one shown."""
    query = sa.select(webhooks).order_by(webhooks.c.received_at.desc(), webhooks.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_OF_STATE[state])
    if before is not None:
        at, number = before
        same = sa.and_(webhooks.c.received_at == at, webhooks.c.id < number)
        query = query.where(sa.or_(webhooks.c.received_at < at, same))
    return session.execute(query).all()


def count_by_state(session: Session) -> dict[WebhookState, int]:
    """Of those that wait or have failed; they are few. What is done is not counted."""
    open_ones = session.execute(
        sa.select(sa.case((webhooks.c.tries > 0, "failed"), else_="waits"), sa.func.count())
        .where(webhooks.c.done_at.is_(None))
        .group_by(sa.case((webhooks.c.tries > 0, "failed"), else_="waits"))
    )
    return {WebhookState(state): count for state, count in open_ones}
