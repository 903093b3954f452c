"""`python -m sidecar.demo` as a person uses it."""

import re
import signal
import socket
import time
from pathlib import Path

import pytest
import requests

from tests.demo.process import DemoProcess, free_port, running_demo

pytestmark = pytest.mark.process


def fetch(demo: DemoProcess, path: str) -> str:
    answer = requests.get(demo.address + path, timeout=20)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_its_address_answers_and_stops_with_one_line(tmp_path: Path, number: signal.Signals) -> None:
    with DemoProcess(tmp_path, free_port()) as demo:
        assert demo.first_line() == f"{demo.address}/  (Ctrl-C stops it)\n"
        assert "Who sees what" in fetch(demo, "/")
        assert "thumb as a fence" in fetch(demo, "/posts/40?viewer=4")
        assert demo.stop(number) == (0, "\nstopped\n", "")


def test_a_second_start_finds_the_site_of_the_first_and_fresh_makes_a_new_one(tmp_path: Path) -> None:
    def secret() -> str:
        return (tmp_path / "secret").read_text()

    for options, is_new in (((), True), ((), False), (("--fresh",), True)):
        before = secret() if (tmp_path / "secret").exists() else ""
        with running_demo(tmp_path, *options) as demo:
            assert "Alice Martin" in fetch(demo, "/members")
        assert (secret() != before) == is_new


def test_fresh_leaves_files_alone_that_are_not_the_demos(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with running_demo(tmp_path, "--fresh"):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_reading_is_in_the_log_soon_after(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        fetch(demo, "/posts/17?viewer=4")
        newest, give_up_at = "", time.monotonic() + 30
        while "The name board" not in newest and time.monotonic() < give_up_at:
            newest = fetch(demo, "/log/rows").partition("</tr>")[0]
        assert "Alice Martin" in newest
        assert re.search(r"127\.0\.0\.1", newest)


def test_a_port_that_is_taken_gives_one_line_that_names_the_option(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said, complained = DemoProcess(tmp_path, port).end()
    assert (code, said) == (1, "")
    assert complained == f"demo: port {port} cannot be had (Address already in use); --port chooses another\n"


def test_a_second_demo_in_the_same_folder_is_refused_with_the_address_of_the_first(tmp_path: Path) -> None:
    with running_demo(tmp_path) as first:
        code, said, complained = DemoProcess(tmp_path, free_port(), "--fresh").end()
        assert "Alice Martin" in fetch(first, "/members")
    assert (code, said) == (1, "")
    assert complained.count("\n") == 1
    assert first.address in complained
    assert "--folder" in complained


def test_nothing_listens_beyond_this_machine(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        port = int(demo.address.rpartition(":")[2])
        listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        hosts = {
            line.split()[1].partition(":")[0]
            for line in listening.splitlines()
            if f":{port:04X} " in line[:30]
        }
    assert hosts == {"0100007F"}
