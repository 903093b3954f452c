"""`python -m sidecar.demo`: make the small site where it is missing, start the service and the preview, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sidecar.app import create_app, start_housekeeping
from sidecar.config import Config
from sidecar.demo.folder import config_of, default_folder, locked, prepare
from sidecar.demo.making import make_or_keep_site
from sidecar.demo.preview import add_preview
from sidecar.errors import GatepostError
from sidecar.i18n import _, language_of, set_language

HOST, PORT = "127.0.0.1", 8899


class PortTaken(GatepostError):
    """Somebody else listens there."""


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line for each request: the terminal says the address and then keeps still."""


def main(arguments: list[str] | None = None) -> int:
    """The process's exit code."""
    set_language(language_of(os.environ.get("LANG", "")))
    asked = _parser().parse_args(arguments)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    try:
        run(asked.folder.absolute(), asked.port, fresh=asked.fresh)
    except (GatepostError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass  # before the server was up, which ends at the same signal by itself
    print("\n" + _("stopped"))
    return 0


def run(folder: Path, port: int, *, fresh: bool) -> None:
    """Serve until a signal comes. Raises `InUse`, `PortTaken`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = f"http://{HOST}:{port}" if port != 80 else f"http://{HOST}"
    with locked(folder, address), _listening(port) as door:
        prepare(folder, fresh=fresh)
        app = make_app(config_of(folder, address), port)
        server = make_server(HOST, port, app, threaded=True, request_handler=_Quiet, fd=door.fileno())
        print(f"{address}/  " + _("(Ctrl-C stops it)"), flush=True)
        _serve(app, server)


def make_app(config: Config, port: int) -> Flask:
    """The service with the preview, its site made."""
    app = create_app(config)
    add_preview(app, port)
    service = app.extensions["gatepost"]
    with app.app_context():
        make_or_keep_site(service.tables, config.site.url, service.clock.now())
    return app


def _serve(app: Flask, server: BaseWSGIServer) -> None:
    stop = start_housekeeping(app)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)  # a second Ctrl-C would only tear what is ending
        stop.set()
        for thread in threading.enumerate():
            if thread.name == "housekeeping":
                thread.join(timeout=3)


def _listening(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((HOST, port))
        door.listen()
    except (OSError, OverflowError) as error:
        door.close()
        sentence = _("port {port} cannot be had ({reason}); --port chooses another")
        raise PortTaken(sentence.format(port=port, reason=_reason(error))) from None
    return door


def _reason(error: Exception) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else _("ports end at 65535")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run demo", description=_("A small site with members in every state.")
    )
    parser.add_argument("--port", type=int, default=PORT, help=_("on 127.0.0.1 (default: %(default)s)"))
    parser.add_argument(
        "--fresh", action="store_true", help=_("forget the last demo's site and make a new one")
    )
    parser.add_argument(
        "--folder", type=Path, default=default_folder(), help=_("where it is kept (default: %(default)s)")
    )
    return parser


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
