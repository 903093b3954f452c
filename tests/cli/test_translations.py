"""Every text of the sidecar is there in French, with the same placeholders."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from sidecar.i18n import LANGUAGES, _, speaking

CHECKOUT = Path(__file__).parents[2]
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def texts_of_sources():
    return {
        message
        for room in ("sidecar", "jobs")
        for _file, _line, message, _comments, _context in extract_from_dir(
            CHECKOUT / room, method_map=METHODS
        )
    }


def catalog_of(language):
    with (CHECKOUT / "sidecar/translations" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def placeholders(text):
    return sorted(re.findall(r"\{\w*\}|%\(\w+\)s", text))


def forms(text):
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_no_translation_is_left_over(language):
    wanted = {forms(text)[0] for text in texts_of_sources()}
    there = {
        forms(message.id)[0] for message in catalog_of(language) if message.id and all(forms(message.string))
    }
    assert (wanted - there, there - wanted) == (set(), set())


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_same_placeholders(language):
    for message in catalog_of(language):
        for translation in forms(message.string) if message.id else ():
            assert placeholders(translation) == placeholders(forms(message.id)[-1]), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_doubtful_or_commented_out(language):
    catalog = catalog_of(language)
    assert not catalog.obsolete
    assert not [message.id for message in catalog if message.fuzzy and message.id]


def test_a_text_is_in_the_language_of_its_context():
    assert _("My account") == "My account"
    with speaking("fr"):
        assert _("My account") == "Mon compte"
    assert _("My account") == "My account"
