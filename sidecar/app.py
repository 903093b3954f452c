"""The Flask application and the server that runs it."""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from jobs.schedule import Due, Lane, jobs_of
from jobs.watch import BEAT_SECONDS, SERVE, Watchdog, beat, own_name
from sidecar import db
from sidecar.clock import Clock
from sidecar.config import Config
from sidecar.errors import Misconfigured
from sidecar.i18n import _
from sidecar.service import make_service
from sidecar.web.bridge import bridge
from sidecar.web.dashboard.bridge_side import staff_bridge
from sidecar.web.dashboard.screens import dashboard
from sidecar.web.forms import forms
from sidecar.web.invoices import invoices
from sidecar.web.trust import MAX_BODY_BYTES, register_errors
from sidecar.web.webhooks import webhooks

log = logging.getLogger(__name__)


def create_app(config: Config, clock: Clock | None = None) -> Flask:
    """The application for one site. Opens no connection."""
    app = Flask("sidecar")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["gatepost"] = make_service(config, clock or Clock())
    db.init_app(app, config.database_url)
    for routes in (bridge, forms, invoices, webhooks, staff_bridge, dashboard):
        app.register_blueprint(routes)
    register_errors(app)
    return app


def start_housekeeping(app: Flask) -> threading.Event:
    """Threads that run due jobs and the watchdog until the event that it gives is set.

    What waits for the gateway has a thread of its own, so that a slow gateway holds up nothing of the house.
    """
    stop = threading.Event()
    for lane in (Lane.HOUSE, Lane.GATEWAY):
        _start_thread(lane, _keep_house, app, stop, Due(jobs_of(lane)))
    _start_thread("watchdog", _keep_watch, app, stop)
    return stop


def _start_thread(name: str, run: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=run, args=arguments, name=name, daemon=True).start()


def _keep_house(app: Flask, stop: threading.Event, due: Due) -> None:
    while not stop.wait(0.5):
        with app.app_context():
            due.run(app.extensions["gatepost"])


def _keep_watch(app: Flask, stop: threading.Event) -> None:
    """Show that the service is alive, from its first moment on, and look who is not."""
    watchdog = Watchdog()
    while True:
        with app.app_context():
            try:
                beat(own_name(SERVE))
                watchdog.look(app.extensions["gatepost"])
            except Exception:
                log.exception("the watchdog could not look")
        if stop.wait(BEAT_SECONDS):
            return


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings: threads, one socket, a housekeeping thread in each worker."""

    def __init__(self, make_app: Callable[[], Flask], config: Config) -> None:
        self._make_app = make_app
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        """Settings that gunicorn would otherwise take from a command line."""
        is_sqlite = self._config.database_url.get_backend_name() == "sqlite"
        for name, value in self._settings(workers=1 if is_sqlite else self._config.service.workers).items():
            self.cfg.set(name, value)

    def _settings(self, workers: int) -> dict[str, Any]:
        listen = self._config.bridge.listen
        return {
            "bind": [listen.removeprefix("http://")],
            "workers": workers,
            "worker_class": "gthread",
            "threads": self._config.service.threads,
            "umask": 0o777 & ~int(self._config.bridge.socket_mode, 8)
            if listen.startswith("unix:")
            else 0o077,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 5,
            "proc_name": "gatepost",
            "control_socket_disable": True,
            "when_ready": self._when_ready,
            "post_worker_init": lambda worker: start_housekeeping(worker.app.wsgi()),
        }

    def load(self) -> Flask:
        """In each worker after the fork, so that no connection crosses it."""
        return self._make_app()

    def _when_ready(self, _server: object) -> None:
        listen = self._config.bridge.listen
        if listen.startswith("unix:"):
            _open_to_group(Path(listen.removeprefix("unix:")), self._config)
        log.info("gatepost answers on %s", listen)


def _open_to_group(socket: Path, config: Config) -> None:
    """The web server's group may talk to the socket, nobody else."""
    group = config.bridge.socket_group
    if group:
        import grp  # noqa: PLC0415  only on a machine with groups

        try:
            os.chown(socket, -1, grp.getgrnam(group).gr_gid)
        except KeyError as error:
            sentence = _("bridge.socket_group: there is no group {group} on this machine")
            raise Misconfigured(sentence.format(group=group)) from error
    socket.chmod(int(config.bridge.socket_mode, 8))


def serve(config: Config, make_app: Callable[[], Flask]) -> None:
    """Answer the bridge until a signal comes."""
    prepare_state(config)
    Server(make_app, config).run()


def prepare_state(config: Config) -> None:
    """The state folder exists and is ours alone."""
    try:
        config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        sentence = _("service.state_dir: cannot make {path}: {reason}")
        raise Misconfigured(sentence.format(path=config.state_dir, reason=error.strerror)) from error
    if stat.S_IMODE(config.state_dir.stat().st_mode) & 0o007:
        config.state_dir.chmod(0o700)
