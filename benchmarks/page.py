"""What a page view costs with Gatepost: `./run bench page [--rounds 100] [--members 20,100000] [--plugin FOLDER]`.

Real sites (nginx, php-fpm with opcache, newest WordPress) beside each other on one MariaDB: WordPress alone, the same with 20
plain PHP shortcodes, the same with Gatepost, and with another membership plugin when its folder is given. Requests are
interleaved round by round and compared in pairs, since the machine's speed drifts. CPU is the scheduler's own count of
nanoseconds over php-fpm, the sidecar and MariaDB, what they do after the response included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import sqlalchemy as sa

from tests.bed.mariadb import MariaDB
from tests.bed.session import Session
from tests.bed.site import Site
from tests.web.client import signed_headers
from tests.whole.club import Club, a_club

WORDS = "Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore. "
TAG = "[MM_Member_Data name='firstName']"
DECISION = "[MM_Member_Decision membershipId='1']{}[/MM_Member_Decision]"
PLAIN_SHORTCODES = """
add_action('init', function () {
    foreach (['MM_Member_Data', 'MM_Member_Decision'] as $name) {
        remove_shortcode($name);
        add_shortcode($name, function ($attributes, $content = '') { return $content . 'Anna'; });
    }
});
"""


@dataclass
class Variant:
    """One column of the table: a site and a path, asked as a member or a visitor."""

    name: str
    site: Site
    path: str
    user: str | None
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)


def tagged_text() -> str:
    """About 1.8 kB with 20 SmartTags: 14 values and 6 decisions."""
    parts = [f"<p>{WORDS[:60]}{TAG}</p>" for _ in range(14)] + [
        DECISION.format("<p>For members.</p>") for _ in range(6)
    ]
    return "\n".join(parts)


class Meter:
    """Wall and CPU time of one request at a time."""

    def __init__(self, database: MariaDB, sidecar_pids: Callable[[], list[int]]) -> None:
        self._database = database
        self._sidecar_pids = sidecar_pids

    def measure(self, variant: Variant) -> None:
        statements, cpu = self._statements(), self._cpu_ns()
        start = time.perf_counter()
        answer = variant.site.get(variant.path, user=variant.user)
        wall = time.perf_counter() - start
        if answer.status_code != 200:
            raise SystemExit(f"{variant.name}: {variant.path} answered {answer.status_code}")
        self._wait_until_idle()
        variant.cpu_ms.append((self._cpu_ns() - cpu) / 1e6)
        variant.wall_ms.append(wall * 1e3)
        variant.statements.append(self._statements() - statements - 1)

    def _statements(self) -> int:
        return int(self._database.execute("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1])

    def _wait_until_idle(self) -> None:
        """Until nothing was computed for two milliseconds: what a site does after its response counts too."""
        before = -1
        while before != (before := self._cpu_ns()):
            time.sleep(0.002)

    def _cpu_ns(self) -> int:
        pids = [*pids_named("php-fpm"), *pids_named("mariadbd"), *self._sidecar_pids()]
        return sum(cpu_ns(pid) for pid in pids)


def pids_named(name: str) -> Iterator[int]:
    """Processes whose command begins so."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().startswith(name):
                yield int(folder.name)
        except OSError:
            continue


def cpu_ns(pid: int) -> int:
    """Nanoseconds on a processor, over all threads; 0 for one that has ended."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except OSError:
            continue
    return total


def descendants(pid: int) -> list[int]:
    """The process and those it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in descendants(int(child)))]


def furnish(site: Site) -> dict[str, int]:
    """The posts that every site has alike: ids by name. The newest are plain ones, which the theme lists under each post."""
    texts = {
        **{f"long{n}": "".join(f"<p>{WORDS * 10}</p>" for _ in range(50)) + TAG for n in range(10)},
        "tagged": tagged_text(),
        "public": "".join(f"<p>{WORDS * 3}</p>" for _ in range(8)),
        **{f"plain{n}": f"<p>{WORDS}</p>" for n in range(6)},
    }
    category = int(site.php("echo wp_insert_term('Archive', 'category', ['slug' => 'archive'])['term_id'];"))
    ids = {}
    for day, (name, text) in enumerate(texts.items(), start=1):
        categories = [category] if name.startswith("long") else []
        ids[name] = site.new_post(
            name, text, post_category=categories, post_date=f"2026-01-{day:02d} 12:00:00"
        )
    site.user("reader", first_name="Anna")
    site.php("flush_rewrite_rules();")
    return ids


def add_members(club: Club, count: int, level_id: int) -> None:
    """Users with a level, by SQL: making them one by one is not what is measured."""
    prefix, sql = club.site.prefix, SiteDatabase(club.site)
    first = sql.one(f"SELECT MAX(ID) + 1 FROM {prefix}users")
    numbers = f"seq_{first}_to_{first + count - 1}"
    sql.execute(
        f"INSERT INTO {prefix}users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)"
        f" SELECT seq, CONCAT('m', seq), '', CONCAT('m', seq), CONCAT('m', seq, '@example.test'), NOW(), CONCAT('M ', seq) FROM {numbers}"
    )
    for key, value in {
        "first_name": "'Anna'",
        "last_name": "'Test'",
        f"{prefix}capabilities": "'a:1:{s:10:\"subscriber\";b:1;}'",
    }.items():
        sql.execute(
            f"INSERT INTO {prefix}usermeta (user_id, meta_key, meta_value) SELECT seq, '{key}', {value} FROM {numbers}"
        )
    sql.execute(
        f"INSERT INTO gatepost_members (user_id, joined_at) SELECT seq, UTC_TIMESTAMP(6) FROM {numbers}"
    )
    sql.execute(
        "INSERT INTO gatepost_entitlements (member_id, slot, level_id, status, status_changed_at, is_complimentary, started_at,"
        f" days_method, paused_days) SELECT id, 'level', {level_id}, 'active', UTC_TIMESTAMP(6), 0, UTC_TIMESTAMP(6), 'joined', 0"
        f" FROM gatepost_members WHERE user_id >= {first}"
    )
    sql.execute(f"ANALYZE TABLE {prefix}users, {prefix}usermeta, gatepost_members, gatepost_entitlements")


class SiteDatabase:
    """Plain statements on a site's database."""

    def __init__(self, site: Site) -> None:
        self._engine = sa.create_engine(site.database_url)

    def execute(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def one(self, statement: str) -> int:
        with self._engine.begin() as connection:
            return int(connection.exec_driver_sql(statement).scalar_one())


def median(values: list[float] | list[int]) -> float:
    return float(statistics.median(values))


def added(variant: Variant, base: Variant, what: str) -> list[float]:
    """Differences pair by pair."""
    return [mine - theirs for mine, theirs in zip(getattr(variant, what), getattr(base, what), strict=True)]


def table(title: str, variants: list[Variant]) -> str:
    base = variants[0]
    lines = [
        f"**{title}**",
        "",
        "| site | wall ms (median) | added wall ms | x | added CPU ms | SQL statements |",
        "|---|---|---|---|---|---|",
    ]
    for variant in variants:
        ratio = median([mine / theirs for mine, theirs in zip(variant.wall_ms, base.wall_ms, strict=True)])
        lines.append(
            f"| {variant.name} | {median(variant.wall_ms):.1f} | {median(added(variant, base, 'wall_ms')):+.2f} | x{ratio:.3f} "
            f"| {median(added(variant, base, 'cpu_ms')):+.2f} | {median(variant.statements):.0f} |"
        )
    return "\n".join([*lines, ""])


def run_rounds(meter: Meter, variants: list[Variant], rounds: int) -> None:
    """Each round asks every variant once, in a new order; the first rounds warm up and do not count."""
    for _warm_up in range(5):
        for variant in variants:
            variant.site.get(variant.path, user=variant.user)
    for _round in range(rounds):
        for variant in random.sample(variants, len(variants)):
            meter.measure(variant)


def inside(club: Club, post_id: int, user_id: int, rounds: int) -> str:
    """The call alone, in this process, on the same database: what the service itself takes."""
    text = tagged_text()
    body = json.dumps(
        {
            "view": {
                "url": "/tagged/",
                "kind": "singular",
                "object": post_id,
                "ip": "192.0.2.7",
                "count": True,
            },
            "viewer": {"user": user_id, "roles": ["subscriber"], "login": "reader", "first_name": "Anna"},
            "posts": [{"id": post_id, "hash": hashlib.sha256(text.encode()).hexdigest(), "terms": [1]}],
        }
    ).encode()
    times = []
    for round_number in range(rounds + 20):
        headers = signed_headers("/bridge/v1/page", body, secret=club.secret, site=club.site.url)
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/bridge/v1/page", "SERVER_NAME": "x", "SERVER_PORT": "80",
            "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "wsgi.url_scheme": "http",
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }  # fmt: skip
        start = time.perf_counter()
        answer = b"".join(club.app.wsgi_app(environ, lambda status, _headers: statuses.append(status)))
        if round_number >= 20:
            times.append((time.perf_counter() - start) * 1e3)
        if statuses.pop() != "200 OK" or b"Anna" not in answer:
            raise SystemExit("the call inside the service did not work")
    times.sort()
    return f"Inside the service: median {median(times):.2f} ms, p95 {times[int(len(times) * 0.95)]:.2f} ms ({rounds} calls)."


statuses: list[str] = []


def compare(bed: Session, members: int, rounds: int, plugin: Path | None) -> None:
    with ExitStack() as stack:
        bare = bed.new_site()
        furnish(bare)
        plain, gated = bed.new_site(copy_of=bare), bed.new_site(copy_of=bare)
        plain.mu_plugin("plain", PLAIN_SHORTCODES)
        ids = {
            name: int(gated.php("echo get_page_by_path($args[0], OBJECT, 'post')->ID;", name))
            for name in ("tagged", "long0")
        }
        club = stack.enter_context(a_club(gated))
        level_id = club.level("Gold")
        club.gatepost("enroll", "--level", "Gold", "--role", "subscriber")
        add_members(club, members, level_id)
        club.protect(ids["tagged"], level_id)
        club.sync_index()
        sites = {"WordPress alone": bare, "20 plain PHP shortcodes": plain, "Gatepost": gated}
        if plugin:
            other = sites[plugin.name] = bed.new_site(copy_of=bare)
            shutil.copytree(plugin, other.content / "plugins" / plugin.name)
            other.activate(plugin.name)
        if "Anna" not in gated.get("/tagged/", user="reader").text:
            raise SystemExit("the member does not see the tags: " + gated.log() + club.log())
        meter = Meter(bed.mariadb, lambda: descendants(club.pid))
        print(f"\n### {members:,} members\n")
        for title, path, user in (
            ("A member reads a protected post with 20 SmartTags", "/tagged/", "reader"),
            ("A member reads a public post without tags", "/public/", "reader"),
            ("A visitor reads a public post without tags", "/public/", None),
            (
                "A member opens an archive of ten posts of 50 kB, a tag in each",
                "/category/archive/",
                "reader",
            ),
        ):
            variants = [Variant(name, site, path, user) for name, site in sites.items()]
            variants.insert(1, Variant("WordPress alone, again (the noise)", bare, path, user))
            run_rounds(meter, variants, rounds)
            print(table(title, variants), flush=True)
        user_id = int(gated.php("echo get_user_by('login', 'reader')->ID;"))
        print(inside(club, ids["tagged"], user_id, 500), flush=True)
        for site in {id(site): site for site in sites.values()}.values():
            complaints = site.log("/plugins/gatepost/")
            if complaints:
                raise SystemExit(complaints)


def machine() -> str:
    """The machine and the versions the figures belong to."""
    cpu = next(
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    )
    return f"{cpu}, {platform.machine()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run bench page")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--members", default="20,100000")
    parser.add_argument("--plugin", type=Path, help="the folder of another membership plugin")
    options = parser.parse_args()
    bed = Session()
    try:
        print(machine())
        for members in map(int, options.members.split(",")):
            compare(bed, members, options.rounds, options.plugin)
    finally:
        bed.close()


if __name__ == "__main__":
    main()
