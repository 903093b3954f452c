"""Setting up, running, and looking after."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import click

from sidecar.app import create_app, prepare_state
from sidecar.app import serve as run_server
from sidecar.catalog.store import get_level
from sidecar.commands.progress import charging_shown
from sidecar.commands.speaking import (
    N_,
    Command,
    Here,
    now,
    option,
    say,
    say_finding,
    say_table,
    who,
    with_service,
)
from sidecar.commands.speaking import named as find_named
from sidecar.db import dispose
from sidecar.errors import Misconfigured, Refused
from sidecar.i18n import _, ngettext
from sidecar.service import Service
from sidecar.setup import grants as granting
from sidecar.setup import installing
from sidecar.setup.database import check_schema, is_schema_current, prepare_database
from sidecar.setup.doctor import examine
from sidecar.setup.enrolling import enroll as enroll_users
from sidecar.setup.findings import Severity, has_problem
from sidecar.setup.pairing import Told, ensure_secret, pairing_of, tell_plugin
from sidecar.setup.talking import check_sidecar, check_site, push_rules
from sidecar.setup.ticking import is_root_of_anothers
from sidecar.setup.ticking import tick as run_tick
from sidecar.setup.working import run_workers

OPCACHE_SECONDS = 3.0
"""PHP looks at a file that it has compiled again after two seconds, unless it is told otherwise."""


@click.command(
    cls=Command,
    help=N_("Make Gatepost's tables in the site's database, or bring them up to date. Can be repeated."),
)
@with_service
def init(service: Service) -> None:
    prepared = prepare_database(service.tables, now())
    steps = len(prepared.steps)
    if steps:
        say(
            ngettext(
                "{count} step was made in the database.", "{count} steps were made in the database.", steps
            ).format(count=steps)
        )
    else:
        say(_("The database was prepared already."))
    say(_("This installation is {uuid}. Next: gatepost pair").format(uuid=prepared.uuid))


@click.command(
    cls=Command,
    help=N_("Make the secret, hand it and the address to the plugin, and see whether both sides talk."),
)
@option(
    "--wp-content",
    type=click.Path(path_type=Path),
    help=N_("The site's wp-content folder, to write the pairing there."),
)
@option("--new-secret", is_flag=True, help=N_("Make a new secret in place of the present one."))
@with_service
def pair(service: Service, wp_content: Path | None, new_secret: bool) -> None:
    config = service.config
    prepare_state(config)
    secret = ensure_secret(config, new=new_secret)
    folder = wp_content or (Path(config.site.wp_content) if config.site.wp_content else None)
    told = tell_plugin(pairing_of(config, secret), service.tables, folder)
    places = {
        Told.FILE: _("The plugin's pairing was written to gatepost-pairing.php in wp-content."),
        Told.SAME_FILE: _("The plugin's pairing in wp-content was right already."),
        Told.ROW: _("The plugin's pairing was written into WordPress's options."),
    }
    say(places[told])
    site = check_site(config, secret)
    if told is Told.FILE and site.severity is Severity.PROBLEM:
        time.sleep(OPCACHE_SECONDS)
        site = check_site(config, secret)
    for finding in (site, check_sidecar(config, secret)):
        say_finding(finding)
    if site.severity is Severity.OK and is_schema_current():
        push_rules(config, secret)


@click.command(
    cls=Command, help=N_("Print SQL for a database user that can do what Gatepost needs and nothing else.")
)
@option("--user", default="gatepost", show_default=True, help=N_("The database user's name."))
@option("--host", default="localhost", show_default=True, help=N_("Where that user connects from."))
@click.pass_obj
def grants(here: Here, user: str, host: str) -> None:
    database = here.config.database_url.database
    if here.config.database_url.get_backend_name() == "sqlite" or not database:
        raise Misconfigured(_("SQLite has no users: whoever can open the file can do everything."))
    changes_roles = bool(here.config.access.assignable_roles)
    for line in granting.grants(
        database, here.service.tables, user=user, host=host, changes_roles=changes_roles
    ):
        click.echo(line)


@click.command(
    cls=Command, help=N_("Make a service of it: a systemd unit, a line for cron. Can be repeated.")
)
@option(
    "--user",
    "account",
    default="gatepost",
    show_default=True,
    help=N_("The system user that runs the service."),
)
@option("--dry-run", is_flag=True, help=N_("Print what would be written."))
@option(
    "--prefix",
    type=click.Path(path_type=Path),
    default=Path("/"),
    help=N_("Write below this folder and change nothing else."),
)
@click.pass_obj
def install(here: Here, account: str, dry_run: bool, prefix: Path) -> None:
    planned = installing.plan(here.config, here.config_path, account=account)
    if dry_run:
        for path, text in planned.files.items():
            click.echo(f"# {prefix / path}\n{text}")
        return
    for sentence in installing.install(planned, here.config, prefix) or [_("Everything was there already.")]:
        say(sentence)
    say(_("What to type next:"))
    for line in installing.next_steps(planned):
        say(f"  {line}")


@click.command(cls=Command, help=N_("Run the service that the plugin talks to."))
@click.pass_obj
def serve(here: Here) -> None:
    if here.config.secret() is None:
        raise Misconfigured(_("There is no secret yet, so nobody could be trusted. Run: gatepost pair"))
    _prepare_to_stay(here)
    run_server(here.config, lambda: create_app(here.config))


@click.command(
    cls=Command, help=N_("Run processes that charge and do what else is due, as nudges in Redis ask for it.")
)
@option("--count", type=click.IntRange(1, 64), default=1, show_default=True, help=N_("How many processes."))
@click.pass_obj
def worker(here: Here, count: int) -> None:
    _prepare_to_stay(here)
    prepare_state(here.config)
    run_workers(here.config, lambda: create_app(here.config), count)


def _prepare_to_stay(here: Here) -> None:
    """What a process needs that is there all the time. No connection of it crosses a fork."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", force=True)
    logging.getLogger("stripe").setLevel(logging.WARNING)  # it has four lines to say about each renewal
    if is_root_of_anothers(here.config.state_dir):
        raise Refused(
            _("The service has a user of its own: start it with systemctl start gatepost, not as root.")
        )
    with here.at_work():
        check_schema()
        dispose()


@click.command(cls=Command, help=N_("Do once everything that is due; cron calls this each minute."))
@option("--quiet", is_flag=True, help=N_("Say nothing unless a job has failed."))
@with_service
def tick(service: Service, quiet: bool) -> None:
    check_schema()
    with charging_shown(sys.stderr.isatty() and not quiet) as told:
        done = run_tick(service, told)
    if done is None:
        if not quiet:
            say(_("Another tick is at work."))
        return
    failed = any(count < 0 for count in done.values())
    if failed or not quiet:
        no = _("failed")
        say(", ".join(f"{job}: {no if count < 0 else count}" for job, count in done.items()))
    if failed:
        raise click.exceptions.Exit(1)


@click.command(
    cls=Command,
    help=N_("Make members of existing WordPress users. Sends no mail, charges nothing, can be repeated."),
)
@option("--level", required=True, help=N_("The level they get, by name or id."))
@option("--role", help=N_("Only users with this WordPress role; without it all but administrators."))
@option("--dry-run", is_flag=True, help=N_("Only count."))
@with_service
def enroll(service: Service, level: str, role: str | None, dry_run: bool) -> None:
    on_terminal = sys.stderr.isatty()

    def progress(seen: int) -> None:
        if on_terminal:
            click.echo(f"\r{seen:,}", nl=False, err=True)

    found = find_named(get_level, level)
    counts = enroll_users(
        service.tables, found, role=role, now=now(), by=who(), dry_run=dry_run, progress=progress
    )
    if on_terminal:
        click.echo("\r", nl=False, err=True)
    heading = _("would become members of {level}") if dry_run else _("became members of {level}")
    say_table(
        (_("users"), ""),
        [
            (counts.enrolled, heading.format(level=found.name)),
            (counts.members_already, _("were members already")),
            (counts.administrators, _("are administrators and were left out")),
            (counts.seen, _("looked at")),
        ],
    )


@click.command(cls=Command, help=N_("Say what is wrong and what to do about it."))
@click.pass_obj
def doctor(here: Here) -> None:
    with here.at_work() as service:
        findings = examine(service, here.config_path)
    for finding in findings:
        say_finding(finding)
    if has_problem(findings):
        raise click.exceptions.Exit(1)


COMMANDS = (init, pair, grants, install, serve, worker, tick, enroll, doctor)
