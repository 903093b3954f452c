"""What goes wrong on the way: rules that a test writes, matched against requests in the order they were written."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sidecar.demo.processor.outcomes import Outcome, outcome_from

_KINDS = """timeout_before timeout_after execute_late cut_reply status delay processing requires_action decline
    refund_pending"""
KINDS = frozenset(_KINDS.split())
FORCING = frozenset({"processing", "requires_action", "decline", "refund_pending"})
MATCHES = frozenset({"method", "path", "card", "amount", "customer", "chance", "times"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule can match: the request, and the intent that it is about, as far as there is one."""

    method: str
    path: str
    amount: int | None = None
    customer: str | None = None
    cards: frozenset[str] = frozenset()


@dataclass(slots=True)
class Fault:
    """`options`: what `kind` needs, such as seconds or status; `left`: how often it still strikes, None for ever."""

    id: str
    kind: str
    match: dict[str, Any]
    options: dict[str, Any]
    left: int | None = None

    def fits(self, subject: Subject) -> bool:
        """Whether it would strike, luck aside."""
        match = self.match
        return (
            self.left != 0
            and match.get("method", subject.method) == subject.method
            and fnmatchcase(subject.path, match.get("path", "*"))
            and match.get("amount", subject.amount) == subject.amount
            and match.get("customer", subject.customer) == subject.customer
            and ("card" not in match or match["card"] in subject.cards)
        )


@dataclass(slots=True)
class Faults:
    """All rules, and the luck of those that strike by chance."""

    luck: random.Random = field(default_factory=random.Random)
    rules: list[Fault] = field(default_factory=list)
    written: int = 0

    def add(self, described: dict[str, Any]) -> str:
        """The new rule's id. Raises ValueError and KeyError for what is no fault or no outcome."""
        do = described.get("do")
        action = {"kind": do} if isinstance(do, str) else dict(do or {})
        options = {
            **{name: value for name, value in described.items() if name not in {"match", "do"}},
            **action,
        }
        match = dict(described.get("match") or {})
        kind = options.pop("kind", None)
        if kind not in KINDS or match.keys() - MATCHES:
            raise ValueError(f"no such fault: {described}")
        if kind in FORCING:
            forced_outcome(kind, options)
        self.written += 1
        rule = Fault(f"fault_{self.written}", kind, match, options, match.get("times"))
        self.rules.append(rule)
        return rule.id

    def strike(self, subject: Subject) -> Fault | None:
        """The first rule that fits and is lucky; one strike of it is used up."""
        for rule in self.rules:
            if rule.fits(subject) and self.luck.random() < rule.match.get("chance", 1):
                if rule.left is not None:
                    rule.left -= 1
                return rule
        return None


def forced_outcome(kind: str, options: dict[str, Any]) -> Outcome:
    """What the bank says instead of what it would. Raises KeyError for an unknown decline code or outcome."""
    match kind:
        case "processing":
            return outcome_from(
                {"processing": options.get("outcome", "succeed"), "after": options.get("after")}
            )
        case "requires_action":
            return outcome_from("authentication_required")
        case "decline":
            return outcome_from({"decline_code": "generic_decline", **options})
        case _:
            return outcome_from("processing")
