"""Invoices: every number once and none left out, one for each payment, and what was taken back is credited and no more."""

from __future__ import annotations

from collections.abc import Iterator

from tests.crash.judge.evidence import Evidence, Row, grouped

_PAYS = {"gateway", "manual", "credit"}
_COUNTERS = {"invoice": "invoices", "credit_note": "credit_notes"}


def check_invoices(evidence: Evidence) -> Iterator[str]:
    """All of it."""
    yield from _check_numbers(evidence)
    papers = grouped(evidence.tables["invoices"], "receivable_id")
    for receivable in evidence.receivables.values():
        yield from _check_receivable(evidence, receivable, papers[receivable["id"]])
    yield from _check_refunds(evidence, papers)


def _check_numbers(evidence: Evidence) -> Iterator[str]:
    for series in evidence.tables["invoice_series"]:
        for kind, counter in _COUNTERS.items():
            numbers = sorted(
                row["number"]
                for row in evidence.tables["invoices"]
                if (row["series"], row["kind"]) == (series["code"], kind)
            )
            if numbers != list(range(1, series[counter] + 1)):
                yield f"series {series['code']} has counted {series[counter]} of {kind}, and there are {numbers}"


def _check_receivable(evidence: Evidence, receivable: Row, papers: list[Row]) -> Iterator[str]:
    name, settled = evidence.name_of(receivable), evidence.settlements[receivable["id"]]
    wanted = int(bool(settled) and settled[0]["source"] in _PAYS and receivable["gross_minor"] > 0)
    first = [row for row in papers if row["credits_id"] is None]
    if len(first) != wanted:
        yield f"{name} has {len(first)} invoices and wants {wanted}"
    for row in first:
        if (row["gross_minor"], row["currency"]) != (receivable["gross_minor"], receivable["currency"]):
            yield f"{name} is invoiced with {row['gross_minor']} {row['currency']}"
    for part in ("net_minor", "tax_minor", "gross_minor"):
        left = sum(row[part] for row in papers)
        if left < 0:
            yield f"of {name} more is credited than was invoiced: {part} is {left}"


def _check_refunds(evidence: Evidence, papers: dict[int, list[Row]]) -> Iterator[str]:
    """One credit note for each refund of a payment, as long as something is left to be credited; one that failed has its
    credit note taken back."""
    paid = {row["charge_id"]: row["receivable_id"] for row in evidence.tables["settlements"]}
    causes = {row["cause"]: row for row in evidence.tables["invoices"]}
    taken_back = {row["credits_id"] for row in evidence.tables["invoices"] if row["kind"] == "invoice"}
    paid_out = {row["posting"] for row in evidence.tables["ledger"]}
    for refund in evidence.tables["refunds"]:
        note = causes.get(f"refund:{refund['uuid']}")
        left = sum(row["gross_minor"] for row in papers[paid.get(refund["charge_id"])])
        is_given = refund["status"] in {"pending", "succeeded"} and left > 0
        if is_given and note is None and f"withdrawn:{refund['uuid']}" not in paid_out:
            yield f"refund {refund['uuid']} has no credit note"
        if refund["status"] == "failed" and note is not None and note["id"] not in taken_back:
            yield f"refund {refund['uuid']} has failed, and its credit note stands"
