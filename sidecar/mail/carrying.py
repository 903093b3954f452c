"""How a written mail leaves: by the site's own mailer, through the bridge; or by SMTP (`smtp.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from sidecar.mail.facts import Mail
from sidecar.outbox import LEASE
from sidecar.wordpress.bridge import SiteAddress
from sidecar.wordpress.delivery import hand_over

HEADERS = {"Auto-Submitted": "auto-generated"}


@dataclass(frozen=True)
class Outgoing:
    """One mail to one address. `message_id`: always the same for the same parcel, in its angle brackets."""

    id: str
    to: str
    mail: Mail
    message_id: str


@dataclass(frozen=True)
class Refusal:
    """That a mail server will never take mails for a recipient. `is_bad_address`: it says that there is no such mailbox."""

    reason: str
    is_bad_address: bool


@dataclass(frozen=True)
class Carried:
    """Ids that are on their way, why others are not, and whom a mail server has refused for good. `is_away`: whoever takes
    mails away did not answer, or takes none now."""

    done: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    is_away: bool = False


def host_of(url: str) -> str:
    """The name in an address.

    >>> host_of("https://club.test:8080/blog")
    'club.test'
    """
    return urlsplit(url).hostname or "localhost"


class Carrier(Protocol):
    """Who takes mails away. `at_once`: how many are claimed and noted together; `lease`: how long that may take."""

    @property
    def at_once(self) -> int: ...
    @property
    def lease(self) -> timedelta: ...

    def carry(self, mails: Sequence[Outgoing]) -> Carried:
        """Leaves the machine: never in a transaction."""
        ...


@dataclass(frozen=True)
class SiteCarrier:
    """The site's own `wp_mail`: whatever the site uses for its mail it uses for these."""

    site: SiteAddress
    at_once: int = 5
    """A mail server may take seconds for each, and the site has to answer in time."""
    lease: timedelta = LEASE

    def carry(self, mails: Sequence[Outgoing]) -> Carried:
        """As changes of the bridge (docs/protocol.md), which does not send the same id again."""
        handed = hand_over(self.site, [_change(one) for one in mails])
        return Carried(handed.done, handed.failed, is_away=handed.is_away)


def _change(one: Outgoing) -> dict[str, Any]:
    return {
        "id": one.id, "kind": "mail", "to": one.to, "subject": one.mail.subject, "text": one.mail.text,
        "html": one.mail.html, "message_id": one.message_id, "headers": HEADERS,
    }  # fmt: skip
