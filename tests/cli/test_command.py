"""The command itself: where the configuration is looked for, languages, help, errors."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sidecar.cli import gatepost
from sidecar.i18n import LANGUAGES, _, speaking
from tests.setup.builders import NO_ENVIRONMENT

DOCS = Path(__file__).parents[2] / "docs/commands.md"


def run(*arguments, **environment):
    return CliRunner().invoke(gatepost, arguments, env={**NO_ENVIRONMENT, **environment})


def all_commands(group=gatepost, path=()):
    """(words, command) of every command and group."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


def test_without_a_configuration_the_places_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("level", "list")
    assert result.exit_code == 1
    assert result.stderr == (
        "gatepost: There is no configuration: neither config.toml, /etc/gatepost/config.toml. Name one with --config.\n"
    )


def test_the_configuration_comes_from_the_option_then_the_environment_then_here(
    prepared, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    bad = str(tmp_path / "bad.toml")
    assert run("level", "list").exit_code == 0
    assert "bad.toml" in run("level", "list", GATEPOST_CONFIG=bad).stderr
    assert run("--config", str(prepared.config_path), "level", "list", GATEPOST_CONFIG=bad).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "word"),
    [
        ((), {}, "Levels"),
        ((), {"LANG": "fr_FR.UTF-8"}, "niveaux"),
        ((), {"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, "levels"),
        (("--lang", "fr"), {"LANG": "en_US.UTF-8"}, "niveaux"),
        (("--lang", "en"), {"LANG": "fr_FR.UTF-8"}, "levels"),
        ((), {"LANG": "de_DE.UTF-8"}, "levels"),
    ],
)
def test_the_option_or_the_environment_choose_the_language(arguments, environment, word):
    assert word.lower() in run(*arguments, "level", "--help", **environment).output.lower()
    assert _("My account") == "My account"


def test_the_entry_point_speaks_the_language_of_the_environment_in_its_own_help():
    command = [sys.executable, "-m", "sidecar.cli", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env={"LANG": "fr_FR.UTF-8"}, check=True)
    assert "site WordPress existant" in done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_option_has_help_in_every_language(language):
    with speaking(language):
        for words, command in all_commands():
            assert command.help, words
            for parameter in command.params:
                if isinstance(parameter, click.Option):
                    assert parameter.help, (words, parameter.name)


def test_help_is_translated():
    for words, command in all_commands():
        english = command.help
        with speaking("fr"):
            assert command.help != english, words


def test_every_command_and_option_is_in_the_documentation():
    text = DOCS.read_text()
    for words, command in all_commands():
        assert re.search(rf"`gatepost {' '.join(words)}\b", text), words
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert f"`{parameter.opts[-1]}" in text or f"{parameter.opts[-1]} " in text, (
                    words,
                    parameter.opts,
                )


def test_the_frame_of_help_is_in_the_language_too():
    text = run("--lang", "fr", "level", "--help").output
    assert text.startswith("Usage : ")
    assert "Commandes:" in text
    assert "Afficher ce message et quitter." in text
    assert "Show this message" in run("--lang", "en", "level", "--help").output
