"""How often somebody may try, however many processes count; and how few threads forms may take."""

import threading

import pytest
import sqlalchemy as sa

from sidecar.activity.addresses import parse_networks
from sidecar.db import reading, transaction
from sidecar.tries import claim_try, give_back_try, remove_old_tries, tries
from sidecar.web import forms
from sidecar.web.posted.tries import BEHIND_ONE_ADDRESS, Origin, TooManyTries, count_origin, origin_of
from tests.catalog.racing import at_once
from tests.pages.forms import open_shop
from tests.web.client import Bridge
from tests.web.sender import Sender


def let_pass(seconds):
    with transaction() as session:
        session.execute(sa.update(tries).values(begun_s=tries.c.begun_s - seconds))


def count_rows():
    with reading() as reader:
        return reader.scalar(sa.select(sa.func.count()).select_from(tries))


def test_each_may_try_so_often_in_an_hour_and_again_in_the_next(house):
    assert [claim_try("card", "alice", 3, 3600.0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert claim_try("card", "bob", 3, 3600.0)
    assert claim_try("coupon", "alice", 3, 3600.0)
    let_pass(3601)
    assert [claim_try("card", "alice", 3, 3600.0) for _ in range(4)] == [True] * 3 + [False]


def test_what_is_given_back_may_be_tried_again(house):
    for _ in range(9):
        assert claim_try("coupon", "alice", 1, 3600.0)
        give_back_try("coupon", "alice")
    give_back_try("coupon", "nobody")
    assert claim_try("coupon", "alice", 1, 3600.0)
    assert not claim_try("coupon", "alice", 1, 3600.0)


def test_of_eight_who_try_at_once_as_many_as_may_get_through(house):
    outcomes = at_once(house, *[lambda: claim_try("card", "alice", 3, 3600.0)] * 8)
    assert sorted(outcomes) == [False] * 5 + [True] * 3


def test_old_counts_are_forgotten(house):
    claim_try("card", "alice", 3, 3600.0)
    let_pass(86_401)
    claim_try("card", "bob", 3, 3600.0)
    assert (remove_old_tries(86_400), count_rows()) == (1, 1)


def test_behind_a_proxy_whom_nobody_trusts_the_connection_in_all_counts_first(house):
    for number in range(BEHIND_ONE_ADDRESS):
        count_origin("card", Origin("10.0.0.1", f"203.0.113.{number}"), 1)
    before = count_rows()
    with pytest.raises(TooManyTries):
        count_origin("card", Origin("10.0.0.1", "203.0.113.99"), 1)
    assert count_rows() == before  # an address that was made up takes no room
    with pytest.raises(TooManyTries):
        count_origin("card", Origin("10.0.0.1", "203.0.113.1"), 1)
    count_origin("card", Origin("10.0.0.2"), 1)


def test_a_trusted_proxy_says_who_it_was(house):
    proxies = parse_networks(["10.0.0.0/8"])
    assert origin_of("10.0.0.1", "1.2.3.4, 203.0.113.9", proxies) == Origin("203.0.113.9")
    assert origin_of("192.0.2.1", "1.2.3.4, 203.0.113.9", proxies) == Origin("192.0.2.1", "203.0.113.9")
    assert origin_of("192.0.2.1", "made up", ()) == Origin("192.0.2.1")


def test_forms_never_take_the_last_thread_of_a_process(shop, monkeypatch):
    """The house has four threads: while three forms are worked on, the fourth is to come again and a page is answered."""
    visitor, bridge = Sender(shop, "checkout"), Bridge(shop.house.app)
    reached, go_on, answers = threading.Barrier(4), threading.Event(), []

    def wait(submit):
        reached.wait(10)
        go_on.wait(10)
        return answer(submit)

    answer = forms.answer_form
    monkeypatch.setattr(forms, "answer_form", wait)
    waiting = [
        threading.Thread(target=lambda: answers.append(visitor.send("quote", product="none")))
        for _ in range(3)
    ]
    for thread in waiting:
        thread.start()
    reached.wait(10)
    monkeypatch.setattr(forms, "answer_form", answer)
    refused = visitor.send("quote", product="none", status=409)
    assert refused["error"] == "busy"
    assert bridge.ask("/bridge/v1/ping")["database"] == "ok"
    go_on.set()
    for thread in waiting:
        thread.join()
    assert [one["state"] for one in answers] == ["error"] * 3
    assert visitor.send("quote", product="none")["state"] == "error"


def test_a_header_of_proxies_is_noted_where_none_is_trusted(shop):
    service = open_shop(shop).house.service
    visitor = Sender(shop, "checkout")
    visitor.send("quote", product="none")
    assert not service.is_behind_unknown_proxy()
    visitor.send("quote", product="none", _forwarded="203.0.113.9")
    assert service.is_behind_unknown_proxy()
