"""What mail servers report of mails that they had taken: delivery status notifications (RFC 3464), read as values. Pure.

Anybody may write such a report to the address for bounces, so it is a claim. It counts for nothing but the mail that it names by
the Message-ID, which only its recipient knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message

from sidecar.mail.smtp import is_about_mailbox
from sidecar.mail.words import one_line

LONGEST = 2_000_000
"""Bytes of a report; what stands behind them is not read."""
_OURS = re.compile(r"<([0-9a-f]{32})@([^<>@\s]{1,255})>")
_STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_REASON_LENGTH = 300


@dataclass(frozen=True)
class Failure:
    """That a mail did not come through for one recipient. `addresses`: how the report calls him. `is_bad_address`: his server
    says that there is no such mailbox."""

    addresses: tuple[str, ...]
    reason: str
    is_bad_address: bool


@dataclass(frozen=True)
class Report:
    """`parcel_id`: of the mail, where it is one of `host`. `failures`: nothing for one that is only late, or has arrived."""

    parcel_id: str
    failures: tuple[Failure, ...]


def read_report(raw: bytes, host: str) -> Report | None:
    """None for what is no report, or none of a mail of ours. Never raises, whatever anybody writes there."""
    try:
        return _report(message_from_bytes(raw[:LONGEST]), host)
    except (
        RecursionError,
        ValueError,
        LookupError,
    ):  # parts within parts without end, encodings that are none
        return None


def _report(message: Message, host: str) -> Report | None:
    parcel_id = next(
        (found[1] for text in _ids_in(message) for found in _OURS.finditer(text) if found[2] == host), None
    )
    groups = [group for part in message.walk() for group in _groups_in(part)]
    if parcel_id is None or not groups:
        return None
    failures = (_failure(group) for group in groups if _header(group, "Action").lower() == "failed")
    return Report(parcel_id, tuple(failures))


def _groups_in(part: Message) -> list[Message]:
    """The recipients that a report speaks of."""
    content = part.get_payload()
    if part.get_content_type() != "message/delivery-status" or not isinstance(content, list):
        return []
    return [group for group in content if isinstance(group, Message) and group.get("Final-Recipient")]


def _ids_in(message: Message) -> Iterator[str]:
    """Where the mail's own Message-ID may stand: in what came back of it, else in what the report answers to."""
    for part in message.walk():
        content = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(content, list):
            yield from (_header(one, "Message-ID") for one in content if isinstance(one, Message))
        elif part.get_content_type() == "text/rfc822-headers":
            decoded = part.get_payload(decode=True)
            headers = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
            yield _header(message_from_string(headers), "Message-ID")
    yield _header(message, "In-Reply-To")
    yield _header(message, "References")


def _failure(group: Message) -> Failure:
    addresses = tuple(
        address
        for name in ("Final-Recipient", "Original-Recipient")
        if (address := _address(_header(group, name)))
    )
    status, said = _header(group, "Status"), _header(group, "Diagnostic-Code").partition(";")[2]
    found = _STATUS.match(status)
    bad = found is not None and found[1] == "5" and is_about_mailbox(found[2], found[3])
    return Failure(addresses, one_line(said or status)[:_REASON_LENGTH], bad)


def _address(text: str) -> str:
    """
    >>> _address("rfc822; <Alice@example.test>"), _address("x400;whatever")
    ('alice@example.test', '')
    """
    kind, _semicolon, address = text.partition(";")
    return address.strip().strip("<>").lower() if kind.strip().lower() == "rfc822" else ""


def _header(message: Message, name: str) -> str:
    return " ".join(str(message.get(name) or "").split())
