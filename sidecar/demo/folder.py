"""Where the demo keeps its database, ledger, spool and secrets, and the lock that keeps a second demo out of it.

SQLite is for one process: two demos in one folder would write into each other's database.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sidecar.config import Access, Billing, Bridge, Config, Dashboard, Database, Invoices, Service, Site
from sidecar.demo.processor_child import PUBLISHABLE_KEY, SECRET_KEY
from sidecar.demo.school import ROLES
from sidecar.errors import GatepostError
from sidecar.i18n import _

_CHECKOUT = Path(__file__).parents[2]
_OURS = (
    "site.sqlite*", "processor.*", "inbox.jsonl", "billing_runs*", "ready", "secret", "stripe_key", "spool/*.jsonl",
    "spool/*.taken", "spool/refused.txt",
)  # fmt: skip


class InUse(GatepostError):
    """Another demo runs in this folder."""


def default_folder() -> Path:
    """`.demo` in a checkout; for an installed package `gatepost-demo` in the user's state folder."""
    if (_CHECKOUT / "run").exists() and os.access(_CHECKOUT, os.W_OK):
        return _CHECKOUT / ".demo"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "gatepost-demo"


def prepare(folder: Path, *, fresh: bool) -> None:
    """The folder exists, is its owner's alone and holds secrets. `fresh`: what an earlier demo made is removed.

    So is a site whose making was interrupted. Only files that the demo makes are touched, whatever else stands in the folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "spool").mkdir(mode=0o700, exist_ok=True)
    if fresh or not is_made(folder):
        for path in (path for pattern in _OURS for path in folder.glob(pattern)):
            path.unlink()
    for name, text in (("secret", secrets.token_hex(32)), ("stripe_key", SECRET_KEY)):
        if not (folder / name).exists():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text, "ascii")


def is_made(folder: Path) -> bool:
    """Whether the site in the folder is complete."""
    return (folder / "ready").exists()


def note_made(folder: Path) -> None:
    """The site in the folder is complete."""
    (folder / "ready").touch()


def ledger_of(folder: Path) -> Path:
    """The test processor's."""
    return folder / "processor.ledger"


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


def config_of(folder: Path, address: str, processor: str) -> Config:
    """The service's configuration; `address`: where the demo answers, such as http://127.0.0.1:8899; `processor`: the
    test processor's address."""
    return Config(
        site=Site(url=address),
        database=Database(url=f"sqlite:///{folder / 'site.sqlite'}"),
        bridge=Bridge(listen=address, secret_file=str(folder / "secret")),
        service=Service(state_dir=str(folder)),
        access=Access(assignable_roles=tuple(ROLES.values())),
        billing=Billing(
            gateway="stripe",
            secret_key_file=str(folder / "stripe_key"),
            publishable_key=PUBLISHABLE_KEY,
            api_url=processor,
            script_url=f"{processor}/v3/",
            calls_per_second=0,
            calls_per_endpoint=0,
            threads=2,
            members_may_pause=True,
        ),
        dashboard=Dashboard(address=f"{address}/dashboard"),
        invoices=Invoices(
            seller_name="Alder & Ash School of Woodworking",
            seller_address="14 Mill Lane\nPortland, ME 04101",
            prefix="AA-",
        ),
    )
