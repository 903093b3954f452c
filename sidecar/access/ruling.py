"""Use cases on rules: each bumps the generation, so that every process and the bridge read the rules again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from shortcodes import CORE_PAGES
from sidecar import outbox
from sidecar.access import store
from sidecar.access.rules import Audience, Rule, RuleBook, TargetKind, check_target
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import bump_generation, get_bundle, get_level
from sidecar.db import session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _


@use_case
def protect(rule: Rule, *, now: datetime) -> int:
    """Add a rule; gives its id. Refuses targets that match nothing, levels and bundles that do not exist."""
    if (rule.audience is Audience.GRANTS) != bool(rule.grants):
        raise Refused(_("a rule names the levels or bundles that open it, or says members or everyone"))
    for grant in rule.grants:
        (get_level if grant.grant is Grant.LEVEL else get_bundle)(session(), grant.grant_id)
        if grant.from_day < 0:
            raise Refused(_("a day is 0 or more"))
    rule_id = store.add_rule(
        session(), replace(rule, target=check_target(rule.target_kind, rule.target)), now
    )
    _changed(now)
    return rule_id


@use_case
def unprotect(rule_id: int, *, now: datetime) -> None:
    """Remove a rule; raises NotFound."""
    if not store.remove_rule(session(), rule_id):
        raise NotFound(_("there is no rule {id}").format(id=rule_id))
    _changed(now)


@use_case
def choose_core_page(kind: str, post_id: int, *, now: datetime) -> None:
    """Say which WordPress page plays the part `kind`."""
    if kind not in CORE_PAGES:
        sentence = _("there is no core page {kind}; there are {kinds}")
        raise Refused(sentence.format(kind=kind, kinds=", ".join(CORE_PAGES)))
    store.set_core_page(session(), kind, post_id)
    _changed(now)


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
