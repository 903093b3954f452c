import pytest

from sidecar.catalog.rules import PlanEnd, ProductKind, Terms
from sidecar.catalog.store import get_product
from sidecar.db import reading


@pytest.fixture
def shop(prepared):
    """With a level Gold and a bundle Videos."""
    prepared.did("level", "add", "Gold")
    prepared.did("bundle", "add", "Videos")
    return prepared


def row_of(output, name):
    """The cells of the row that begins with an id and `name`."""
    return next(line.split() for line in output.splitlines() if name in line)


def test_levels_and_bundles_are_made_and_listed(shop):
    assert shop.did("level", "add", "Guest", "--free") == "Level 2 was made: Guest\n"
    assert row_of(shop.did("level", "list"), "Guest") == ["2", "Guest", "free"]
    assert row_of(shop.did("bundle", "list"), "Videos") == ["1", "Videos"]


def test_a_level_may_give_a_role_that_the_owner_allows(shop):
    shop.config_path.write_text(shop.config_path.read_text() + '\n[access]\nassignable_roles = ["silver"]')
    shop.did("level", "add", "Silver", "--role", "silver")
    assert row_of(shop.did("level", "list"), "Silver") == ["2", "Silver", "silver"]


@pytest.mark.parametrize(
    ("options", "row"),
    [
        (
            ("--level", "Gold", "--price", "19.00", "--currency", "eur", "--every", "1", "--unit", "month"),
            ["1", "Offer", "Gold", "subscription", "19.00", "EUR", "1", "month", "REFERENCE"],
        ),
        (
            ("--bundle", "1", "--kind", "one_time", "--price", "9000", "--currency", "JPY"),
            ["1", "Offer", "Videos", "one_time", "9000", "JPY", "REFERENCE"],
        ),
        (
            ("--level", "1", "--kind", "free", "--hidden"),
            ["1", "Offer", "Gold", "free", "0.00", "USD", "REFERENCE", "hidden"],
        ),
        (
            (
                "--level",
                "1",
                "--price",
                "20",
                "--every",
                "1",
                "--unit",
                "year",
                "--trial-days",
                "14",
                "--trial-price",
                "1",
            ),
            [
                "1",
                "Offer",
                "Gold",
                "subscription",
                "20.00",
                "USD",
                "1",
                "year",
                "14",
                "days,",
                "1.00",
                "REFERENCE",
            ],
        ),
    ],
)
def test_a_product_gives_a_level_or_a_bundle_for_a_price(shop, options, row):
    shop.did("product", "add", "Offer", *options)
    found = row_of(shop.did("product", "list"), "Offer")
    assert [word if word != product(shop, "Offer").reference else "REFERENCE" for word in found] == row


MONTHLY = ("--every", "1", "--unit", "month")


def product(shop, name):
    with shop.here.app.app_context(), reading() as reader:
        return get_product(reader, name)


def test_every_option_of_a_product_becomes_a_term(shop):
    shop.did("product", "add", "Plain", "--level", "Gold", "--price", "19", *MONTHLY)
    shop.did(
        "product", "add", "Plan", "--level", "Gold", "--kind", "payment_plan", "--price", "19.00", "--currency", "eur",
        *MONTHLY, "--payments", "3", "--trial-days", "7", "--retry-days", "1,2", "--no-keeps-access-overdue",
        "--plan-end", "end", "--tax", "5.5", "--country", "fr", "--alternate", "Plain", "--description", "In three parts",
    )  # fmt: skip
    found = product(shop, "Plan")
    assert found.terms == Terms(
        ProductKind.PAYMENT_PLAN,
        1900,
        "EUR",
        1,
        "month",
        3,
        7,
        0,
        "1,2",
        False,
        PlanEnd.END,
        None,
        55_000,
        "FR",
    )
    assert (found.description, found.alternate_product_id) == ("In three parts", product(shop, "Plain").id)


def test_what_an_owner_does_not_say_of_a_product_is_left_to_the_level_and_the_site(shop):
    shop.did("product", "add", "Plain", "--level", "Gold", "--price", "19", *MONTHLY)
    terms = product(shop, "Plain").terms
    assert (terms.trial_days, terms.retry_days, terms.keeps_access_overdue) == (None, None, None)


def test_a_product_is_taken_off_sale_by_its_name_or_id(shop):
    shop.did("product", "add", "Offer", "--level", "Gold", "--price", "19", *MONTHLY)
    assert shop.did("product", "archive", "1") == "Offer is no longer for sale.\n"
    assert row_of(shop.did("product", "list"), "Offer")[-1] == "archived"


def test_one_free_level_is_the_default(shop):
    shop.did("level", "add", "Guest", "--free", "--default")
    shop.did("level", "add", "Friend", "--free")
    assert row_of(shop.did("level", "list"), "Guest") == ["2", "Guest", "free", "default"]
    assert shop.did("level", "default", "Friend") == "Friend is now the default level.\n"
    assert row_of(shop.did("level", "list"), "Guest") == ["2", "Guest", "free"]
    assert row_of(shop.did("level", "list"), "Friend") == ["3", "Friend", "free", "default"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("level", "add", ""),
        ("level", "add", "Boss", "--role", "editor"),
        ("product", "add", "P", "--price", "1", *MONTHLY),
        ("product", "add", "P", "--level", "Gold", "--bundle", "Videos", "--price", "1", *MONTHLY),
        ("product", "add", "P", "--level", "Platinum", "--price", "1", *MONTHLY),
        ("product", "add", "P", "--level", "Gold", "--price", "1.999", *MONTHLY),
        ("product", "add", "P", "--level", "Gold", "--price", "nan", *MONTHLY),
        ("product", "add", "P", "--level", "Gold", "--price", "-1", *MONTHLY),
        ("product", "add", "P", "--level", "Gold", "--price", "1", "--currency", "EURO", *MONTHLY),
        ("product", "add", "P", "--level", "Gold", "--price", "1"),
        (
            "product",
            "add",
            "P",
            "--level",
            "Gold",
            "--price",
            "1",
            *MONTHLY,
            "--tax",
            "many",
            "--country",
            "FR",
        ),
        ("product", "add", "P", "--level", "Gold", "--price", "1", *MONTHLY, "--trial-price", "1"),
        (
            "product",
            "add",
            "P",
            "--level",
            "Gold",
            "--price",
            "1",
            *MONTHLY,
            "--trial-days",
            "9",
            "--alternate",
            "Q",
        ),
        ("product", "add", "P", "--level", "Gold", "--price", "9" * 40, *MONTHLY),
        ("product", "archive", "P"),
        ("level", "default", "Gold"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(shop, arguments):
    result = shop.run(*arguments)
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (1, 1, "")


def test_a_name_that_is_taken_is_refused_in_one_line(shop):
    result = shop.run("level", "add", "Gold")
    assert (result.exit_code, result.stderr.count("\n"), "already" in result.stderr) == (1, 1, True)
