"""An installation for a test: on SQLite, or on a real site."""

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.setup.talking import check_sidecar
from tests.bed.folder import WEB_ACCOUNT
from tests.bed.processes import wait_until
from tests.setup.builders import NO_ENVIRONMENT, Installation, an_installation


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Configured, with WordPress's tables; `gatepost init` has not run."""
    return an_installation(tmp_path)


@pytest.fixture
def prepared(installation: Installation) -> Installation:
    """As `installation`, after `gatepost init`."""
    installation.did("init")
    return installation


@pytest.fixture
def login_is_refused() -> Iterator[None]:
    """PyMySQL leaves the socket of a refused login to the garbage collector, which warns: let it do so in its own test."""
    yield
    gc.collect()


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
