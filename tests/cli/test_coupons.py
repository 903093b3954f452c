import pytest

MONTHLY = ("--every", "1", "--unit", "month")


@pytest.fixture
def shop(prepared):
    """With two products for a level Gold."""
    prepared.did("level", "add", "Gold")
    for name in ("Monthly", "Other"):
        prepared.did("product", "add", name, "--level", "Gold", "--price", "19", *MONTHLY)
    return prepared


def cells_of(shop, code):
    """The words of a coupon's row, after its id and code."""
    lines = shop.did("coupon", "list").splitlines()
    return next(line.split()[2:] for line in lines if code in line.split())


@pytest.mark.parametrize(
    ("options", "cells"),
    [
        (("--percent", "20"), ["20", "%", "first", "0"]),
        (("--percent", "12.5", "--all"), ["12.5", "%", "all", "0"]),
        (("--amount", "5", "--currency", "eur"), ["5.00", "EUR", "first", "0"]),
        (("--free", "--first", "--quantity", "3"), ["free", "first", "0/3"]),
        (
            ("--free", "--from", "2027-06-01", "--until", "2027-09-01"),
            ["free", "first", "2027-06-01", "2027-09-01", "0"],
        ),
        (("--free", "--product", "Monthly", "--product", "2"), ["free", "first", "0", "Monthly,", "Other"]),
    ],
)
def test_a_coupon_is_made_and_listed(shop, options, cells):
    assert shop.did("coupon", "add", "summer", *options) == "Coupon 1 was made: SUMMER\n"
    assert cells_of(shop, "SUMMER") == cells


def test_an_archived_coupon_is_listed_as_such(shop):
    shop.did("coupon", "add", "SUMMER", "--free")
    assert shop.did("coupon", "archive", "summer") == "The coupon SUMMER can no longer be used.\n"
    assert cells_of(shop, "SUMMER") == ["free", "first", "0", "archived"]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--free", "--percent", "20"),
        ("--percent", "20", "--amount", "5", "--currency", "EUR"),
        ("--percent", "101"),
        ("--percent", "many"),
        ("--percent", "0.00001"),
        ("--percent", "nan"),
        ("--amount", "5"),
        ("--amount", "0", "--currency", "EUR"),
        ("--amount", "5.001", "--currency", "EUR"),
        ("--amount", "5", "--currency", "EURO"),
        ("--free", "--currency", "EUR"),
        ("--free", "--quantity", "0"),
        ("--free", "--from", "2027-09-01", "--until", "2027-06-01"),
        ("--free", "--product", "Nothing"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(shop, options):
    result = shop.run("coupon", "add", "SUMMER", *options)
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (1, 1, "")
    assert "SUMMER" not in shop.did("coupon", "list")


@pytest.mark.parametrize("code", ["", "ÉTÉ", "A+B"])
def test_a_code_that_nobody_can_type_is_refused(shop, code):
    assert "code" in shop.run("coupon", "add", code, "--free").stderr


def test_a_code_is_taken_once(shop):
    shop.did("coupon", "add", "SUMMER", "--free")
    assert shop.run("coupon", "add", "Summer", "--percent", "5").stderr == (
        "gatepost: there is a coupon SUMMER already\n"
    )


def test_what_is_not_there_cannot_be_archived(shop):
    assert shop.run("coupon", "archive", "winter").stderr == "gatepost: there is no coupon WINTER\n"
