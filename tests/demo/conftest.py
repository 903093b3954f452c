"""One demo for all tests that only look; `fresh_demo` for those that change it. Both are copies of one that `./run demo` made."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sidecar.clock import Clock
from sidecar.db import dispose
from sidecar.demo.__main__ import make_app, make_site
from sidecar.demo.folder import config_of, ledger_of, prepare
from sidecar.demo.processor_child import ProcessorChild
from sidecar.service import Service
from tests.demo.process import running_demo

PORT = 8899
HOST = f"127.0.0.1:{PORT}"
_ALONE = {"test_history", "test_stand_in", "test_story"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All but the pure ones start processes: the demo itself, and its test processor."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem not in _ALONE:
            item.add_marker("process")


class Browser(FlaskClient):
    """Calls the demo by its own name, unless the test says otherwise."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        return super().open(*arguments, **{"base_url": f"http://{HOST}", **options})


@dataclass
class Demo:
    """The demo without its server and its housekeeping threads."""

    app: Flask
    folder: Path
    processor: ProcessorChild

    @property
    def service(self) -> Service:
        return self.app.extensions["gatepost"]

    @property
    def clock(self) -> Clock:
        return self.service.clock

    def client(self) -> FlaskClient:
        self.app.test_client_class = Browser
        return self.app.test_client()

    def get(self, path: str, **headers: str) -> str:
        answer = self.client().get(
            path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.get_data(as_text=True)

    def close(self) -> None:
        with self.app.app_context():
            dispose()
        self.processor.stop()


def open_demo(folder: Path) -> Demo:
    """A folder in which a demo has been made, opened once more, at another address."""
    prepare(folder, fresh=False)
    processor = ProcessorChild(ledger_of(folder))
    app = make_app(config_of(folder, f"http://{HOST}", processor.url), PORT, processor.control)
    make_site(app)
    return Demo(app, folder, processor)


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a demo has made that ran and was stopped; to be copied."""
    folder = tmp_path_factory.mktemp("made")
    with running_demo(folder):
        pass
    return folder


@pytest.fixture
def copied_folder(made_folder: Path, tmp_path: Path) -> Path:
    """A folder with a site of its own, for a demo that need not make one."""
    return shutil.copytree(made_folder, tmp_path / "copy")


@pytest.fixture(scope="session")
def demo(made_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    opened = open_demo(shutil.copytree(made_folder, tmp_path_factory.mktemp("demo") / "copy"))
    yield opened
    opened.close()


@pytest.fixture
def fresh_demo(copied_folder: Path) -> Iterator[Demo]:
    opened = open_demo(copied_folder)
    yield opened
    opened.close()
