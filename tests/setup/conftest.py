"""An installation for a test, on SQLite."""

from pathlib import Path

import pytest

from tests.setup.builders import Installation, an_installation


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Configured, with WordPress's tables; `gatepost init` has not run."""
    return an_installation(tmp_path)


@pytest.fixture
def prepared(installation: Installation) -> Installation:
    """As `installation`, after `gatepost init`."""
    installation.did("init")
    return installation
