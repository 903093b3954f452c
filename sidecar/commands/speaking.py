"""What all commands share: the configuration they work with, help in the user's language, errors in one line."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from flask import Flask
from sqlalchemy.orm import Session

from sidecar.app import create_app
from sidecar.clock import real_now
from sidecar.config import Config, load
from sidecar.db import db, reading
from sidecar.errors import GatepostError, Misconfigured, NotFound
from sidecar.i18n import N_ as marked
from sidecar.i18n import _, language_of
from sidecar.service import Service
from sidecar.setup.database import in_words
from sidecar.setup.findings import Finding, Severity

T = TypeVar("T")
N_ = marked
PLACES = (Path("config.toml"), Path("/etc/gatepost/config.toml"))


# --- help in the user's language -----------------------------------------------------------------------------------


class _Translated:
    """Click keeps help texts from the time of import; the language is known only when they are printed."""

    _help: str | None = None

    @property
    def help(self) -> str | None:
        """The text in the language of now."""
        return _(self._help) if self._help else self._help

    @help.setter
    def help(self, text: str | None) -> None:
        self._help = text


# Click's own words; its sentences on wrong usage stay English.
_CLICK_WORDS = (N_("Options"), N_("Commands"), N_("Positional arguments"), N_("Show this message and exit."))


class _Formatter(click.HelpFormatter):
    """Help whose frame is translated, too."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Begins with our word for "Usage:"."""
        super().write_usage(prog, args, _("Usage:") + " " if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Options, Commands."""
        super().write_heading(_(heading))


class _Context(click.Context):
    formatter_class = _Formatter


class Option(_Translated, click.Option):
    """An option whose help is translated."""


class _HelpTranslated(_Translated):
    """What commands and groups share."""

    context_class: type[click.Context] = _Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own, with its help in the language of now."""
        found = cast("click.Option | None", super().get_help_option(ctx))  # type: ignore[misc]
        if found is not None:
            found.help = _("Show this message and exit.")
        return found


class Command(_HelpTranslated, click.Command):
    """A command whose help is translated."""


class Group(_HelpTranslated, click.Group):
    """A group whose help is translated, and whose commands are ours."""

    command_class = Command
    group_class = type

    def invoke(self, ctx: click.Context) -> Any:
        """An error of ours is one line and exit code 1."""
        try:
            return super().invoke(ctx)
        except GatepostError as error:
            raise Failure(str(error)) from error


class Failure(click.ClickException):
    """One line on stderr, exit code 1."""

    def show(self, file: Any = None) -> None:
        """On one line, whatever the sentence holds."""
        click.echo(f"gatepost: {' '.join(self.message.split())}", err=True, file=file)


option = partial(click.option, cls=Option)


def language_of_environment(environment: Mapping[str, str]) -> str:
    """
    >>> language_of_environment({"LANG": "fr_BE.UTF-8"}), language_of_environment({"LC_ALL": "C", "LANG": "fr_FR"})
    ('fr', 'en')
    """
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return language_of(next((environment[name] for name in names if environment.get(name)), ""))


# --- what a command works with -------------------------------------------------------------------------------------


@dataclass
class Here:
    """This installation. Nothing is read before it is asked for, so that help works everywhere."""

    chosen: Path | None = None

    @cached_property
    def config_path(self) -> Path:
        """As `--config` or the environment says, else the first that is there."""
        if self.chosen is not None:
            return self.chosen
        found = next((path for path in PLACES if path.exists()), None)
        if found is None:
            raise Misconfigured(
                _("There is no configuration: neither {places}. Name one with --config.").format(
                    places=", ".join(str(path) for path in PLACES)
                )
            )
        return found

    @cached_property
    def config(self) -> Config:
        """The configuration; raises Misconfigured."""
        return load(self.config_path)

    @cached_property
    def app(self) -> Flask:
        """The application, whose context commands work in."""
        return create_app(self.config)

    @property
    def service(self) -> Service:
        """What use cases take."""
        return cast(Service, self.app.extensions["gatepost"])

    @contextmanager
    def at_work(self) -> Iterator[Service]:
        """Inside the app's context; the database's refusals come in words, and no connection is left behind."""
        with self.app.app_context():
            try:
                with in_words(self.config.database_url):
                    yield self.service
            finally:
                db.engine.dispose()


def with_service(command: Callable[..., T]) -> Callable[..., T]:
    """Gives the command the service first, at work."""

    @click.pass_obj
    @wraps(command)
    def run(here: Here, *args: Any, **kwargs: Any) -> T:
        with here.at_work() as service:
            service.take_settings(at_once=True)
            return command(service, *args, **kwargs)

    return run


def who() -> str:
    """For the log: who gave the command."""
    try:
        return f"cli:{os.environ.get('SUDO_USER') or getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name
        return f"cli:{os.getuid()}"


now = real_now


def named(find: Callable[[Session, str | int], T], text: str) -> T:
    """A level or bundle by its name, else, where it is a number, by its id; raises NotFound."""
    with reading() as reader:
        try:
            return find(reader, text)
        except NotFound:
            if not text.isdecimal():
                raise
            return find(reader, int(text))


# --- printing ------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """One line on stdout. What came from a database must not move the cursor or colour the terminal."""
    click.echo(
        "".join(
            char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text
        )
    )


def say_table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Columns as wide as they need."""
    lines = [list(heads), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


_COLOURS = {Severity.OK: "green", Severity.NOTE: "cyan", Severity.WARNING: "yellow", Severity.PROBLEM: "red"}


def say_finding(finding: Finding) -> None:
    """`problem  socket: …`, and below what to do."""
    labels = {
        Severity.OK: _("fine"),
        Severity.NOTE: _("note"),
        Severity.WARNING: _("warning"),
        Severity.PROBLEM: _("problem"),
    }
    label = click.style(labels[finding.severity].ljust(9), fg=_COLOURS[finding.severity])
    click.echo(f"{label} ", nl=False)
    say(f"{finding.code}: {finding.sentence}")
    if finding.advice:
        say(f"          → {finding.advice}")
