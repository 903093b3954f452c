"""The bed itself: what a test run leaves behind when it is killed."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.bed import session as bed_session
from tests.bed.folder import SESSIONS
from tests.bed.mariadb import MariaDB
from tests.bed.processes import running_pid, wait_until

KILLED_RUN = """
import os, signal
from tests.bed.session import Session
session = Session()
session.new_site()
print(session.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_no_server_no_folder_and_no_database(mariadb: MariaDB) -> None:
    checkout = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    session_id = killed.stdout.strip()
    servers = [SESSIONS / session_id / f"{name}.pid" for name in bed_session.SERVERS]
    assert wait_until(lambda: not any(map(running_pid, servers)), within_seconds=10)

    next_run = bed_session.Session()
    databases = next_run.mariadb.execute("SHOW DATABASES LIKE %s", [f"gp\\_{session_id}\\_%"])
    next_run.close()

    assert not (SESSIONS / session_id).exists()
    assert not databases
    assert mariadb.execute("SELECT 1") == [(1,)]
