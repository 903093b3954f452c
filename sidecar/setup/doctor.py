"""What is wrong, in words a site owner understands. Looks and changes nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sidecar.activity.partitions import months_from
from sidecar.activity.rules import EventType
from sidecar.activity.store import list_partitions, partition_name
from sidecar.billing.policies import read_policies
from sidecar.clock import real_now
from sidecar.db import get_server_time, transaction
from sidecar.errors import GatepostError, Misconfigured
from sidecar.i18n import _
from sidecar.installation import find_claimed_prefix
from sidecar.service import Service
from sidecar.setup.billing import look_at_billing, look_at_gateway
from sidecar.setup.database import explain, is_schema_current
from sidecar.setup.findings import Finding, Severity, worst_first
from sidecar.setup.machine import judge_clock, look_at_machine
from sidecar.setup.mail import look_at_mail
from sidecar.setup.talking import check_sidecar, check_site
from sidecar.setup.words import in_words
from sidecar.wordpress.bridge_spool import count_spooled, spool_exists
from sidecar.wordpress.errors import RolesNotAllowed
from sidecar.wordpress.installation import inspect_installation
from sidecar.wordpress.options import get_site
from sidecar.wordpress.roles import check_allow_list, get_roles

SPOOL_CEILING = 100_000
SITE_TIMEOUT_SECONDS = 10.0


def examine(service: Service, config_path: Path) -> list[Finding]:
    """Everything that can be looked at from here, worst first. Needs the app's context; leaves the machine."""
    found = look_at_machine(service.config, config_path, service.last_tick(), time.time())
    found += _look_at_proxies(service)
    found += _look_at_policies(service)
    found += look_at_mail(service)
    found += _look_at_database(service)
    found += _look_at_talk(service)
    if any(one.code == "schema" and one.severity is Severity.OK for one in found):
        found += look_at_gateway(service)
    return worst_first(found + _known_gaps())


def _look_at_proxies(service: Service) -> list[Finding]:
    if not service.is_behind_unknown_proxy():
        return []
    sentence = _(
        "Visitors come by a proxy (X-Forwarded-For) that log.trusted_proxies does not name: the log shows the proxy's address "
        "as theirs, and limits count them together."
    )
    advice = _(
        "Write the proxy's address into log.trusted_proxies, unless you have no proxy: then somebody makes it up."
    )
    return [Finding("proxies", Severity.WARNING, sentence, advice)]


def _look_at_policies(service: Service) -> list[Finding]:
    """What buyers accept: whether it can be read, and whether there is anything."""
    try:
        shown = read_policies(service.config.policies)
    except Misconfigured as error:
        advice = _("Until then nothing can be bought. Can the service's user read the file?")
        return [Finding("policies", Severity.PROBLEM, str(error), advice)]
    if not service.config.billing.gateway:
        return []
    if not shown:
        sentence = _("Buyers accept no terms: a bank that asks for them will not see any.")
        return [Finding("policies", Severity.NOTE, sentence, _("See [policies] in the configuration."))]
    without = [policy.kind for policy in shown if not policy.text]
    if without:
        sentence = _("What buyers accept has an address only: {kinds}. Banks follow no links.")
        advice = _("Give the text, too: policies.{kind}_file.").format(kind=without[0])
        return [Finding("policies", Severity.NOTE, sentence.format(kinds=", ".join(without)), advice)]
    return [Finding("policies", Severity.OK, _("Buyers accept your terms, and their text is kept."))]


# --- the database --------------------------------------------------------------------------------------------------


def _look_at_database(service: Service) -> list[Finding]:
    """Without a connection there is one finding; without our tables, those on WordPress's alone.

    It looks through the engine of use cases, whose isolation is what matters, and writes nothing.
    """
    try:
        with transaction() as reader:
            found = [in_words(one) for one in inspect_installation(reader, service.tables)]
            found += _look_at_server_clock(reader)
            if any(one.code == "tables" and one.severity is Severity.PROBLEM for one in found):
                return found
            found += [
                *_look_at_address(reader, service),
                *_look_at_roles(reader, service),
                *_look_at_spool(reader, service),
            ]
            return found + _look_at_schema(reader, service)
    except DBAPIError as error:
        return [Finding("database", Severity.PROBLEM, explain(error, service.config.database_url))]


def _look_at_server_clock(reader: Session) -> list[Finding]:
    if reader.get_bind().dialect.name == "sqlite":
        return []
    ahead = time.time() - get_server_time(reader)
    return [judge_clock(ahead, _("the database server"), "database_clock")]


def _look_at_address(reader: Session, service: Service) -> list[Finding]:
    """Both sides sign the site's address, so it must be the same to the letter."""
    home, configured = get_site(reader, service.tables).home, service.config.site.url
    if home == configured:
        return [Finding("address", Severity.OK, _("The site's address is {url}.").format(url=home))]
    sentence = _("WordPress says that its address is {home}, the configuration says {url}.")
    advice = _(
        "Write {home} into site.url and run “gatepost pair” again, unless wp-config.php sets WP_HOME to something else."
    )
    return [
        Finding(
            "address", Severity.WARNING, sentence.format(home=home, url=configured), advice.format(home=home)
        )
    ]


def _look_at_roles(reader: Session, service: Service) -> list[Finding]:
    allowed = service.config.access.assignable_roles
    try:
        if allowed:
            check_allow_list(get_roles(reader, service.tables), allowed)
    except RolesNotAllowed as error:
        sentence = _("Members must never be given some of access.assignable_roles: {reasons}").format(
            reasons=error
        )
        return [Finding("roles", Severity.PROBLEM, sentence, _("Take these roles off the list."))]
    except GatepostError as error:
        sentence = _("The site's roles cannot be read: {reason}").format(reason=error)
        return [Finding("roles", Severity.WARNING, sentence, _("Is site.table_prefix right?"))]
    return []


def _look_at_spool(reader: Session, service: Service) -> list[Finding]:
    if not spool_exists(reader, service.tables):
        sentence = _("The plugin has not made its table for events yet.")
        return [Finding("spool", Severity.NOTE, sentence, _("It does when it is activated."))]
    return [judge_spool(count_spooled(reader, service.tables))]


def judge_spool(waiting: int) -> Finding:
    """Events that the plugin kept and nobody has collected; at its ceiling it loses the next ones."""
    sentence = _("{count} events wait in the plugin's table.").format(count=waiting)
    advice = _("They are collected by the service and by “gatepost tick”: look at what this says about both.")
    if waiting >= SPOOL_CEILING:
        return Finding("spool", Severity.PROBLEM, sentence, advice)
    if waiting >= SPOOL_CEILING // 10:
        return Finding("spool", Severity.WARNING, sentence, advice)
    return Finding("spool", Severity.OK, sentence)


def _look_at_schema(reader: Session, service: Service) -> list[Finding]:
    if not is_schema_current():
        sentence = _("The database is not prepared for this version of Gatepost.")
        return [Finding("schema", Severity.PROBLEM, sentence, _("Run: gatepost init"))]
    prefix = find_claimed_prefix(reader)
    if prefix != service.config.site.table_prefix:
        sentence = _(
            "Gatepost's tables in this database belong to another site, with the prefix {prefix}."
        ).format(prefix=prefix)
        return [Finding("schema", Severity.PROBLEM, sentence, _("Each site needs a database of its own."))]
    return [
        Finding("schema", Severity.OK, _("Gatepost's tables are up to date.")),
        *_look_at_partitions(reader),
        *look_at_billing(reader, service),
    ]


def _look_at_partitions(reader: Session) -> list[Finding]:
    if reader.get_bind().dialect.name == "sqlite":
        return []
    there = list_partitions(reader)
    wanted = {partition_name(kind, month) for month in months_from(real_now(), 2) for kind in EventType}
    if wanted <= there:
        return [Finding("log", Severity.OK, _("The activity log has room for this month and the next."))]
    sentence = _(
        "The activity log is not prepared for this month or the next: who needs it first has to wait until it is."
    )
    return [Finding("log", Severity.WARNING, sentence, _("Run: gatepost init"))]


# --- the other side ------------------------------------------------------------------------------------------------


def _look_at_talk(service: Service) -> list[Finding]:
    found = _look_at_site_clock(service.config.site.url)
    if service.secret is None:
        return found
    return [*found, check_sidecar(service.config, service.secret), check_site(service.config, service.secret)]


def _look_at_site_clock(url: str) -> list[Finding]:
    """By the Date header of any answer; a site that does not answer is told of elsewhere."""
    try:
        answer = requests.head(url, timeout=SITE_TIMEOUT_SECONDS, allow_redirects=False)
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError):
        return []
    aware = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    return [judge_clock((datetime.now(UTC) - aware).total_seconds(), url, "site_clock")]


def _known_gaps() -> list[Finding]:
    """What cannot be seen from here, and what Gatepost does not do."""
    return [
        Finding(
            "apcu",
            Severity.NOTE,
            _(
                "Whether PHP has APCu (which makes pages notice faster that the service is away) is not known here."
            ),
            _("WordPress's Site Health says so."),
        ),
        Finding(
            "uploads",
            Severity.NOTE,
            _("Uploaded files (images, PDF) are not protected: who knows a file's address can open it."),
            _("Keep what must stay secret in the text of posts, or deny the folder in the web server."),
        ),
    ]
