"""The demo's words for statuses, decisions, rules and events, in the language of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from babel.dates import format_date, format_datetime

from sidecar.access.rules import Audience, Decision, Outcome, Rule, TargetKind
from sidecar.catalog.rules import Bundle, Grant, Level
from sidecar.i18n import _, format_money, ngettext
from sidecar.members.rules import Entitlement, Status
from sidecar.web.dashboard.words import event_word, status_word


@dataclass(frozen=True)
class Words:
    """What the site calls its things. `posts`: titles by id; `terms`: (taxonomy, name) by id."""

    levels: Mapping[int, Level]
    bundles: Mapping[int, Bundle]
    posts: Mapping[int, str]
    terms: Mapping[int, tuple[str, str]]
    zone: tzinfo
    language: str

    def grant(self, grant: Grant, grant_id: int) -> str:
        """The name of a level or bundle."""
        found = (self.levels if grant is Grant.LEVEL else self.bundles).get(grant_id)
        return found.name if found else f"{grant} {grant_id}"

    def name_of(self, held: Entitlement) -> str:
        """The name of the level or bundle that is held."""
        return self.grant(held.grant, held.grant_id)

    def moment(self, at: datetime) -> str:
        """Date and time in the site's zone."""
        return format_datetime(at, "medium", tzinfo=self.zone, locale=self.language)

    def day(self, at: datetime | date) -> str:
        """A date, in the site's zone."""
        local = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        return format_date(local, "long", locale=self.language)

    def hold(self, held: Entitlement, now: datetime) -> str:
        """One level or bundle of a member, with its status and day."""
        name, status, day = self.name_of(held), status_word(held.status_at(now)), held.days_at(now, self.zone)
        return _("{name}: {status}, day {number}").format(name=name, status=status, number=day)

    def target(self, rule: Rule) -> str:
        """What a rule protects."""
        if rule.target_kind is TargetKind.POST:
            return _("A rule for this very page")
        if rule.target_kind is TargetKind.URL:
            return _("A rule for the address {address}").format(address=rule.target)
        if rule.target_kind is TargetKind.TYPE:
            return _("A rule for everything of type “{type}”").format(type=rule.target)
        taxonomy, name = self.terms.get(int(rule.target), ("", rule.target))
        sentence = (
            _("A rule for the tag “{name}”")
            if taxonomy == "post_tag"
            else _("A rule for the category “{name}”")
        )
        return sentence.format(name=name)

    def audience(self, rule: Rule) -> str:
        """Whom a rule lets in."""
        if rule.audience is Audience.EVERYONE:
            who = _("everybody")
        elif rule.audience is Audience.MEMBERS:
            who = _("every member")
        else:
            who = _(" or ").join(self._opener(rule))
        if rule.opens_on is None:
            return who
        return _("{who}, not before {date}").format(who=who, date=self.day(rule.opens_on))

    def _opener(self, rule: Rule) -> list[str]:
        names = [(self.grant(grant.grant, grant.grant_id), grant.from_day) for grant in rule.grants]
        return [
            _("{name} from day {number}").format(name=name, number=day) if day else name
            for name, day in names
        ]

    def outcome(self, decision: Decision) -> str:
        """Open, closed, or when it opens."""
        if decision.outcome is Outcome.OPEN:
            return _("Open")
        if decision.opens_at is not None:
            return _("Opens on {date}").format(date=self.day(decision.opens_at))
        return _("Closed") if decision.outcome is Outcome.CLOSED else _("Opens later")

    def event(self, name: str, subject: str, body: str) -> str:
        """What an event of the log says."""
        facts: dict[str, Any] = json.loads(body)
        kind, _colon, number = subject.partition(":")
        about = self._subject(kind, int(number)) if number.isdigit() else ""
        sentence = event_word(name)
        if "amount_minor" in facts:
            return self._payment(sentence, facts)
        if "to" in facts:
            return f"{sentence}: {facts.get('subject', facts['kind'])}"
        if name == "status_changed":
            old, new = status_word(Status(facts["old"])), status_word(Status(facts["new"]))
            return f"{about}: {old} → {new}"
        if name == "level_changed":
            return f"{sentence}: {facts['old']} → {facts['new']}"
        if name in {"created", "bundle_added"}:
            return f"{sentence}: {about} ({status_word(Status(facts['status']))})"
        return f"{sentence}: {about or facts.get('url', '')}" if about or facts.get("url") else sentence

    def _payment(self, sentence: str, facts: dict[str, Any]) -> str:
        """A billing event; with its amount, where it moves one."""
        if not facts["amount_minor"]:
            return sentence
        return f"{sentence}: {format_money(facts['amount_minor'], facts['currency'], self.language)}"

    def _subject(self, kind: str, number: int) -> str:
        if kind == "post":
            return self.posts.get(number, f"#{number}")
        return self.grant(Grant(kind), number) if kind in set(Grant) else ""


def role_word(*, is_administrator: bool) -> str:
    """What an administrator or editor is called."""
    return _("administrator") if is_administrator else _("editor")


def offset_words(days: int) -> str:
    """How far the clock was moved."""
    return ngettext("{count} day ahead", "{count} days ahead", days).format(count=days)
