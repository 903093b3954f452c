"""The machine for some minutes, as part of the whole test run; docs/proof.md has the figures of a long one.

It runs as a process of its own, as `./run crash` does: what it kills and cuts off must not be taken for this process's faults.
"""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.mariadb, pytest.mark.process]
CHECKOUT = Path(__file__).parents[2]
SEED = "20260131"


def crash(*options):
    """(exit code, what it printed)."""
    command = [sys.executable, "-m", "tests.crash", *options]
    done = subprocess.run(command, check=False, cwd=CHECKOUT, capture_output=True, text=True, timeout=3000)
    print(done.stdout, done.stderr)
    return done.returncode, done.stdout


def test_nothing_is_charged_twice_however_often_workers_die_or_stand_still_at_every_step():
    code, printed = crash("--seed", SEED, "--months", "1", "--members", "25", "--every-step")
    assert (code, "FOUND" in printed) == (0, False)
    assert "double charges 0" in printed


@pytest.mark.parametrize("name", ["bound-intent", "unknown-stays-unknown"])
def test_the_judge_sees_a_safeguard_that_is_switched_off_and_acquits_the_same_run_with_it(name):
    code, printed = crash("--sabotage", name, "--seed", SEED)
    assert (code, "1 of 1" in printed) == (0, True)
