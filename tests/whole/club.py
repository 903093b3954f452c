"""The whole product on a real site: WordPress with the bridge, and a real sidecar process beside it."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from sidecar import config as configuration
from sidecar.access.rules import Audience, Rule, RuleGrant, TargetKind
from sidecar.access.ruling import protect
from sidecar.app import create_app
from sidecar.catalog.making import make_bundle, make_level
from sidecar.catalog.rules import Grant
from sidecar.db import db, dispose
from sidecar.members.changing import make_member
from sidecar.wordpress.tables import Tables
from tests.bed.processes import wait_until
from tests.bed.site import Site
from tests.bridge.conftest import install_bridge, refetch_index

ROOT = Path(__file__).parents[2]


class Club:
    """A site, its sidecar process, and an app in this process for use cases on the same database."""

    def __init__(self, site: Site, program: str, **sections: dict[str, Any]) -> None:
        self.site, self._program = site, program
        self.folder = site.folder / "sidecar"
        self.folder.mkdir(mode=0o755, exist_ok=True)
        self.socket = self.folder / "s.sock"
        self.secret = secrets.token_hex(32)
        self.config_path = self._write_config(sections)
        self.config = configuration.load(self.config_path)
        self.app: Flask = create_app(self.config)
        self._process: subprocess.Popen[bytes] | None = None

    def _write_config(self, sections: dict[str, dict[str, Any]]) -> Path:
        (self.folder / "secret").write_text(self.secret)
        tables = {
            "site": {"url": self.site.url, "table_prefix": self.site.prefix},
            "database": {"url": self.site.database_url},
            "bridge": {
                "listen": f"unix:{self.socket}",
                "secret_file": f"{self.folder}/secret",
                "socket_group": "www-data" if os.geteuid() == 0 else grp.getgrgid(os.getegid()).gr_name,
            },
            "service": {"state_dir": f"{self.folder}/state"},
        }
        for name, values in sections.items():
            tables[name] = {**tables.get(name, {}), **values}
        path = self.folder / "config.toml"
        path.write_text("\n".join(f"[{name}]\n{_toml(values)}" for name, values in tables.items()))
        return path

    def gatepost(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command of the product to its end."""
        command = [sys.executable, "-m", self._program, "--config", str(self.config_path), *arguments]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **options
        )

    def start(self) -> None:
        """Start the sidecar and wait until it answers on its socket."""
        command = [sys.executable, "-m", self._program, "--config", str(self.config_path), "serve"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        if not wait_until(lambda: self.socket.exists() and _answers(self.socket), within_seconds=30):
            raise RuntimeError(f"the sidecar did not start: {self.log()}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End the sidecar with a signal and wait for its end."""
        if self._process is not None:
            os.killpg(self._process.pid, how)  # SIGKILL, too, ends the workers with their parent
            self._process.wait(timeout=30)
            self._process = None

    @property
    def pid(self) -> int:
        """Of the running sidecar."""
        if self._process is None:
            raise RuntimeError("the sidecar does not run")
        return self._process.pid

    @property
    def config_tables(self) -> Tables:
        """The site's tables."""
        tables: Tables = self.app.extensions["gatepost"].tables
        return tables

    def log(self) -> str:
        """What the sidecar printed."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def pair(self) -> None:
        """Install the bridge and tell it address and secret."""
        install_bridge(self.site)
        self.site.constants(GATEPOST_ADDRESS=f"unix:{self.socket}", GATEPOST_SECRET=self.secret)
        self.site.activate("gatepost")

    def sync_index(self) -> None:
        """Have the bridge fetch the rules now."""
        refetch_index(self.site)

    def level(self, name: str, **kwargs: Any) -> int:
        return make_level(name, now=now(), **kwargs)

    def bundle(self, name: str, **kwargs: Any) -> int:
        return make_bundle(name, now=now(), **kwargs)

    def member(self, login: str, level_id: int, *, first_name: str = "", **kwargs: Any) -> int:
        """A new WordPress user with a level; gives the user's id."""
        user_id = self.site.user(login, first_name=first_name or login.title())
        make_member(user_id, level_id, **{"now": now(), "by": "test", **kwargs})
        return user_id

    def protect(self, post_id: int, level_id: int, *, from_day: int = 0, **kwargs: Any) -> int:
        grant = RuleGrant(Grant.LEVEL, level_id, from_day)
        return protect(Rule(0, TargetKind.POST, str(post_id), Audience.GRANTS, (grant,), **kwargs), now=now())


@contextlib.contextmanager
def a_club(site: Site, program: str = "sidecar.cli", **sections: dict[str, Any]) -> Iterator[Club]:
    """A club whose sidecar runs; its app context is open. `program`: the module of the command line."""
    club = Club(site, program, **sections)
    prepared = club.gatepost("init")
    if prepared.returncode:
        raise RuntimeError(prepared.stderr)
    with club.app.app_context():
        try:
            club.pair()
            club.start()
            club.sync_index()
            yield club
        finally:
            club.stop()
            db.session.remove()
            dispose()


def now() -> datetime:
    return datetime.now(UTC)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _toml(values: dict[str, Any]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
