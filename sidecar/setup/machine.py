"""What `doctor` looks at on this machine: files, the socket, room, clocks. Judgements take values; only `look_*` look."""

from __future__ import annotations

import grp
import shutil
import stat
from pathlib import Path

from sqlalchemy.engine import make_url

from sidecar.config import Config
from sidecar.i18n import _
from sidecar.setup.findings import Finding, Severity
from sidecar.setup.installing import find_web_group, is_in_private_folder, socket_of

LEAST_FREE_BYTES = 200 * 1024 * 1024
OLDEST_TICK_SECONDS = 3600
MOST_CLOCK_SECONDS = 30
STALE_CLOCK_SECONDS = 300
_SELINUX = Path("/sys/fs/selinux/enforce")


def look_at_machine(config: Config, config_path: Path, last_tick: int | None, now: float) -> list[Finding]:
    """Everything below. `now`, `last_tick`: real time, Unix seconds."""
    return [
        look_at_config_file(config, config_path),
        look_at_secret(config),
        *look_at_socket(config),
        *look_at_selinux(_SELINUX),
        *look_at_state(config.state_dir),
        judge_tick(last_tick, now),
    ]


def look_at_config_file(config: Config, path: Path) -> Finding:
    """It is valid, or we would not be here; but who may read it?"""
    if make_url(config.database.url).password and path.exists() and path.stat().st_mode & 0o004:
        return Finding(
            "config",
            Severity.WARNING,
            _("Everybody on this machine can read the database password in {path}.").format(path=path),
            _(
                "chmod 640 {path}, or put the password into a file of its own (database.password_file)."
            ).format(path=path),
        )
    return Finding("config", Severity.OK, _("The configuration {path} is valid.").format(path=path))


def look_at_secret(config: Config) -> Finding:
    """Is it there, and does nobody else read it?"""
    if config.secret() is None:
        return Finding(
            "secret",
            Severity.PROBLEM,
            _("There is no secret yet, so the plugin cannot be trusted."),
            _("Run: gatepost pair"),
        )
    path = Path(config.bridge.secret_file)
    if path.exists() and path.stat().st_mode & 0o077:
        return Finding(
            "secret",
            Severity.PROBLEM,
            _("Other users of this machine may read the secret {path}.").format(path=path),
            _("chmod 600 {path}; if somebody may have read it: gatepost pair --new-secret").format(path=path),
        )
    return Finding("secret", Severity.OK, _("The secret is there and kept secret."))


# --- the socket --------------------------------------------------------------------------------------------------


def look_at_socket(config: Config) -> list[Finding]:
    """Can the web server see it, and may it talk to it?"""
    path = socket_of(config)
    if path is None:
        address = config.bridge.listen
        return [
            Finding("socket", Severity.OK, _("The service listens at {address}.").format(address=address))
        ]
    if is_in_private_folder(config.bridge.listen):
        return [
            Finding(
                "socket",
                Severity.PROBLEM,
                _("The socket {path} is in a folder of which most web servers have one of their own.").format(
                    path=path
                ),
                _("Set bridge.listen to unix:/run/gatepost/gatepost.sock and run “gatepost pair” again."),
            )
        ]
    try:
        there = path.stat()
    except FileNotFoundError:
        sentence = _("There is no socket {path}: the service does not run.").format(path=path)
        return [Finding("socket", Severity.PROBLEM, sentence, _("Start it: systemctl start gatepost"))]
    except PermissionError:
        sentence = _("This user may not look at the socket {path}.").format(path=path)
        return [Finding("socket", Severity.NOTE, sentence, _("Run this command as root."))]
    return [
        judge_socket(
            path,
            there.st_mode,
            _group_name(there.st_gid),
            web_group(config),
            _closed_folder(path, there.st_gid),
        )
    ]


def judge_socket(path: Path, mode: int, group: str, web: str | None, closed_folder: Path | None) -> Finding:
    """`group`: of the socket. `web`: the web server's; None where nobody knows. `closed_folder`: one above it that keeps
    the group out."""
    if not stat.S_ISSOCK(mode):
        sentence = _("{path} is not a socket.").format(path=path)
        return Finding("socket", Severity.PROBLEM, sentence, _("Remove it and restart the service."))
    if closed_folder is not None:
        return Finding(
            "socket",
            Severity.PROBLEM,
            _("The web server cannot reach the socket: the folder {path} is closed to it.").format(
                path=closed_folder
            ),
            _("chmod o+x {path}").format(path=closed_folder),
        )
    if mode & 0o002:
        sentence = _("Everybody on this machine may talk to the socket.")
        return Finding("socket", Severity.WARNING, sentence, _("Set bridge.socket_mode to 0660."))
    if not mode & 0o020 or (web is not None and group != web):
        return Finding(
            "socket",
            Severity.PROBLEM,
            _("The web server may not talk to the socket: it belongs to the group {group}.").format(
                group=group
            ),
            _("Set bridge.socket_group to the web server's group ({web}) and restart the service.").format(
                web=web or "?"
            ),
        )
    return Finding("socket", Severity.OK, _("The group {group} may talk to the socket.").format(group=group))


def web_group(config: Config) -> str | None:
    """The web server's group: as configured, else that of wp-content, else the usual one here."""
    if config.bridge.socket_group:
        return config.bridge.socket_group
    content = Path(config.site.wp_content) if config.site.wp_content else None
    if content is not None and content.is_dir():
        return _group_name(content.stat().st_gid)
    return find_web_group()


def _closed_folder(path: Path, gid: int) -> Path | None:
    """The topmost folder above `path` through which the group `gid` cannot go."""
    for folder in reversed(path.parents):
        there = folder.stat()
        if not there.st_mode & (0o010 if there.st_gid == gid else 0o001):
            return folder
    return None


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def look_at_selinux(enforce: Path) -> list[Finding]:
    """SELinux in enforcing mode keeps web servers from sockets that it does not know."""
    try:
        if enforce.read_text("ascii").strip() != "1":
            return []
    except OSError:
        return []
    return [
        Finding(
            "selinux",
            Severity.WARNING,
            _("SELinux is enforcing: it may keep the web server from talking to the socket."),
            _("If the plugin cannot reach the service, look for “denied” in: ausearch -m avc -ts recent"),
        )
    ]


# --- the state folder, cron, clocks ------------------------------------------------------------------------------


def look_at_state(folder: Path) -> list[Finding]:
    """The folder of spool, locks and secret: is it ours alone, and is there room?"""
    if not folder.is_dir():
        sentence = _("There is no folder {path} (service.state_dir).").format(path=folder)
        return [Finding("state", Severity.PROBLEM, sentence, _("“gatepost install” makes it."))]
    found = [judge_room(folder, shutil.disk_usage(folder).free)]
    if folder.stat().st_mode & 0o007:
        sentence = _("Other users of this machine may look into {path}.").format(path=folder)
        found.append(Finding("state", Severity.WARNING, sentence, _("chmod 700 {path}").format(path=folder)))
    refused = folder / "spool" / "refused.txt"
    if refused.exists():
        sentence = _(
            "Some lines of the event spool could not be understood; they are kept in {path}."
        ).format(path=refused)
        advice = _("A power cut does that. Look at the lines, then remove the file.")
        found.append(Finding("refused", Severity.WARNING, sentence, advice))
    return found


def judge_room(folder: Path, free_bytes: int) -> Finding:
    """Without room events are refused and databases stop."""
    free = _("{megabytes} MB").format(megabytes=free_bytes // 2**20)
    if free_bytes < LEAST_FREE_BYTES:
        sentence = _("Only {free} are free where {path} is.").format(free=free, path=folder)
        return Finding("disk", Severity.PROBLEM, sentence, _("Make room: without it events cannot be kept."))
    return Finding("disk", Severity.OK, _("{free} are free where {path} is.").format(free=free, path=folder))


def judge_tick(last_tick: int | None, now: float) -> Finding:
    """Billing, mail and ends of access come from the tick; cron calls it each minute."""
    advice = _(
        "Is cron running, and is /etc/cron.d/gatepost there? “gatepost install” writes it; try: gatepost tick"
    )
    if last_tick is None:
        return Finding("cron", Severity.PROBLEM, _("“gatepost tick” has never run here."), advice)
    minutes = int(now - last_tick) // 60
    if now - last_tick > OLDEST_TICK_SECONDS:
        sentence = _("“gatepost tick” ran last {minutes} minutes ago; it should run each minute.").format(
            minutes=minutes
        )
        return Finding("cron", Severity.PROBLEM, sentence, advice)
    return Finding(
        "cron", Severity.OK, _("“gatepost tick” ran {minutes} minutes ago.").format(minutes=max(minutes, 0))
    )


def judge_clock(seconds_ahead: float, other: str, code: str) -> Finding:
    """Two clocks. `seconds_ahead`: how far this machine's is ahead of `other`'s."""
    off = abs(round(seconds_ahead))
    if off <= MOST_CLOCK_SECONDS:
        return Finding(
            code, Severity.OK, _("The clocks of this machine and of {other} agree.").format(other=other)
        )
    severity = Severity.PROBLEM if off >= STALE_CLOCK_SECONDS else Severity.WARNING
    sentence = _("The clocks of this machine and of {other} are {seconds} seconds apart.").format(
        other=other, seconds=off
    )
    return Finding(code, severity, sentence, _("Set both by NTP, for example with: timedatectl set-ntp true"))
