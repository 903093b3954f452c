"""What an order's event says of its checkout: who, with which browser, and what he has accepted. Needs a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sidecar.billing.policies import Policy
from sidecar.billing.store_policies import keep_accepted


def circumstances(
    session: Session, email: str, agent: str, accepted: tuple[Policy, ...], now: datetime
) -> dict[str, Any]:
    """How an order came about, for its event, which is sealed: what must be shown to a bank later. Keeps what was accepted."""
    found: dict[str, Any] = {"email": email[:100]}
    if agent:
        found["agent"] = agent[:300]
    if accepted:
        found["accepted"] = keep_accepted(session, accepted, now)
    return found
