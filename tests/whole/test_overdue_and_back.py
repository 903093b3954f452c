"""What the product is for, as people live it: a browser on a real site, a card that fails, and a clock that is put forward."""

import re
from datetime import timedelta

import pytest

from sidecar.access.ruling import choose_core_page
from sidecar.catalog.making import make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from tests.bed.browser import Pages
from tests.bed.processes import wait_until
from tests.bed.session import Session
from tests.processor.running import RunningProcessor, running_processor
from tests.whole import moved
from tests.whole.club import Club, a_club, now

PAYS, CAN_BE_KEPT_AND_FAILS = "4242 4242 4242 4242", "4000 0000 0000 0341"
SECRET = "How to sharpen a plane iron"


@pytest.fixture
def processor():
    with running_processor() as running:
        yield running


@pytest.fixture
def club(bed: Session, processor: RunningProcessor):
    site = bed.new_site("newest")
    key = site.folder / "stripe-key"
    key.write_text(processor.secret_key)
    billing = {
        "gateway": "stripe", "secret_key_file": str(key), "publishable_key": processor.publishable_key,
        "api_url": processor.url, "script_url": f"{processor.url}/v3/", "accept_unsafe_database": True,
    }  # fmt: skip
    (site.folder / "sidecar").mkdir(mode=0o755)
    (site.folder / "sidecar" / moved.FILE).write_text("0")
    with a_club(
        site, "tests.whole.moved", billing=billing, invoices={"seller_name": "Alder & Ash"}
    ) as running:
        furnish(running)
        yield running
    site.close()


def furnish(club: Club) -> None:
    gold = club.level("Gold")
    make_product(
        "Gold monthly", Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month"), Grant.LEVEL, gold, now=now()
    )
    join = club.site.new_post("Join", "[MM_Form type='checkout' productId='Gold monthly']", type="page")
    account = club.site.new_post("Account", "[MM_Form type='myaccount']", type="page")
    for kind, post_id in (("checkout", join), ("myaccount", account)):
        choose_core_page(kind, post_id, now=now())
    club.protect(club.site.new_post("Lesson", f"<p>{SECRET}</p>"), gold)
    club.sync_index()


class Calendar:
    """The club's clock and the processor's, put forward together; cron has its turn after it."""

    def __init__(self, club: Club, processor: RunningProcessor) -> None:
        self._club, self._processor = club, processor
        self._offset = timedelta()

    def turn(self, **by: int) -> None:
        self._offset += timedelta(**by)
        self._processor.post("clock", {"now": (now() + self._offset).timestamp()})
        (self._club.folder / moved.FILE).write_text(str(self._offset.total_seconds()))
        done = self._club.gatepost("tick")
        assert done.returncode == 0, done.stdout + done.stderr


def give_card(page, number: str) -> None:
    page.locator("input[name=number]").fill(number)
    page.locator("input[name=expiry]").fill("12 / 34")
    page.locator("input[name=cvc]").fill("123")


def shows_lesson(page) -> bool:
    page.goto("/lesson/")
    return SECRET in page.content()


def mail_about(club: Club, address: str, subject: str) -> str:
    """The text of the one mail with these words in its subject, which the service sends within seconds."""

    def found() -> list[str]:
        return [
            mail.get_body(("plain",)).get_content()
            for mail in club.site.mails()
            if mail["To"] == address and subject in mail["Subject"]
        ]

    assert wait_until(lambda: bool(found()), within_seconds=30), [
        mail["Subject"] for mail in club.site.mails()
    ]
    [text] = found()
    return text


def test_a_member_falls_overdue_is_told_gives_another_card_and_is_back_and_the_owner_sees_it_all(
    club: Club, processor: RunningProcessor, new_page: Pages
) -> None:
    calendar, page = Calendar(club, processor), new_page(club.site, None, width=390)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    assert not shows_lesson(page)

    page.goto("/join/")
    for label, value in {
        "E-mail address": "anna@example.test",
        "First name": "Anna",
        "Last name": "Kern",
    }.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Password").fill("long enough")
    page.get_by_role("button", name="Continue to payment").click()
    give_card(page, PAYS)
    page.get_by_role("button", name="Pay now").click()
    page.get_by_text("Thank you! You are signed in now").wait_for()
    assert shows_lesson(page)

    page.goto("/account/")
    page.get_by_role("button", name="Change card").click()
    give_card(page, CAN_BE_KEPT_AND_FAILS)
    page.get_by_role("button", name="Save card").click()
    page.get_by_text("Your new card is kept").wait_for()

    calendar.turn(days=32)
    assert wait_until(lambda: not shows_lesson(page), within_seconds=30)
    told = mail_about(club, "anna@example.test", "did not go through")
    assert "We will try again on" in told
    calendar.turn(days=2, hours=1)
    mail_about(club, "anna@example.test", "still open")

    page.goto(re.search(r"https?://\S+/account/\S*", told)[0])
    assert page.get_by_text("Your payment of €19.00 did not go through.").is_visible()
    page.get_by_role("button", name="Pay €19.00 now with a new card").click()
    give_card(page, PAYS)
    page.get_by_role("button", name="Pay €19.00", exact=True).click()
    page.get_by_text("Thank you, your payment has arrived.").wait_for()
    assert shows_lesson(page)
    calendar.turn(minutes=5)
    assert "€19.00" in mail_about(club, "anna@example.test", "All is well again")
    assert [one["status"] for one in processor.get("ledger")["charges"]].count("succeeded") == 2

    office = new_page(club.site, "admin", width=1280)
    office.on("pageerror", lambda error: problems.append(str(error)))
    office.goto("/wp-admin/admin.php?page=gatepost")
    office.get_by_role("heading", name="Overview").wait_for()
    office.get_by_role("link", name="Members", exact=True).click()
    office.get_by_label("Search").fill("anna ker")
    office.keyboard.press("Enter")
    office.wait_for_url("**q=anna**")
    found = office.get_by_role("link", name="Anna Kern")
    assert wait_until(lambda: found.count() == 1 or office.reload() is None, within_seconds=60)
    found.click()
    story = office.get_by_role("main").inner_text()
    for sentence in ("active", "declined", "€19.00"):
        assert sentence in story
    office.locator("a[href*='/orders/']").first.click()
    assert office.get_by_text("Invoice").count() >= 2
    assert problems == []
    assert club.site.log("/plugins/gatepost/") == ""
