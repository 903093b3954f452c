"""The test processor as a child process: started, moved through time, ended with whoever started it.

The child reads a pipe whose other end its starter alone holds. However that one ends, `kill -9` included, the pipe ends
with it, and then the child goes, too.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from sidecar.demo.processor.__main__ import main as serve_processor
from sidecar.errors import GatepostError
from sidecar.i18n import _

SECRET_KEY, PUBLISHABLE_KEY = "sk_test_processor", "pk_test_processor"
_START_SECONDS, _CALL_SECONDS = 20.0, 20.0


class ProcessorAway(GatepostError):
    """The test processor does not answer, or did not start."""


class Control:
    """What one does to a running test processor beside what a gateway's client does. `url`: without a slash at the end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def offset(self) -> timedelta:
        """How far its clock is from real time."""
        return timedelta(seconds=float(self._ask("GET", "clock")["offset"]))

    def set_clock(self, now: datetime) -> None:
        """What is due there by then happens before it answers."""
        self._ask("POST", "clock", {"now": now.timestamp()})

    def script_card(self, gateway_id: str, then: str) -> None:
        """Every coming charge of this card ends so: `succeed`, or a decline code."""
        self._ask("POST", f"cards/{gateway_id}", {"outcomes": [], "then": then})

    def pay(self, intent_id: str, card: str) -> None:
        """What somebody at a browser does: types a number in and confirms; where the bank asks, he approves."""
        answer = self._ask("POST", "pay", {"intent": intent_id, "card": card})
        if answer.get("status") == "requires_action":
            self._ask("POST", "authenticate", {"intent": intent_id, "outcome": "approve"})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._session.request(
                method, f"{self.url}/_test/{path}", json=body, timeout=_CALL_SECONDS
            )
            answer.raise_for_status()
            content: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError) as error:
            sentence = _("the test processor at {url} does not answer: {reason}")
            raise ProcessorAway(sentence.format(url=self.url, reason=error)) from error
        return content


class ProcessorChild:
    """A test processor that belongs to this process. Its ledger is kept in the file, its complaints beside it.

    `port` 0: any free one. Raises ProcessorAway when it does not start.
    """

    def __init__(self, ledger: Path, port: int = 0) -> None:
        command = [sys.executable, "-m", "sidecar.demo.processor_child", "--ledger", str(ledger)]
        with ledger.with_suffix(".log").open("ab") as complaints:
            # A session of its own: Ctrl-C on the terminal reaches its starter, who ends it in order.
            self._process = subprocess.Popen(  # noqa: S603  our own module
                [*command, "--port", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
                start_new_session=True,
            )  # fmt: skip
        self.control = Control(self._address())

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return self.control.url

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def _address(self) -> str:
        assert self._process.stdout  # noqa: S101  it was asked for
        ready, *_rest = select.select([self._process.stdout], [], [], _START_SECONDS)
        said = self._process.stdout.readline().decode() if ready else ""
        if not said.startswith("listening "):
            self.stop()
            raise ProcessorAway(_("the test processor did not start; its .log beside the ledger says why"))
        return said.split()[1]

    def stop(self) -> None:
        """End it and wait for its end; a second call does nothing."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=_START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True, name="starter").start()
    serve_processor()
