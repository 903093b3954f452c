"""The doors' site, one for each WordPress version and test run."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bridge.conftest import install_bridge
from tests.bridge.doors.world import MU_PLUGIN, World, build
from tests.bridge.scripted_sidecar import ScriptedSidecar

# Old WordPress on new PHP has deprecations of its own, and wp-admin looks for updates that it cannot reach.
IS_WORDPRESSS_OWN = re.compile(r"Deprecated:|An unexpected error occurred|^#\d|^PHP Stack|^Stack")


@pytest.fixture(scope="session", params=["6.1", "6.8", "newest"])
def built_world(request: pytest.FixtureRequest, new_site: Any) -> Iterator[World]:
    """A site filled once; tests take `world`."""
    site = new_site(request.param)
    with ScriptedSidecar(secrets.token_hex(32), site.url) as sidecar:
        site.mu_plugin("outside", MU_PLUGIN)
        install_bridge(site)
        site.constants(GATEPOST_ADDRESS=sidecar.address, GATEPOST_SECRET=sidecar.secret)
        site.activate("gatepost")
        world = build(site, sidecar)
        world.guard_posts()
        yield world
    site.close()


@pytest.fixture
def world(built_world: World) -> Iterator[World]:
    """The filled site, its sidecar healthy; PHP must not have complained of the plugin afterwards."""
    built_world.reset()
    before = len(built_world.site.log())
    yield built_world
    built_world.mend_if_unwell()
    complaints = filter(str.strip, built_world.site.log()[before:].splitlines())
    ours = [line for line in complaints if "/plugins/gatepost/" in line or not IS_WORDPRESSS_OWN.search(line)]
    assert ours == []


@pytest.fixture
def persistent_cache(world: World) -> Iterator[None]:
    """WordPress keeps what it reads between requests."""
    world.site.object_cache()
    world.site.php("wp_cache_flush();")
    yield
    world.site.object_cache(dropin=False)
