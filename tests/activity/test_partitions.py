"""An event whose month has no partition makes it, and fails nothing."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from jobs.activity import drain_spools
from jobs.mail import deliver_mails
from sidecar.activity.partitions import drop_partition, list_places, sync_partitions
from sidecar.activity.rules import EventType
from sidecar.activity.spool import SpoolWriter
from sidecar.activity.store import add_event
from sidecar.db import reading, session, use_case
from tests.activity.sealed import an_event, faults, rows, seal
from tests.house import NOW
from tests.mail.orders import a_free_order

ON_MARIADB = pytest.mark.parametrize(
    "house", [pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True
)
TIMES = [
    pytest.param(datetime(2027, 9, 1, tzinfo=UTC), id="cron dead for months"),
    pytest.param(datetime(2031, 3, 5, tzinfo=UTC), id="a jump ahead"),
    pytest.param(datetime(1970, 1, 1, tzinfo=UTC), id="1970"),
    pytest.param(datetime(2011, 3, 5, tzinfo=UTC), id="a jump back"),
]


@pytest.fixture
def only_these_months(house):
    """Partitions that a test has made go again."""
    before = places()
    yield
    if house.service.config.database_url.get_backend_name() != "sqlite":
        for place in set(places()) - set(before):
            drop_partition(place)


def places():
    with reading() as reader:
        return list_places(reader)


@pytest.mark.parametrize("at", TIMES)
def test_a_change_of_status_whose_month_is_missing_goes_through_with_its_event(
    house, shop, at, only_these_months
):
    product = shop.product()
    house.clock.moment = at
    anna = house.user("anna")
    begun, _token = shop.begin(anna, product)
    assert begun.mode == "payment"
    assert "ordered" in [row.name for row in rows(type="billing")]
    assert {row.at for row in rows(type="billing")} == {at}
    seal(house)
    assert faults(house) == []
    house.clock.moment = NOW


@pytest.mark.parametrize("at", TIMES)
def test_the_drain_makes_the_months_that_are_missing(house, at, only_these_months):
    writer = SpoolWriter(house.service.config.state_dir / "spool")
    events = [an_event(number, at=at + timedelta(days=20 * number)) for number in range(5)]
    assert all(writer.append(event) for event in events)
    assert drain_spools(house.service) == 5
    assert {row.id for row in rows()} == {event.id for event in events}


def test_a_mail_is_noted_in_a_month_that_is_missing(house, site, only_these_months):
    house.clock.moment = datetime(2028, 2, 3, tzinfo=UTC)
    a_free_order(house, house.user("anna"))
    assert deliver_mails(house.service) == 1
    assert sorted(row.name for row in rows(type="email")) == ["queued", "sent"]
    house.clock.moment = NOW


@ON_MARIADB
def test_the_use_case_is_repeated_as_a_whole_and_nothing_of_the_first_try_stays(house, only_these_months):
    tries = []

    @use_case
    def record_twice():
        tries.append(1)
        add_event(session(), EventType.LOGIN, "signed_in", NOW, member_id=1)
        add_event(session(), EventType.LOGIN, "signed_in", datetime(2029, 1, 1, tzinfo=UTC), member_id=1)

    record_twice()
    assert (len(tries), len(rows())) == (2, 2)


@ON_MARIADB
def test_a_fault_of_another_table_with_the_same_number_is_not_healed(house):
    @use_case
    def insert():
        session().execute(sa.text("CREATE TEMPORARY TABLE parted (month INT) "))
        session().execute(sa.text("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1526, MESSAGE_TEXT = 'parted'"))

    with pytest.raises(sa.exc.DBAPIError, match="parted"):
        insert()


@ON_MARIADB
def test_clocks_that_jump_all_over_make_no_month_before_or_beyond_this_century(house, only_these_months):
    before = len(places())
    moments = [datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 1980, 1999, 2100, 2500, 9999)]
    writer = SpoolWriter(house.service.config.state_dir / "spool")
    for number, at in enumerate(moments):
        assert writer.append(an_event(number, at=at))
    assert drain_spools(house.service) == len(moments)
    assert {row.month for row in rows()} == {0}
    assert len(places()) == before


@ON_MARIADB
def test_two_who_miss_the_same_month_at_once_both_go_on(house, only_these_months):
    import threading

    ready, failed = threading.Barrier(4), []

    def run(number):
        with house.app.app_context():
            ready.wait()
            try:
                _record(number)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(rows()) == 4


@use_case
def _record(number):
    add_event(session(), EventType.PAGE, "viewed", datetime(2030, 7, 1 + number, tzinfo=UTC), member_id=1)


@ON_MARIADB
def test_making_partitions_again_does_nothing(house, only_these_months):
    assert sync_partitions([0, 203801]) >= len(EventType)
    assert sync_partitions([0, 203801]) == 0


@ON_MARIADB
def test_dropping_a_partition_again_does_nothing(house, only_these_months):
    sync_partitions([203901])
    for _time in range(2):
        drop_partition(("page", 203901))
    assert ("page", 203901) not in places()
    assert ("login", 203901) in places()
