"""The machine's own parts: dooms, cards, safeguards."""

import random
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from sidecar.billing.steps import STEPS
from tests.crash.cast import new_card
from tests.crash.dooms import Deck, count_strokes
from tests.crash.impatience import _SECONDS
from tests.crash.sabotage import SABOTAGES

CHECKOUT = Path(__file__).parents[2]


def test_a_deck_deals_each_step_with_each_end_before_any_comes_twice():
    deck, dealt = Deck(random.Random(1), set), []
    while len(dealt) < 2 * len(STEPS):
        dealt += deck.deal()
    pairs = [(end, step) for end, step, _times in dealt[: 2 * len(STEPS)]]
    assert sorted(pairs) == sorted({(end, step) for end in ("kill", "stop") for step in STEPS})


def test_a_hand_ends_with_its_first_kill():
    deck = Deck(random.Random(2), set)
    for hand in (deck.deal() for _ in range(50)):
        assert [end for end, _step, _times in hand[:-1]] == ["stop"] * (len(hand) - 1)


def test_what_has_never_struck_is_dealt_first_when_the_deck_begins_anew():
    missing = {("kill", "looked"), ("stop", "booked")}
    struck = {(end, step) for end in ("kill", "stop") for step in STEPS} - missing
    deck, dealt = Deck(random.Random(4), lambda: struck), []
    while len(dealt) < 2 * len(STEPS):
        dealt += deck.deal()
    assert {pair[:2] for pair in dealt[:2]} == missing


def test_the_same_seed_deals_the_same_hands():
    first, second = (Deck(random.Random("7:troop"), set) for _ in range(2))
    assert [first.deal() for _ in range(20)] == [second.deal() for _ in range(20)]


def test_strokes_are_counted_from_what_workers_wrote_before_they_fell(tmp_path):
    (tmp_path / "steps").write_text("reached claimed w1\nkill claimed w1\nreached claimed w2\nreached boo")
    strokes = count_strokes(tmp_path)
    assert (strokes["reached", "claimed"], strokes["kill", "claimed"], strokes["stop", "claimed"]) == (
        2,
        1,
        0,
    )


def test_new_cards_are_valid_numbers_of_their_own():
    luck = random.Random(3)
    numbers = [new_card(luck) for _ in range(200)]
    assert len(set(numbers)) == 200
    assert all(_is_valid(number) for number in numbers)


def _is_valid(number):
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@pytest.mark.parametrize(("module", "names"), _SECONDS.items())
def test_what_is_shortened_exists(module, names):
    assert [name for name in names if not hasattr(import_module(module), name)] == []


def test_the_order_of_the_shortened_waits_is_that_of_production():
    """A call is shorter than what must be left of a lease, that than the lease, that than giving a confirmation up."""
    for seconds in (_SECONDS, _production()):
        stripe, locking = seconds["sidecar.billing.gateways.stripe"], seconds["sidecar.billing.locking"]
        call = stripe["CONNECT_SECONDS"] + stripe["READ_SECONDS"]
        in_flight = seconds["sidecar.billing.charging"]["IN_FLIGHT_SECONDS"]
        assert call < locking["LAST_LOOK_SECONDS"] < locking["LEASE_SECONDS"] < in_flight


def _production():
    return {
        module: {name: getattr(import_module(module), name) for name in names}
        for module, names in _SECONDS.items()
    }


def test_every_sabotage_says_what_it_switches_off_and_by_what_the_judge_sees_it():
    assert len(SABOTAGES) >= 12
    assert all(one.name == name and one.says and one.sees for name, one in SABOTAGES.items())


def test_every_sabotage_finds_what_it_switches_off():
    """Each in a process of its own, forked from one that has imported everything."""
    code = """
import os
from tests.crash.sabotage import SABOTAGES
for name, one in SABOTAGES.items():
    pid = os.fork()
    if not pid:
        one.apply()
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        print(name)
"""
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert told.stdout == "", told.stderr
