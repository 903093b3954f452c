"""One demo for all tests that only look; `fresh_demo` for those that change it."""

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
from sidecar.demo.__main__ import make_app
from sidecar.demo.folder import config_of, prepare
from sidecar.service import Service

PORT = 8899
HOST = f"127.0.0.1:{PORT}"


class Browser(FlaskClient):
    """Calls the demo by its own name, unless the test says otherwise."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        return super().open(*arguments, **{"base_url": f"http://{HOST}", **options})


@dataclass
class Demo:
    """The demo without its server and its housekeeping thread."""

    app: Flask
    folder: Path

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


def make_demo(folder: Path) -> Demo:
    prepare(folder, fresh=False)
    return Demo(make_app(config_of(folder, f"http://{HOST}"), PORT), folder)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    made = make_demo(tmp_path_factory.mktemp("demo"))
    yield made
    made.close()


@pytest.fixture
def fresh_demo(tmp_path: Path) -> Iterator[Demo]:
    made = make_demo(tmp_path)
    yield made
    made.close()
