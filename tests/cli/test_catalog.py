import pytest


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
            ["1", "Offer", "Gold", "subscription", "19.00", "EUR", "1", "month"],
        ),
        (
            ("--bundle", "1", "--kind", "one_time", "--price", "9000", "--currency", "JPY"),
            ["1", "Offer", "Videos", "one_time", "9000", "JPY"],
        ),
        (("--level", "1", "--kind", "free"), ["1", "Offer", "Gold", "free", "0.00", "USD"]),
    ],
)
def test_a_product_gives_a_level_or_a_bundle_for_a_price(shop, options, row):
    shop.did("product", "add", "Offer", *options)
    assert row_of(shop.did("product", "list"), "Offer") == row


MONTHLY = ("--every", "1", "--unit", "month")


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
    ],
)
def test_what_cannot_be_is_refused_in_one_line(shop, arguments):
    result = shop.run(*arguments)
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (1, 1, "")


def test_a_name_that_is_taken_is_refused_in_one_line(shop):
    result = shop.run("level", "add", "Gold")
    assert (result.exit_code, result.stderr.count("\n"), "already" in result.stderr) == (1, 1, True)
