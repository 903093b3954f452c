"""A real site with the bridge installed, paired with a scripted sidecar."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import plugin_zip
from tests.bed.processes import wait_until
from tests.bed.site import Site
from tests.bridge.scripted_sidecar import ScriptedSidecar

# Runs PHP inside the web server, whose APCu the command line does not share, and tells when the request has ended,
# with all that the bridge does after the response: this shutdown callback was added later than the bridge's.
HATCH = """
add_action('init', function () {
    if (!isset($_POST['bridge_test_code'])) { return; }
    add_action('shutdown', function () {
        touch(WP_CONTENT_DIR . '/uploads/ended-' . basename($_POST['bridge_test_token']));
    }, PHP_INT_MAX);
    eval(wp_unslash($_POST['bridge_test_code']));
    exit;
}, 99);
"""


@pytest.fixture
def sidecar(site: Site) -> Iterator[ScriptedSidecar]:
    """The scripted sidecar of this test's site; it answers properly until a test sets a fault."""
    with ScriptedSidecar(secrets.token_hex(32), site.url) as running:
        yield running


@pytest.fixture
def paired_site(site: Site, sidecar: ScriptedSidecar) -> Site:
    """The test's `site` with the bridge active, paired by constants; its rule index is empty and valid."""
    install_bridge(site)
    site.constants(GATEPOST_ADDRESS=sidecar.address, GATEPOST_SECRET=sidecar.secret)
    site.activate("gatepost")
    refetch_index(site)
    sidecar.forget()
    return site


def install_bridge(site: Site) -> Path:
    """Lay the plugin into the site as it is shipped, without activating it; its folder."""
    folder = site.content / "plugins/gatepost"
    for name, content in plugin_zip.contents().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def refetch_index(site: Site) -> None:
    """Have the bridge fetch the rule index now, as it does after a page."""
    site.php("Gatepost\\memory()->drop('refetch'); Gatepost\\refetch_index();")


def in_web_server(site: Site, code: str, user: str | None = None) -> str:
    """Run PHP code (no `<?php`) inside php-fpm at the end of `init`; what it prints.

    Returns when the request has ended, with what the bridge does after the response.
    """
    site.mu_plugin("hatch", HATCH)
    token = secrets.token_hex(8)
    answer = site.post("/", user=user, data={"bridge_test_code": code, "bridge_test_token": token})
    assert answer.status_code == 200, answer.text
    ended = site.content / "uploads" / f"ended-{token}"
    assert wait_until(ended.exists, within_seconds=30), "the request did not end"
    return answer.text
