"""The configuration: one TOML file, every key known, secrets from files or the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sidecar.errors import Misconfigured
from sidecar.i18n import _

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


class Log(_Section, frozen=True):
    """The activity log."""

    trusted_proxies: tuple[str, ...] = ()


class Config(_Section, frozen=True):
    """The whole file. `config.example.toml` explains each key."""

    site: Site
    database: Database
    bridge: Bridge = Bridge()
    service: Service = Service()
    access: Access = Access()
    log: Log = Log()

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
        _("database.url: a SQLAlchemy URL with mysql+pymysql or sqlite"): not _is_database_url(
            config.database.url
        ),
    }
    for problem, holds in problems.items():
        if holds:
            raise Misconfigured(_in_file(name, problem))


def _is_listen_address(text: str) -> bool:
    """A socket's absolute path, or loopback: the protocol is signed but not encrypted."""
    if text.startswith("unix:/"):
        return True
    return re.fullmatch(r"http://(127\.0\.0\.1|\[::1\]|localhost):\d{1,5}", text) is not None


def _is_database_url(text: str) -> bool:
    try:
        url = make_url(text)
    except ArgumentError:
        return False
    return url.drivername in {"mysql+pymysql", "mariadb+pymysql", "sqlite"}


def _read_secret_file(path: Path, key: str) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        sentence = _("{key}: cannot read {path}: {reason}")
        raise Misconfigured(sentence.format(key=key, path=path, reason=type(error).__name__)) from error
