"""`gatepost lint`: what is wrong in the texts of the whole site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

import click
from sqlalchemy.orm import Session

from sidecar.catalog.store import get_generation
from sidecar.commands.finding import get_post
from sidecar.commands.speaking import N_, Command, option, say, with_service
from sidecar.db import reading
from sidecar.i18n import _, ngettext
from sidecar.mail.store import list_current
from sidecar.pages.linting import Linter, Mark, Severity, Text, texts_of
from sidecar.service import Service
from sidecar.wordpress.posts import Source


@click.command(
    cls=Command,
    help=N_(
        "Look through all texts of the site for tags that are written wrongly. Exit code 1 when there are problems."
    ),
)
@option("--post", "post_id", type=int, help=N_("Only this post or page, by id."))
@option("--json", "as_json", is_flag=True, help=N_("One JSON object a line."))
@option("--strict", is_flag=True, help=N_("Exit code 1 for warnings, too."))
@with_service
def lint(service: Service, post_id: int | None, as_json: bool, strict: bool) -> None:
    counts = dict.fromkeys(Severity, 0)
    with reading() as reader:
        knowledge = service.rendering.memory.knowledge(reader, get_generation(reader))
        may_open = service.config.access.decisions_open_pages
        linter = Linter(reader, service.tables, knowledge, decisions_open_pages=may_open)
        if post_id is None:
            marks: Iterator[Mark] = chain(linter.site(), linter.texts(_texts_of_mails(reader)))
        else:
            post = get_post(reader, service.tables, post_id)
            source = Source(
                post.id, post.type, post.status, post.title, post.author_id, post.content, post.excerpt
            )
            marks = linter.texts(texts_of(source))
        for mark in marks:
            counts[mark.severity] += 1
            say(_as_json(mark) if as_json else _as_line(mark))
    if not as_json:
        say(_summary(counts))
    if counts[Severity.PROBLEM] or (strict and counts[Severity.WARNING]):
        raise click.exceptions.Exit(1)


def _texts_of_mails(reader: Session) -> list[Text]:
    """What the owner's own mails say: each was without a fault when it was saved, but the site goes on."""
    return [
        Text(source, f"mail {one.kind} ({one.language}{place})")
        for one in list_current(reader).values()
        if one.text is not None
        for place, source in (("", one.text.body), (", subject", one.text.subject))
    ]


def _as_line(mark: Mark) -> str:
    severity = {Severity.PROBLEM: _("problem"), Severity.WARNING: _("warning")}[mark.severity]
    place = f"{_where(mark)}:{mark.found.line}:{mark.found.column}"
    return f"{place}: {severity}: {' '.join(mark.message.split())}"


def _where(mark: Mark) -> str:
    post = mark.text.post
    if post is None:
        return mark.text.place
    return f"{post.type} {post.id}" + ("" if mark.text.place == "content" else f" ({mark.text.place})")


def _as_json(mark: Mark) -> str:
    post = mark.text.post
    of_post = (
        {}
        if post is None
        else {"post": post.id, "type": post.type, "status": post.status, "title": post.title}
    )
    return json.dumps(
        {
            **of_post, "place": mark.text.place, "line": mark.found.line, "column": mark.found.column,
            "severity": mark.severity, "code": mark.code, "message": mark.message,
        },
    )  # fmt: skip


def _summary(counts: dict[Severity, int]) -> str:
    problems = ngettext("{count} problem", "{count} problems", counts[Severity.PROBLEM])
    warnings = ngettext("{count} warning", "{count} warnings", counts[Severity.WARNING])
    return ", ".join(
        (
            problems.format(count=counts[Severity.PROBLEM]),
            warnings.format(count=counts[Severity.WARNING]),
        )
    )
