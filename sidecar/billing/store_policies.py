"""The SQL of what buyers have accepted. None of these commits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import policies
from sidecar.billing.policies import Policy, PolicyKind
from sidecar.db import insert_once


def keep_accepted(session: Session, accepted: tuple[Policy, ...], now: datetime) -> dict[str, str]:
    """Each wording once; gives digest by kind."""
    rows = [
        {"digest": one.digest, "kind": one.kind, "url": one.url, "text": one.text, "accepted_at": now}
        for one in accepted
    ]
    insert_once(session, policies, rows)
    return {str(one.kind): one.digest for one in accepted}


def list_accepted(reader: Session, digests: list[str]) -> list[Policy]:
    """The wordings with these digests, in the order of kinds."""
    rows = reader.execute(sa.select(policies).where(policies.c.digest.in_(digests))).all()
    found = [Policy(PolicyKind(row.kind), row.url, row.text) for row in rows]
    return sorted(found, key=lambda policy: list(PolicyKind).index(policy.kind))
