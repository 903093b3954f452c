"""python -m tests.bed up | down | status | site [VERSION] | wipe

up      start MariaDB, fetch all WordPress trees, and keep both for the test runs to come
down    stop MariaDB as soon as no test run uses it
status  what runs
site    a fresh site with the plugin active, until Ctrl-C (6.1, 6.8, newest)
wipe    down, and remove databases and trees
"""

import shutil
import signal
import sys

from tests.bed import mariadb, plugin_zip, wordpress
from tests.bed.folder import ROOT, BedError, prepare_root
from tests.bed.processes import running_pid
from tests.bed.session import Session, live_sessions


def up() -> None:
    prepare_root()
    mariadb.KEEP_MARK.touch()
    session = Session()
    try:
        wordpress.fetch_all()
        for version in wordpress.SUITES:
            site = session.new_site(version)
            print(f"WordPress {site.version} is ready ({site.path})")
    finally:
        session.close()
    status()


def down() -> None:
    prepare_root()
    mariadb.KEEP_MARK.unlink(missing_ok=True)
    if not mariadb.stop_if_unused():
        print("A test run still uses MariaDB; it stops when that run ends.")
    status()


def status() -> None:
    prepare_root()
    pid = running_pid(mariadb.PID_FILE)
    print(f"MariaDB: {f'process {pid}, socket {mariadb.SOCKET}' if pid else 'stopped'}")
    print(f"kept between test runs: {'yes' if mariadb.KEEP_MARK.exists() else 'no'}")
    print(f"live sessions: {', '.join(live_sessions()) or 'none'}")


def site(version: str = "newest") -> None:
    session = Session()
    try:
        fresh = session.new_site(version)
        fresh.install_plugin(plugin_zip.build(session.folder))
        fresh.activate("gatepost")
        print(f"WordPress {fresh.version}: {fresh.url}/wp-admin/   admin / admin-pass")
        print(f"database: {fresh.database_url}\nfiles: {fresh.folder}\nCtrl-C ends it.", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        session.close()


def wipe() -> None:
    down()
    if live_sessions():
        raise BedError("sessions still run: end them first")
    shutil.rmtree(ROOT)


COMMANDS = {"up": up, "down": down, "status": status, "site": site, "wipe": wipe}


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] not in COMMANDS:
        raise SystemExit(__doc__)
    try:
        COMMANDS[arguments[0]](*arguments[1:])
    except BedError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
