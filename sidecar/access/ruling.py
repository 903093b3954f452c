"""Use cases on rules: each bumps the generation, so that every process and the bridge read the rules again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shortcodes import CORE_PAGES
from sidecar import outbox
from sidecar.access import store
from sidecar.access.rules import Audience, Rule, RuleBook, TargetKind, check_target
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import bump_generation, get_bundle, get_level
from sidecar.catalog.versions import ChangedMeanwhile, check_version, record, version_of
from sidecar.db import session, use_case
from sidecar.errors import NotFound, Refused, WrongValue
from sidecar.i18n import _


@use_case
def protect(rule: Rule, *, now: datetime, by: str = "") -> int:
    """Add a rule; gives its id. Refuses targets that match nothing, levels and bundles that do not exist.

    `by`: who does it, for the log; '' where a program furnishes a site.
    """
    rule = _lawful(rule)
    rule_id = store.add_rule(session(), rule, now)
    if by:
        record(session(), f"rule:{rule_id}", "rule_made", by, now, None, rule)
    _changed(now)
    return rule_id


@use_case
def unprotect(rule_id: int, *, now: datetime, by: str = "", seen: str = "") -> None:
    """Remove a rule; raises NotFound. `seen`: the version that its author has read, '' for whichever: else ChangedMeanwhile."""
    bump_generation(session())  # first: who changes rules at the same time waits here
    stored = store.find_rule(session(), rule_id)
    if seen and stored is not None:
        check_version(stored, seen)
    if not store.remove_rule(session(), rule_id):
        raise NotFound(_("there is no rule {id}").format(id=rule_id))
    if by:
        record(session(), f"rule:{rule_id}", "rule_removed", by, now, stored)
    _changed(now)


@use_case
def change_rules(wanted: Sequence[Rule], *, seen: Mapping[int, str], by: str, now: datetime) -> None:
    """Change rules, all of them or none. `seen`: by rule, the version (`versions.version_of`) that its author has read.

    What they protect stays. Raises RulesChangedMeanwhile, Refused.
    """
    bump_generation(session())  # first: who changes rules at the same time waits here
    stale = []
    for rule in map(_lawful, wanted):
        stored = store.find_rule(session(), rule.id)
        if stored is None or version_of(stored) != seen.get(rule.id):
            stale.append(rule.id)
            continue
        rule = replace(rule, target_kind=stored.target_kind, target=stored.target)  # noqa: PLW2901
        store.set_rule(session(), rule)
        record(session(), f"rule:{rule.id}", "rule_changed", by, now, stored, rule)
    if stale:
        raise RulesChangedMeanwhile(stale)
    _changed(now)


class RulesChangedMeanwhile(ChangedMeanwhile):
    """Somebody else has changed these rules since they were read, or taken them away."""

    def __init__(self, rule_ids: Sequence[int]) -> None:
        super().__init__(_("Somebody else has changed this in the meantime."))
        self.rule_ids = frozenset(rule_ids)


def _lawful(rule: Rule) -> Rule:
    if (rule.audience is Audience.GRANTS) != bool(rule.grants):
        sentence = _("a rule names the levels or bundles that open it, or says members or everyone")
        raise WrongValue("audience", sentence)
    for grant in rule.grants:
        (get_level if grant.grant is Grant.LEVEL else get_bundle)(session(), grant.grant_id)
        if grant.from_day < 0:
            raise Refused(_("a day is 0 or more"))
    return replace(rule, target=check_target(rule.target_kind, rule.target))


@use_case
def choose_core_page(
    kind: str, post_id: int, *, now: datetime, level_id: int | None = None, by: str = ""
) -> None:
    """Say which WordPress page plays the part `kind`, for everybody or for the holders of one level.

    `by`: who does it, for the log; '' where a program furnishes a site.
    """
    if kind not in CORE_PAGES:
        sentence = _("there is no core page {kind}; there are {kinds}")
        raise Refused(sentence.format(kind=kind, kinds=", ".join(CORE_PAGES)))
    was = store.find_core_page(session(), kind, level_id)
    if level_id is None:
        store.set_core_page(session(), kind, post_id)
    else:
        get_level(session(), level_id)
        store.set_level_page(session(), level_id, kind, post_id)
    _record_page(kind, level_id, was, post_id, by, now)
    _changed(now)


@use_case
def choose_core_pages(
    kind: str, wanted: Mapping[int | None, int | None], *, seen: str, by: str, now: datetime
) -> None:
    """Say which pages play one part: by level (None: for everybody) the page, or None where none does.

    `seen`: the version of `core_pages_of(kind)` that the author has read. Raises ChangedMeanwhile, NotFound.
    """
    bump_generation(session())  # first: who changes them at the same time waits here
    stored = core_pages_of(session(), kind)
    check_version({str(level): page for level, page in stored.items()}, seen)
    for level_id, post_id in wanted.items():
        if post_id is not None:
            choose_core_page(kind, post_id, now=now, level_id=level_id, by=by)
        elif level_id in stored:
            store.remove_core_page(session(), kind, level_id)
            _record_page(kind, level_id, stored[level_id], None, by, now)
    _changed(now)


def core_pages_of(reader: Session, kind: str) -> dict[int | None, int]:
    """Which pages play one part: by level, None: for everybody."""
    common = store.find_core_page(reader, kind)
    found: dict[int | None, int] = {} if common is None else {None: common}
    own = store.list_level_pages(reader)
    return found | {level: page for (level, part), page in own.items() if part == kind}


def _record_page(
    kind: str, level_id: int | None, was: int | None, post_id: int | None, by: str, now: datetime
) -> None:
    if by and was != post_id:
        name = kind if level_id is None else f"{kind}, level {level_id}"
        record(session(), f"core_page:{kind}", "core_page_chosen", by, now, {name: was}, {name: post_id})


def index_of(book: RuleBook) -> dict[str, Any]:
    """The rule index as the bridge keeps it (docs/protocol.md)."""
    return {
        "generation": book.generation,
        "types": book.targets(TargetKind.TYPE),
        "terms": [int(term) for term in book.targets(TargetKind.TERM)],
        "urls": book.targets(TargetKind.URL),
        "posts": [int(post) for post in book.targets(TargetKind.POST)],
        "core_pages": dict(book.core_pages),
    }


def _changed(now: datetime) -> None:
    """A new generation, and word to the site: it decides by the index which pages it need not ask about."""
    bump_generation(session())
    outbox.add(session(), "site_change", {"kind": "index"}, now)
