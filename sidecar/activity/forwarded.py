"""Events that WordPress tells us of, turned into the log's. Pure; what cannot be understood is None."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from sidecar.activity.addresses import Network, real_ip
from sidecar.activity.rules import SUBJECT_LENGTH, Event, EventType, canonical_body, event_id

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
_OF_A_PAYMENT = frozenset(
    {
        "gatepost_order", "payment_intent", "payment_intent_client_secret", "setup_intent",
        "setup_intent_client_secret", "redirect_status",
    }
)  # fmt: skip
_ID = re.compile(r"[0-9a-f]{32}")
_NO_TIME = datetime.fromtimestamp(0, UTC)
_OLDEST, _FARTHEST = timedelta(days=400), timedelta(days=1)
"""A spool waits for weeks at most; a clock may run ahead a little. What claims more was told by a clock that stood or jumped."""
_IMPOSSIBLE_S = 1e15
_BODY_CHARS = 20_000


def events_of(claim: Mapping[str, Any], trusted: Sequence[Network], now: datetime) -> list[Event]:
    """The events of one item of `/bridge/v1/events` or of the bridge's spool; none when it is none.

    A reading by an affiliate's link is also a click; a visitor's is nothing else.
    """
    event = event_of(claim, trusted, now)
    if event is None:
        return []
    if event.type is not EventType.PAGE or not event.body.get("affid"):
        return [event]
    click = click_of(event, event_id(f"{claim['id']}:click", _moment(claim["at"], now)[0]))
    return [click] if event.user_id is None else [event, click]


def event_of(claim: Mapping[str, Any], trusted: Sequence[Network], now: datetime) -> Event | None:
    """The event of one item; None when it is none.

    The member is found later, from the user. A time that lies a little in the future is taken as `now`. One that cannot be
    (a clock that jumped) makes an event of now, which says what was claimed.
    """
    kind, seed, at = claim.get("kind"), claim.get("id"), claim.get("at")
    if (
        not isinstance(kind, str)
        or kind not in _KINDS
        or not isinstance(seed, str)
        or not _ID.fullmatch(seed)
        or isinstance(at, bool)
        or not isinstance(at, int | float)
        or not abs(at) < _IMPOSSIBLE_S  # so is what is no number
    ):
        return None
    data = claim.get("data")
    data = data if isinstance(data, dict) else {}
    told_at, moment = _moment(at, now)
    event_type, name = _KINDS[kind]
    user = claim.get("user")
    body = kept_of_view(data) if kind == "page" else _small(data)
    if told_at == _NO_TIME:
        body["claimed_at"] = _text(at, 40)
    return Event(
        id=event_id(seed, told_at),
        type=event_type,
        name="denied" if kind == "page" and data.get("denied") else name,
        at=moment,
        user_id=user if isinstance(user, int) and 0 < user < 2**63 else None,
        subject=_subject(kind, data),
        ip=real_ip(_text(claim.get("ip"), 100), _text(data.get("forwarded"), 2000), trusted),
        body=body,
    )


def click_of(view: Event, click_id: bytes) -> Event:
    """The affiliate's event of a reading whose address names one."""
    affiliate = str(view.body["affid"])
    return Event(
        click_id, EventType.AFFILIATE, "clicked", view.at, view.member_id, view.user_id,
        f"affiliate:{affiliate}"[:SUBJECT_LENGTH], view.ip, view.body,
    )  # fmt: skip


def _moment(at: float, now: datetime) -> tuple[datetime, datetime]:
    """(the time for the id, when it happened). The first must be the same when the same is told again."""
    oldest, farthest = (now - _OLDEST).timestamp(), (now + _FARTHEST).timestamp()
    if not oldest < at < farthest:
        return _NO_TIME, now
    told_at = datetime.fromtimestamp(float(at), UTC)
    return told_at, min(told_at, now)


def kept_of_view(view: Mapping[str, Any]) -> dict[str, Any]:
    """What the log keeps of a page view: its address and, where there are any, referrer, browser and affiliate ids."""
    shown = {**view, **{name: without_payment(str(view.get(name) or "")) for name in ("url", "referrer")}}
    return {name: _text(shown[name], length) for name, length in _VIEW_LENGTHS.items() if shown.get(name)}


def without_payment(url: str) -> str:
    """An address without what a payment has left in it; who has that may ask about the payment.

    >>> without_payment("/join/?rid=a&payment_intent=pi_1&Gatepost%5Forder=x"), without_payment("/?setup_intent=s")
    ('/join/?rid=a', '/')
    """
    page, _mark, query = url.partition("?")
    kept = [pair for pair in query.split("&") if unquote(pair.partition("=")[0]).lower() not in _OF_A_PAYMENT]
    return f"{page}?{'&'.join(kept)}" if any(kept) else page


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
    return _fitting(kept)


def _fitting(body: dict[str, Any]) -> dict[str, Any]:
    """Without what would make it too long for its column; a body that no database takes would hold up all others."""
    while len(canonical_body(body)) > _BODY_CHARS:
        del body[max(body, key=lambda key: len(canonical_body({key: body[key]})))]
    return body


def _text(value: object, length: int) -> str:
    if value is None:
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")[:length]
