"""What the plugin does when the sidecar tells it to change something (docs/protocol.md, "Sidecar to site"), for the demo.

Nobody signs in to the demo's WordPress and it keeps no index, so only roles have something to change. Mails go nowhere: they
are kept, to be looked at.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Request

from sidecar.db import session, use_case
from sidecar.demo.inbox import Inbox
from sidecar.service import Service
from sidecar.signatures import HEADERS, Signed, fault_of_request, sign_answer
from sidecar.wordpress.bridge import SIGNED_PATH
from sidecar.wordpress.roles import get_roles, sync_roles

Answer = tuple[str, int, Mapping[str, str]]


def answer_changes(service: Service, inbox: Inbox, request: Request) -> Answer:
    """The answer to a signed `POST /?rest_route=/gatepost/v1/changes`; 401 to anybody else."""
    signed, body = Signed(*(request.headers.get(name, "") for name in HEADERS)), request.get_data()
    secret = service.secret or ""
    fault = (
        fault_of_request(secret, "POST", SIGNED_PATH, signed, body, time.time()) if secret else "no_secret"
    )
    if fault:
        return json.dumps({"error": fault, "message": fault}), 401, {"Content-Type": "application/json"}
    changes = json.loads(body)["changes"]
    _change_roles(service, [change for change in changes if change["kind"] == "roles"])
    inbox.keep([change for change in changes if change["kind"] == "mail"], service.clock.now())
    text = json.dumps({"done": [change["id"] for change in changes], "failed": {}})
    headers = {
        "Content-Type": "application/json",
        "X-Gatepost-Id": signed.id,
        "X-Gatepost-Signature": sign_answer(secret, signed.id, 200, text.encode()),
    }
    return text, 200, headers


@use_case
def _change_roles(service: Service, changes: Iterable[Mapping[str, Any]]) -> None:
    allowed, known = service.config.access.assignable_roles, get_roles(session(), service.tables)
    for change in changes:
        user, add, remove = change["user"], change["add"], change["remove"]
        sync_roles(session(), service.tables, user, add=add, remove=remove, allow=allowed, known_roles=known)
