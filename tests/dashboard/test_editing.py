"""Products, levels, bundles, coupons and custom fields are made and changed on screens."""

import html
import re
from dataclasses import replace

import pytest

from sidecar.access.ruling import choose_core_page
from sidecar.billing.store import get_order
from sidecar.catalog.coupons import CouponKind, CouponScope
from sidecar.catalog.editing import change_product
from sidecar.catalog.rules import FieldKind, Grant, PlanEnd, ProductKind, Terms
from sidecar.catalog.store import (
    get_bundle,
    get_coupon,
    get_level,
    get_product,
    list_bundles,
    list_coupons,
    list_levels,
    list_products,
)
from sidecar.catalog.store_fields import list_fields
from sidecar.catalog.versions import version_of
from sidecar.db import reading
from sidecar.staff.rules import Role
from tests.dashboard.screens import Desk, an_administrator, an_employee, readable
from tests.house import DAY, NOW, House


@pytest.fixture
def owner(house: House) -> Desk:
    return Desk(house, an_administrator(house))


def stored(find, *key):
    with reading() as reader:
        return find(reader, *key)


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the form in the page, if nobody touched it."""
    main = page.partition("<main")[2]
    found = {}
    for tag in re.findall(r"<input[^>]*>", main):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        boxed = attributes.get("type") in {"checkbox", "radio"}
        if "name" in attributes and (not boxed or " checked" in tag):
            found[attributes["name"]] = html.unescape(attributes.get("value", ""))
    for name, inside in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', main, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inside) or re.search(r'value="([^"]*)"', inside)
        found[name] = chosen[1] if chosen else ""
    for name, inside in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', main, re.S):
        found[name] = html.unescape(inside)
    found.pop("csrf", None)
    return found


def sent(desk: Desk, path: str, **typed: str):
    """Fill the form of a page in and send it."""
    return desk.post(path, **{**fields_of(desk.get(path).get_data(as_text=True)), **typed})


def saved(desk: Desk, path: str, **typed: str):
    """The same, and on from what it would mean."""
    before = sent(desk, path, **typed)
    assert before.status_code == 200, before.get_data(as_text=True)
    return desk.post(path, **fields_of(before.get_data(as_text=True)), step="save")


MONTHLY = {"name": "Gold, monthly", "price_minor": "19,00", "currency": "eur", "every": "1", "unit": "month"}


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ({"kind": "subscription"}, Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month")),
        (
            {"kind": "subscription", "every": "2", "unit": "week", "trial_days": "14", "trial_price_minor": "1"},
            Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 2, "week", trial_days=14, trial_price_minor=100),
        ),
        (
            {"kind": "payment_plan", "payments": "3", "plan_end": "end", "retries": "own", "retry_days": "1, 3"},
            Terms(
                ProductKind.PAYMENT_PLAN, 1900, "EUR", 1, "month", 3, plan_end=PlanEnd.END, retry_days="1,3"
            ),
        ),
        (
            {"kind": "subscription", "retries": "none", "keeps_access_overdue": "yes"},
            Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month", retry_days="", keeps_access_overdue=True),
        ),
        (
            {"kind": "one_time", "access_days": "30", "tax_ppm": "5,5", "tax_country": "fr", "trial_days": "7"},
            Terms(ProductKind.ONE_TIME, 1900, "EUR", access_days=30, tax_ppm=55_000, tax_country="FR"),
        ),
        ({"kind": "one_time", "currency": "JPY", "price_minor": "1900"}, Terms(ProductKind.ONE_TIME, 1900, "JPY")),
        ({"kind": "free"}, Terms(ProductKind.FREE, 0, "EUR")),
    ],
)  # fmt: skip
def test_every_kind_of_product_is_made_with_what_belongs_to_it(owner, house, typed, terms):
    level = house.level("Gold")
    answer = sent(owner, "/catalog/products/new", **{**MONTHLY, "gives": f"level:{level}", **typed})
    assert answer.status_code == 303, readable(answer.get_data(as_text=True))
    (made,) = stored(list_products)
    assert (made.terms, made.grant, made.grant_id) == (terms, Grant.LEVEL, level)
    page = fields_of(owner.get(f"/catalog/products/{made.id}").get_data(as_text=True))
    unchanged = owner.post(f"/catalog/products/{made.id}", **page)
    assert (unchanged.status_code, "said=unchanged" in unchanged.headers.get("Location", "")) == (303, True)


def test_mistakes_are_said_beside_their_fields_all_at_once_and_what_was_typed_is_kept(owner, house):
    typed = {
        **MONTHLY, "name": "Typed with care", "gives": "", "price_minor": "19.001", "currency": "EUX", "every": "often",
        "tax_ppm": "20", "trial_days": "0",
    }  # fmt: skip
    answer = sent(owner, "/catalog/products/new", **typed)
    page = answer.get_data(as_text=True)
    wrong = set(re.findall(r'<p class="wrong" id="w-(\w+)">', page))
    assert answer.status_code == 422
    assert wrong == {"gives", "price_minor", "currency", "every", "tax_country", "trial_days"}
    assert wrong == set(re.findall(r'aria-describedby="w-(\w+)', page))
    kept = fields_of(page)
    assert {name: kept[name] for name in typed} == typed
    assert stored(list_products) == []


def test_an_id_that_was_not_offered_gives_nothing(owner, house):
    house.level("Gold")
    for gives in ("level:999", "bundle:1", "level:x", "emperor:1", "level:1;bundle:1"):
        answer = sent(owner, "/catalog/products/new", **{**MONTHLY, "gives": gives})
        assert answer.status_code in {404, 422}, gives
    assert stored(list_products) == []


def test_a_new_price_is_told_for_whom_before_it_is_saved_and_running_orders_keep_theirs(shop):
    name = shop.product("Gold, monthly")
    order = shop.buy(shop.house.user("alice"), name)
    owner = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    product = stored(get_product, name)
    path = f"/catalog/products/{product.id}"
    before = sent(owner, path, price_minor="29.00")
    text = readable(before.get_data(as_text=True))

    assert "Price 19.00 29.00" in text
    assert "1 running order keeps what was agreed: €19.00 a month" in text
    assert "Who buys from now on pays: €29.00 a month" in text
    assert stored(get_product, name).terms.price_minor == 1900
    answer = owner.post(path, **fields_of(before.get_data(as_text=True)), step="save")
    assert "said=saved" in answer.headers["Location"]
    assert stored(get_product, name).terms.price_minor == 2900
    assert stored(get_order, order.uuid).terms.price_minor == 1900
    assert f"changed: price_minor 1900 → 2900 {owner.by} product:{product.id}" in owner.text("/log")


def test_the_second_of_two_editors_is_told_who_was_first_and_loses_nothing(owner, house):
    level = house.level("Gold")
    sent(owner, "/catalog/products/new", **{**MONTHLY, "gives": f"level:{level}"})
    (product,) = stored(list_products)
    path = f"/catalog/products/{product.id}"
    before = sent(owner, path, name="Mine", description="Typed for an hour")
    change_product(
        replace(product, name="Theirs", is_hidden=True),
        seen=version_of(product),
        by="product_manager:7",
        now=NOW + DAY,
    )
    answer = owner.post(path, **fields_of(before.get_data(as_text=True)), step="save")
    page = answer.get_data(as_text=True)

    assert answer.status_code == 409
    assert "product_manager:7" in page
    assert "there stands: Name Theirs Description – Saved once more" in readable(page)
    assert fields_of(page)["is_hidden"] == "1"  # what the second has not touched is as the first has made it
    assert (fields_of(page)["name"], fields_of(page)["description"]) == ("Mine", "Typed for an hour")
    assert stored(get_product, product.id).name == "Theirs"
    again = owner.post(path, **fields_of(page), step="save")
    assert again.status_code == 303
    assert (stored(get_product, product.id).name, stored(get_product, product.id).is_hidden) == ("Mine", True)


def test_going_back_from_what_it_means_finds_the_form_as_it_was_typed(owner, house):
    path = f"/catalog/levels/{house.level('Gold')}"
    before = sent(owner, path, name="Golden")
    again = owner.post(path, **fields_of(before.get_data(as_text=True)), step="edit")
    assert fields_of(again.get_data(as_text=True))["name"] == "Golden"
    assert stored(list_levels)[0].name == "Gold"


def test_the_purchase_link_is_there_to_copy_once_there_is_a_checkout_page(owner, house):
    sent(owner, "/catalog/products/new", **{**MONTHLY, "gives": f"level:{house.level('Gold')}"})
    (product,) = stored(list_products)
    path = f"/catalog/products/{product.id}"
    assert "has no checkout page yet" in owner.text(path)
    post = house.post("[MM_Form type='checkout']", "Checkout", type="page")
    choose_core_page("checkout", post, now=NOW)
    assert f'value="https://club.test/?page_id={post}&amp;rid={product.reference}"' in owner.get(
        path
    ).get_data(as_text=True)


# --- the others -------------------------------------------------------------------------------------------------------


def test_levels_and_bundles_are_made_and_changed_and_say_what_it_means_for_holders(owner, house):
    assert sent(owner, "/catalog/levels/new", name="Gold", role="gold").status_code == 303
    assert sent(owner, "/catalog/bundles/new", name="Films").status_code == 303
    (level,), (bundle,) = stored(list_levels), stored(list_bundles)
    house.member(level.id)
    before = sent(owner, f"/catalog/levels/{level.id}", name="Golden", role="silver")
    text = readable(before.get_data(as_text=True))
    assert "1 member sees the new name" in text
    assert "gets the role silver in WordPress, and loses the role gold" in text
    saved(owner, f"/catalog/levels/{level.id}", name="Golden", role="silver")
    saved(owner, f"/catalog/bundles/{bundle.id}", keeps_access_overdue="1")
    assert (stored(get_level, level.id).name, stored(get_level, level.id).role) == ("Golden", "silver")
    assert stored(get_bundle, bundle.id).keeps_access_overdue


def test_a_role_that_the_owner_has_not_allowed_is_refused_beside_its_field(owner, house):
    answer = sent(owner, "/catalog/levels/new", name="Gold", role="administrator")
    assert answer.status_code == 422
    assert 'id="w-role"' in answer.get_data(as_text=True)
    assert stored(list_levels) == []


def test_a_name_that_is_taken_is_said_beside_it(owner, house):
    house.level("Gold")
    answer = sent(owner, "/catalog/levels/new", name="Gold")
    assert (answer.status_code, 'id="w-name"' in answer.get_data(as_text=True)) == (422, True)


def test_a_coupon_counts_from_midnight_to_midnight_of_the_sites_calendar(owner, house):
    answer = sent(
        owner, "/catalog/coupons/new", code="summer 26", kind="percent", percent_ppm="20", scope="all",
        starts_at="2026-07-01", ends_at="2026-08-01", quantity="5",
    )  # fmt: skip
    assert answer.status_code == 303
    (coupon,) = stored(list_coupons)
    assert (coupon.code, coupon.kind, coupon.percent_ppm, coupon.scope, coupon.quantity) == (
        "SUMMER26", CouponKind.PERCENT, 200_000, CouponScope.ALL, 5,
    )  # fmt: skip
    assert (str(coupon.starts_at), str(coupon.ends_at)) == (
        "2026-06-30 22:00:00+00:00",
        "2026-07-31 22:00:00+00:00",
    )
    saved(owner, f"/catalog/coupons/{coupon.id}", kind="amount", amount_minor="5", currency="EUR")
    changed = stored(get_coupon, coupon.id)
    assert (changed.kind, changed.amount_minor, changed.currency, changed.percent_ppm) == (
        CouponKind.AMOUNT, 500, "EUR", 0,
    )  # fmt: skip
    wrong = sent(owner, f"/catalog/coupons/{coupon.id}", ends_at="2026-06-01", quantity="0")
    assert wrong.status_code == 422
    assert set(re.findall(r'id="w-(\w+)"', wrong.get_data(as_text=True))) == {"ends_at", "quantity"}


def test_custom_fields_are_made_and_renamed_but_stay_of_their_kind(owner, house):
    sent(owner, "/catalog/fields/new", name="Vegetarian", kind="checkbox")
    (made,) = stored(list_fields)
    saved(owner, f"/catalog/fields/{made.id}", name="Eats no meat", kind="text")
    (changed,) = stored(list_fields)
    assert (changed.name, changed.kind) == ("Eats no meat", FieldKind.CHECKBOX)


def test_support_sees_the_catalog_and_no_form(house):
    support = Desk(house, an_employee(house, Role.SALES_SUPPORT))
    level = house.level("Gold")
    assert "/catalog/levels/" not in support.get("/catalog").get_data(as_text=True)
    for path in (f"/catalog/levels/{level}", "/catalog/levels/new"):
        assert (support.get(path).status_code, support.post(path, name="x").status_code) == (403, 403)


def test_what_is_none_of_the_things_is_not_found(owner, house):
    for path in ("/catalog/emperors/new", "/catalog/emperors/1", "/catalog/levels/99", "/catalog/coupons/99"):
        assert (owner.get(path).status_code, owner.post(path, name="x").status_code) == (404, 404)
