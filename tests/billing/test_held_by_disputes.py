"""A payment in dispute holds its member's events by itself; who has paid is known to the log."""

from datetime import timedelta

from jobs.log_keeping import held_now
from sidecar.billing.returning import note_dispute
from sidecar.billing.store_payers import find_payers
from sidecar.db import reading


def test_an_open_dispute_holds_its_member_and_half_a_year_after_its_end_no_more(shop):
    alice, bob = shop.house.user("alice"), shop.house.user("bob")
    product = shop.product()
    shop.buy(alice, product)
    shop.buy(bob, product)
    (charge, _bobs) = shop.charges()
    dispute = shop.processor.post("disputes", {"charge": charge["id"]})
    note_dispute(shop.desk, dispute["id"])
    held = held_now(shop.house.service)
    assert (held.member_ids, held.user_ids) == ({shop.house.read(alice).id}, {alice})
    shop.processor.post(f"disputes/{dispute['id']}/close", {"status": "won"})
    note_dispute(shop.desk, dispute["id"])
    assert held_now(shop.house.service).member_ids == {shop.house.read(alice).id}
    shop.house.clock.move(timedelta(days=181))
    assert held_now(shop.house.service).member_ids == set()


def test_who_has_paid_money_is_a_payer_and_charlie_is_not(shop):
    alice, bob, charlie = (shop.house.user(name) for name in ("alice", "bob", "charlie"))
    shop.buy(alice, shop.product())
    shop.begin(bob, shop.product())
    free = shop.house.level()
    shop.house.member(free, "dora")
    del charlie
    members = {name: shop.house.read(user).id for name, user in {"alice": alice, "bob": bob}.items()}
    with reading() as reader:
        assert find_payers(reader, members.values()) == {members["alice"]}
        assert find_payers(reader, []) == set()
