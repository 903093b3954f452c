"""`gatepost` on a machine whose clock the file `clock`, beside its configuration, puts forward: an offset in seconds."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from sidecar import clock

FILE = "clock"


def moved_now() -> datetime:
    """Business time; what must be real (signatures, leases) does not ask here."""
    offset = Path(sys.argv[sys.argv.index("--config") + 1]).with_name(FILE).read_text("ascii")
    return real_now() + timedelta(seconds=float(offset))


real_now = clock.real_now

if __name__ == "__main__":
    clock.real_now = moved_now
    from sidecar.cli import gatepost

    gatepost()
