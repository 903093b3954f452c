from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortcodes.dates import format_date
from tests.shortcodes.asking_php import ask_php

NOON = datetime(2013, 10, 14, 12, 14, 5, 6007, tzinfo=UTC)
LETTERS = "dDjlNSwzWFmMntLoYyXxaABgGhHisuveIOPpTZcrU"
ZONES = ["UTC", "America/New_York", "Europe/Paris", "Asia/Kolkata", "Pacific/Chatham", "America/St_Johns"]


@pytest.mark.parametrize(
    ("letters", "printed"),
    [
        ("M j, Y g:i a", "Oct 14, 2013 12:14 pm"),
        ("l jS F Y", "Monday 14th October 2013"),
        ("\\Y\\\\Y", "Y\\2013"),
        ("Y\\", "2013\\"),
        ("[é]", "[é]"),
        ("", ""),
    ],
)
def test_dates_print_in_php_s_letters(letters: str, printed: str) -> None:
    assert format_date(NOON, letters) == printed


@pytest.mark.parametrize(
    ("letters", "printed"),
    [("l j F Y", "lundi 14 octobre 2013"), ("D j M", "lun. 14 oct."), ("H\\hi", "12h14")],
)
def test_months_and_days_have_french_names(letters: str, printed: str) -> None:
    assert format_date(NOON, letters, "fr") == printed


def test_a_language_that_we_do_not_speak_is_english() -> None:
    assert format_date(NOON, "F", "de") == "October"


@pytest.mark.wordpress
def test_every_letter_prints_what_php_prints() -> None:
    random = Random(20131014)
    moments = [
        (random.randrange(-(10**9), 4 * 10**9), random.randrange(10**6), random.choice(ZONES), letter)
        for letter in LETTERS
        for _ in range(40)
    ]
    questions = [
        {"timestamp": f"{seconds}.{micro:06d}", "zone": zone, "letters": letter}
        for seconds, micro, zone, letter in moments
    ]
    answers = ask_php("dates.php", questions)
    for (seconds, micro, zone, letter), answer in zip(moments, answers, strict=True):
        moment = datetime.fromtimestamp(seconds, ZoneInfo(zone)).replace(microsecond=micro)
        assert format_date(moment, letter) == answer["date"], (letter, moment)


@settings(deadline=None)
@given(st.datetimes(timezones=st.sampled_from([ZoneInfo(zone) for zone in ZONES])), st.text(max_size=30))
def test_no_date_and_no_format_raises(moment: datetime, letters: str) -> None:
    format_date(moment, letters)
    format_date(moment, LETTERS, "fr")
