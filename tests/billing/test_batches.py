import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sidecar.billing.batches import Batches


@pytest.fixture
def released():
    return []


@pytest.fixture
def batches(released):
    return Batches(released.append)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_batch_is_released_once_its_last_order_is_done(batches, released, pool):
    batches.begin(pool, "first", str, [1, 2, 3])
    assert sorted(batches.take(leaving=1)) in (["1", "2"], ["1", "3"], ["2", "3"])
    assert (released, batches.under_way) == ([], 1)
    assert len(list(batches.take(leaving=0))) == 1
    assert (released, batches.under_way) == (["first"], 0)


def test_the_next_batch_begins_while_one_order_of_the_last_is_still_waited_for(batches, released, pool):
    slow = threading.Event()

    def work(task):
        if task == "slow":
            assert slow.wait(10)
        return task

    batches.begin(pool, "first", work, ["slow", "quick"])
    assert list(batches.take(leaving=1)) == ["quick"]
    batches.begin(pool, "second", work, ["a", "b"])
    assert list(batches.take(leaving=1)) == ["a", "b"]
    assert released == ["second"]
    slow.set()
    assert list(batches.take(leaving=0)) == ["slow"]
    assert released == ["second", "first"]


def test_what_breaks_a_run_off_leaves_no_lock_behind(batches, released, pool):
    def work(task):
        raise KeyboardInterrupt

    batches.begin(pool, "first", work, [1, 2])
    with pytest.raises(KeyboardInterrupt):
        list(batches.take(leaving=0))
    batches.release()
    assert (released, batches.under_way) == (["first"], 0)
