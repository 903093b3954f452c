"""What the owner promises and asks for: terms, refunds, cancellations; and what of it a buyer has accepted.

An order's event names what was accepted by the digest of its text, and the text is kept under that digest: so what a buyer
agreed to stays readable when the owner writes something else later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sidecar.config import Policies as PolicyPlaces
from sidecar.errors import Misconfigured
from sidecar.i18n import _


class PolicyKind(StrEnum):
    """What a buyer is shown before he pays, in the order in which it is shown."""

    TERMS = "terms"
    REFUND = "refund"
    CANCELLATION = "cancellation"


@dataclass(frozen=True)
class Policy:
    """`url`: where buyers read it; `text`: what stands there, '' where the owner has given none."""

    kind: PolicyKind
    url: str
    text: str = ""

    @property
    def digest(self) -> str:
        """What names this wording: SHA-256 of kind, address and text, in hex.

        >>> Policy(PolicyKind.TERMS, "https://club.test/terms/").digest[:8]
        '54421f6f'
        """
        words = "\n".join((self.kind, self.url, self.text))
        return hashlib.sha256(words.encode()).hexdigest()


def read_policies(places: PolicyPlaces) -> tuple[Policy, ...]:
    """The owner's, as they are now; raises Misconfigured for a file that cannot be read."""
    found = []
    for kind in PolicyKind:
        url, file = getattr(places, f"{kind}_url"), getattr(places, f"{kind}_file")
        if url:
            found.append(Policy(kind, url, _read(f"policies.{kind}_file", file) if file else ""))
    return tuple(found)


def _read(key: str, file: str) -> str:
    try:
        return Path(file).read_text("utf-8").replace("\r\n", "\n").strip()
    except (OSError, UnicodeDecodeError) as error:
        sentence = _("{key}: cannot read {path}: {reason}")
        raise Misconfigured(sentence.format(key=key, path=file, reason=type(error).__name__)) from error


def mark_of(shown: tuple[Policy, ...]) -> str:
    """What names all that is shown together: another wording of any of it is another mark. '' where nothing is shown."""
    if not shown:
        return ""
    return hashlib.sha256("\n".join(policy.digest for policy in shown).encode()).hexdigest()[:32]
