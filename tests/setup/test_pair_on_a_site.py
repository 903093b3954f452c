"""`gatepost init`, `pair`, `serve`, `tick` and `doctor` against a real WordPress with our plugin."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sidecar.setup.talking import check_sidecar
from tests.bed.folder import WEB_ACCOUNT
from tests.bed.processes import wait_until
from tests.setup.builders import NO_ENVIRONMENT, Installation

PAIRED = "hears the service and believes it"
AUTOLOADED = "echo array_key_exists('gatepost_pairing', wp_load_alloptions(true)) ? 'yes' : 'no';"


@pytest.fixture
def on_site(site, plugin_zip):
    """Gatepost configured for the site, whose plugin is active and not paired."""
    # Short, as the path of a socket has 107 bytes at most; and not in /tmp, of which doctor would complain.
    here = next(place for place in (Path("/run"), Path.home()) if os.access(place, os.W_OK))
    folder = Path(tempfile.mkdtemp(prefix="gp-", dir=here))
    folder.chmod(0o755)
    group = f'socket_group = "{WEB_ACCOUNT}"' if WEB_ACCOUNT else ""
    config = folder / "config.toml"
    config.write_text(
        f"""
        [site]
        url = "{site.url}"
        table_prefix = "{site.prefix}"
        [database]
        url = "{site.database_url}"
        [bridge]
        listen = "unix:{folder}/socket"
        {group}
        secret_file = "{folder}/state/secret"
        [service]
        state_dir = "{folder}/state"
        workers = 1
        """
    )
    config.chmod(0o600)
    site.install_plugin(plugin_zip)
    site.activate("gatepost")
    yield Installation(config)
    shutil.rmtree(folder)


@pytest.fixture
def serve(on_site):
    """Starts `gatepost serve`; it is stopped at the end of the test."""
    started = []

    def start():
        command = [sys.executable, "-m", "sidecar.cli", "--config", str(on_site.config_path), "serve"]
        environment = {name: value for name, value in os.environ.items() if name not in NO_ENVIRONMENT}
        log = (on_site.config_path.parent / "serve.log").open("wb")
        with log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        started.append(process)
        config = on_site.here.config
        ready = wait_until(lambda: check_sidecar(config, config.secret()).severity == "ok", within_seconds=20)
        assert ready, Path(log.name).read_text()

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


@pytest.mark.wordpress
@pytest.mark.parametrize("site", ["6.1", "newest"], indirect=True)
def test_the_row_pairs_any_wordpress_and_is_not_loaded_at_each_page(site, on_site):
    on_site.did("init")
    assert PAIRED in on_site.did("pair")
    assert site.php(AUTOLOADED) == "no"


@pytest.mark.wordpress
def test_from_an_unpaired_plugin_to_a_site_where_doctor_finds_nothing(site, on_site, serve):
    on_site.did("init")
    assert (
        on_site.run("serve").stderr
        == "gatepost: There is no secret yet, so nobody could be trusted. Run: gatepost pair\n"
    )
    site.deactivate("gatepost")
    assert "plugin is not active" in on_site.did("pair", "--wp-content", str(site.content))
    site.activate("gatepost")
    output = on_site.did("pair", "--wp-content", str(site.content))
    assert PAIRED in output
    assert "The service does not run" in output
    serve()
    assert site.php("echo Gatepost\\ping_health()['status'];") == "good"
    on_site.did("tick")
    findings = on_site.did("doctor")
    assert not [line for line in findings.splitlines() if line.startswith("warning")]
    assert "The group" in findings
    assert site.log("/plugins/gatepost/") == ""


@pytest.mark.wordpress
def test_a_new_secret_is_told_to_the_plugin_and_the_service_must_be_restarted(site, on_site, serve):
    on_site.did("init")
    on_site.did("pair", "--wp-content", str(site.content))
    serve()
    output = on_site.did("pair", "--new-secret", "--wp-content", str(site.content))
    assert PAIRED in output
    assert "Restart it" in output
