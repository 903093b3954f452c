"""An installation on a site of a few rows, and a stand-in for the site's plugin."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from sidecar.cli import gatepost
from sidecar.commands.speaking import Here
from sidecar.signatures import sign_answer
from sidecar.wordpress.tables import Tables
from tests.wordpress.builders import a_user, a_user_with_roles, an_option

SECRET = "ab" * 32
GOODS = (
    "--level",
    "Gold",
    "--product",
    "Gold monthly",
    "--price",
    "9",
    "--currency",
    "EUR",
    "--every",
    "month",
)
NO_ENVIRONMENT = dict.fromkeys(
    ("GATEPOST_CONFIG", "GATEPOST_SECRET", "GATEPOST_DATABASE_PASSWORD", "LC_ALL", "LC_MESSAGES", "LANG")
)


@dataclass
class Installation:
    """A configuration on disk, and the command run with it."""

    config_path: Path
    tables: Tables = field(default_factory=lambda: Tables("wp_"))

    def run(self, *arguments: str, language: str = "en", **environment: str) -> Result:
        """`gatepost ARGUMENTS`."""
        command = ["--lang", language, "--config", str(self.config_path), *arguments]
        return CliRunner().invoke(gatepost, command, env={**NO_ENVIRONMENT, **environment})

    def did(self, *arguments: str, **options: str) -> str:
        """What a command printed that must succeed."""
        result = self.run(*arguments, **options)
        assert result.exit_code == 0, result.output
        return result.output

    @property
    def here(self) -> Here:
        """What commands work with, read anew."""
        return Here(self.config_path)

    @property
    def state(self) -> Path:
        return Path(self.here.config.service.state_dir)

    @contextmanager
    def wordpress(self) -> Iterator[Session]:
        """A session on the site's tables, committed at the end."""
        engine = create_engine(self.here.config.database_url)
        with Session(engine) as session:
            yield session
            session.commit()
        engine.dispose()


def an_installation(
    folder: Path,
    *,
    database: str = "",
    url: str = "http://127.0.0.1:9",
    with_tables: bool = True,
    **more: str,
) -> Installation:
    """Configured in `folder`, on SQLite unless `database` is a URL, with WordPress's tables. `more`: TOML per section."""
    config = folder / "config.toml"
    lines = {
        "site": [f'url = "{url}"'],
        "database": [f'url = "{database or f"sqlite:///{folder}/site.db"}"'],
        "bridge": [f'secret_file = "{folder}/state/secret"'],
        "service": [f'state_dir = "{folder}/state"'],
    }
    for section, text in more.items():
        lines.setdefault(section, []).append(text)
    if "listen" not in more.get("bridge", ""):
        lines["bridge"].append(f'listen = "unix:{folder}/gatepost.sock"')
    config.write_text("\n".join(f"[{section}]\n" + "\n".join(text) for section, text in lines.items()))
    (folder / "state").mkdir(mode=0o700, exist_ok=True)
    installation = Installation(config)
    if with_tables:
        with installation.wordpress() as session:
            installation.tables.create_all(session)
            an_option(session, installation.tables, "home", url)
            an_option(session, installation.tables, "timezone_string", "Europe/Paris")
    return installation


def users_of(installation: Installation, *logins: str) -> list[int]:
    """WordPress users with these logins; their ids."""
    with installation.wordpress() as session:
        return [a_user(session, installation.tables, login) for login in logins]


def a_user_who_is(installation: Installation, *roles: str) -> int:
    with installation.wordpress() as session:
        return a_user_with_roles(session, installation.tables, *roles)


# --- the site -------------------------------------------------------------------------------------------------------


@dataclass
class StandInSite:
    """A site's answer to `changes`. `secret`: that of its plugin; `refuses`: (status, body) in place of an answer."""

    secret: str | None = None
    refuses: tuple[int, dict[str, Any]] | None = None
    date: str | None = None
    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.refuses is not None:
            return self.refuses
        changes = json.loads(body)["changes"]
        self.received += changes
        return 200, {"done": [change["id"] for change in changes], "failed": {}}


@contextmanager
def a_site(**settings: Any) -> Iterator[StandInSite]:
    """A stand-in for the site, listening on a port of its own."""
    site = StandInSite(**settings)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", site.date or self.date_time_string())
            self.end_headers()

        def do_POST(self) -> None:
            status, content = site.answer(self.rfile.read(int(self.headers["Content-Length"])))
            text = json.dumps(content).encode()
            self.send_response(status)
            if site.secret is not None:
                request_id = self.headers["X-Gatepost-Id"]
                self.send_header("X-Gatepost-Id", request_id)
                self.send_header("X-Gatepost-Signature", sign_answer(site.secret, request_id, status, text))
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
