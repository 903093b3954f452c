"""How fast renewals are charged: `./run bench billing [--subscriptions 100000] [--only fast,slow,limited,due]`.

Two real worker processes (`gatepost worker --count 2`), RQ and Redis, MariaDB with durable commits and the test processor over
HTTP, all on this machine. The database holds as many subscriptions as are said; those that a run charges have customers and
cards at the processor. A rate is counted between the first and the last settlement of a run; statements are the server's count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks._subscriptions import Run, Shop, keep_cards
from benchmarks.page import descendants, machine, pids_named
from sidecar.billing.models import (
    orders,
)
from sidecar.billing.store import list_due
from sidecar.db import dispose, reading, transaction
from tests.bed.session import Session
from tests.processor.running import RunningProcessor

WORKERS = 2

RUNS = (
    Run("fast", "a processor that answers at once, no limits", 3000, 8),
    Run("slow", "500 ms an answer, limits raised", 3000, 64, delay_ms=500),
    Run(
        "limited", "Stripe's limits: 100 a second, 25 an endpoint", 1000, 8, calls=(100, 25), limits=(100, 25)
    ),
)


# --- measuring ------------------------------------------------------------------------------------------------------


@contextmanager
def workers(shop: Shop, run: Run) -> Iterator[int]:
    """`gatepost worker`; its process id."""
    command = [sys.executable, "-m", "sidecar.cli", "--config", str(shop.write_config(run)), "worker"]
    with (shop.folder / f"{run.name}.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--count", str(WORKERS)], stdout=log, stderr=log, env={**os.environ, "LANG": "C"}
        )
    try:
        wait_for_start(shop, run, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=100)


def wait_for_start(shop: Shop, run: Run, process: subprocess.Popen[bytes]) -> None:
    """Until both workers are at work: Redis knows them."""
    until = time.monotonic() + 30
    while len(descendants(process.pid)) < WORKERS + 1 or time.monotonic() < until - 27:
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"the workers did not start\n{shop.said(run)}")
        time.sleep(0.1)


class Meter:
    """What the processes of a run use."""

    def __init__(self, shop: Shop, pid: int) -> None:
        self._shop, self._pid = shop, pid
        self.most_pss = self.most_rss = 0
        self._before = self._read()

    def _read(self) -> dict[str, float]:
        parts = {
            "workers": descendants(self._pid), "MariaDB": list(pids_named("mariadbd")),
            "processor": [self._shop.processor.process.pid],
        }  # fmt: skip
        read = {name: sum(map(cpu_ms, pids)) for name, pids in parts.items()}
        questions = self._shop.bed.mariadb.execute("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1]
        return {**read, "statements": float(questions)}

    def look(self) -> None:
        """The memory of now."""
        sizes = [memory_kb(pid) for pid in descendants(self._pid)]
        self.most_rss = max(self.most_rss, sum(rss for rss, _pss in sizes))
        self.most_pss = max(self.most_pss, sum(pss for _rss, pss in sizes))

    def each(self, count: int) -> dict[str, float]:
        """Per renewal: CPU milliseconds of each part, and statements."""
        now = self._read()
        return {name: (value - self._before[name]) / count for name, value in now.items()}


def cpu_ms(pid: int) -> float:
    """What a process has computed, threads that have ended included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def memory_kb(pid: int) -> tuple[int, int]:
    """Resident, and with what is shared divided among those who share it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:] if line.endswith("kB")}
    return sizes.get("Rss", 0), sizes.get("Pss", 0)


def measure(shop: Shop, run: Run, first: int, last: int) -> str:
    """One row of the table: charge these subscriptions."""
    set_up_processor(shop.processor, run)
    with workers(shop, run) as pid:
        meter = Meter(shop, pid)
        make_due(first, last, shop.service.clock.now())
        wait_until_settled(shop, run, first, last, meter)
        each = meter.each(run.renewals)
    count, began, ended = shop.settled(first, last)
    rate = (count - 1) / (ended - began).total_seconds()
    refused = [one for one in shop.processor.get("violations")["violations"] if "429" in json.dumps(one)]
    return (
        f"| {run.title} | {run.threads} | {count:,} | **{rate:.1f}** | {each['workers']:.1f} | {each['MariaDB']:.1f} "
        f"| {each['processor']:.1f} | {each['statements']:.0f} | {meter.most_pss // 1024} ({meter.most_rss // 1024}) | {len(refused)} |"
    )


def set_up_processor(processor: RunningProcessor, run: Run) -> None:
    processor.delete("faults")
    if run.delay_ms:
        processor.post("faults", {"match": {"path": "/v1/*"}, "do": {"kind": "delay", "ms": run.delay_ms}})
    processor.post("limits", {"per_second": run.limits[0], "per_endpoint": run.limits[1]})


def make_due(first: int, last: int, now: datetime) -> None:
    """From now on these are to be charged."""
    with transaction() as session:
        mine = orders.c.id.between(first, last)
        session.execute(sa.update(orders).where(mine).values(next_due_at=now, wake_at=now))


def wait_until_settled(shop: Shop, run: Run, first: int, last: int, meter: Meter) -> None:
    until, seen, moved_at = time.monotonic() + 600, 0, time.monotonic()
    while (count := shop.settled(first, last)[0]) < run.renewals:
        meter.look()
        if count != seen:
            seen, moved_at = count, time.monotonic()
        if time.monotonic() > until or time.monotonic() - moved_at > 60:
            raise SystemExit(f"{run.name}: stopped at {count} of {run.renewals}\n{shop.said(run)}")
        time.sleep(0.5)


def let_come_to_rest(shop: Shop, run: Run) -> None:
    """Have cron do what is done once for a hundred thousand members: counting figures, learning their names."""
    command = [sys.executable, "-m", "sidecar.cli", "--config", str(shop.write_config(run)), "tick"]
    while True:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout
        if "index_members: 0" in done:
            return
        time.sleep(16)  # as often as that job may run


def find_due(shop: Shop) -> str:
    """How long it takes to find 1,000 due among all."""
    now = shop.service.clock.now()
    times = []
    with reading() as reader:
        total = reader.scalar(sa.select(sa.func.count()).select_from(orders)) or 0
        for _round in range(50):
            start = time.perf_counter()
            found = len(list_due(reader, now, 1000))
            times.append((time.perf_counter() - start) * 1e3)
    return f"{found:,} due among {total:,} subscriptions are found in {statistics.median(times):.1f} ms (median of 50)."


HEAD = """
| | threads in each of 2 processes | renewals | renewals/s | CPU ms each: workers | MariaDB | processor | statements each | MB of all workers (RSS) | 429 |
|---|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run bench billing")
    parser.add_argument("--subscriptions", type=int, default=100_000)
    parser.add_argument("--only", default="fast,slow,limited,due")
    options = parser.parse_args()
    wanted = options.only.split(",")
    bed, processor = Session(), RunningProcessor()
    with tempfile.TemporaryDirectory(prefix="gatepost-bench-", ignore_cleanup_errors=True) as folder:
        try:
            shop = Shop(bed, processor, Path(folder))
            with shop.app.app_context():
                bench(shop, options.subscriptions, wanted)
                dispose()
        finally:
            processor.stop()
            bed.close()


def bench(shop: Shop, subscriptions: int, wanted: list[str]) -> None:
    print(machine())
    shop.build()
    now, later = shop.service.clock.now(), shop.service.clock.now() + timedelta(days=1)
    shop.subscribe(subscriptions, [], lambda number: later + timedelta(minutes=number % 40_000))
    runs = [run for run in RUNS if run.name in wanted]
    theirs = [
        shop.subscribe(run.renewals, keep_cards(shop.processor, run.renewals), lambda _number: later)
        for run in runs
    ]
    some = shop.subscribe(1000, [], lambda _number: later)
    shop.analyze()
    let_come_to_rest(shop, runs[0])
    print(HEAD)
    for run, (first, last) in zip(runs, theirs, strict=True):
        print(measure(shop, run, first, last), flush=True)
    if "due" in wanted:
        make_due(*some, now)
        print("\n" + find_due(shop))


if __name__ == "__main__":
    main()
