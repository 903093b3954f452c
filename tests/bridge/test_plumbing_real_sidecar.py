"""The bridge and the real sidecar: paired by its own command, they understand each other."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.processes import child, wait_until
from tests.bed.site import Site
from tests.bridge.conftest import in_web_server, install_bridge, refetch_index

CHECKOUT = Path(__file__).parents[2]


class RealSidecar:
    """`gatepost` with a configuration of its own for one site."""

    def __init__(self, site: Site, folder: Path) -> None:
        state = folder / "state"
        for path in (folder, state):
            path.mkdir(exist_ok=True)
        folder.chmod(0o755)  # PHP runs as another account
        self.socket = folder / "s.sock"
        self.configuration = folder / "config.toml"
        self.configuration.write_text(
            f'[site]\nurl = "{site.url}"\ntable_prefix = "{site.prefix}"\n'
            f'[database]\nurl = "{site.database_url}"\n'
            f'[bridge]\nlisten = "unix:{self.socket}"\nsecret_file = "{state}/secret"\n'
            f'socket_group = "www-data"\n[service]\nstate_dir = "{state}"\nworkers = 1\n'
        )

    def command(self, *words: str) -> list[str]:
        code = "from sidecar.cli import main; main()"
        return [sys.executable, "-c", code, "--config", str(self.configuration), *words]

    def run(self, *words: str) -> str:
        done = subprocess.run(
            self.command(*words), cwd=CHECKOUT, capture_output=True, text=True, check=False, env=os.environ
        )
        return done.stdout + done.stderr


@pytest.fixture
def real_sidecar(site: Site) -> Iterator[RealSidecar]:
    """The service of this checkout, running for the test's site, with the bridge paired by `gatepost pair`."""
    install_bridge(site)
    site.activate("gatepost")
    with tempfile.TemporaryDirectory(prefix="gatepost-real-") as name:
        folder = Path(name)
        real = RealSidecar(site, folder)
        real.run("init")
        real.run("pair")  # serve wants a secret
        server = child(real.command("serve"), log=folder / "serve.log", env={"PYTHONPATH": str(CHECKOUT)})
        try:
            assert wait_until(real.socket.exists, within_seconds=20), (folder / "serve.log").read_text()
            yield real
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.mark.parametrize("how", ["row", "file"])
def test_the_command_pairs_both_sides_and_site_health_is_content(
    site: Site, real_sidecar: RealSidecar, how: str
) -> None:
    if how == "file":
        real_sidecar.run("pair", "--wp-content", str(site.content))

    assert in_web_server(site, "echo Gatepost\\pairing()['source'];") == how
    assert (
        json.loads(in_web_server(site, "echo wp_json_encode(Gatepost\\ping_health());"))["status"] == "good"
    )
    refetch_index(site)
    assert json.loads(site.php("echo wp_json_encode(Gatepost\\index_health());"))["status"] == "good"
    assert site.log("/plugins/gatepost/") == ""


def test_events_are_taken_and_none_goes_to_the_spool(site: Site, real_sidecar: RealSidecar) -> None:
    alice = site.user("alice")
    site.php("$GLOBALS['wpdb']->query('DELETE FROM ' . Gatepost\\spool_table());")  # the command line spools

    in_web_server(site, f"Gatepost\\note_logout({alice}); Gatepost\\record_page_view(array('url' => '/x'));")
    refused = in_web_server(site, f"var_dump(Gatepost\\login_refusal({alice}, 'password'));")

    assert site.php("echo Gatepost\\count_spool();") == "0"
    assert refused.strip() == "NULL"
    assert site.log("/plugins/gatepost/") == ""


def test_a_page_call_and_personal_data_are_answered(site: Site, real_sidecar: RealSidecar) -> None:
    faults = in_web_server(
        site,
        "foreach (array('page' => array('part' => 2, 'view' => array('kind' => 'other'), 'viewer' => null,"
        "'generation' => 0, 'done' => array('c1')), 'search' => array('viewer' => null), 'privacy/export' => array("
        "'email' => 'a@example.test', 'page' => 1), 'privacy/erase' => array('email' => 'a@example.test', 'page' => 1))"
        " as $route => $body) { echo Gatepost\\exchange(\"/bridge/v1/$route\", $body)['fault'], ';'; }",
    )

    assert faults == ";;;;"
