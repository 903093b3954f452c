"""The test processor as a process of its own, for every test that moves money.

A test module imports the fixture: `from tests.processor.running import processor  # noqa: F401`.
"""

import atexit
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

SECONDS = 20
CHECKOUT = Path(__file__).parents[2]


class RunningProcessor:
    """`url` without a slash at its end; `get` and `post` speak to the control: `post("clock", {"advance": 60})`."""

    secret_key = "sk_test_gatepost"
    publishable_key = "pk_test_gatepost"

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "sidecar.demo.processor", *options]
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- closed by stop()
        self.process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            env={**os.environ, "LANG": "C.UTF-8"},
        )
        self.url = self._listening()
        self._session = requests.Session()
        self._session.trust_env = False

    def _listening(self) -> str:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("listening "):
            raise AssertionError(f"the processor did not start: {line}{self._end(signal.SIGKILL)[1]}")
        return line.split()[1]

    def get(self, path: str, **query: Any) -> Any:
        """The control's answer; what it refuses raises."""
        return self._answer(self._session.get(self._address(path), params=query, timeout=SECONDS))

    def post(self, path: str, json: dict[str, Any] | None = None) -> Any:
        return self._answer(self._session.post(self._address(path), json=json or {}, timeout=SECONDS))

    def delete(self, path: str) -> Any:
        return self._answer(self._session.delete(self._address(path), timeout=SECONDS))

    def _address(self, path: str) -> str:
        return f"{self.url}/_test/" + path.removeprefix("/").removeprefix("_test/")

    def _answer(self, answer: requests.Response) -> Any:
        assert answer.ok, f"{answer.status_code}: {answer.text}"
        return answer.json()

    def client(self, key: str = "") -> stripe.StripeClient:
        """The official library's client; it never repeats a request by itself."""
        return stripe.StripeClient(
            key or self.secret_key, base_addresses={"api": self.url}, max_network_retries=0
        )

    def stop(self, signal_number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code (3: the referee saw something), and what it complained of."""
        self._session.close()
        return self._end(signal_number)

    def _end(self, signal_number: int) -> tuple[int, str]:
        if self._complaints.closed:
            return self.process.returncode, ""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            self.process.communicate(timeout=SECONDS)
        finally:
            self.process.kill()
        with self._complaints as complaints:
            complaints.seek(0)
            return self.process.returncode, complaints.read()


@contextmanager
def running_processor(*options: str) -> Iterator[RunningProcessor]:
    """One with these options; the caller judges what its end says."""
    running = RunningProcessor(*options)
    try:
        yield running
    finally:
        running.stop()


@cache
def _shared() -> RunningProcessor:
    """One process for the whole run."""
    running = RunningProcessor()
    atexit.register(running.stop)
    return running


@pytest.fixture
def processor() -> RunningProcessor:
    """An empty processor. A test that wants exit codes, a ledger file or keys starts its own `running_processor`."""
    running = _shared()
    running.post("reset")
    return running
