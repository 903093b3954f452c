"""`python -m sidecar.demo` as a person uses it."""

import re
import signal
import socket
import time
from pathlib import Path

import pytest
import requests

from tests.bed.processes import wait_until
from tests.demo.process import DemoProcess, free_port, running_demo


def fetch(demo: DemoProcess, path: str) -> str:
    answer = requests.get(demo.address + path, timeout=20)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_its_address_answers_and_stops_with_one_line(
    copied_folder: Path, number: signal.Signals
) -> None:
    with DemoProcess(copied_folder, free_port()) as demo:
        assert demo.first_line() == f"{demo.address}/  (Ctrl-C stops it)\n"
        assert "Who sees what" in fetch(demo, "/")
        assert "thumb as a fence" in fetch(demo, "/posts/40?viewer=5")
        assert demo.stop(number) == (0, "\nstopped\n", "")


def test_a_second_start_finds_the_site_of_the_first_and_fresh_makes_a_new_one(tmp_path: Path) -> None:
    def secret() -> str:
        return (tmp_path / "secret").read_text()

    for options, is_new in (((), True), ((), False), (("--fresh",), True)):
        before = secret() if (tmp_path / "secret").exists() else ""
        with running_demo(tmp_path, *options) as demo:
            assert "Alice Martin" in fetch(demo, "/members")
        assert (secret() != before) == is_new


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_its_test_processor_ends_with_it_however_it_ends(copied_folder: Path, end: signal.Signals) -> None:
    with running_demo(copied_folder) as demo:
        child = child_of(demo.process.pid)
        demo.process.send_signal(end)
        demo.process.wait(30)
        assert wait_until(lambda: not is_running(child), within_seconds=20)


def child_of(pid: int) -> int:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(found) == 1
    return int(found[0])


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_site_whose_making_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    with DemoProcess(tmp_path, free_port()) as demo:
        assert wait_until((tmp_path / "site.sqlite").exists, within_seconds=30)
        demo.stop(signal.SIGKILL)
    assert not (tmp_path / "ready").exists()
    with running_demo(tmp_path) as demo:
        assert "Alice Martin" in fetch(demo, "/members")


def test_secrets_of_a_real_site_in_the_environment_are_no_business_of_it(copied_folder: Path) -> None:
    environment = {"GATEPOST_STRIPE_SECRET_KEY": "sk_live_real", "GATEPOST_SECRET": "f" * 64}
    with running_demo(copied_folder, **environment) as demo:
        assert "Ada Lindholm" in fetch(demo, "/payments")


def test_fresh_leaves_files_alone_that_are_not_the_demos(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with running_demo(tmp_path, "--fresh"):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_reading_is_in_the_log_soon_after(copied_folder: Path) -> None:
    with running_demo(copied_folder) as demo:
        fetch(demo, "/posts/17?viewer=5")
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


def test_a_second_demo_in_the_same_folder_is_refused_with_the_address_of_the_first(
    copied_folder: Path,
) -> None:
    with running_demo(copied_folder) as first:
        code, said, complained = DemoProcess(copied_folder, free_port(), "--fresh").end()
        assert "Alice Martin" in fetch(first, "/members")
    assert (code, said) == (1, "")
    assert complained.count("\n") == 1
    assert first.address in complained
    assert "--folder" in complained


def test_nothing_listens_beyond_this_machine(copied_folder: Path) -> None:
    with running_demo(copied_folder) as demo:
        port = int(demo.address.rpartition(":")[2])
        listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        hosts = {
            line.split()[1].partition(":")[0]
            for line in listening.splitlines()
            if f":{port:04X} " in line[:30]
        }
    assert hosts == {"0100007F"}
