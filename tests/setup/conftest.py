"""An installation for a test, on SQLite."""

import gc
from collections.abc import Iterator
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


@pytest.fixture
def login_is_refused() -> Iterator[None]:
    """PyMySQL leaves the socket of a refused login to the garbage collector, which warns: let it do so in its own test."""
    yield
    gc.collect()
