"""Every screen of the dashboard: importing one adds its routes to the blueprint."""

from __future__ import annotations

from flask import abort

from sidecar.staff.rules import Right
from sidecar.web.dashboard import (
    catalog,
    declarations,
    disputes,
    entering,
    invoices,
    log,
    mail_deliveries,
    mail_previews,
    mails,
    member,
    members,
    operation,
    orders,
    overview,
    settings,
    staff,
    work,
)
from sidecar.web.dashboard.door import dashboard, screen
from sidecar.web.dashboard.editing import coupons, flow, grid, levels, owners, products, rules

__all__ = [
    "catalog", "coupons", "dashboard", "declarations", "disputes", "entering", "flow", "grid", "invoices", "levels", "log",
    "mail_deliveries", "mail_previews", "mails", "member", "members", "nowhere", "operation", "orders", "overview", "owners", "products",
    "rules", "settings", "staff", "work",
]  # fmt: skip


@screen("/<path:path>", Right.ENTER, methods=("GET", "POST"))
def nowhere(path: str) -> str:
    """An address without a screen; strangers do not learn which ones there are."""
    abort(404, path)
