"""Processes of the sidecar, made by forking one that has imported everything: so a worker that was killed is back in
milliseconds, and an act of a member can be a process of its own.

`python -m tests.crash.nursery FOLDER [SABOTAGE]` reads a JSON line for each child and answers with its pid. It opens no
connection itself, so nothing crosses a fork.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
_PR_SET_PDEATHSIG = 1


class Nursery:
    """The conductor's side: `spawn` gives a pid that lives, stands still or is gone."""

    def __init__(self, folder: Path, sabotage: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery", str(folder), sabotage],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def spawn(self, role: str, **orders: Any) -> int:
        """Fork a child with this role; its pid."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"role": role, **orders}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def state(self, pid: int) -> str:
        """The letter that the kernel gives it (`T`: it stands still); '' when it is gone or was never ours."""
        try:
            facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return facts[0] if int(facts[1]) == self._process.pid and facts[0] not in "ZX" else ""

    def signal(self, pid: int, number: int) -> None:
        """Only a living child of the nursery is ever signalled."""
        if self.state(pid):
            os.kill(pid, number)

    def close(self) -> None:
        """Its children die with it."""
        assert self._process.stdin
        with suppress(BrokenPipeError):  # it is gone already
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()


def main(folder: Path, sabotage: str) -> None:
    """Fork on demand, until the conductor has gone."""
    from tests.crash import acts, door, owner, worker
    from tests.crash.impatience import lose_patience
    from tests.crash.sabotage import SABOTAGES

    lose_patience()
    if sabotage:
        SABOTAGES[sabotage].apply()
    roles = {
        "worker": worker.work, "nudged": worker.work_by_nudges, "once": worker.work_once, "catch_up": worker.catch_up, "door": door.keep, "act": acts.act, "clone": owner.run_clone,
        "owner": owner.resume_billing,
    }  # fmt: skip
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        orders = json.loads(line)
        pid = os.fork()
        if not pid:
            _live(roles[orders.pop("role")], folder, orders)
        print(pid, flush=True)


def _live(role: Any, folder: Path, orders: dict[str, Any]) -> None:
    """In the child: do as ordered, then end without the parent's clean-ups."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 2)
    os.dup2(log, 1)
    try:
        role(folder, **orders)
    except BaseException:
        traceback.print_exc()
        last = traceback.format_exc().strip().splitlines()[-1]
        (folder / f"crashed.{os.getpid()}").write_text(f"{getattr(role, '__name__', role)}: {last}")
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
