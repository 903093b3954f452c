"""SmartTags against WordPress's do_shortcode() with callbacks that do nothing, on the same text: `./run bench shortcodes`.

Both sides are timed inside their own process, a round of one and a round of the other in turn; medians. "First" is
compile and render with nothing remembered of any tag; "compiled" is what every further viewer costs.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import shortcodes
from shortcodes.tags import prepare
from tests.bed import wordpress
from tests.bed.processes import program

SCRIPT = Path(__file__).with_suffix(".php")
FIELDS = ("firstName", "lastName", "email", "username")
PARAGRAPH = "<p>Dear {tag}, here is what an author writes between two tags. {number}</p>\n"


def page() -> str:
    """1.8 kB with twenty tags, five of them in each of four fields."""
    tags = (f"[MM_Member_Data name='{FIELDS[number % 4]}']" for number in range(20))
    return "".join(PARAGRAPH.format(tag=tag, number=number) for number, tag in enumerate(tags))[:-90]


def unclosed(count: int) -> str:
    """Openers that all wait for a closer."""
    return "[MM_Member_Decision isMember='true']" * count


class Alice:
    """As much of a member as the page prints; what WordPress's callbacks answer without asking."""

    first_name = last_name = email = username = "Alice"


class View:
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    zone: tzinfo = UTC
    language = "en"
    post_id: int | None = None
    alice = Alice()

    def member(self) -> Alice:
        return self.alice


class Php:
    """One process that runs do_shortcode() on what it is given."""

    def __init__(self, tree: Path) -> None:
        command = [program("php"), "-n", str(SCRIPT), str(tree)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def nanoseconds(self, text: str) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(b64encode(text.encode()).decode() + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def nanoseconds(work: Callable[[], object]) -> int:
    start = perf_counter_ns()
    work()
    return perf_counter_ns() - start


def compare(php: Php, text: str, rounds: int) -> tuple[float, float, float]:
    """Medians in microseconds: do_shortcode(), first rendering, compiled rendering."""
    view: shortcodes.Facts = View()  # type: ignore[assignment]  # it has all that the text asks for
    template = shortcodes.compile(text)
    times: list[tuple[int, int, int]] = []
    for _ in range(rounds):
        theirs = php.nanoseconds(text)
        prepare.cache_clear()
        first = nanoseconds(lambda: shortcodes.compile(text).render(view))
        times.append((theirs, first, nanoseconds(lambda: template.render(view))))
    theirs_median, first_median, compiled_median = (
        median(column) / 1000 for column in zip(*times, strict=True)
    )
    return theirs_median, first_median, compiled_median


def row(name: str, times: tuple[float, float, float]) -> str:
    theirs, first, compiled = times
    return f"| {name} | {theirs:,.0f} | {first:,.0f} (x{first / theirs:.2f}) | {compiled:,.1f} (x{compiled / theirs:.3f}) |"


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    rounds = parser.parse_args(argv).rounds
    tree = wordpress.tree("newest")
    php = Php(tree)
    texts = {
        f"{len(page()):,} bytes, 20 tags": (page(), rounds),
        "4,000 unclosed openers": (unclosed(4_000), 3),
        "8,000 unclosed openers": (unclosed(8_000), 3),
        "16,000 unclosed openers": (unclosed(16_000), 3),
    }
    version = subprocess.run(
        [program("php"), "-nr", "echo PHP_VERSION;"], capture_output=True, text=True, check=True
    ).stdout
    print(
        f"{platform.machine()}, Python {platform.python_version()}, PHP {version}, WordPress {wordpress.full_version(tree)}"
    )
    print("\n| text | do_shortcode(), µs | first rendering, µs | compiled rendering, µs |\n|---|---|---|---|")
    for name, (text, count) in texts.items():
        print(row(name, compare(php, text, count)))
    php.close()


if __name__ == "__main__":
    main(sys.argv[1:])
