"""Changes in WordPress that the bridge makes for us, through WordPress's own functions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import requests

from sidecar.errors import GatepostError
from sidecar.i18n import _
from sidecar.signatures import is_answer_signed, new_headers

SIGNED_PATH = "/gatepost/v1/changes"
TIMEOUT_SECONDS = (3.0, 20.0)


class SiteAway(GatepostError):
    """The site did not answer, or its answer cannot be trusted.

    `status`: of the HTTP answer, 0 without one. `code`: what the answer's `error` says, believed only for words.
    """

    def __init__(self, sentence: str, status: int = 0, code: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class SiteAddress:
    """Where the site is and the secret shared with it. `url`: WordPress's home, without a slash at the end."""

    url: str
    secret: str


@dataclass(frozen=True)
class Delivery:
    """Which changes the bridge has made, and why it has not made the others, by id. `made`: ids of posts, by change."""

    done: tuple[str, ...]
    failed: dict[str, str]
    made: dict[str, int] = field(default_factory=dict)


def send_changes(site: SiteAddress, changes: list[dict[str, Any]]) -> Delivery:
    """Have the bridge make these changes (docs/protocol.md); raises SiteAway. Leaves the machine: never in a transaction."""
    body = json.dumps({"changes": changes}, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    headers = new_headers(site.secret, "POST", SIGNED_PATH, site.url, body)
    try:
        answer = requests.post(
            f"{site.url}/?rest_route={SIGNED_PATH}",
            data=body,
            headers={**headers, "Content-Type": "application/json"},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        sentence = _("{url} did not answer: {reason}")
        raise SiteAway(sentence.format(url=site.url, reason=type(error).__name__)) from error
    return _delivery(site, headers["X-Gatepost-Id"], answer)


def _delivery(site: SiteAddress, request_id: str, answer: requests.Response) -> Delivery:
    signature = answer.headers.get("X-Gatepost-Signature", "")
    if answer.headers.get("X-Gatepost-Id") != request_id or not is_answer_signed(
        site.secret, request_id, answer.status_code, answer.content, signature
    ):
        sentence = _("{url} answered {status} without our plugin's signature")
        raise SiteAway(
            sentence.format(url=site.url, status=answer.status_code), answer.status_code, _error_code(answer)
        )
    try:
        content = json.loads(answer.content)
    except ValueError as error:
        sentence = _("{url} answered something that is no JSON")
        raise SiteAway(sentence.format(url=site.url), answer.status_code) from error
    if answer.status_code != 200:
        reason = content.get("message", answer.status_code)
        sentence = _("{url} refused: {reason}").format(url=site.url, reason=reason)
        raise SiteAway(sentence, answer.status_code, _error_code(answer))
    failed, made = content.get("failed") or {}, content.get("made") or {}
    return Delivery(
        tuple(content.get("done") or ()),
        failed if isinstance(failed, dict) else {},
        made if isinstance(made, dict) else {},
    )


def _error_code(answer: requests.Response) -> str:
    """The protocol's `error`, or WordPress's own `code` (`rest_no_route` where the plugin is not active)."""
    try:
        content = json.loads(answer.content)
    except ValueError:
        return ""
    found = (content.get("error") or content.get("code")) if isinstance(content, dict) else None
    return found if isinstance(found, str) else ""
