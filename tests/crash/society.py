"""What members and administrators want to do today, by the state of each order and by chance."""

from __future__ import annotations

import random
from typing import Any

from tests.crash.cast import BUNDLES, LEVELS, Member, new_card
from tests.crash.temper import Temper
from tests.crash.world import World

Act = tuple[str, dict[str, Any]]

# Chance per day and order, by the order's state.
_CHANCES: dict[str, dict[str, float]] = {
    "active": {
        "cancel": 0.004, "pause": 0.004, "skip": 0.002, "change_date": 0.002, "charge_now": 0.004, "mark_paid": 0.003,
        "waive": 0.002, "refund": 0.004, "change_card": 0.006, "dispute": 0.003, "collect_missed": 0.01,
        "change_product": 0.004, "pay_in_an_old_tab": 0.01,
    },
    "overdue": {
        "mark_paid": 0.05, "waive": 0.03, "cancel": 0.03, "charge_now": 0.1, "change_card": 0.15, "pay_by_hand": 0.3,
        "pay_in_an_old_tab": 0.2,
    },
    "paused": {"resume": 0.12, "cancel": 0.02},
    "pending_cancel": {"keep": 0.1},
    "pending": {"pay_in_an_old_tab": 0.1, "mark_paid": 0.02},
    "canceled": {"refund": 0.002, "buy_again": 0.05},
}  # fmt: skip

_OLD_TAB = (
    "COALESCE(r.intent_id, (SELECT a.intent_id FROM gatepost_attempts a WHERE a.order_id = o.id AND a.intent_id IS NOT NULL"
    " ORDER BY a.id DESC LIMIT 1))"
)
"""The intent of a page that somebody has left open: of what is due, or of what was tried last, however it was paid since."""


class Society:
    """Plans acts; it reads the database and changes nothing."""

    def __init__(self, world: World, members: list[Member], luck: random.Random, temper: Temper) -> None:
        self._world, self._members, self._luck, self._temper = world, members, luck, temper
        self._by_user = {member.user_id: member for member in members}

    def acts_of(self, day: int) -> list[Act]:
        """Checkouts that begin today, and whatever comes into somebody's mind about what he has."""
        return [*self._first_visits(day), *self._whims()]

    def _first_visits(self, day: int) -> list[Act]:
        visits = [
            self._checkout(member, product)
            for member in self._members
            for product, on_day in member.wants.items()
            if on_day * self._temper.buys_within_days // 20 == day
        ]
        doubled = [visit for visit in visits if self._luck.random() < 0.15]
        return visits + doubled

    def _checkout(self, member: Member, product: str) -> Act:
        """The token is the page's: a checkout that is sent twice has one."""
        facts = {
            "user": member.user_id, "product": product, "card": member.cards[-1], "token": self._token(),
            "finishes": self._luck.random() < 0.8,
        }  # fmt: skip
        return "buy", facts

    def _token(self) -> str:
        return f"{self._luck.getrandbits(128):032x}"

    def _whims(self) -> list[Act]:
        orders = self._world.rows(
            f"SELECT o.id, o.uuid, o.status, o.level_id, o.ended_for, m.user_id, {_OLD_TAB} AS intent_id FROM gatepost_orders o"
            " JOIN gatepost_members m ON m.id = o.member_id"
            " LEFT JOIN gatepost_receivables r ON r.order_id = o.id AND r.status = 'due' ORDER BY o.id"
        )
        living = {
            (one["user_id"], bool(one["level_id"]))
            for one in orders
            if one["status"] not in {"canceled", "completed"}
        }
        found = [self._whim(order, living) for order in orders]
        return [act for act in found if act is not None]

    def _whim(self, order: dict[str, Any], living: set[tuple[int, bool]]) -> Act | None:
        for name, chance in _CHANCES.get(order["status"], {}).items():
            if self._temper.only_acts and name not in self._temper.only_acts:
                continue
            if self._luck.random() < chance * self._temper.acts:
                return self._act(name, order, living)
        return None

    def _act(self, name: str, order: dict[str, Any], living: set[tuple[int, bool]]) -> Act | None:
        member = self._by_user[order["user_id"]]
        mine = {"user": member.user_id, "order": order["uuid"]}
        match name:
            case "buy_again":
                if (member.user_id, bool(order["level_id"])) in living or order["ended_for"] == "abandoned":
                    return None
                return self._checkout(member, self._luck.choice(LEVELS if order["level_id"] else BUNDLES))
            case "pay_by_hand":
                return name, {
                    **mine,
                    "card": self._another_card(member),
                    "finishes": self._luck.random() < 0.7,
                }
            case "pay_in_an_old_tab":
                facts = {"intent": order["intent_id"], "card": member.cards[-1]}
                return (name, facts) if order["intent_id"] else None
            case "change_card":
                return name, {"user": member.user_id, "card": self._another_card(member)}
            case "cancel":
                return name, {**mine, "at_once": self._luck.random() < 0.3}
            case "keep" | "pause" | "resume":
                return name, mine
            case "change_product":
                product = self._luck.choice(LEVELS if order["level_id"] else BUNDLES)
                return name, {**mine, "product": product, "card": member.cards[-1], "token": self._token()}
            case "change_date":
                return name, {"order": order["uuid"], "days": self._luck.randint(1, 20)}
            case "refund":
                return name, {"order": order["uuid"], "amount": self._luck.choice((None, None, 60))}
            case _:
                return name, {"order": order["uuid"]}

    def _another_card(self, member: Member) -> str:
        if self._luck.random() < 0.7:
            member.cards.append(new_card(self._luck))
        return member.cards[-1]
