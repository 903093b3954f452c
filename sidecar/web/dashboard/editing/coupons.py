"""The form of a coupon."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope, find_wrongs, fold_code
from sidecar.catalog.editing import change_coupon, unused
from sidecar.catalog.making import make_coupon
from sidecar.catalog.store import get_coupon, list_products
from sidecar.catalog.versions import version_of
from sidecar.i18n import _, ngettext
from sidecar.web.dashboard.door import frame, person
from sidecar.web.dashboard.editing.flow import EDITORS, Editor, Options
from sidecar.web.dashboard.editing.typed import Typed
from sidecar.written import from_minor, from_ppm


class CouponEditor(Editor):
    """Its code is its name: it stays. Days are those of the site's calendar."""

    kind, subject, template = "coupons", "coupon", "dashboard/editing/coupon.html"

    def heading(self, thing: Coupon | None) -> str:
        return _("New coupon") if thing is None else _("Coupon {code}").format(code=thing.code)

    def labels(self) -> dict[str, str]:
        return {
            "code": _("Code"), "kind": _("Takes off"), "percent_ppm": _("Percent"), "amount_minor": _("Amount"),
            "currency": _("Currency"), "scope": _("Of which payments"), "starts_at": _("It counts from this day on"),
            "ends_at": _("It ends at the beginning of this day"), "quantity": _("How often it can be used"),
            "product_ids": _("Only for these products"),
        }  # fmt: skip

    def find(self, reader: Session, number: int) -> Coupon:
        return get_coupon(reader, number)

    def shown(self, thing: Coupon | None) -> dict[str, str | list[str]]:
        if thing is None:
            return {"kind": "percent", "scope": "first"}
        zone = frame().zone
        starts, ends = (
            str(at.astimezone(zone).date()) if at else "" for at in (thing.starts_at, thing.ends_at)
        )
        return {
            "code": thing.code, "kind": thing.kind, "scope": thing.scope, "starts_at": starts, "ends_at": ends,
            "percent_ppm": from_ppm(thing.percent_ppm) if thing.percent_ppm else "", "currency": thing.currency or "",
            "amount_minor": from_minor(thing.amount_minor, thing.currency) if thing.currency else "",
            "quantity": "" if thing.quantity is None else str(thing.quantity),
            "product_ids": [str(number) for number in sorted(thing.product_ids)],
        }  # fmt: skip

    def read(self, typed: Typed, stored: Coupon | None) -> Coupon:
        zone, kind = frame().zone, typed.one_of("kind", CouponKind)
        currency = typed.text("currency").upper() if kind is CouponKind.AMOUNT else None
        wanted = Coupon(
            id=stored.id if stored else 0,
            code=stored.code if stored else fold_code(typed.text("code")),
            kind=kind,
            percent_ppm=typed.percent("percent_ppm") if kind is CouponKind.PERCENT else 0,
            amount_minor=0 if currency is None else typed.amount("amount_minor", currency),
            currency=currency,
            scope=typed.one_of("scope", CouponScope),
            starts_at=typed.midnight("starts_at", zone),
            ends_at=typed.midnight("ends_at", zone),
            quantity=typed.number("quantity"),
            product_ids=frozenset(int(one) for one in typed.texts("product_ids") if one.isdecimal()),
            used=stored.used if stored else 0,
            is_archived=stored.is_archived if stored else False,
        )
        typed.note_all(find_wrongs(wanted))
        return wanted

    def options(self, reader: Session, thing: Coupon | None) -> Options:
        kept = thing.product_ids if thing else frozenset()
        products = [one for one in list_products(reader) if not one.is_archived or one.id in kept]
        return {
            "kind": [("percent", _("a share")), ("amount", _("an amount")), ("free", _("everything"))],
            "scope": [("first", _("the first payment")), ("all", _("every payment"))],
            "product_ids": [(str(one.id), one.name) for one in products],
        }

    def consequences(self, reader: Session, stored: Coupon, wanted: Coupon) -> list[str]:  # noqa: ARG002
        is_other = _without_limits(stored) != _without_limits(wanted)
        lines = []
        if stored.used and is_other:
            sentence = ngettext(
                "It was used for {count} order, which keeps its discount.",
                "It was used for {count} orders, which keep their discount.",
                stored.used,
            )
            lines.append(sentence.format(count=stored.used))
        lines.append(_("The new conditions count for whoever uses it from now on."))
        if wanted.quantity is not None:
            left = wanted.quantity - stored.used
            sentence = ngettext("{count} use is left.", "{count} uses are left.", left)
            lines.append(sentence.format(count=left))
        return lines

    def make(self, wanted: Coupon) -> int:
        return make_coupon(wanted, now=frame().now, by=person().by)

    def change(self, wanted: Coupon, seen: str) -> None:
        change_coupon(wanted, seen=seen, by=person().by, now=frame().now)

    def version(self, thing: Coupon) -> str:
        return version_of(unused(thing))


def _without_limits(coupon: Coupon) -> Coupon:
    return replace(coupon, quantity=None, starts_at=None, ends_at=None)


EDITORS[CouponEditor.kind] = CouponEditor()
