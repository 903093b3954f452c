"""Events that WordPress tells us of, turned into the log's. Pure; what cannot be understood is None."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sidecar.activity.addresses import Network, real_ip
from sidecar.activity.rules import Event, EventType, event_id

_KINDS = {
    "login": (EventType.LOGIN, "signed_in"),
    "login_failed": (EventType.LOGIN, "failed"),
    "logout": (EventType.LOGIN, "signed_out"),
    "profile": (EventType.ACCESS, "profile_changed"),
    "user_deleted": (EventType.ACCESS, "user_deleted"),
    "role": (EventType.ACCESS, "role_changed"),
    "page": (EventType.PAGE, "viewed"),
    "lost": (EventType.ACCESS, "events_lost"),
}
_VIEW_LENGTHS = {"url": 2000, "referrer": 500, "agent": 300, "affid": 100, "sid": 100}
_ID = re.compile(r"[0-9a-f]{32}")
_FARTHEST_FUTURE = 24 * 3600


def event_of(claim: Mapping[str, Any], trusted: Sequence[Network], now: datetime) -> Event | None:
    """The event of one item of `/bridge/v1/events` or of the bridge's spool; None when it is none.

    The member is found later, from the user. A time that lies in the future is taken as `now`.
    """
    kind, seed, at = claim.get("kind"), claim.get("id"), claim.get("at")
    if (
        not isinstance(kind, str)
        or kind not in _KINDS
        or not isinstance(seed, str)
        or not _ID.fullmatch(seed)
        or not _is_time(at, now)
    ):
        return None
    data = claim.get("data")
    data = data if isinstance(data, dict) else {}
    moment = min(datetime.fromtimestamp(float(at), UTC), now) if isinstance(at, int | float) else now
    event_type, name = _KINDS[kind]
    user = claim.get("user")
    return Event(
        id=event_id(seed, datetime.fromtimestamp(float(at or 0), UTC)),
        type=event_type,
        name="denied" if kind == "page" and data.get("denied") else name,
        at=moment,
        user_id=user if isinstance(user, int) and 0 < user < 2**63 else None,
        subject=_subject(kind, data),
        ip=real_ip(_text(claim.get("ip"), 100), _text(data.get("forwarded"), 2000), trusted),
        body=kept_of_view(data) if kind == "page" else _small(data),
    )


def kept_of_view(view: Mapping[str, Any]) -> dict[str, str]:
    """What the log keeps of a page view: its address and, where there are any, referrer, browser and affiliate ids."""
    return {name: _text(view[name], length) for name, length in _VIEW_LENGTHS.items() if view.get(name)}


def _is_time(at: object, now: datetime) -> bool:
    return (
        isinstance(at, int | float)
        and not isinstance(at, bool)
        and 0 < at < now.timestamp() + _FARTHEST_FUTURE
    )


def _subject(kind: str, data: Mapping[str, Any]) -> str:
    if kind == "page" and isinstance(data.get("object"), int):
        return f"post:{data['object']}"
    return ""


def _small(data: Mapping[str, Any]) -> dict[str, Any]:
    """Names, fields and roles: short texts and lists of them; anything else stays out of the log."""
    kept: dict[str, Any] = {}
    for key, value in list(data.items())[:20]:
        if key == "forwarded":
            continue
        if isinstance(value, list):
            kept[_text(key, 40)] = [_text(item, 100) for item in value[:50]]
        elif isinstance(value, str | int) or value is None:
            kept[_text(key, 40)] = _text(value, 300)
    return kept


def _text(value: object, length: int) -> str:
    if value is None:
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")[:length]
