"""`python -m sidecar.demo`: make the small site where it is missing, start the service, the preview and the test processor,
until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from jobs.schedule import Lane
from jobs.watch import WORKER, beat, own_name
from sidecar.app import create_app, start_housekeeping
from sidecar.config import Config
from sidecar.demo.folder import config_of, default_folder, ledger_of, locked, prepare
from sidecar.demo.making import make_or_keep_site
from sidecar.demo.pages import travelling
from sidecar.demo.preview import add_preview
from sidecar.demo.processor_child import Control, ProcessorChild
from sidecar.demo.travelling import Travelling
from sidecar.errors import GatepostError
from sidecar.i18n import _, language_of, set_language

HOST, PORT = "127.0.0.1", 8899
_CHARGING, _WORK_EVERY_SECONDS = "charging", 3.0
_SECRETS_ELSEWHERE = (
    "GATEPOST_SECRET", "GATEPOST_DATABASE_PASSWORD", "GATEPOST_STRIPE_SECRET_KEY", "GATEPOST_STRIPE_WEBHOOK_SECRET",
)  # fmt: skip


class PortTaken(GatepostError):
    """Somebody else listens there."""


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line for each request: the terminal says the address and then keeps still."""


def main(arguments: list[str] | None = None) -> int:
    """The process's exit code."""
    set_language(language_of(os.environ.get("LANG", "")))
    for secret in _SECRETS_ELSEWHERE:
        os.environ.pop(secret, None)  # a real site's, which the demo has no use for
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
    """Serve until a signal comes. Raises `InUse`, `PortTaken`, `ProcessorAway`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = f"http://{HOST}:{port}" if port != 80 else f"http://{HOST}"
    with locked(folder, address), _listening(port) as door:
        prepare(folder, fresh=fresh)
        with closing_processor(ledger_of(folder)) as processor:
            app = make_app(config_of(folder, address, processor.url), port, processor.control)
            server = make_server(HOST, port, app, threaded=True, request_handler=_Quiet, fd=door.fileno())
            _serve(app, server, address)


@contextmanager
def closing_processor(ledger: Path) -> Iterator[ProcessorChild]:
    """A test processor for the block."""
    processor = ProcessorChild(ledger)
    try:
        yield processor
    finally:
        processor.stop()


def make_app(config: Config, port: int, control: Control) -> Flask:
    """The service with the preview; its site is not made yet."""
    app = create_app(config)
    add_preview(app, port, Travelling(app.extensions["gatepost"], control))
    return app


def make_site(app: Flask) -> None:
    """The site where it is missing. The app must be served already: mails and roles go to the site over HTTP."""
    with app.app_context():
        make_or_keep_site(app.extensions["gatepost"], travelling())


def _serve(app: Flask, server: BaseWSGIServer, address: str) -> None:
    """Make the site, say the address, answer until a signal comes."""
    serving = threading.Thread(target=server.serve_forever, args=(0.1,), name="server", daemon=True)
    serving.start()
    stop = threading.Event()
    try:
        make_site(app)
        stop = start_housekeeping(app)
        charging = threading.Thread(target=_keep_working, args=(app, stop), name=_CHARGING, daemon=True)
        charging.start()
        print(f"{address}/  " + _("(Ctrl-C stops it)"), flush=True)
        while serving.is_alive():  # a signal that another thread takes wakes no join that waits for ever
            serving.join(timeout=0.2)
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)  # a second Ctrl-C would only tear what is ending
        stop.set()
        _join_housekeeping()
        server.shutdown()


def _keep_working(app: Flask, stop: threading.Event) -> None:
    """What workers do on a real site."""
    while not stop.wait(_WORK_EVERY_SECONDS):
        with app.app_context():
            beat(own_name(WORKER))
            travelling().work()


def _join_housekeeping() -> None:
    for thread in threading.enumerate():
        if thread.name in {*Lane, _CHARGING}:
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
