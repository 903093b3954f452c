"""The signatures between sidecar and bridge, both directions (docs/protocol.md). Real time, not business time."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

WINDOW_SECONDS = 300
HEADERS = ("X-Gatepost-Time", "X-Gatepost-Id", "X-Gatepost-Site", "X-Gatepost-Signature")
_ID = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Signed:
    """The four headers of a request."""

    time: str
    id: str
    site: str
    signature: str


def sign_request(secret: str, method: str, path: str, signed: Signed, body: bytes) -> str:
    """Hex HMAC over everything that makes the request what it is; `signed.signature` is not looked at."""
    head = "\n".join(("gatepost-1", method, path, signed.time, signed.id, signed.site)) + "\n"
    return _hmac(secret, head, body)


def sign_answer(secret: str, request_id: str, status: int, body: bytes) -> str:
    """Hex HMAC over the answer to `request_id`."""
    return _hmac(secret, f"gatepost-1-answer\n{request_id}\n{status:03d}\n", body)


def new_headers(secret: str, method: str, path: str, site: str, body: bytes) -> dict[str, str]:
    """The headers of a request that we send."""
    bare = Signed(str(int(time.time())), secrets.token_hex(16), site, "")
    values = (bare.time, bare.id, bare.site, sign_request(secret, method, path, bare, body))
    return dict(zip(HEADERS, values, strict=True))


def fault_of_request(
    secret: str, method: str, path: str, signed: Signed, body: bytes, now: float
) -> str | None:
    """None when the request is to be trusted, else why not: `unsigned`, `bad_signature`, `stale`."""
    fault = fault_of_headers(signed, now)
    if fault:
        return fault
    expected = sign_request(secret, method, path, signed, body)
    return None if hmac.compare_digest(expected.encode(), signed.signature.encode()) else "bad_signature"


def fault_of_headers(signed: Signed, now: float) -> str | None:
    """What is wrong already with the headers, whatever the body is: so it need not be read."""
    if not signed.signature or not _ID.fullmatch(signed.id) or not _TIME.fullmatch(signed.time):
        return "unsigned"
    if not _SIGNATURE.fullmatch(signed.signature):
        return "bad_signature"
    return "stale" if abs(now - int(signed.time)) > WINDOW_SECONDS else None


def is_answer_signed(secret: str, request_id: str, status: int, body: bytes, signature: str) -> bool:
    """Whether an answer to our request `request_id` is the other side's."""
    expected = sign_answer(secret, request_id, status, body)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def _hmac(secret: str, head: str, body: bytes) -> str:
    mac = hmac.new(secret.encode("ascii"), head.encode("utf-8", "replace"), hashlib.sha256)
    mac.update(body)
    return mac.hexdigest()
