"""The demo as a process of its own, as `./run demo` starts it."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 240


class DemoProcess:
    """`address`: without a slash at the end, once the demo has said it."""

    def __init__(self, folder: Path, port: int, *options: str, **more_environment: str) -> None:
        command = [
            sys.executable,
            "-m",
            "sidecar.demo",
            "--folder",
            str(folder),
            "--port",
            str(port),
            *options,
        ]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GATEPOST_")}
        environment |= {"LANG": "C.UTF-8", **more_environment}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.address = f"http://127.0.0.1:{port}"

    def __enter__(self) -> "DemoProcess":
        return self

    def __exit__(self, *_error: object) -> None:
        """It is gone after the test, however the test ended."""
        self.process.kill()
        self.process.communicate()

    def first_line(self) -> str:
        """What it says when it is ready."""
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        assert ready, "the demo said nothing"
        return self.process.stdout.readline()

    def stop(self, signal_number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Exit code, and what it said since: on standard output, on standard error."""
        self.process.send_signal(signal_number)
        return self.end()

    def end(self) -> tuple[int, str, str]:
        """The same, for one that ends by itself."""
        try:
            said, complained = self.process.communicate(timeout=SECONDS)
        finally:
            self.process.kill()
        return self.process.returncode, said, complained


@contextmanager
def running_demo(folder: Path, *options: str, **more_environment: str) -> Iterator[DemoProcess]:
    """A demo that is ready; stopped at the end."""
    with DemoProcess(folder, free_port(), *options, **more_environment) as demo:
        line = demo.first_line()
        assert line, demo.end()[2]
        yield demo
        if demo.process.poll() is None:
            demo.stop()


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
