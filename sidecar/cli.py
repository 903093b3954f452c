"""`gatepost`: the command."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sidecar import __version__
from sidecar.commands import (
    billing,
    catalog,
    coupons,
    details,
    evidence,
    invoices,
    linting,
    log,
    mails,
    members,
    operating,
    orders,
    protecting,
    setting_up,
    staff,
)
from sidecar.commands.speaking import N_, Group, Here, Option, language_of_environment
from sidecar.i18n import LANGUAGES, set_language, speaking


def _speak(ctx: click.Context, _param: click.Parameter, language: str | None) -> None:
    ctx.with_resource(speaking(language or language_of_environment(os.environ)))


@click.group(
    cls=Group,
    help=N_("Paid membership for an existing WordPress site."),
    context_settings={"max_content_width": 110},
)
@click.option(
    "--lang",
    cls=Option,
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    callback=_speak,
    help=N_("The language of what is printed; else as LANG says."),
)
@click.option(
    "--config",
    "path",
    cls=Option,
    type=click.Path(path_type=Path),
    envvar="GATEPOST_CONFIG",
    help=N_("The configuration; else $GATEPOST_CONFIG, ./config.toml or /etc/gatepost/config.toml."),
)
@click.version_option(
    __version__,
    prog_name="gatepost",
    cls=Option,
    message=f"gatepost {__version__}",
    help=N_("Show the version and exit."),
)
@click.pass_context
def gatepost(ctx: click.Context, path: Path | None) -> None:
    ctx.obj = Here(path)


for _command in (
    *operating.COMMANDS, catalog.level, catalog.bundle, catalog.product, coupons.coupon, protecting.rule,
    protecting.page, members.member, staff.staff, details.field, details.employee, linting.lint, log.log, mails.mail, *billing.COMMANDS,
    *orders.COMMANDS, *evidence.COMMANDS, invoices.invoices, *setting_up.COMMANDS,
):  # fmt: skip
    gatepost.add_command(_command)


def main() -> None:
    """The entry point. The language is set before anything else, as `--help` comes before options."""
    set_language(language_of_environment(os.environ))
    gatepost(prog_name="gatepost")


if __name__ == "__main__":
    main()
