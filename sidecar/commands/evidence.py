"""`gatepost evidence`: what a bank wants to see when a payment is disputed."""

from __future__ import annotations

from pathlib import Path

import click

from sidecar.commands.speaking import N_, Command, option, say, with_service
from sidecar.commands.writing import write_private
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import LANGUAGES, _
from sidecar.reports.gathering import gather
from sidecar.reports.making import Made, make, make_parts
from sidecar.service import Service

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    "evidence",
    cls=Command,
    help=N_(
        "Make a report for the bank: the purchase, its use, mails, log-ins, refunds. NAME is an order's number or its"
        " beginning, or the gateway's name of a dispute or charge. Nothing is sent."
    ),
)
@click.argument("name")
@option("--html", type=_FILE, help=N_("Write a page for people here."))
@option(
    "--pdf",
    type=_FILE,
    help=N_("Write the file for the bank here; without any of the four it is written to the current folder."),
)
@option("--json", "fields", type=_FILE, help=N_("Write the fields of Stripe's dispute here."))
@option(
    "--files",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help=N_("Write the report into this folder as one PDF for each of Stripe's fields."),
)
@option(
    "--report-language",
    "language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help=N_("The language of the report."),
)
@with_service
def evidence(
    service: Service,
    name: str,
    html: Path | None,
    pdf: Path | None,
    fields: Path | None,
    folder: Path | None,
    language: str,
) -> None:
    with reading() as reader:
        found = gather(reader, service.tables, name, now=service.clock.now())
    made = make(found, language)
    if html is pdf is fields is folder is None:
        pdf = Path(f"evidence-{found.purchase.order[:8]}.pdf")
    write_private(html, made.html.encode())
    write_private(pdf, made.pdf)
    files = {"uncategorized_file": pdf.name} if pdf is not None else {}
    if folder is not None:
        files = _write_parts(folder, make_parts(found, language))
    write_private(fields, made.to_json(files).encode())
    _say(made)


def _write_parts(folder: Path, parts: dict[str, bytes]) -> dict[str, str]:
    """Gives the file by field."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Refused(
            _("{path} cannot be written: {reason}").format(path=folder, reason=error.strerror)
        ) from error
    for field, content in parts.items():
        write_private(folder / f"{field}.pdf", content)
    return {field: f"{field}.pdf" for field in parts}


def _say(made: Made) -> None:
    dispute = made.evidence.dispute
    if dispute is not None and dispute.due_at is not None:
        say(
            _("Answer the dispute at the gateway by {at}.").format(
                at=dispute.due_at.strftime("%Y-%m-%d %H:%M UTC")
            )
        )
    for warning in made.warnings:
        say(_("Before you send it: {warning}").format(warning=warning))


COMMANDS = (evidence,)
