"""The configuration: one TOML file, every key known, secrets from files or the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sidecar.errors import Misconfigured
from sidecar.i18n import _

GATEWAYS = ("stripe",)
LOG_TYPES = ("access", "affiliate", "billing", "email", "login", "page")
FEWEST_MONTHS = 18
"""So long a card's holder may dispute what he has paid, and the evidence has to be whole."""
SECRET_PATTERN = re.compile(r"[0-9a-f]{64}")


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; msgspec refuses keys it does not know and names them."""


class Site(_Section, frozen=True):
    """The WordPress site."""

    url: str
    table_prefix: str = "wp_"
    users_prefix: str = ""
    wp_content: str = ""


class Database(_Section, frozen=True):
    """Where the site's tables and ours are."""

    url: str
    password_file: str = ""


class Bridge(_Section, frozen=True):
    """How the plugin reaches us."""

    listen: str = "unix:/run/gatepost/gatepost.sock"
    socket_group: str = ""
    socket_mode: str = "0660"
    secret_file: str = "/var/lib/gatepost/secret"  # noqa: S105  a path, not a secret


class Service(_Section, frozen=True):
    """The process."""

    state_dir: str = "/var/lib/gatepost"
    workers: int = 2
    threads: int = 4


class Access(_Section, frozen=True):
    """What members may do."""

    assignable_roles: tuple[str, ...] = ()
    canceled_may_sign_in: bool = False
    decisions_open_pages: bool = True


class Log(_Section, frozen=True):
    """The activity log."""

    trusted_proxies: tuple[str, ...] = ()
    shorten_addresses: bool = False
    keep_access_months: int = 120
    keep_affiliate_months: int = 36
    keep_billing_months: int = 120
    keep_email_months: int = 24
    keep_login_months: int = 24
    keep_page_months: int = 18
    mail_seal_days: int = 1

    def months_kept(self, kind: str) -> int:
        """How long events of a type are kept; 0: for ever."""
        return int(getattr(self, f"keep_{kind}_months"))


class Billing(_Section, frozen=True):
    """Who moves the money, and how patient we are with it."""

    gateway: str = ""
    secret_key_file: str = ""
    publishable_key: str = ""
    webhook_secret_file: str = ""
    api_url: str = ""
    script_url: str = ""
    retry_days: str = "2,5,7"
    keeps_access_overdue: bool = False
    refund_surplus: bool = True
    members_may_pause: bool = False
    notice_days: int = 7
    withdrawal_days: int = 14
    calls_per_second: int = 100
    calls_per_endpoint: int = 25
    threads: int = 8
    redis_url: str = ""
    accept_unsafe_database: bool = False


class Mail(_Section, frozen=True):
    """How mails leave."""

    transport: str = "site"
    host: str = ""
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password_file: str = ""
    from_address: str = ""
    from_name: str = ""
    bounces_to: str = ""
    timeout_seconds: int = 20


class Dashboard(_Section, frozen=True):
    """The owner's and the staff's screens."""

    address: str = ""
    password_sign_in: bool = False
    idle_minutes: int = 60
    longest_hours: int = 12


class Policies(_Section, frozen=True):
    """What a buyer accepts before he pays: where he reads it, and a copy of what stands there."""

    terms_url: str = ""
    terms_file: str = ""
    refund_url: str = ""
    refund_file: str = ""
    cancellation_url: str = ""
    cancellation_file: str = ""


class Invoices(_Section, frozen=True):
    """What invoices say of the seller."""

    seller_name: str = ""
    seller_address: str = ""
    seller_tax_id: str = ""
    prefix: str = ""
    footer: str = ""
    buyer_tax_id_field: str = ""


class Config(_Section, frozen=True):
    """The whole file. `config.example.toml` explains each key."""

    site: Site
    database: Database
    bridge: Bridge = Bridge()
    service: Service = Service()
    access: Access = Access()
    log: Log = Log()
    billing: Billing = Billing()
    mail: Mail = Mail()
    dashboard: Dashboard = Dashboard()
    policies: Policies = Policies()
    invoices: Invoices = Invoices()

    @property
    def state_dir(self) -> Path:
        """The folder for the spool, locks and the secret."""
        return Path(self.service.state_dir)

    @property
    def database_url(self) -> URL:
        """The URL with its password: from the environment, else from `password_file`, else as written."""
        url = make_url(self.database.url)
        password = os.environ.get("GATEPOST_DATABASE_PASSWORD")
        if password is None and self.database.password_file:
            password = _read_secret_file(Path(self.database.password_file), "database.password_file")
        return url if password is None else url.set(password=password)

    def secret(self) -> str | None:
        """The secret shared with the bridge, 64 hex digits; None when there is none yet."""
        text = os.environ.get("GATEPOST_SECRET")
        path = Path(self.bridge.secret_file)
        if text is None and path.exists():
            text = _read_secret_file(path, "bridge.secret_file")
        if text is None:
            return None
        if not SECRET_PATTERN.fullmatch(text):
            raise Misconfigured(_("bridge.secret_file: the secret must be 64 lower-case hex digits"))
        return text

    def gateway_key(self) -> str:
        """The gateway's secret key, from the environment or its file; '' when there is none."""
        return self._billing_secret("GATEPOST_STRIPE_SECRET_KEY", "secret_key_file")

    def webhook_secret(self) -> str:
        """What the gateway signs its webhooks with; '' when there is none, and then no webhook is believed."""
        return self._billing_secret("GATEPOST_STRIPE_WEBHOOK_SECRET", "webhook_secret_file")

    def mail_password(self) -> str:
        """That of the SMTP server, from the environment or its file; '' when there is none."""
        text = os.environ.get("GATEPOST_SMTP_PASSWORD")
        if text is None and self.mail.password_file:
            text = _read_secret_file(Path(self.mail.password_file), "mail.password_file")
        return text or ""

    def _billing_secret(self, variable: str, key: str) -> str:
        text = os.environ.get(variable)
        path = getattr(self.billing, key)
        if text is None and path:
            text = _read_secret_file(Path(path), f"billing.{key}")
        return text or ""


def load(path: Path) -> Config:
    """Read the file at `path`; raises `Misconfigured` with a sentence that names the bad key."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sentence = _("cannot read the configuration {path}: {reason}")
        raise Misconfigured(sentence.format(path=path, reason=error)) from error
    return parse(text, str(path))


def parse(text: str, name: str = "config.toml") -> Config:
    """The configuration in `text` (TOML); `name` is for error sentences."""
    try:
        raw = msgspec.toml.decode(text)
    except msgspec.DecodeError as error:
        sentence = _("{file} is not valid TOML: {reason}")
        raise Misconfigured(sentence.format(file=name, reason=error)) from error
    return from_tables(raw, name)


def from_tables(raw: Mapping[str, object], name: str = "config.toml") -> Config:
    """The configuration in the tables of a file that is read already."""
    try:
        config = msgspec.convert(raw, type=Config)
    except msgspec.ValidationError as error:
        raise Misconfigured(_in_file(name, _in_words(str(error)))) from error
    _check(config, name)
    return config


OWNERS_KEYS = (
    "billing.retry_days", "billing.keeps_access_overdue", "billing.notice_days", "billing.members_may_pause",
    "billing.refund_surplus", "policies.terms_url", "policies.refund_url", "policies.cancellation_url",
    *(f"log.keep_{kind}_months" for kind in LOG_TYPES), "log.shorten_addresses", "access.canceled_may_sign_in",
    "access.decisions_open_pages",
)  # fmt: skip
"""What the owner may set in the dashboard, too: nothing of it is a secret, opens the machine or moves money elsewhere."""


def value_of(config: Config, key: str) -> object:
    """What stands under a key, such as `billing.retry_days`."""
    section, _dot, name = key.partition(".")
    return getattr(getattr(config, section), name)


def overlaid(config: Config, values: Mapping[str, object]) -> Config:
    """The configuration with other values under some of `OWNERS_KEYS`; what else is in `values` is not looked at.

    Raises Misconfigured, as for the file.
    """
    raw: dict[str, dict[str, object]] = msgspec.to_builtins(config)
    for key in OWNERS_KEYS:
        if key in values:
            section, _dot, name = key.partition(".")
            raw[section][name] = values[key]
    return from_tables(raw, _("dashboard"))


def _in_words(error: str) -> str:
    """msgspec's sentence with the key as an owner writes it.

    >>> _in_words("Object contains unknown field `urll` - at `$.site`")
    'unknown key site.urll'
    >>> _in_words("Expected `int`, got `str` - at `$.service.workers`")
    'service.workers: expected `int`, got `str`'
    >>> _in_words("Object missing required field `site`")
    'missing key site'
    """
    sentence, _at, place = error.partition(" - at `$.")
    key = place.rstrip("`")
    named = re.search(r"(unknown|missing required) field `([^`]*)`", sentence)
    if named:
        full = f"{key}.{named[2]}" if key else named[2]
        sentence = _("unknown key {key}") if named[1] == "unknown" else _("missing key {key}")
        return sentence.format(key=full)
    types = re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", sentence)
    if types:
        sentence = _("expected `{wanted}`, got `{given}`").format(wanted=types[1], given=types[2])
    return f"{key}: {sentence}" if key else sentence


def _in_file(name: str, problem: str) -> str:
    return _("{file}: {problem}").format(file=name, problem=problem)


def _check(config: Config, name: str) -> None:
    """What types cannot say."""
    parts = urlsplit(config.site.url)
    problems = {
        _(
            "site.url: must be the address of the site, such as https://example.com, without a trailing slash"
        ): (parts.scheme not in {"http", "https"} or not parts.netloc or config.site.url.endswith("/")),
        _("site.table_prefix: letters, digits and _ only"): not re.fullmatch(
            r"\w+", config.site.table_prefix, re.A
        ),
        _("site.users_prefix: letters, digits and _ only"): not re.fullmatch(
            r"\w*", config.site.users_prefix, re.A
        ),
        _("bridge.listen: must be unix:/path/to/socket or http://127.0.0.1:PORT"): not _is_listen_address(
            config.bridge.listen
        ),
        _(
            "bridge.socket_mode: an octal mode such as 0660, without rights for others to write"
        ): not re.fullmatch(r"0[0-7]{2}[0145]", config.bridge.socket_mode),
        _("service.workers: from 1 to 64"): not 1 <= config.service.workers <= 64,
        _("service.threads: from 1 to 64"): not 1 <= config.service.threads <= 64,
        _("log.keep_…_months: 0 (for ever), or 18 and more, as long as payments can be disputed"): any(
            0 < config.log.months_kept(kind) < FEWEST_MONTHS or config.log.months_kept(kind) < 0
            for kind in LOG_TYPES
        ),
        _("log.mail_seal_days: from 0 (never) to 31"): not 0 <= config.log.mail_seal_days <= 31,
        _("billing.gateway: stripe, or nothing"): config.billing.gateway not in {"", *GATEWAYS},
        _("billing.api_url: only a test processor on this machine, such as http://127.0.0.1:9000"): bool(
            config.billing.api_url
        )
        and not _is_loopback(config.billing.api_url),
        _(
            "billing.script_url: only a test processor's on this machine, together with billing.api_url"
        ): not _is_test_script(config.billing),
        _("billing.api_url: with live keys only Stripe itself is asked"): bool(config.billing.api_url)
        and config.billing.publishable_key.startswith("pk_live_"),
        _("billing.retry_days: rising numbers of days, such as 2,5,7"): not _are_retry_days(
            config.billing.retry_days
        ),
        _("billing.notice_days: from 0 to 60"): not 0 <= config.billing.notice_days <= 60,
        _("billing.withdrawal_days: from 0 to 366"): not 0 <= config.billing.withdrawal_days <= 366,
        _("billing.threads: from 1 to 200"): not 1 <= config.billing.threads <= 200,
        _("billing.calls_per_second and billing.calls_per_endpoint: 0 (no limit) or more"): min(
            config.billing.calls_per_second, config.billing.calls_per_endpoint
        )
        < 0,
        _(
            "dashboard.address: an address of its own, such as https://example.com/gatepost, without a slash at the end"
        ): not _is_dashboard_url(config.dashboard.address),
        _("dashboard.idle_minutes: from 5 to 1440"): not 5 <= config.dashboard.idle_minutes <= 1440,
        _("dashboard.longest_hours: from 1 to 168"): not 1 <= config.dashboard.longest_hours <= 168,
        **_problems_of_mail(config.mail),
        **_problems_of_policies(config.policies),
        **_problems_of_invoices(config.invoices),
        _("database.url: a SQLAlchemy URL with mysql+pymysql, mysql+mysqldb or sqlite"): not _is_database_url(
            config.database.url
        ),
    }
    for problem, holds in problems.items():
        if holds:
            raise Misconfigured(_in_file(name, problem))


def _problems_of_mail(mail: Mail) -> dict[str, bool]:
    """SMTP needs to know where, and as whom; a password goes over no open line."""
    by_smtp = mail.transport == "smtp"
    return {
        _("mail.transport: site or smtp"): mail.transport not in {"site", "smtp"},
        _("mail.security: starttls, tls or, on this machine, none"): mail.security
        not in {"starttls", "tls", "none"},
        _("mail.security: none only to a mail server on this machine"): mail.security == "none"
        and mail.host not in {"localhost", "127.0.0.1", "::1"},
        _("mail.port: from 1 to 65535"): not 1 <= mail.port <= 65535,
        _("mail.timeout_seconds: from 1 to 40"): not 1 <= mail.timeout_seconds <= 40,
        _("mail.host: the name of the SMTP server"): by_smtp
        and not re.fullmatch(r"[\w.:-]+", mail.host, re.A),
        _("mail.from_address: one e-mail address, such as club@example.com"): by_smtp
        and not _is_plain_address(mail.from_address),
        _("mail.bounces_to: one e-mail address, or nothing"): bool(mail.bounces_to)
        and not _is_plain_address(mail.bounces_to),
        _("mail.from_name: one line"): len(mail.from_name.splitlines()) > 1,
    }


def _is_plain_address(text: str) -> bool:
    return re.fullmatch(r"[^\s@<>,;\"()]+@[\w.-]+", text) is not None


def _problems_of_policies(policies: Policies) -> dict[str, bool]:
    """Whatever a buyer is to accept he must be able to read, at an address that a page may link to."""
    problems = {}
    for kind in ("terms", "refund", "cancellation"):
        url, file = getattr(policies, f"{kind}_url"), getattr(policies, f"{kind}_file")
        sentence = _("policies.{kind}_url: must be an address such as https://example.com/terms/")
        problems[sentence.format(kind=kind)] = bool(url) and not _is_web_address(url)
        sentence = _("policies.{kind}_file: needs policies.{kind}_url, where buyers read it")
        problems[sentence.format(kind=kind)] = bool(file) and not url
    return problems


_MOST_OF_INVOICES = {"seller_name": 200, "seller_address": 500, "seller_tax_id": 60, "footer": 1000}
"""Letters. A longer text would not fit into an invoice, and nothing could be settled."""


def _problems_of_invoices(invoices: Invoices) -> dict[str, bool]:
    sentence = _("invoices.{key}: at most {most} letters")
    problems = {
        sentence.format(key=key, most=most): len(getattr(invoices, key)) > most
        for key, most in _MOST_OF_INVOICES.items()
    }
    problems[_("invoices.prefix: at most 12 of A-Z, 0-9 and -")] = not re.fullmatch(
        r"[A-Z0-9-]{0,12}", invoices.prefix
    )
    return problems


def _is_web_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and len(text) <= 500


def _is_listen_address(text: str) -> bool:
    """A socket's absolute path, or loopback: the protocol is signed but not encrypted."""
    return text.startswith("unix:/") or _is_loopback(text)


def _is_loopback(text: str) -> bool:
    return re.fullmatch(r"http://(127\.0\.0\.1|\[::1\]|localhost):\d{1,5}", text) is not None


def _is_test_script(billing: Billing) -> bool:
    """A script sees what a buyer types: it is Stripe's own, or the test processor's that also collects."""
    place = re.fullmatch(r"(http://[^/]+)/[\w./-]*", billing.script_url)
    is_local = place is not None and _is_loopback(place[1]) and bool(billing.api_url)
    return is_local or not billing.script_url


def _is_dashboard_url(text: str) -> bool:
    """A proxy's address with a path; plain HTTP on this machine alone, as the password and the cookie travel there.

    >>> _is_dashboard_url("https://club.test/gatepost"), _is_dashboard_url("http://club.test/gatepost"), _is_dashboard_url("")
    (True, False, True)
    """
    place = re.fullmatch(r"(https?://[^/?#\s@]+)((?:/[\w.-]+)+)", text, re.ASCII)
    return not text or (place is not None and (text.startswith("https://") or _is_loopback(place[1])))


def _are_retry_days(text: str) -> bool:
    """
    >>> _are_retry_days("2,5,7"), _are_retry_days(""), _are_retry_days("5,2"), _are_retry_days("soon")
    (True, True, False, False)
    """
    days = [] if not text else text.split(",")
    if not all(day.strip().isdecimal() for day in days):
        return False
    numbers = [int(day) for day in days]
    return len(numbers) <= 15 and all(a < b for a, b in pairwise([0, *numbers]))


def _is_database_url(text: str) -> bool:
    try:
        url = make_url(text)
    except ArgumentError:
        return False
    return url.drivername in {
        "mysql+pymysql",
        "mariadb+pymysql",
        "mysql+mysqldb",
        "mariadb+mysqldb",
        "sqlite",
    }


def _read_secret_file(path: Path, key: str) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        sentence = _("{key}: cannot read {path}: {reason}")
        raise Misconfigured(sentence.format(key=key, path=path, reason=type(error).__name__)) from error
