"""Do the two sides talk? Each asks the other for a sign of life; the answer is a finding in words."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from secrets import token_hex as new_token
from typing import Any
from urllib.parse import urlsplit

from sidecar.access.ruling import index_of
from sidecar.access.store import read_rule_book
from sidecar.config import Config
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.setup.findings import Finding, Severity
from sidecar.signatures import is_answer_signed, new_headers
from sidecar.wordpress.bridge import SiteAddress, SiteAway, send_changes

PING_PATH = "/bridge/v1/ping"
TIMEOUT_SECONDS = 5.0


def check_site(config: Config, secret: str) -> Finding:
    """Whether the plugin hears us and believes us: an empty `changes` call. Leaves the machine."""
    try:
        send_changes(SiteAddress(config.site.url, secret), [])
    except SiteAway as away:
        return site_away(away, config.site.url)
    sentence = _("The plugin in {url} hears the service and believes it.").format(url=config.site.url)
    return Finding("site", Severity.OK, sentence)


def push_rules(config: Config, secret: str) -> None:
    """Tell the plugin anew what is protected. Raises SiteAway, or Refused with the plugin's reason."""
    with reading() as reader:
        index = index_of(read_rule_book(reader))
    change = {"id": new_token(16), "kind": "index", "index": index}
    delivery = send_changes(SiteAddress(config.site.url, secret), [change])
    if delivery.failed:
        raise Refused(
            _("The plugin did not take the rules: {reason}").format(
                reason="; ".join(delivery.failed.values())
            )
        )


def site_away(away: SiteAway, url: str) -> Finding:
    """Why the site did not answer as our plugin does, and what to do."""
    sentence, advice = _about_site(away)
    return Finding("site", Severity.PROBLEM, sentence.format(url=url, status=away.status), advice)


def _about_site(away: SiteAway) -> tuple[str, str]:
    if away.status == 0:
        return (
            _("The site {url} cannot be reached from this machine."),
            _(
                "Is site.url right, does its name resolve here, and is its certificate valid? Try: curl -I with the address."
            ),
        )
    by_code = {
        "rest_no_route": (
            _("WordPress answers at {url}, but the Gatepost plugin is not active there."),
            _(
                "Activate the plugin “Gatepost” on WordPress's screen of plugins, then run “gatepost pair” again."
            ),
        ),
        "no_secret": (
            _("The plugin in {url} has not got the secret, or the pairing it found is of no use."),
            _(
                "Can PHP read gatepost-pairing.php in wp-content? Constants in wp-config.php (GATEPOST_SECRET) come first. "
                "WordPress's Site Health says what is wrong with it."
            ),
        ),
        "bad_signature": (
            _("The plugin in {url} holds another secret."),
            _(
                "Run “gatepost pair” again; constants in wp-config.php (GATEPOST_SECRET) come before what it writes."
            ),
        ),
        "unsigned": (
            _("Our headers do not reach the plugin in {url}."),
            _(
                "A proxy or firewall before the site removes headers that begin with X-Gatepost: let them through."
            ),
        ),
        "stale": (
            _("The clocks of this machine and of {url} are more than five minutes apart."),
            _("Set both by NTP, for example with: timedatectl set-ntp true"),
        ),
        "other_site": (
            _("WordPress says that it is not {url}: its address (home) is another."),
            _(
                "Write WordPress's own address (Settings, General) into site.url and run “gatepost pair” again."
            ),
        ),
    }
    if away.code in by_code:
        return by_code[away.code]
    if 300 <= away.status < 400:
        return (
            _("{url} leads elsewhere (HTTP {status})."),
            _("Write the address at which the site ends up, such as https://www.…, into site.url."),
        )
    return (
        _("{url} answers (HTTP {status}), but not as our plugin does."),
        _(
            "A firewall, a maintenance mode or a password before the site may stand between: let POST /?rest_route=/gatepost/ through."
        ),
    )


# --- the sidecar's own door ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pinged:
    """The service's answer to a ping. `content`: what /ping says."""

    status: int
    content: dict[str, Any]
    is_signed: bool


def check_sidecar(config: Config, secret: str) -> Finding:
    """Whether the service runs and answers with the same secret."""
    try:
        answer = ping(config, secret)
    except PermissionError:
        return Finding(
            "service",
            Severity.WARNING,
            _(
                "The socket is there, but this user may not talk to it, so nobody knows whether the service is well."
            ),
            _("Run this command as root."),
        )
    except (OSError, HTTPException):
        return Finding(
            "service",
            Severity.PROBLEM,
            _("The service does not run: nobody answers at {address}.").format(address=config.bridge.listen),
            _("Start it: systemctl start gatepost (or: gatepost serve). Its log: journalctl -u gatepost"),
        )
    return _about_sidecar(answer, config.site.url)


def _about_sidecar(answer: Pinged, url: str) -> Finding:
    if answer.status == 200 and answer.is_signed:
        version = str(answer.content.get("version", ""))
        sentence = _("The service runs (version {version}) and reaches its database.").format(version=version)
        return Finding("service", Severity.OK, sentence)
    if answer.content.get("error") in {"no_secret", "bad_signature"} or not answer.is_signed:
        return Finding(
            "service",
            Severity.PROBLEM,
            _("The service runs with another secret than the one in bridge.secret_file."),
            _("Restart it: systemctl restart gatepost"),
        )
    return Finding(
        "service",
        Severity.PROBLEM,
        _("The service runs, but cannot work: {reason}").format(reason=_reason(answer.content, url)),
        _("Its log says more: journalctl -u gatepost"),
    )


def _reason(refusal: dict[str, Any], url: str) -> str:
    """What the service refuses for, in the reader's language; its own sentences are English."""
    reasons = {
        "unavailable": _("it cannot reach its database, or failed."),
        "other_site": _("it is paired with another site than {url}.").format(url=url),
        "stale": _("its clock is more than five minutes off."),
    }
    return reasons.get(str(refusal.get("error")), str(refusal.get("message", "")))


def ping(config: Config, secret: str) -> Pinged:
    """Ask the service at its own address, signed as the bridge signs. Raises OSError or HTTPException."""
    body = b"{}"
    headers = new_headers(secret, "POST", PING_PATH, config.site.url, body)
    connection = _connection(config.bridge.listen)
    try:
        connection.request("POST", PING_PATH, body, {**headers, "Content-Type": "application/json"})
        answer = connection.getresponse()
        text, signature = answer.read(1_000_000), answer.headers.get("X-Gatepost-Signature", "")
    finally:
        connection.close()
    is_signed = is_answer_signed(secret, headers["X-Gatepost-Id"], answer.status, text, signature)
    return Pinged(answer.status, _object(text), is_signed)


def _object(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


class _SocketConnection(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)


def _connection(listen: str) -> HTTPConnection:
    if listen.startswith("unix:"):
        return _SocketConnection(listen.removeprefix("unix:"))
    parts = urlsplit(listen)
    return HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS)
