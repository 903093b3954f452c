"""The judge: reads the database by plain SQL and the processor's own ledger, and imports nothing of ours.

What it finds is a sentence each; no sentence is an acquittal. It wants a quiet moment: nothing due, nothing under way.
"""

from __future__ import annotations

from tests.crash.judge.access import check_access
from tests.crash.judge.collecting import check_collecting
from tests.crash.judge.evidence import Evidence, gather
from tests.crash.judge.invoices import check_invoices
from tests.crash.judge.money import check_money
from tests.crash.judge.notices import check_notices
from tests.crash.judge.returns import check_returns

__all__ = ["Evidence", "gather", "judge"]


def judge(evidence: Evidence) -> list[str]:
    """Everything that is not as it must be."""
    checks = (check_money, check_returns, check_collecting, check_access, check_notices, check_invoices)
    return [finding for check in checks for finding in check(evidence)]
