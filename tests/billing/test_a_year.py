"""A year of one member, and what it leaves in the books."""

from datetime import UTC, datetime

import pytest

from sidecar.billing import changing, paying, returning, switching
from sidecar.billing.announcing import announce
from sidecar.billing.checking import check, check_access
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.reconciling import reconcile
from sidecar.billing.states import SubscriptionState
from sidecar.db import reading
from sidecar.members.rules import Status
from tests.billing.books import accounts_of, credit_of, deliver_all, newest_charge
from tests.billing.shop import OTHER_GOOD_CARD

State = SubscriptionState


class Year:
    """The clock goes day by day, and every day the schedule runs and the books are looked at."""

    def __init__(self, shop, user):
        self.shop, self.user = shop, user
        self.buyer = Buyer(user, "alice@example.test", "Alice")

    def until(self, *day):
        """Up to noon of a day."""
        while self.shop.now < datetime(*day, 12, tzinfo=UTC):
            self.shop.move(days=1)
            announce(self.shop.desk)
            self.shop.run()
            self.look()

    def look(self):
        """Every invariant holds, access is what was paid for, and the processor's books agree."""
        with reading() as reader:
            assert check(reader, self.shop.now) == []
            assert check_access(reader, [self.shop.house.read(self.user).id], self.shop.now) == []
        assert self.shop.processor.get("violations") == {"violations": []}

    @property
    def paid(self):
        return [one["amount"] for one in self.shop.charges()]

    @property
    def access(self):
        return self.shop.hold(self.user).status


@pytest.fixture
def year(shop):
    """Noon of October 31st, 2027: the next year has a February 29th."""
    shop.move(hours=(datetime(2027, 10, 31, 12, tzinfo=UTC) - shop.now).total_seconds() / 3600)
    return Year(shop, shop.house.user("alice"))


def test_a_year_of_one_member(shop, year):
    silver = shop.product("Silver", tax_ppm=200_000, tax_country="FR")
    shop.product("Gold", price_minor=4900, tax_ppm=200_000, tax_country="FR")

    # She joins on the 31st, and each month keeps its last day, the leap day too.
    order = shop.buy(year.user, silver)
    assert (year.access, year.paid) == (Status.ACTIVE, [1900])
    year.until(2028, 2, 28)
    assert [str(one.from_at.date()) for one in shop.receivables(order)] == [
        "2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31",
    ]  # fmt: skip

    # On the leap day the card fails. Access stops, the retry of March 2nd fails as well.
    shop.script(order, "insufficient_funds", "insufficient_funds")
    year.until(2028, 2, 29)
    assert (year.access, len(year.paid)) == (Status.OVERDUE, 4)
    year.until(2028, 3, 3)
    assert (shop.read(order).retries, year.access) == (1, Status.OVERDUE)

    # She gives another card and is back at once; the rhythm is that of the 31st.
    begun = paying.begin_card(shop.desk, year.buyer)
    shop.pay(begun, OTHER_GOOD_CARD)
    assert paying.finish_card(shop.desk, year.user, begun.order) == "paid"
    year.look()
    assert (year.access, shop.read(order).next_due_at.date().isoformat()) == (Status.ACTIVE, "2028-03-31")
    assert shop.mails().count("recovered") == 1

    # Her husband disputes the payment of March 31st: nothing more is tried on that card, then the bank finds for the seller.
    year.until(2028, 4, 5)
    dispute = shop.processor.post("disputes", {"charge": newest_charge(shop)})["id"]
    deliver_all(shop)
    year.until(2028, 5, 2)
    assert (len(year.paid), year.access) == (6, Status.ACTIVE)
    shop.processor.post(f"disputes/{dispute}/close", {"status": "won"})
    deliver_all(shop)
    year.until(2028, 5, 4)
    assert (len(year.paid), shop.read(order).held) == (7, None)

    # In the middle of June she wants more, and pays the difference.
    year.until(2028, 6, 15)
    begun = switching.change_product(shop.desk, year.buyer, order.uuid, "Gold", "f" * 32, by="member")
    shop.pay(begun, OTHER_GOOD_CARD)
    gold = finish(shop.desk, "f" * 32)
    year.look()
    assert (shop.read(order).ended_for, shop.read(gold).status) == ("replaced", State.ACTIVE)
    assert year.paid[-1] == 4900 - 948  # of 30 days 15 were left, less an hour: it is summer time
    year.until(2028, 8, 20)
    assert year.paid[-2:] == [4900, 4900]

    # A day of trouble is made good with a part of the money; then she cancels, and reads on to the end of what she paid.
    returning.refund(shop.desk, gold.uuid, 400, by="admin:1", reason="a day of trouble")
    changing.cancel(shop.desk, year.user, gold.uuid, by="member")
    year.until(2028, 9, 14)
    assert year.access is Status.PENDING_CANCEL
    year.until(2028, 9, 16)
    assert year.access is Status.CANCELED
    year.until(2028, 10, 31)

    # Twelve months later the books say the same here and there.
    assert year.paid == [1900] * 8 + [3952, 4900, 4900]
    assert credit_of(gold) == 0
    accounts = accounts_of(gold)
    assert accounts["gateway"] == sum(year.paid) - 400
    assert accounts["refunded"] == 400
    assert accounts["revenue"] + accounts["tax"] == -sum(year.paid)
    assert reconcile(shop.desk, datetime(2027, 10, 1, tzinfo=UTC), shop.now) == []
    assert shop.mails().count("receipt") == len(year.paid) - 3  # but for two welcomes and a recovery
