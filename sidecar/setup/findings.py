"""What was looked at and how it is, in words for a site owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`note`: nothing is wrong, but it should be known."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `sentence`: how it is. `advice`: what to do, '' where there is nothing to do."""

    code: str
    severity: Severity
    sentence: str
    advice: str = ""


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted by severity; what is equally bad stays in its order."""
    order = list(Severity)[::-1]
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def has_problem(findings: Iterable[Finding]) -> bool:
    """Whether something must be mended before Gatepost can be trusted to work."""
    return any(finding.severity is Severity.PROBLEM for finding in findings)
