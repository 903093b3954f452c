"""Files that a command leaves behind."""

from __future__ import annotations

from pathlib import Path

from sidecar.commands.speaking import say
from sidecar.errors import Refused
from sidecar.i18n import _


def write_private(path: Path | None, content: bytes) -> None:
    """For the owner's eyes alone, whoever could read what was there before: it is full of personal data. None: nobody has
    asked for that file. Raises Refused."""
    if path is None:
        return
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_bytes(content)
    except OSError as error:
        raise Refused(
            _("{path} cannot be written: {reason}").format(path=path, reason=error.strerror)
        ) from error
    say(_("{path}: written").format(path=path))
