"""Who began a checkout, never paid and has nothing is forgotten on the site, too; the bridge looks again whether it may."""

import sqlalchemy as sa

from jobs.site import deliver_changes
from sidecar.catalog.rules import Grant
from sidecar.db import reading
from sidecar.members.changing import make_member
from sidecar.outbox import outbox


def waiting(shop):
    """Users whose forgetting waits to be delivered."""
    with reading() as reader:
        rows = reader.scalars(sa.select(outbox.c.payload).where(outbox.c.done_at.is_(None)))
        return [row for row in rows if "forget_user" in row]


def forgotten(site):
    return [sent["user"] for sent in site.asked if sent["kind"] == "forget_user"]


def test_a_buyer_who_gave_up_is_forgotten_unless_he_has_something_by_now(shop, site):
    house, product = shop.house, shop.product()
    house.level("Free", is_free=True, is_default=True)
    alice, bundle_buyer, buys_again, member = (house.user() for _ in range(4))
    make_member(member, house.level(), now=shop.now, by="test")
    shop.begin(alice, product)
    shop.begin(bundle_buyer, shop.product(grant=Grant.BUNDLE))
    shop.begin(buys_again, product)
    shop.begin(member, shop.product(grant=Grant.BUNDLE))
    shop.move(hours=25)
    assert shop.run().counts == {"given up": 4}
    assert len(waiting(shop)) == 4
    shop.begin(buys_again, product)
    deliver_changes(house.service)
    assert sorted(forgotten(site)) == [alice, bundle_buyer]
    assert waiting(shop) == []


def test_who_pays_is_never_forgotten(shop, site):
    alice = shop.house.user("alice")
    shop.buy(alice, shop.product())
    shop.begin(alice, shop.product(grant=Grant.BUNDLE))
    shop.move(hours=25)
    assert shop.run().counts == {"given up": 1}
    deliver_changes(shop.house.service)
    assert forgotten(site) == []


def test_while_a_browser_may_go_on_as_the_new_user_nobody_is_forgotten(shop, site):
    """Another coupon is another checkout, which ends the first; its buyer is in the middle of the second."""
    alice, product = shop.house.user("alice"), shop.product()
    shop.begin(alice, product)
    shop.begin(alice, product)
    assert waiting(shop) == []
