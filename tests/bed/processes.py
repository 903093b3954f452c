"""Servers are known by a pid file, and believed only if /proc says that the process is ours."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bed.folder import BedError

INSTALL_LINE = (
    "as root: apt-get install -y --no-install-recommends mariadb-server redis-server php-cli php-fpm "
    "php-mysql php-xml php-mbstring php-curl php-intl php-gd php-zip php-apcu php-redis nginx-light "
    "chromium unzip curl   (./run test does it)"
)


def program(name: str) -> str:
    """The full path of a program, also where PATH lacks the sbin folders."""
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    found = shutil.which(name, path=path)
    if found is None:
        raise BedError(f"{name} is missing; {INSTALL_LINE}")
    return found


def php_fpm() -> str:
    """Debian names the binary after the version: php-fpm8.2."""
    candidates = sorted(Path("/usr/sbin").glob("php-fpm*"), key=lambda path: path.name)
    if not candidates:
        raise BedError(f"php-fpm is missing; {INSTALL_LINE}")
    return str(candidates[-1])


def child(
    command: Sequence[str],
    *,
    account: str | None = None,
    env: Mapping[str, str] | None = None,
    log: Path,
) -> subprocess.Popen[bytes]:
    """Start a server that dies with us, even if we are killed."""
    dies_with_us = [program("setpriv"), "--pdeathsig", "TERM", *_as_account(account), "--"]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*dies_with_us, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )


def _as_account(account: str | None) -> list[str]:
    return [] if account is None else ["--reuid", account, "--regid", account, "--init-groups"]


def running_pid(pid_file: Path) -> int | None:
    """The process that wrote the pid file, if it still lives and belongs to the pid file's folder."""
    try:
        pid = int(pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        home = str(pid_file.parent)
        ours = home.encode() in command or (
            bool(command) and str(Path(f"/proc/{pid}/cwd").readlink()) == home
        )
    except (OSError, ValueError):
        return None
    return pid if ours else None


def stop(pid_file: Path, *, within_seconds: float = 30) -> None:
    """Ask the pid file's process to end, wait for it, then insist."""
    pid = running_pid(pid_file)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        if not wait_until(lambda: running_pid(pid_file) is None, within_seconds):
            os.kill(pid, signal.SIGKILL)
    pid_file.unlink(missing_ok=True)


_PATIENCE = 4.0


def wait_until(condition: Callable[[], bool], within_seconds: float) -> bool:
    """Poll until it is so; False when the time is over, of which a busy machine gets more."""
    deadline = time.monotonic() + within_seconds * _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
