"""`gatepost log`: what happened, who read what, and whether the log is whole."""

from __future__ import annotations

import click

from sidecar.commands import log_keeping, log_reading
from sidecar.commands.speaking import N_, Group


@click.group(cls=Group, help=N_("What members did and what was done to them."))
def log() -> None:
    """Its commands read; none of them changes an event."""


for _command in (*log_reading.COMMANDS, *log_keeping.COMMANDS):
    log.add_command(_command)
