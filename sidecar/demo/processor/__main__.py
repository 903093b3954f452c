"""`python -m sidecar.demo.processor --port N`: serve until a signal comes; exit code 3 when the referee saw something."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from sidecar.demo.processor.control import violations
from sidecar.demo.processor.processor import Processor
from sidecar.demo.processor.reception import reception
from sidecar.demo.processor.wire import listen, serve

VIOLATED = 3


def main(arguments: list[str] | None = None) -> None:
    """Never returns: a signal ends the process, whose threads are daemons."""
    asked = _parser().parse_args(arguments)
    processor = Processor(asked.ledger, asked.secret_key, asked.seed)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.default_int_handler)
    door = listen(asked.port)
    processor.webhooks.start()
    threading.Thread(target=processor.keep_time, daemon=True, name="clock").start()
    print(f"listening http://127.0.0.1:{door.getsockname()[1]}", flush=True)
    try:
        serve(door, reception(processor))
    except KeyboardInterrupt:
        _leave(processor)


def _leave(processor: Processor) -> NoReturn:
    """The lock is taken and never given back: nothing is half written when the process ends."""
    processor.books.lock.acquire()
    found = violations(processor)
    for violation in found:
        print("violation", json.dumps(violation), file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(VIOLATED if found else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sidecar.demo.processor", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 (the default) takes a free one")
    parser.add_argument("--ledger", type=Path, help="a file to keep everything in; without it, memory only")
    parser.add_argument(
        "--secret-key",
        action="append",
        default=[],
        help="the only secret keys admitted; without it, every one",
    )
    parser.add_argument("--seed", type=int, default=0, help="of faults and webhooks by chance")
    return parser


if __name__ == "__main__":
    main()
