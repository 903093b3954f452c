from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sidecar.wordpress.options import Site, get_option, get_site, language_of, parse_zone
from sidecar.wordpress.tables import Tables
from tests.wordpress.builders import an_option

NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def tables():
    return Tables("X9_")


def test_an_option_is_its_text_or_none(session, tables):
    an_option(session, tables, "blogname", "Été ✓")
    an_option(session, tables, "empty", "")
    assert get_option(session, tables, "blogname") == "Été ✓"
    assert get_option(session, tables, "empty") == ""
    assert get_option(session, tables, "missing") is None


def test_the_site_is_read_from_its_options(session, tables):
    options = {
        "home": "https://example.test/blog/",
        "siteurl": "https://example.test/wp",
        "blogname": "Example",
        "timezone_string": "Europe/Paris",
        "gmt_offset": "1",
        "date_format": "j F Y",
        "time_format": "H:i",
        "WPLANG": "fr_FR",
        "permalink_structure": "/%postname%/",
        "blog_charset": "UTF-8",
        "admin_email": "owner@example.test",
    }
    for name, value in options.items():
        an_option(session, tables, name, value)
    site = get_site(session, tables)
    assert site == Site(
        home="https://example.test/blog",
        site_url="https://example.test/wp",
        name="Example",
        zone=ZoneInfo("Europe/Paris"),
        date_format="j F Y",
        time_format="H:i",
        locale="fr_FR",
        permalink_structure="/%postname%/",
        charset="UTF-8",
    )
    assert site.language == "fr"


def test_a_site_that_says_nothing_has_wordpress_defaults(session, tables):
    an_option(session, tables, "WPLANG", "")
    site = get_site(session, tables)
    assert (site.zone, site.date_format, site.time_format) == (UTC, "F j, Y", "g:i a")
    assert (site.locale, site.language, site.charset, site.permalink_structure) == (
        "en_US",
        "en",
        "UTF-8",
        "",
    )


def test_a_named_zone_keeps_summer_time():
    zone = parse_zone("Europe/Paris", "0")
    assert zone.utcoffset(datetime(2025, 3, 30, 1, 59)) == timedelta(hours=1)
    assert zone.utcoffset(datetime(2025, 3, 30, 3, 0)) == timedelta(hours=2)


@pytest.mark.parametrize(
    ("gmt_offset", "minutes"),
    [
        ("5.75", 345),
        ("-9.5", -570),
        ("-0.5", -30),
        ("14", 840),
        ("-12", -720),
        ("0", 0),
        ("", 0),
        (" 2 ", 120),
    ],
)
def test_an_offset_is_hours_with_a_fraction(gmt_offset, minutes):
    assert parse_zone("", gmt_offset).utcoffset(NOON) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("timezone_string", "gmt_offset"),
    [
        ("Mars/Olympus", "2"),
        ("../../etc/passwd", "2"),
        ("/etc/passwd", "2"),
        ("Europe", "2"),
        ("Europe/Paris\0", "2"),
        ("x" * 5000, "2"),
        ("\ud800", "2"),
        ("", "nan"),
        ("", "inf"),
        ("", "24"),
        ("", "-1e300"),
        ("", "two"),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_zone_that_cannot_be_read_is_utc(timezone_string, gmt_offset):
    assert parse_zone(timezone_string, gmt_offset) is UTC


@pytest.mark.parametrize(
    ("locale", "language"), [("fr_FR", "fr"), ("de_DE_formal", "de"), ("ca", "ca"), ("pt-BR", "pt")]
)
def test_the_language_is_the_first_part_of_the_locale(locale, language):
    assert language_of(locale) == language
