"""`gatepost setup` without a site: keys, the configuration file, what it refuses, what it never shows."""

import stat
from pathlib import Path

import pytest

from sidecar.config import load
from sidecar.errors import Misconfigured, Refused
from sidecar.setup.config_file import with_settings
from sidecar.setup.first_payment import check_checkout
from sidecar.setup.keys import Keys, ask_account, check_keys, keep_keys, keys_of_processor
from tests.processor.running import RunningProcessor
from tests.setup.builders import GOODS, SECRET, Installation, a_site, an_installation

TEST_KEYS = ("sk_test_abcdefgh", "pk_test_abcdefgh")
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


# --- the configuration file -----------------------------------------------------------------------------------------


def test_settings_go_into_the_example_where_it_explains_them_and_nothing_else_changes(tmp_path):
    text = EXAMPLE.read_text()
    path = tmp_path / "config.toml"
    path.write_text(with_settings(text, "billing", {"gateway": "stripe", "publishable_key": "pk_test_x"}))
    billing = load(path).billing
    assert (billing.gateway, billing.publishable_key) == ("stripe", "pk_test_x")
    changed = set(path.read_text().splitlines()) ^ set(text.splitlines())
    assert changed == {
        'gateway = "stripe"', '#gateway = ""', 'publishable_key = "pk_test_x"', '#publishable_key = ""',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '\n[billing]\ngateway = "stripe"\n'),
        ('[site]\nurl = "x"', '[site]\nurl = "x"\n\n[billing]\ngateway = "stripe"\n'),
        ("[billing]\n[log]\n", '[billing]\ngateway = "stripe"\n[log]\n'),
        ('[billing]\ngateway = ""\n#gateway = "x"\n', '[billing]\ngateway = "stripe"\n#gateway = "x"\n'),
        ("[ billing ] # money\nthreads = 2\n", '[ billing ] # money\ngateway = "stripe"\nthreads = 2\n'),
        ('[log]\n# gateway = "no"\n', '[log]\n# gateway = "no"\n\n[billing]\ngateway = "stripe"\n'),
    ],
)
def test_a_setting_finds_its_section(before, after):
    assert with_settings(before, "billing", {"gateway": "stripe"}) == after
    assert with_settings(after, "billing", {"gateway": "stripe"}) == after


def test_the_secret_is_for_the_service_alone_and_the_configuration_stays_as_closed_as_it_was(prepared):
    prepared.config_path.chmod(0o640)
    config = keep_keys(prepared.here.config, prepared.config_path, Keys(*TEST_KEYS))
    secret = Path(config.billing.secret_key_file)
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == (f"{TEST_KEYS[0]}\n", 0o600)
    assert stat.S_IMODE(prepared.config_path.stat().st_mode) == 0o640
    assert TEST_KEYS[0] not in prepared.config_path.read_text()
    before = prepared.config_path.read_bytes()
    keep_keys(config, prepared.config_path, Keys(*TEST_KEYS))
    assert prepared.config_path.read_bytes() == before


def test_a_form_of_the_file_that_is_not_known_is_left_to_a_person(prepared):
    text = prepared.config_path.read_text() + '\nbilling.gateway = ""\n'
    prepared.config_path.write_text(text.replace("\nbilling", "\n[extra]\nbilling"))
    inline = 'billing = { gateway = "" }\n' + prepared.config_path.read_text().partition("[extra]")[0]
    prepared.config_path.write_text(inline)
    with pytest.raises(Misconfigured):
        keep_keys(prepared.here.config, prepared.config_path, Keys(*TEST_KEYS))
    assert prepared.config_path.read_text() == inline
    assert not (prepared.state / "stripe_secret_key").exists()


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "publishable", "words"),
    [
        ("", "pk_test_abcdefgh", "no secret key"),
        ("pk_test_abcdefgh", "pk_test_abcdefgh", "no secret key"),
        ("sk_test_abcdefgh", "sk_test_abcdefgh", "no publishable key"),
        ("sk_test_abcdefgh", "pk_live_abcdefgh", "must be a pair"),
        ("sk_live_abcdefgh", "pk_live_abcdefgh", "real money"),
        ("sk_test_abc\ndefgh", "pk_test_abcdefgh", "no secret key"),
    ],
)
def test_keys_that_cannot_be_right_are_refused_in_words(secret, publishable, words):
    with pytest.raises(Refused, match=words):
        check_keys(Keys(secret, publishable), live=False)


def test_live_keys_are_taken_where_they_are_wanted():
    keys = Keys("sk_live_abcdefgh", "pk_live_abcdefgh")
    check_keys(keys, live=True)
    assert keys.is_live
    assert "sk_live" not in repr(keys)


def test_the_gateway_is_asked_whose_keys_they_are(processor: RunningProcessor):
    account = ask_account(keys_of_processor(processor.url))
    assert account.name.startswith("acct_")
    assert account.name.endswith(":test")


def test_a_key_that_the_gateway_does_not_know_is_refused():
    with_one_key = RunningProcessor("--secret-key", "sk_test_the_right_one")
    try:
        with pytest.raises(Refused, match="does not take this secret key"):
            ask_account(Keys("sk_test_another", "pk_test_another", with_one_key.url))
    finally:
        with_one_key.stop()


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def on_old_site(tmp_path: Path):
    """Installed on a site that hears us, and whose plugin makes no pages."""
    with a_site(secret=SECRET) as site:
        installation = an_installation(tmp_path, url=site.url)
        (tmp_path / "state/secret").write_text(SECRET)
        yield installation


def test_a_site_that_does_not_hear_us_is_said_before_any_question(prepared: Installation):
    result = prepared.run("setup", "--test-processor", "http://127.0.0.1:1", "--yes")
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert "Then run “gatepost setup” again." in result.stderr


def test_with_yes_nothing_is_asked_and_what_has_no_proposal_is_missing(on_old_site: Installation):
    result = on_old_site.run("setup", "--yes")
    assert (
        result.stderr.splitlines()[-1]
        == "gatepost: --publishable-key is missing, and nothing is to be asked."
    )


def test_a_secret_key_is_no_options_value_and_is_never_shown(on_old_site: Installation, tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("sk_live_abcdefgh\n")
    result = on_old_site.run(
        "setup", "--publishable-key", "pk_live_abcdefgh", "--secret-key-file", str(file), "--yes"
    )
    assert "real money" in result.stderr
    assert "sk_live" not in result.output + result.stderr
    assert "secret-key " not in on_old_site.did("setup", "--help")


def test_a_plugin_that_is_too_old_is_named_and_what_was_made_stays(
    on_old_site: Installation, processor: RunningProcessor
):
    command = ("setup", "--test-processor", processor.url, *GOODS, "--yes", "--no-wait")
    for _time in range(2):
        result = on_old_site.run(*command)
        assert "WordPress did not make the page checkout: the plugin is too old" in result.stderr
    assert on_old_site.did("product", "list").count("Gold monthly") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--currency", "EUX"), "EUX is no currency"),
        (("--price", "free"), "a price in EUR is a number"),
        (("--every", "once", "--trial-days", "7"), "Only what renews can have a trial"),
    ],
)
def test_goods_that_make_no_sense_are_refused_in_words(
    on_old_site: Installation, processor: RunningProcessor, options: tuple[str, ...], words: str
):
    result = on_old_site.run(
        "setup", "--test-processor", processor.url, *GOODS, *options, "--yes", "--no-wait"
    )
    assert words in result.stderr


def test_the_command_speaks_french(on_old_site: Installation, processor: RunningProcessor):
    result = on_old_site.run(
        "setup", "--test-processor", processor.url, *GOODS, "--yes", "--no-wait", language="fr"
    )
    assert "Les clés sont bonnes" in result.output
    assert "l’extension est trop ancienne" in result.stderr


def test_a_page_without_the_form_is_told_from_one_that_cannot_be_reached():
    with a_site() as site:
        shown = check_checkout(f"{site.url}/checkout/")
    assert shown.sentence == "The checkout page does not show its form yet."
    assert "cannot be reached" in check_checkout("http://127.0.0.1:9/").sentence
