"""The secret, and handing address and secret to the plugin (docs/protocol.md, "What the bridge is told")."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from sidecar.config import Config
from sidecar.db import session, use_case
from sidecar.errors import GatepostError, Misconfigured
from sidecar.i18n import _
from sidecar.setup.files import write_new
from sidecar.wordpress.options import set_option
from sidecar.wordpress.serialization import dumps
from sidecar.wordpress.tables import Tables

PAIRING_OPTION = "gatepost_pairing"
FILE_NAME = "gatepost-pairing.php"


class PairingFailed(GatepostError):
    """Address and secret could not be handed to the plugin."""


class Told(StrEnum):
    """Where the plugin finds its pairing. `SAME_FILE`: it said the same already."""

    FILE = "file"
    SAME_FILE = "same_file"
    ROW = "row"


@dataclass(frozen=True)
class Pairing:
    """What the bridge is told. Its text holds the secret: never for a log."""

    address: str
    secret: str
    site: str

    def __repr__(self) -> str:
        return f"Pairing({self.address!r}, site={self.site!r})"

    def as_php(self) -> str:
        """A file that prints nothing when somebody asks the web server for it."""
        fields = {"address": self.address, "secret": self.secret, "site": self.site}
        lines = (f"\t{_php(name)} => {_php(value)}," for name, value in fields.items())
        return (
            "<?php\n// Written by “gatepost pair”. Keep it secret.\nreturn array(\n"
            + "\n".join(lines)
            + "\n);\n"
        )

    def as_row(self) -> str:
        """PHP's serialization: WordPress's screen of all options does not print that."""
        return dumps({"address": self.address, "secret": self.secret, "site": self.site})


def _php(text: str) -> str:
    """A PHP string in single quotes.

    >>> print(_php("O'Neill\\\\"))
    'O\\'Neill\\\\'
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def pairing_of(config: Config, secret: str) -> Pairing:
    """The address at which this sidecar listens, the secret, and the one site that may use them."""
    return Pairing(config.bridge.listen, secret, config.site.url)


# --- the secret ----------------------------------------------------------------------------------------------------


def ensure_secret(config: Config, *, new: bool = False) -> str:
    """The secret; made when there is none, or anew when asked. Two at once end with the same one.

    A secret from the environment is taken as it is and never written. Raises Misconfigured.
    """
    if "GATEPOST_SECRET" in os.environ and new:
        raise Misconfigured(_("The secret comes from GATEPOST_SECRET in the environment: change it there."))
    present = config.secret()
    if present is not None and not new:
        return present
    path = Path(config.bridge.secret_file)
    try:
        _write_secret(path, overwrite=new)
    except OSError as error:
        reason = _("bridge.secret_file: cannot write {path}: {reason}")
        raise Misconfigured(reason.format(path=path, reason=error.strerror)) from error
    return config.secret() or ""


def _write_secret(path: Path, *, overwrite: bool) -> None:
    """Whole or not at all, for its folder's owner alone; one that is there wins unless `overwrite`."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_new(part, secrets.token_hex(32) + "\n", mode=0o600, group=False)
        if overwrite:
            part.replace(path)
        else:
            with suppress(FileExistsError):
                path.hardlink_to(part)
    finally:
        part.unlink(missing_ok=True)


# --- the plugin's side ---------------------------------------------------------------------------------------------


def tell_plugin(pairing: Pairing, tables: Tables, wp_content: Path | None) -> Told:
    """Write the file when wp-content is known and can be written, else the row in the options table."""
    if wp_content is not None and not wp_content.is_dir():
        raise PairingFailed(
            _("There is no folder {path}; give the site's wp-content.").format(path=wp_content)
        )
    if wp_content is not None and os.access(wp_content, os.W_OK | os.X_OK):
        return _write_file(wp_content / FILE_NAME, pairing.as_php())
    try:
        write_row(tables, pairing.as_row())
    except DBAPIError as error:
        raise PairingFailed(
            _(
                "The database user may not write WordPress's options, which is how it should be. Run “gatepost pair "
                "--wp-content /path/to/wp-content” as a user who may write that folder."
            )
        ) from error
    return Told.ROW


@use_case
def write_row(tables: Tables, text: str) -> None:
    """The row of the options table. The bridge reads it past every cache, so WordPress need not know of the change."""
    set_option(session(), tables, PAIRING_OPTION, text)


def _write_file(path: Path, text: str) -> Told:
    """Whole or not at all: PHP may read it at any moment. For the folder's owner and group."""
    with suppress(OSError):
        if path.read_text("utf-8") == text:
            return Told.SAME_FILE
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_new(part, text, mode=0o640, group=True)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        reason = _("Cannot write {path}: {reason}")
        raise PairingFailed(reason.format(path=path, reason=error.strerror)) from error
    return Told.FILE
