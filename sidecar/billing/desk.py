"""What billing holds while it works: the gateway, whose money it is, the clock, the owner's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sidecar.billing.gateways.gateway import Gateway
from sidecar.billing.locking import PATIENCE_SECONDS
from sidecar.clock import Clock
from sidecar.config import Invoices, Policies
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.wordpress.tables import Tables


@dataclass(frozen=True)
class Settings:
    """The owner's, from the configuration. `retry_days` is the site's schedule; `notice_days` how long before a notice goes."""

    retry_days: str = "2,5,7"
    keeps_access_overdue: bool = False
    refund_surplus: bool = True
    notice_days: int = 7
    accept_unsafe_database: bool = False
    members_may_pause: bool = False
    policies: Policies = field(default_factory=Policies)
    invoices: Invoices = field(default_factory=Invoices)
    withdrawal_days: int = 14


@dataclass(frozen=True)
class Desk:
    """`installation`: the UUID that names us at the gateway.

    `machine`: this machine's own name among those that may charge; `state_dir` is a folder of it. `gateway` waits for its turn at the shared rate limit;
    `front` is the same for whom somebody waits: it goes first. `patience_seconds`: how long what a buyer or member asks for
    waits for the member's lock.
    """

    installation: str
    site_url: str
    machine: str
    clock: Clock
    tables: Tables
    settings: Settings
    state_dir: Path
    gateway: Gateway | None = None
    front: Gateway | None = None
    patience_seconds: float = PATIENCE_SECONDS

    def now(self) -> datetime:
        """Business time."""
        return self.clock.now()

    def pays_by_card(self) -> Gateway:
        """The gateway; raises Refused where there is none."""
        if self.gateway is None:
            raise Refused(_("There is no payment gateway: set billing.gateway in the configuration."))
        return self.gateway

    def pays_at_once(self) -> Gateway:
        """The gateway for a call that somebody waits for."""
        self.pays_by_card()
        return self.front or self.pays_by_card()

    def key(self, kind: str, name: str, number: int = 0) -> str:
        """An idempotency key, made of names that are never handed out twice: not of row ids, which a restored database repeats."""
        return f"gatepost:{self.installation}:{kind}:{name}:{number}"
