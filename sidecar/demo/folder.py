"""Where the demo keeps its database, spool and secret, and the lock that keeps a second demo out of it.

SQLite is for one process: two demos in one folder would write into each other's database.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sidecar.config import Access, Bridge, Config, Database, Service, Site
from sidecar.demo.school import ROLES
from sidecar.errors import GatepostError
from sidecar.i18n import _

_CHECKOUT = Path(__file__).parents[2]


class InUse(GatepostError):
    """Another demo runs in this folder."""


def default_folder() -> Path:
    """`.demo` in a checkout; for an installed package `gatepost-demo` in the user's state folder."""
    if (_CHECKOUT / "run").exists() and os.access(_CHECKOUT, os.W_OK):
        return _CHECKOUT / ".demo"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "gatepost-demo"


def prepare(folder: Path, *, fresh: bool) -> None:
    """The folder exists, is its owner's alone and holds a secret. `fresh`: what an earlier demo made is removed.

    Only files that the demo makes are touched, whatever else stands in the folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "spool").mkdir(mode=0o700, exist_ok=True)
    if fresh:
        ours = ("site.sqlite*", "secret", "spool/*.jsonl", "spool/*.taken", "spool/refused.txt")
        for path in (path for pattern in ours for path in folder.glob(pattern)):
            path.unlink()
    secret = folder / "secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32), "ascii")


@contextmanager
def locked(folder: Path, address: str) -> Iterator[None]:
    """The folder is this process's for the block; raises `InUse`, which says where the other demo answers."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            there = os.read(descriptor, 200).decode("utf-8", "replace").strip()
            sentence = _(
                "a demo runs in {folder} already, at {address}; SQLite bears one at a time: "
                "stop that one, or give this one another --folder"
            )
            raise InUse(sentence.format(folder=folder, address=there or _("another port"))) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, address.encode())
        yield
    finally:
        os.close(descriptor)


def config_of(folder: Path, address: str) -> Config:
    """The service's configuration; `address`: where the demo answers, such as http://127.0.0.1:8899."""
    return Config(
        site=Site(url=address),
        database=Database(url=f"sqlite:///{folder / 'site.sqlite'}"),
        bridge=Bridge(listen=address, secret_file=str(folder / "secret")),
        service=Service(state_dir=str(folder)),
        access=Access(assignable_roles=tuple(ROLES.values())),
    )
