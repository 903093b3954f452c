"""Making a service of it: a systemd unit and a line for cron. What is written is decided here without touching anything."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sidecar.config import Config
from sidecar.errors import Refused
from sidecar.i18n import _

UNIT = Path("etc/systemd/system/gatepost.service")
CRON = Path("etc/cron.d/gatepost")
WEB_GROUPS = ("www-data", "apache", "nginx", "http", "www")
PRIVATE_TO_OTHERS = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108  where a socket must not be


@dataclass(frozen=True)
class Plan:
    """What to write. `account`: the system user that runs the service; `socket_group`: who may talk to its socket."""

    account: str
    socket_group: str
    command: str
    config_path: Path
    files: dict[Path, str]


def plan(config: Config, config_path: Path, *, account: str = "gatepost", command: str = "") -> Plan:
    """The files for this configuration, by their path below the root. Writes nothing; refuses what cannot work."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}", account) or account == "root":
        raise Refused(_("The service needs a user of its own, named in small letters, and not root."))
    command = command or str(_own_command())
    for path in (command, str(config_path.absolute()), str(config.state_dir), config.bridge.listen):
        if re.search(r"[\s%\"'\\$]", path):
            raise Refused(
                _(
                    "A path with spaces, quotes, % or $ does not work in systemd's and cron's files: {path}"
                ).format(path=path)
            )
    if is_in_private_folder(config.bridge.listen):
        raise Refused(
            _(
                "The socket must not be in {path}: most web servers have a /tmp of their own and would never see it. "
                "Set bridge.listen to unix:/run/gatepost/gatepost.sock"
            ).format(path=socket_of(config))
        )
    group = config.bridge.socket_group or find_web_group() or ""
    files = {
        UNIT: _unit(config, config_path, account, group, command),
        CRON: _cron(config_path, account, command),
    }
    return Plan(account, group, command, config_path.absolute(), files)


def _own_command() -> Path:
    """How we were called; the command beside the interpreter when that was no command (`python -m sidecar.cli`)."""
    called = Path(sys.argv[0]).absolute()
    return Path(sys.executable).with_name("gatepost") if called.suffix == ".py" else called


def socket_of(config: Config) -> Path | None:
    """The path of the unix socket; None for TCP."""
    listen = config.bridge.listen
    return Path(listen.removeprefix("unix:")) if listen.startswith("unix:") else None


def is_in_private_folder(listen: str) -> bool:
    """Whether an address is a socket in a folder of which systemd gives most services one of their own (PrivateTmp)."""
    path = Path(listen.removeprefix("unix:"))
    return listen.startswith("unix:") and any(path.is_relative_to(folder) for folder in PRIVATE_TO_OTHERS)


def find_web_group() -> str | None:
    """The group that web servers have on this kind of system."""
    groups = {group.gr_name for group in grp.getgrall()}
    return next((name for name in WEB_GROUPS if name in groups), None)


def _unit(config: Config, config_path: Path, account: str, group: str, command: str) -> str:
    """The service may write its state folder and its socket's folder, and nothing else."""
    folders: list[str] = []
    writable: list[str] = []
    _own_folder(folders, writable, config.state_dir, Path("/var/lib"), "StateDirectory", "0700")
    socket = socket_of(config)
    if socket is not None:
        # 0755: the socket's own group and mode say who may talk; the folder only lets them reach it.
        _own_folder(folders, writable, socket.parent, Path("/run"), "RuntimeDirectory", "0755")
    writes = [f"ReadWritePaths={' '.join(writable)}"] if writable else []
    groups = [f"SupplementaryGroups={group}"] if group else []
    return "\n".join(
        [
            "# Written by “gatepost install”; a run of it writes it again.",
            "[Unit]",
            "Description=Gatepost, paid membership for WordPress",
            "After=network.target mariadb.service mysql.service redis-server.service",
            "",
            "[Service]",
            f"User={account}",
            *groups,
            f"ExecStart={command} --config {config_path.absolute()} serve",
            "Restart=always",
            "RestartSec=2",
            "TimeoutStopSec=20",
            "UMask=0077",
            *folders,
            *writes,
            "",
            "NoNewPrivileges=yes",
            "CapabilityBoundingSet=",
            "ProtectSystem=strict",
            "ProtectHome=read-only",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
            "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes",
            "ProtectKernelLogs=yes",
            "ProtectControlGroups=yes",
            "ProtectClock=yes",
            "ProtectHostname=yes",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
            "RestrictNamespaces=yes",
            "RestrictRealtime=yes",
            "RestrictSUIDSGID=yes",
            "LockPersonality=yes",
            "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service",
            "SystemCallErrorNumber=EPERM",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )


def _own_folder(
    folders: list[str], writable: list[str], folder: Path, base: Path, name: str, mode: str
) -> None:
    """A folder that systemd makes and gives to the service where it can (below `base`), else one that may be written."""
    if folder != base and folder.is_relative_to(base):
        folders += [f"{name}={folder.relative_to(base)}", f"{name}Mode={mode}"]
    else:
        writable.append(str(folder))


def _cron(config_path: Path, account: str, command: str) -> str:
    line = f"{shlex.quote(command)} --config {shlex.quote(str(config_path.absolute()))} tick --quiet"
    return (
        "# Written by “gatepost install”; a run of it writes it again.\n"
        "# Billing, mail and everything else that is due; it says something only when a job has failed.\n"
        f"* * * * * {account} {line}\n"
    )


# --- doing it --------------------------------------------------------------------------------------------------------


def install(planned: Plan, config: Config, root: Path) -> list[str]:
    """Write the plan's files below `root`, make the account, give it what is its own; gives what was done, in sentences.

    Safe to repeat. With another `root` than / only files are written.
    """
    is_here = root == Path("/")
    if is_here and os.geteuid() != 0:
        raise Refused(_("Only root may install a service: run it with sudo, or look at it with --dry-run."))
    done = _make_account(planned.account) if is_here else []
    for path, text in planned.files.items():
        done += _write(root / path, text)
    if is_here:
        done += give_state(planned.account, config)
        done += _let_read(planned.config_path, planned.account)
    return done


def _make_account(account: str) -> list[str]:
    try:
        pwd.getpwnam(account)
    except KeyError:
        subprocess.run(  # noqa: S603  the name was checked
            ["/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", account],
            check=True,
        )  # fmt: skip
        return [_("made the system user {account}").format(account=account)]
    return []


def _write(path: Path, text: str) -> list[str]:
    """Whole or not at all; says nothing when it was so already."""
    if path.exists() and path.read_text("utf-8") == text:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.chmod(0o644)
    part.replace(path)
    return [_("wrote {path}").format(path=path)]


def give_state(account: str, config: Config) -> list[str]:
    """The state folder, the spool and the secret belong to the service, whoever made them first."""
    owner = pwd.getpwnam(account)
    config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = Path(config.bridge.secret_file)
    ours = [config.state_dir, *config.state_dir.rglob("*"), *([secret] if secret.exists() else [])]
    strangers = [path for path in dict.fromkeys(ours) if path.lstat().st_uid != owner.pw_uid]
    for path in strangers:
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    given = _("gave {path} to the user {account}")
    return [given.format(path=config.state_dir, account=account)] if strangers else []


def _let_read(config_path: Path, account: str) -> list[str]:
    """The configuration may hold a password: root writes it, the service's group reads it, nobody else."""
    group = pwd.getpwnam(account).pw_gid
    there = config_path.stat()
    if (there.st_uid, there.st_gid, there.st_mode & 0o777) == (0, group, 0o640):
        return []
    os.chown(config_path, 0, group)
    config_path.chmod(0o640)
    return [_("{path} can now be read by root and {account} only").format(path=config_path, account=account)]


def next_steps(planned: Plan) -> list[str]:
    """What to type after `install`."""
    return [
        "gatepost init",
        "gatepost pair --wp-content /path/to/wp-content",
        "systemctl daemon-reload",
        "systemctl enable --now gatepost",
        "gatepost doctor",
    ] + (
        [] if planned.socket_group else [_("# first set bridge.socket_group to the group of the web server")]
    )
