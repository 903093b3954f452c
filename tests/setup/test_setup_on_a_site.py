"""`gatepost setup` against a real WordPress, with the test processor: from an unpaired plugin to the first payment."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.setup.builders import GOODS, NO_ENVIRONMENT


@pytest.fixture
def arguments(site, processor):
    return ("setup", "--wp-content", str(site.content), "--test-processor", processor.url, *GOODS, "--yes")


def checkout_in(output: str) -> str:
    found = re.search(r"Your checkout for Gold monthly: (\S+)", output)
    assert found, output
    return found[1]


@pytest.mark.wordpress
def test_one_command_makes_all_that_a_payment_needs_and_a_second_time_nothing(site, on_site, arguments):
    before = on_site.config_path.read_text()
    output = on_site.did(*arguments, "--no-wait")

    config = on_site.here.config
    assert (config.billing.gateway, config.billing.publishable_key) == ("stripe", "pk_test_processor")
    assert config.gateway_key() == "sk_test_processor"
    assert (on_site.state / "stripe_secret_key").stat().st_mode & 0o777 == 0o600
    assert on_site.config_path.read_text().startswith(before.rstrip()[:60])
    assert site.php("echo wp_count_posts('page')->publish;") == "9"  # with WordPress's own sample page
    pages = on_site.did("page", "list")
    assert [
        kind
        for kind in (
            "checkout",
            "myaccount",
            "confirmation",
            "login",
            "error",
            "savethesale",
            "cancel",
            "withdraw",
        )
        if kind not in pages
    ] == []
    assert "Gold monthly" in on_site.did("product", "list")

    again = on_site.did(*arguments, "--no-wait")
    assert checkout_in(again) == checkout_in(output)
    assert "is there already" in again
    assert "  new" not in again
    assert site.php("echo wp_count_posts('page')->publish . '/' . wp_count_posts('post')->publish;") == "9/2"
    assert site.log("/plugins/gatepost/") == ""


@pytest.mark.wordpress
def test_the_pages_alone_are_made_where_they_are_missing(site, on_site, arguments):
    on_site.did(*arguments, "--no-wait", "--no-example")
    site.php(
        "foreach (get_posts(array('post_type' => 'page', 'meta_value' => 'myaccount')) as $p) wp_trash_post($p->ID);"
    )
    output = on_site.did("pages")
    assert re.search(r"myaccount +\d+ +\S+ +new", output), output
    assert output.count("new") == 1


@pytest.mark.wordpress
@pytest.mark.browser
def test_a_visitor_pays_and_the_command_that_waits_says_so(site, on_site, serve, arguments, new_page):
    url = checkout_in(on_site.did(*arguments, "--no-wait"))
    serve()
    with waiting_command(on_site, *arguments) as waiting:
        said = lines_until(waiting, "Waiting for the first payment")
        page = new_page(site)
        page.goto(url)
        for name, value in {"email": "mia@example.test", "first_name": "Mia", "last_name": "Berg"}.items():
            page.locator(f"input[name={name}]").fill(value)
        page.locator("input[name=password]").fill("correct horse battery")
        page.locator("button[data-gatepost-step=begin]").click()
        for name, value in {"number": "4242424242424242", "expiry": "12 / 40", "cvc": "123"}.items():
            page.locator(f"[data-gatepost-card] input[name={name}]").fill(value)
        page.locator("button[data-gatepost-step=begin]").click()
        page.get_by_text("Everything is open to you now").wait_for()
        said += waiting.communicate(timeout=60)[0]

    assert waiting.returncode == 0
    assert "The checkout page shows its form." in said
    assert re.search(r"It is there: order [0-9a-f-]{36}\. The member has access\.", said), said
    assert "gatepost tick" in said
    page.goto(f"{site.url}/?s=example")
    page.get_by_role("link", name="Only for members: an example").first.click()
    assert "only holders of the level Gold can read this one" in page.content()
    visitor = new_page(site)
    visitor.goto(page.url)
    assert "only holders of the level Gold" not in visitor.content()
    assert "Everybody can read this paragraph" in visitor.content()


@pytest.mark.wordpress
def test_ctrl_c_ends_the_waiting_and_says_what_is_next(site, on_site, serve, arguments):
    on_site.did(*arguments, "--no-wait")
    serve()
    with waiting_command(on_site, *arguments) as waiting:
        lines_until(waiting, "Waiting for the first payment")
        waiting.send_signal(signal.SIGINT)
        said = waiting.communicate(timeout=30)[0]
    assert waiting.returncode == 0
    assert "Not waiting any longer." in said
    assert "gatepost tick" in said


@contextmanager
def waiting_command(on_site, *arguments):
    """`gatepost ARGUMENTS` in a process of its own, which is gone after the block."""
    command = [
        sys.executable,
        "-m",
        "sidecar.cli",
        "--lang",
        "en",
        "--config",
        str(on_site.config_path),
        *arguments,
    ]
    environment = {name: value for name, value in os.environ.items() if name not in NO_ENVIRONMENT}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_until(process, words):
    """What it prints, up to the line with these words."""
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(said)
