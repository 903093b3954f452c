"""Who may see what: rules, and the pages that play a part."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from shortcodes import CORE_PAGES
from sidecar.access.rules import Audience, Denied, Rule, RuleGrant, TargetKind
from sidecar.access.ruling import choose_core_page, protect, unprotect
from sidecar.access.store import list_core_pages, list_level_pages, read_rule_book
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import get_bundle, get_level, list_bundles, list_levels
from sidecar.commands.finding import get_post, get_term_id
from sidecar.commands.speaking import N_, Group, named, now, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.errors import Misconfigured, Refused
from sidecar.i18n import _
from sidecar.service import Service
from sidecar.setup.talking import push_rules

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group, help=N_("Rules: who may see which content."))
def rule() -> None:
    pass


@rule.command("add", help=N_("Protect one thing: a post, category, tag, term, post type or address."))
@option("--post", type=int, help=N_("A post or page, by id."))
@option("--category", help=N_("All posts of a category, by slug or name."))
@option("--tag", help=N_("All posts with a tag, by slug or name."))
@option("--term", type=int, help=N_("All posts of a term of any taxonomy, by its id."))
@option("--type", "post_type", help=N_("All posts of a type, such as lesson."))
@option("--url", help=N_("An address, such as /members/*"))
@option("--level", "levels", multiple=True, help=N_("Holders of this level may see it; can be repeated."))
@option("--bundle", "bundles", multiple=True, help=N_("Holders of this bundle may see it; can be repeated."))
@option(
    "--from-day",
    type=click.IntRange(0),
    default=0,
    help=N_("… from this day of their membership on; 0 is the first."),
)
@option("--members", is_flag=True, help=N_("Every member may see it."))
@option("--everyone", is_flag=True, help=N_("Everyone may see it: for --opens-on, or as an exception."))
@option("--opens-on", type=_DAY, help=N_("Closed to all before this day."))
@option(
    "--denied",
    type=click.Choice([str(kind) for kind in Denied]),
    default="teaser",
    show_default=True,
    help=N_("What others get: the login page, the error page, or a teaser in its place."),
)
@option("--hide-excerpt", is_flag=True, help=N_("Others do not see the beginning or the excerpt either."))
@option(
    "--teaser-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=N_("HTML for others, in place of our sentence."),
)
@with_service
def add_rule(
    service: Service, *, levels: tuple[str, ...], bundles: tuple[str, ...], from_day: int, members: bool, everyone: bool,
    opens_on: datetime | None, denied: str, hide_excerpt: bool, teaser_file: Path | None,
    **targets: int | str | None,
) -> None:  # fmt: skip
    with reading() as reader:
        kind, target = _target(reader, service, targets)
    grants = tuple(
        [RuleGrant(Grant.LEVEL, named(get_level, name).id, from_day) for name in levels]
        + [RuleGrant(Grant.BUNDLE, named(get_bundle, name).id, from_day) for name in bundles]
    )
    made = protect(
        Rule(
            id=0, target_kind=kind, target=target, audience=_audience(grants, members=members, everyone=everyone), grants=grants,
            opens_on=opens_on.date() if opens_on else None, excerpt_is_public=not hide_excerpt, denied=Denied(denied),
            teaser=teaser_file.read_text("utf-8") if teaser_file else "",
        ),
        now=now(), by=who(),
    )  # fmt: skip
    say(_("Rule {id} was made. The site learns of it within a minute.").format(id=made))


def _target(
    reader: Session, service: Service, targets: dict[str, int | str | None]
) -> tuple[TargetKind, str]:
    """The one target that was given, as it is stored; terms and posts must exist."""
    given = [(name, value) for name, value in targets.items() if value is not None]
    if len(given) != 1:
        raise Refused(_("A rule protects one thing: --post, --category, --tag, --term, --type or --url."))
    name, value = given[0]
    if name == "post":
        return TargetKind.POST, str(get_post(reader, service.tables, int(value)).id)
    if name in {"category", "tag"}:
        taxonomy = {"category": "category", "tag": "post_tag"}[name]
        return TargetKind.TERM, str(get_term_id(reader, service.tables, taxonomy, str(value)))
    kinds = {"term": TargetKind.TERM, "post_type": TargetKind.TYPE, "url": TargetKind.URL}
    return kinds[name], str(value)


def _audience(grants: tuple[RuleGrant, ...], *, members: bool, everyone: bool) -> Audience:
    if sum((bool(grants), members, everyone)) != 1:
        raise Refused(_("Say who may see it: --level and --bundle, or --members, or --everyone."))
    if grants:
        return Audience.GRANTS
    return Audience.MEMBERS if members else Audience.EVERYONE


@rule.command("list", help=N_("Print all rules."))
@with_service
def show_rules(_service: Service) -> None:
    with reading() as reader:
        book = read_rule_book(reader)
        names = {(Grant.LEVEL, one.id): one.name for one in list_levels(reader)}
        names |= {(Grant.BUNDLE, one.id): one.name for one in list_bundles(reader)}
    rows = [
        (one.id, one.target_kind, one.target, _for_whom(one, names), one.opens_on or "", one.denied)
        for one in book.rules
    ]
    say_table((_("id"), _("what"), "", _("for whom"), _("opens on"), _("others get")), rows)


def _for_whom(rule: Rule, names: dict[tuple[Grant, int], str]) -> str:
    if rule.audience is not Audience.GRANTS:
        return {Audience.MEMBERS: _("all members"), Audience.EVERYONE: _("everyone")}[rule.audience]
    return ", ".join(_grant(grant, names[grant.grant, grant.grant_id]) for grant in rule.grants)


def _grant(grant: RuleGrant, name: str) -> str:
    return _("{name} from day {day}").format(name=name, day=grant.from_day) if grant.from_day else name


@rule.command("remove", help=N_("Take a rule away, by its id."))
@click.argument("rule_id", type=int)
@with_service
def remove_rule(_service: Service, rule_id: int) -> None:
    unprotect(rule_id, now=now(), by=who())
    say(_("Rule {id} is gone. The site learns of it within a minute.").format(id=rule_id))


@rule.command("push", help=N_("Tell the plugin now, and anew, what is protected."))
@with_service
def push(service: Service) -> None:
    if service.secret is None:
        raise Misconfigured(_("There is no secret yet, so nobody could be trusted. Run: gatepost pair"))
    push_rules(service.config, service.secret)
    say(_("The plugin knows all rules."))


@click.group(cls=Group, help=N_("Pages that play a part: login, error, myaccount and others."))
def page() -> None:
    pass


@page.command("set", help=N_("Say which WordPress page plays a part."))
@click.argument("kind", type=click.Choice(CORE_PAGES))
@click.argument("post_id", type=int)
@option("--level", help=N_("Only for the holders of this level, by name or id."))
@with_service
def set_page(service: Service, kind: str, post_id: int, level: str | None) -> None:
    with reading() as reader:
        found = get_post(reader, service.tables, post_id)
    level_id = None if level is None else named(get_level, level).id
    choose_core_page(kind, found.id, now=now(), level_id=level_id, by=who())
    say(_("The page {kind} is now “{title}”.").format(kind=kind, title=found.title))


@page.command("list", help=N_("Print which pages play a part."))
@with_service
def show_pages(_service: Service) -> None:
    with reading() as reader:
        levels = {one.id: one.name for one in list_levels(reader)}
        own = [(kind, post_id, levels[level]) for (level, kind), post_id in list_level_pages(reader).items()]
        rows = [*((kind, post_id, "") for kind, post_id in list_core_pages(reader)), *own]
    say_table((_("page"), _("id"), _("level")), rows)
