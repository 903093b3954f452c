"""`./run bench screens`: how long each screen of the dashboard takes, by the number of members.

In the service's own process on a real MariaDB, without WordPress and the web server before it: from the request to the
finished page. The log is sealed and counted, as the jobs of each minute have done it. `--members 20 100000`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._large_site import LargeSite
from jobs.activity import count_events
from jobs.log_keeping import seal_log
from sidecar.billing.models import orders
from sidecar.db import dispose, reading
from sidecar.members.facing import sync_faces
from sidecar.reports.counting import count_figures
from sidecar.staff.signing_on import Lasting, enter, make_link
from sidecar.wordpress.options import get_site
from tests.bed.session import Session

ROUNDS = 25
SCREENS = {
    "overview": "/overview",
    "members, the newest": "/members",
    "members, a later page": "/members?before={middle}",
    "members by a name": "/members?q=martin",
    "members by two beginnings": "/members?q=ann%20mor",
    "members by an address": "/members?q=anna.martin1",
    "members by two letters": "/members?q=ma",
    "members by id": "/members?q={middle}",
    "members by status: active": "/members?status=active",
    "members by status: expired": "/members?status=expired",
    "members by level and status": "/members?level=2&status=overdue",
    "members by bundle": "/members?bundle=1",
    "members by product": "/members?product=1",
    "nobody found": "/members?q=nobody-has-this-name",
    "everything at once": "/members?q=martin&status=active&level=1&bundle=1&product=1",
    "a member": "/members/{middle}",
    "an order": "/orders/{order}",
    "overdue": "/overdue",
    "log": "/log",
    "log, its chart": "/log/days",
    "log of a member": "/log?member={middle}",
    "products": "/catalog",
    "a product": "/catalog/products/1",
    "rules": "/rules",
    "e-mails": "/mails",
    "the editor of a mail": "/mails/payment_failed/en",
    "delivery of mails": "/mails/delivery",
    "invoices": "/invoices",
    "declarations": "/declarations",
    "settings": "/settings",
    "webhooks": "/webhooks",
    "jobs": "/jobs",
    "disputes": "/disputes",
    "operation": "/operation",
    "staff": "/staff",
}


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, nargs="+", default=[20, 100_000])
    asked = parser.parse_args()
    print(
        "| screen | "
        + " | ".join(f"{count:,} members, ms (p95), of them CPU of the service" for count in asked.members)
        + " |"
    )
    print("|---|" + "---|" * len(asked.members))
    bed = Session()
    try:
        found = [_measure(bed, count) for count in asked.members]
    finally:
        bed.close()
    for name in found[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in found) + " |")


def _measure(bed: Session, count: int) -> dict[str, str]:
    url = bed.mariadb.new_database("screens")
    with tempfile.TemporaryDirectory() as folder:
        site = LargeSite(url, Path(folder), count)
        with site.app.app_context():
            begun = time.monotonic()
            site.build()
            built = time.monotonic()
            tables = site.app.extensions["gatepost"].tables
            while sync_faces(tables, site.now) >= 20_000:
                pass
            faced = time.monotonic()
            with reading() as reader:
                zone = get_site(reader, tables).zone
            count_figures(site.now, zone)
            counted = time.monotonic()
            service = site.app.extensions["gatepost"]
            while seal_log(service):
                pass
            while count_events(service):
                pass
            print(
                f"<!-- {count:,}: built in {built - begun:.0f} s, faces {faced - built:.1f} s, figures {counted - faced:.2f} s -->"
            )
            result = _screens(site, count)
            dispose()
    bed.mariadb.drop_database(url)
    return result


def _screens(site: LargeSite, count: int) -> dict[str, str]:
    client = site.app.test_client()
    tables = site.app.extensions["gatepost"].tables
    drawn = enter(tables, make_link(tables, 1), Lasting(3600, 43200), ip="", now=site.now)
    client.set_cookie("gatepost_dashboard", drawn, domain="club.test", path="/")
    middle = max(2, count // 2)
    with reading() as reader:
        order = reader.scalar(sa.select(orders.c.uuid).where(orders.c.id == middle))
    values = {"middle": middle, "order": order}
    return {name: _time(client, path.format(**values)) for name, path in SCREENS.items()}


def _time(client: Any, path: str) -> str:
    def ask() -> int:
        answer = client.get(f"/dashboard{path}", base_url="https://club.test/")
        return int(answer.status_code)

    if ask() != 200:
        return "–"
    taken = [_seconds(ask) for _round in range(ROUNDS)]
    wall, cpu = sorted(one for one, _other in taken), statistics.median(one for _other, one in taken)
    return f"{statistics.median(wall) * 1000:.0f} ({wall[int(ROUNDS * 0.95)] * 1000:.0f}), {cpu * 1000:.0f}"


def _seconds(do: Callable[[], object]) -> tuple[float, float]:
    begun, used = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - begun, time.process_time() - used


if __name__ == "__main__":
    main()
