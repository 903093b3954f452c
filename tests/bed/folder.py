"""Where the bed lies on the disk, and which accounts run its servers.

The bed is outside the checkout: as root, php-fpm runs as www-data and MariaDB as mysql, and neither may
be able to traverse the path to the checkout (/root, a home folder).
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BedError(RuntimeError):
    """The bed cannot stand; the message says what to do about it."""


AS_ROOT = os.geteuid() == 0
WEB_ACCOUNT = "www-data" if AS_ROOT else None
DATABASE_ACCOUNT = "mysql" if AS_ROOT else None

ROOT = Path(os.environ.get("GATEPOST_BED") or f"/var/tmp/gatepost-bed-{os.geteuid()}")
"""Socket paths lie below it and must stay under 108 bytes: keep it short."""

SESSIONS = ROOT / "sessions"
TREES = ROOT / "wordpress"
COMPILED = ROOT / "opcache"
PHP_SOURCES = Path(__file__).with_name("php")


def prepare_root() -> Path:
    """The bed's folder, made if it is missing; refuses one that belongs to another account."""
    os.umask(0o022)  # other accounts' servers read here, whatever the umask was
    ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = ROOT.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise BedError(f"{ROOT} belongs to somebody else: set GATEPOST_BED to a folder of your own")
    for folder in (SESSIONS, TREES, COMPILED):
        folder.mkdir(exist_ok=True)
    if WEB_ACCOUNT:
        shutil.chown(COMPILED, WEB_ACCOUNT, WEB_ACCOUNT)
    return ROOT


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Only one process of this account at a time is inside; a dead one holds nothing."""
    with (prepare_root() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_lock(path: Path, *, exclusive: bool = True) -> int | None:
    """A file descriptor that holds the lock until it is closed, or None where somebody else holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
