"""What mails say, in the owner's words, and mails that come back."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import click

from sidecar.catalog.store import get_generation
from sidecar.commands.speaking import N_, Group, Here, now, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.errors import GatepostError, NotFound, Refused
from sidecar.i18n import LANGUAGES, _
from sidecar.mail import store
from sidecar.mail.bouncing import Booked, book_report
from sidecar.mail.carrying import host_of
from sidecar.mail.defaults import MailText, default_text
from sidecar.mail.letters import LETTERS_TO_MEMBERS
from sidecar.mail.reports import LONGEST, read_report
from sidecar.mail.retrying import write_again
from sidecar.mail.revising import check_text_of, list_faults, reset_text, restore_text, save_text
from sidecar.members.store_addresses import list_bad_addresses
from sidecar.service import Service

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the report and hands it over again."""
_language = option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help=N_("In which language.")
)


@click.group(cls=Group, help=N_("Mails to members: what they say, and those that come back."))
def mail() -> None:
    pass


@mail.group("templates", cls=Group, help=N_("What mails say: the default, or your own words with SmartTags."))
def templates() -> None:
    pass


@templates.command("list", help=N_("Print all mails, whose words they are in, and since when."))
@with_service
def list_all(_service: Service) -> None:
    with reading() as reader:
        current = store.list_current(reader)
    rows = []
    for kind in LETTERS_TO_MEMBERS:
        for language in LANGUAGES:
            found = current.get((kind, language))
            own = found is not None and found.text is not None
            since = (found.written_at.strftime("%Y-%m-%d %H:%M"), found.by) if found else ("–", "–")
            version = found.number if found else 0
            rows.append((kind, language, _("own") if own else _("default"), version, *since))
    say_table((_("mail"), _("language"), _("words"), _("version"), _("changed (UTC)"), _("by")), rows)


@templates.command(
    "show", help=N_("Print a mail's text as it is in force: the subject, an empty line, the body.")
)
@click.argument("kind")
@_language
@option("--version", "number", type=int, help=N_("An earlier one."))
@option("--default", "is_default", is_flag=True, help=N_("The default, as text with SmartTags."))
@option("--versions", is_flag=True, help=N_("Print which versions there are."))
@with_service
def show(
    _service: Service, kind: str, language: str, number: int | None, is_default: bool, versions: bool
) -> None:
    check_text_of(kind, language)
    with reading() as reader:
        if versions:
            rows = [
                (one.number, _("own") if one.text else _("default"), one.written_at.strftime("%Y-%m-%d %H:%M"), one.by)
                for one in store.list_versions(reader, kind, language)
            ]  # fmt: skip
            say_table((_("version"), _("words"), _("changed (UTC)"), _("by")), rows)
            return
        found = (
            store.find_version(reader, kind, language, number)
            if number is not None
            else store.find_current(reader, kind, language)
        )
    if number is not None and found is None:
        raise NotFound(_("This mail has no version {number}.").format(number=number))
    own = None if found is None or is_default else found.text
    text = own or default_text(kind, language)
    shown = _as_it_is(f"{text.subject}\n\n{text.body}")
    click.echo(shown, nl=not shown.endswith("\n"))


@templates.command(
    "set", help=N_("Put your own words in force, from a file as “show” prints it, or an earlier version.")
)
@click.argument("kind")
@_language
@option(
    "--file",
    "path",
    type=click.Path(path_type=Path, exists=True, allow_dash=True),
    help=N_("The file; - reads it from the pipe."),
)
@option("--version", "number", type=int, help=N_("An earlier one."))
@with_service
def set_text(service: Service, kind: str, language: str, path: Path | None, number: int | None) -> None:
    check_text_of(kind, language)
    if (path is None) == (number is None):
        raise Refused(_("Say --file or --version."))
    with reading() as reader:
        knowledge = service.rendering.memory.knowledge(reader, get_generation(reader))
        if path is not None:
            text = _read_text(path)
            for fault in list_faults(reader, service.tables, knowledge, text):
                say(fault.sentence)
    if path is not None:
        made = save_text(service.tables, knowledge, kind, language, text, seen=None, by=who(), now=now())
    else:
        made = restore_text(service.tables, knowledge, kind, language, number or 0, by=who(), now=now())
    say(
        _("Version {number} of {kind} ({language}) is in force.").format(
            number=made, kind=kind, language=language
        )
    )


@templates.command(
    "reset", help=N_("Go back to the default; your own words stay among the earlier versions.")
)
@click.argument("kind")
@_language
@with_service
def reset(_service: Service, kind: str, language: str) -> None:
    made = reset_text(kind, language, by=who(), now=now())
    say(
        _("Version {number} of {kind} ({language}) is in force.").format(
            number=made, kind=kind, language=language
        )
    )


def _as_it_is(text: str) -> str:
    """To be written into a file and set again: only what could act on a terminal is left out. A space that does not break stays."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter)[0] != "C")


def _read_text(path: Path) -> MailText:
    """The first line is the subject, an empty line follows."""
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        content = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(_("{path} cannot be read: {reason}").format(path=path, reason=error)) from error
    subject, _line, body = content.replace("\r\n", "\n").partition("\n")
    return MailText(subject.strip(), body.lstrip("\n"))


# --- what comes back ----------------------------------------------------------------------------------------------------


@mail.command(
    "bounce",
    help=N_(
        "Read a mail server's report on a mail that came back (RFC 3464) from the pipe. For the mailbox of bounces: what is no such"
        " report is let pass."
    ),
)
@click.pass_obj
def bounce(here: Here) -> None:
    raw = sys.stdin.buffer.read(LONGEST)
    try:
        report = read_report(raw, host_of(here.config.site.url))
        if report is None:
            say(_("This is no report on a mail of ours."))
            return
        with here.at_work():
            booked = book_report(report, now())
    except GatepostError as error:
        click.echo(f"gatepost: {error}", err=True)
        raise click.exceptions.Exit(TRY_AGAIN) from error
    sentences = {
        Booked.BOOKED: _("The mail {mail} came back; it is noted."),
        Booked.LATE: _("The mail {mail} has not failed; nothing is noted."),
        Booked.UNKNOWN: _("Nothing is known of the mail {mail} any more."),
    }
    say(sentences[booked].format(mail=report.parcel_id))


@mail.command(
    "bounces",
    help=N_(
        "Print the addresses that nobody is written to at, since their servers say that there is no such mailbox."
    ),
)
@with_service
def bounces(_service: Service) -> None:
    with reading() as reader:
        found = list_bad_addresses(reader, 1000)
    rows = [(one.address, one.found_at.strftime("%Y-%m-%d %H:%M"), one.reason) for one in found]
    say_table((_("address"), _("since (UTC)"), _("reason")), rows)


@mail.command("write-again", help=N_("Write to an address again that had bounced."))
@click.argument("address")
@with_service
def again(_service: Service, address: str) -> None:
    write_again(address, by=who(), now=now())
    say(_("{address} is written to again.").format(address=address))
