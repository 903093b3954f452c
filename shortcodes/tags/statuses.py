"""A member's status as owners know it: MemberMouse's numbers, names and words."""

from __future__ import annotations

from typing import NamedTuple

from shortcodes.equations import Malformed
from shortcodes.facts import Status


class StatusNames(NamedTuple):
    """`word` is what an equation says."""

    number: int
    word: str
    english: str
    french: str


STATUSES: dict[Status, StatusNames] = {
    "active": StatusNames(1, "active", "Active", "Actif"),
    "canceled": StatusNames(2, "canceled", "Canceled", "Résilié"),
    "locked": StatusNames(3, "locked", "Locked", "Verrouillé"),
    "paused": StatusNames(4, "paused", "Paused", "En pause"),
    "overdue": StatusNames(5, "overdue", "Overdue", "En retard de paiement"),
    "pending_activation": StatusNames(6, "pending", "Pending activation", "En attente d’activation"),
    "error": StatusNames(7, "error", "Error", "Erreur"),
    "expired": StatusNames(8, "expired", "Expired", "Expiré"),
    "pending_cancel": StatusNames(9, "pending_cancel", "Pending cancellation", "En attente de résiliation"),
}

WORDS = tuple(names.word for names in STATUSES.values())

_OPERANDS: dict[str, Status] = {
    key: status for status, names in STATUSES.items() for key in (status, names.word, str(names.number))
}


def status_operand(text: str) -> Status:
    """An operand of an equation over statuses: a word or a number."""
    status = _OPERANDS.get(text.lower())
    if status is None:
        raise Malformed("“{part}” is no status", text)
    return status


def status_name(status: Status, language: str) -> str:
    names = STATUSES[status]
    return names.french if language == "fr" else names.english
