"""Rules that the house keeps about itself."""

import ast
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
MODULES = [
    path
    for room in ("sidecar", "jobs", "shortcodes")
    for path in sorted((CHECKOUT / room).rglob("*.py"))
    if "__pycache__" not in path.parts
]
STORES = [path for path in MODULES if path.name == "store.py"]
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
TRANSLATING = {"_", "N_", "ngettext", "gettext"}


def named(path):
    return str(path.relative_to(CHECKOUT))


def calls(path):
    """Every call in a module: (line, what is called, its arguments)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            yield node.lineno, name, node.args


def test_the_house_is_looked_at():
    assert len(MODULES) > 100
    assert {path.parent.name for path in STORES} >= {"access", "activity", "catalog", "members"}


@pytest.mark.parametrize("path", STORES, ids=named)
def test_a_store_neither_commits_nor_opens_a_transaction(path):
    forbidden = {"commit", "rollback", "begin", "transaction", "reading"}
    assert [(line, name) for line, name, _arguments in calls(path) if name in forbidden] == []
    assert "use_case" not in path.read_text("utf-8")


def test_transactions_end_in_one_place_and_those_of_migrations_in_another():
    committing = {
        named(path) for path in MODULES for _line, name, _arguments in calls(path) if name == "commit"
    }
    assert committing == {"sidecar/db.py", "sidecar/migrations/running.py"}


def test_no_module_has_a_name_that_takes_anything_in():
    words = {part.removesuffix(".py") for path in MODULES for part in path.relative_to(CHECKOUT).parts}
    assert words & VAGUE == set()


def test_no_module_is_longer_than_500_lines():
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > 500} == {}


def test_every_module_says_what_it_is_for():
    silent = [
        named(path)
        for path in MODULES
        if "versions" not in path.parts and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_what_is_translated_is_looked_up_before_anything_is_put_into_it():
    """`_(f"…")` and `_("…".format())` can never be found in a catalog."""
    built = (ast.JoinedStr, ast.BinOp, ast.Call)
    wrong = [
        (named(path), line)
        for path in MODULES
        for line, name, arguments in calls(path)
        if name in TRANSLATING and any(isinstance(argument, built) for argument in arguments[:2])
    ]
    assert wrong == []


def test_what_is_raised_for_a_person_is_translated():
    """An error's sentence is never a bare text or f-string where it is raised."""
    for_people = {"Refused", "NotFound", "Misconfigured"}
    bare = [
        (named(path), line)
        for path in MODULES
        for line, name, arguments in calls(path)
        if name in for_people and arguments and isinstance(arguments[0], ast.Constant | ast.JoinedStr)
    ]
    assert bare == []


def test_the_engine_of_shortcodes_reads_no_clock_and_opens_nothing():
    forbidden = {"open", "now", "today", "urlopen", "connect"}
    found = [
        (named(path), line, name)
        for path in MODULES
        if path.is_relative_to(CHECKOUT / "shortcodes")
        for line, name, _arguments in calls(path)
        if name in forbidden
    ]
    assert found == []


def test_every_folder_with_code_is_a_package_so_that_an_installation_has_it():
    folders = {path.parent for path in MODULES}
    assert [named(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_text_is_translated_within_an_f_string(path):
    """There the collector of texts does not find it before Python 3.12, and nobody would miss its translation."""
    hidden = [
        node.lineno
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for node in ast.walk(text)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TRANSLATING
    ]
    assert hidden == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_group_is_possessive(path):
    """Before Python 3.11.5 (Debian 12 has 3.11.2) `(?:a|b)*+` matches what it should not; `(?>(?:a|b)*)` says the same."""
    assert re.findall(r"[^\\\[]\)(?:[*+?]|\{[0-9,]+\})\+", path.read_text("utf-8")) == []


def test_the_demo_serves_the_plugins_own_scripts():
    """By a link, which some ways of copying a checkout turn into a file that holds its target's name."""
    assert (CHECKOUT / "sidecar" / "demo" / "bridge_assets").resolve() == CHECKOUT / "wp-bridge" / "assets"
