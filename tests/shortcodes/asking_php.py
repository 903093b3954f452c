"""One php process that answers one JSON line with another."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.bed.processes import program

SCRIPTS = Path(__file__).with_name("php")
WITHOUT_DEPRECATIONS = 8191


def ask_php(script: str, questions: Iterable[object], *arguments: str) -> list[dict[str, Any]]:
    """No php.ini is read, so that no extension or setting of this machine has a say."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    settings = ["-n", "-d", "display_errors=stderr", "-d", f"error_reporting={WITHOUT_DEPRECATIONS}"]
    done = subprocess.run(
        [program("php"), *settings, str(SCRIPTS / script), *arguments],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]
