"""Mail that waits in the outbox."""

from __future__ import annotations

import time

from sidecar.mail.carrying import host_of
from sidecar.mail.sending import PostOffice, send_batch
from sidecar.mail.transport import open_carrier
from sidecar.service import Service

SECONDS_A_RUN = 10.0
"""Of real time: other jobs wait meanwhile."""


def deliver_mails(service: Service) -> int:
    """Send mails that are due; gives how many were sent. While the site or the mail server is away, or nothing is paired, they
    wait.

    By default the way out is a signed change to the site. In the demo the site is the demo itself, whose side of that route
    keeps the mails instead of sending them (sidecar/demo/inbox.py).
    """
    ends, sent = time.monotonic() + SECONDS_A_RUN, 0
    with open_carrier(service.config, service.secret) as carrier:
        if carrier is None:
            return 0
        host = host_of(service.config.site.url)
        office = PostOffice(service.tables, service.rendering.memory, carrier, service.clock, host)
        while time.monotonic() < ends:
            batch = send_batch(office)
            sent += batch.sent
            if not batch.goes_on:
                break
    return sent
