"""The form of a product: a price for one level or bundle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from sidecar.access.store import list_core_pages
from sidecar.catalog.editing import change_product
from sidecar.catalog.making import make_product
from sidecar.catalog.rules import Grant, PlanEnd, Product, ProductKind, Terms, find_wrongs
from sidecar.catalog.store import get_product, list_bundles, list_levels, list_products
from sidecar.db import reading
from sidecar.i18n import _, ngettext
from sidecar.reports.store_catalog import count_running
from sidecar.service import service
from sidecar.web.dashboard.catalog import price_words
from sidecar.web.dashboard.door import frame, person
from sidecar.web.dashboard.editing.flow import EDITORS, Editor, Options
from sidecar.web.dashboard.editing.typed import Typed
from sidecar.wordpress.options import get_site
from sidecar.wordpress.permalinks import get_permalink
from sidecar.written import from_minor, from_ppm

_FREE = Terms(ProductKind.FREE)


class ProductEditor(Editor):
    """Fields have the names of the terms' fields, so that what is refused finds its place."""

    kind, subject, template = "products", "product", "dashboard/editing/product.html"

    def heading(self, thing: Product | None) -> str:
        return _("New product") if thing is None else thing.name

    def labels(self) -> dict[str, str]:
        return {
            "name": _("Name"), "description": _("Description"), "gives": _("Gives"), "kind": _("How it is paid"),
            "price_minor": _("Price"), "currency": _("Currency"), "every": _("Renews every"), "unit": _("Unit"),
            "payments": _("Number of payments"), "plan_end": _("After the last payment"),
            "access_days": _("Days of access"), "trial_days": _("Days of trial"), "trial_price_minor": _("Price of the trial"),
            "alternate_product_id": _("Who has had a trial before gets"), "retries": _("When a renewal fails"),
            "retry_days": _("Own days of retries"), "keeps_access_overdue": _("Access while a payment is overdue"),
            "tax_ppm": _("Tax inside the price, in percent"), "tax_country": _("Country of the tax"), "is_hidden": _("Hidden"),
        }  # fmt: skip

    def find(self, reader: Session, number: int) -> Product:
        return get_product(reader, number)

    def shown(self, thing: Product | None) -> dict[str, str | list[str]]:
        if thing is None:
            return {
                "kind": "subscription",
                "every": "1",
                "unit": "month",
                "currency": _usual_currency(),
                "retries": "site",
            }
        terms = thing.terms
        retries = {None: "site", "": "none"}.get(terms.retry_days, "own")
        return {
            "name": thing.name, "description": thing.description, "gives": f"{thing.grant}:{thing.grant_id}",
            "kind": terms.kind, "currency": terms.currency, "unit": terms.unit or "", "plan_end": terms.plan_end or PlanEnd.KEEP,
            "price_minor": from_minor(terms.price_minor, terms.currency),
            "trial_price_minor": "" if terms.trial_price_minor is None else from_minor(terms.trial_price_minor, terms.currency),
            **{name: _shown(getattr(terms, name)) for name in ("every", "payments", "access_days", "trial_days")},
            "alternate_product_id": _shown(thing.alternate_product_id), "retries": retries,
            "retry_days": terms.retry_days or "",
            "keeps_access_overdue": {None: "", True: "yes", False: "no"}[terms.keeps_access_overdue],
            "tax_ppm": from_ppm(terms.tax_ppm) if terms.tax_ppm else "", "tax_country": terms.tax_country,
            "is_hidden": "1" if thing.is_hidden else "",
        }  # fmt: skip

    def read(self, typed: Typed, stored: Product | None) -> Product:
        terms = _read_terms(typed, stored.terms if stored else _FREE)
        typed.note_all(find_wrongs(terms))
        grant, grant_id = (stored.grant, stored.grant_id) if stored else _read_grant(typed)
        base = stored or Product(0, "", grant, grant_id, terms, "")
        return replace(
            base, name=typed.text("name"), description=typed.text("description"), terms=terms,
            is_hidden=typed.is_ticked("is_hidden"),
            alternate_product_id=None if terms.trial_days is None else _read_alternate(typed),
        )  # fmt: skip

    def options(self, reader: Session, thing: Product | None) -> Options:
        own = thing.id if thing else 0
        others = [
            one
            for one in list_products(reader)
            if one.id != own and not one.is_archived and one.terms.trial_days is None
        ]
        retry_days = service().config.billing.retry_days
        return {
            "gives": [(f"level:{one.id}", _("level {name}").format(name=one.name)) for one in list_levels(reader)]
            + [(f"bundle:{one.id}", _("bundle {name}").format(name=one.name)) for one in list_bundles(reader)],
            "kind": [
                ("subscription", _("Subscription")), ("payment_plan", _("Payment plan")), ("one_time", _("Once")),
                ("free", _("Free")),
            ],
            "unit": [("day", _("days")), ("week", _("weeks")), ("month", _("months")), ("year", _("years"))],
            "plan_end": [("keep", _("access stays")), ("end", _("access ends"))],
            "alternate_product_id": [("", _("the trial again")), *((str(one.id), one.name) for one in others)],
            "retries": [
                ("site", _("tried again as everywhere: {days}").format(days=retry_days or "–")),
                ("own", _("tried again on days of its own")), ("none", _("not tried again")),
            ],
            "keeps_access_overdue": [
                ("", _("as the level, the bundle or the site says")), ("yes", _("stays")), ("no", _("is closed")),
            ],
            "is_hidden": [("1", _("yes"))],
        }  # fmt: skip

    def extras(self, reader: Session, thing: Product | None) -> dict[str, Any]:
        if thing is None:
            return {}
        return {"purchase": _purchase_link(reader, thing), "running": count_running(reader, thing.id)}

    def consequences(self, reader: Session, stored: Product, wanted: Product) -> list[str]:
        lines = []
        if stored.terms != wanted.terms:
            running = count_running(reader, stored.id)
            lines += [_keeps(running, price_words(stored)), _("Who buys from now on pays: {price}.").format(
                price=price_words(wanted))]  # fmt: skip
        if stored.name != wanted.name:
            lines.append(
                _("Pages, mails and the accounts of those who have bought it show the new name at once.")
            )
        if stored.alternate_product_id and wanted.alternate_product_id is None:
            lines.append(_("Who has had a trial before gets no other product in its place any more."))
        if stored.is_hidden != wanted.is_hidden:
            hidden, listed = (
                _("It is no longer listed; who has its link can buy it."),
                _("It is listed for everybody."),
            )
            lines.append(hidden if wanted.is_hidden else listed)
        return lines

    def make(self, wanted: Product) -> int:
        return make_product(
            wanted.name, wanted.terms, wanted.grant, wanted.grant_id, now=frame().now, description=wanted.description,
            is_hidden=wanted.is_hidden, alternate_product_id=wanted.alternate_product_id, by=person().by,
        )  # fmt: skip

    def change(self, wanted: Product, seen: str) -> None:
        change_product(wanted, seen=seen, by=person().by, now=frame().now)


def _keeps(running: int, price: str) -> str:
    if not running:
        return _("Nobody has bought it so that it still runs; nothing changes for anybody.")
    sentence = ngettext(
        "{count} running order keeps what was agreed: {price}.",
        "{count} running orders keep what was agreed, such as their price (today: {price}).",
        running,
    )
    return sentence.format(count=running, price=price)


def _read_terms(typed: Typed, stored: Terms) -> Terms:
    """What belongs to the kind that was chosen; what else stands in the form is not looked at."""
    kind = typed.one_of("kind", ProductKind)
    currency = typed.text("currency").upper()
    terms = replace(_FREE, kind=kind, currency=currency)
    if kind is not ProductKind.FREE:
        terms = replace(
            terms, price_minor=typed.amount("price_minor", currency), tax_ppm=typed.percent("tax_ppm"),
            tax_country=typed.text("tax_country").upper(),
        )  # fmt: skip
    if not terms.renews:
        return replace(terms, access_days=typed.number("access_days"))
    terms = replace(terms, every=typed.number("every"), unit=typed.text("unit"), **_read_overdue(typed))
    if kind is ProductKind.PAYMENT_PLAN:
        is_end = typed.text("plan_end") == PlanEnd.END
        kept = None if stored.plan_end is PlanEnd.END else stored.plan_end
        terms = replace(terms, payments=typed.number("payments"), plan_end=PlanEnd.END if is_end else kept)
    trial_days = typed.number("trial_days")
    if trial_days is None:
        return terms
    return replace(
        terms, trial_days=trial_days, trial_price_minor=typed.amount("trial_price_minor", currency)
    )


def _read_overdue(typed: Typed) -> dict[str, Any]:
    own = ",".join(typed.text("retry_days").replace(",", " ").split())
    if typed.text("retries") == "own" and not own:
        typed.note("retry_days", _("Please give the days, such as 2,5,7."))
    return {
        "retry_days": {"own": own, "none": ""}.get(typed.text("retries")),
        "keeps_access_overdue": {"yes": True, "no": False}.get(typed.text("keeps_access_overdue")),
    }


def _read_grant(typed: Typed) -> tuple[Grant, int]:
    kind, _colon, number = typed.text("gives").partition(":")
    if kind not in set(Grant) or not number.isdecimal():
        typed.note("gives", _("Please choose what it gives."))
        return Grant.LEVEL, 0
    return Grant(kind), int(number)


def _read_alternate(typed: Typed) -> int | None:
    text = typed.text("alternate_product_id")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


def _usual_currency() -> str:
    """The one of the newest product, else the dollar."""
    with reading() as reader:
        products = list_products(reader)
    return products[-1].terms.currency if products else "USD"


def _purchase_link(reader: Session, product: Product) -> str:
    """Where it is bought; '' while the site has no checkout page."""
    checkout = dict(list_core_pages(reader)).get("checkout")
    if checkout is None:
        return ""
    tables = service().tables
    url = get_permalink(reader, tables, get_site(reader, tables), checkout)
    return f"{url}{'&' if '?' in url else '?'}rid={product.reference}"


EDITORS[ProductEditor.kind] = ProductEditor()
