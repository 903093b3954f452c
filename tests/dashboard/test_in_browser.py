"""The dashboard in a real browser: on a real site through the plugin, by mouse and by keyboard, and without any breach of WCAG 2.2 AA.

The screens full of data are looked at in the demo, whose site has members in every state.
"""

from collections.abc import Iterator

import pytest

from sidecar.staff.employing import employ
from sidecar.staff.rules import Role
from tests.bed.browser import Pages
from tests.bed.processes import wait_until
from tests.dashboard.axe import breaches
from tests.dashboard.screens import IN_THE_DEMO as SCREENS
from tests.demo.process import DemoProcess, running_demo
from tests.whole.club import Club, now

WIDTHS = [390, 1280]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    with running_demo(tmp_path_factory.mktemp("demo")) as process:
        yield process


def strict(page):
    """A page that remembers what the browser complained about."""
    page.complaints = []
    page.on(
        "console", lambda one: page.complaints.append(one.text) if one.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def enter(page, demo: DemoProcess, language: str = "en") -> None:
    page.goto(f"{demo.address}/wp-admin/admin.php?page=gatepost&lang={language}")


@pytest.mark.process
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_screen_breaks_a_rule_of_accessibility_or_is_wider_than_its_window(
    demo: DemoProcess, new_page: Pages, width: int, scheme: str
) -> None:
    page = strict(new_page(width=width, color_scheme=scheme))
    enter(page, demo)
    found = {}
    for name, path in SCREENS.items():
        page.goto(f"{demo.address}/dashboard{path}")
        found[name] = [*breaches(page), *too_wide(page)]
    page.goto(f"{demo.address}/dashboard/overdue")
    page.get_by_role("link", name="Show order").first.click()
    found["order"] = [*breaches(page), *too_wide(page)]
    page.get_by_role("link", name="Refund").click()
    found["refund"] = [*breaches(page), *too_wide(page)]
    page.goto(f"{demo.address}/dashboard/catalog/products/new")
    page.get_by_role("button", name="Make it").evaluate("button => button.form.noValidate = true")
    page.get_by_role("button", name="Make it").click()
    found["mistakes"] = [*breaches(page), *too_wide(page)]
    assert page.get_by_role("alert").count() == 1
    page.goto(f"{demo.address}/dashboard/catalog/products/2")
    page.get_by_label("Price", exact=True).fill("25")
    page.get_by_role("button", name="Continue").click()
    found["before saving"] = [*breaches(page), *too_wide(page)]
    page.goto(f"{demo.address}/dashboard/rules")
    page.get_by_label("Course 3: The first joint: Apprentice from day").fill("20")
    page.get_by_role("button", name="Continue").click()
    found["before the grid is saved"] = [*breaches(page), *too_wide(page)]
    assert page.get_by_role("button", name="Save").count() == 1

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    # the address without a screen, and the form with mistakes
    assert [line for line in page.complaints if "404" not in line and "422" not in line] == []


def too_wide(page) -> list[str]:
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"wider than the window by {over}"] if over > 0 else []


@pytest.mark.process
def test_a_member_is_found_while_typing_and_by_the_keyboard_alone(demo: DemoProcess, new_page: Pages) -> None:
    page = strict(new_page())
    enter(page, demo)
    page.goto(f"{demo.address}/dashboard/members")
    page.keyboard.press("/")
    page.keyboard.type("turn")
    page.wait_for_url("**/members?*q=turn*")
    page.wait_for_function("document.querySelectorAll('#list tbody tr').length === 1")
    page.wait_for_function("!document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')")

    page.locator("#list tbody a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/*")
    assert page.get_by_role("heading", level=1).inner_text() == "Jack Turner"
    assert page.complaints == []


@pytest.mark.process
def test_an_overdue_payment_is_collected_by_hand_and_the_log_says_who_did_it(
    demo: DemoProcess, new_page: Pages
) -> None:
    page = strict(new_page())
    enter(page, demo)
    page.goto(f"{demo.address}/dashboard/overdue")
    page.get_by_role("row").filter(has_text="Jack Turner").get_by_role("link", name="Show order").click()
    page.get_by_role("link", name="Mark as paid").click()
    assert page.get_by_text("counts as paid by cash").count() == 1
    page.get_by_label("Note for the books").fill("paid at the workshop")
    page.get_by_role("button", name="Mark as paid").click()

    page.get_by_text("Done. The log says who did it.").wait_for()
    assert page.locator("h1 + .pill").inner_text() == "active"
    assert page.get_by_text("paid at the workshop").count() >= 1
    assert page.complaints == []


@pytest.mark.process
@pytest.mark.parametrize("scripts", [True, False])
def test_a_mail_is_written_looked_at_for_a_member_tried_out_and_saved(
    demo: DemoProcess, new_page: Pages, scripts: bool
) -> None:
    page = strict(new_page(java_script_enabled=scripts))
    enter(page, demo)
    page.goto(f"{demo.address}/dashboard/mails/receipt/en")
    frame = page.frame_locator("iframe.preview")
    frame.get_by_text("alex@example.com").wait_for()
    page.get_by_label("Shown for the member").fill("turn")
    if not scripts:
        page.get_by_role("button", name="Search").click()
    page.get_by_label("Jack Turner").check()
    page.get_by_label("Subject").fill("For [MM_Member_Data name='lastName']")
    if not scripts:
        page.get_by_role("button", name="Preview").click()
    frame.get_by_text("For Turner").wait_for()
    mail = frame.frame_locator("iframe")
    button = mail.get_by_role("link", name="My account")
    assert button.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(31, 31, 31)"
    page.get_by_role("button", name="Send to me").click()
    frame.get_by_text("marked as a test").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. From now on it is sent so.").wait_for()
    assert page.locator("h1 + .pill").inner_text() == "your own"
    page.get_by_text("Go back to the default").first.click()
    page.get_by_role("button", name="Go back to the default").click()
    page.get_by_text("The default is sent again.").wait_for()
    assert page.complaints == []


@pytest.mark.process
@pytest.mark.parametrize("scripts", [True, False])
def test_the_grid_is_filled_in_by_the_keyboard_alone_with_scripts_and_without(
    demo: DemoProcess, new_page: Pages, scripts: bool
) -> None:
    page = strict(new_page(width=390, java_script_enabled=scripts))
    enter(page, demo)
    page.goto(f"{demo.address}/dashboard/rules")
    day = page.get_by_label("Course 4: The small box: Apprentice from day")
    wanted = "40" if scripts else "45"
    day.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(wanted)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What will happen").wait_for()
    assert page.get_by_text(f"Apprentice from day {wanted}").count() == 1
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Saved. The site follows within seconds").wait_for()
    assert day.input_value() == wanted
    assert page.complaints == []


@pytest.mark.process
def test_only_the_fields_of_the_chosen_kind_are_shown_and_content_is_found_while_typing(
    demo: DemoProcess, new_page: Pages
) -> None:
    page = strict(new_page())
    enter(page, demo)
    page.goto(f"{demo.address}/dashboard/catalog/products/new")
    fields = ("Price", "Renews every", "Number of payments", "Days of access")
    shown = {}
    for kind in ("Subscription", "Payment plan", "Once", "Free"):
        page.get_by_label(kind, exact=True).check()
        shown[kind] = [name for name in fields if page.get_by_label(name, exact=True).is_visible()]
    assert shown == {
        "Subscription": ["Price", "Renews every"], "Payment plan": ["Price", "Renews every", "Number of payments"],
        "Once": ["Price", "Days of access"], "Free": ["Days of access"],
    }  # fmt: skip
    page.goto(f"{demo.address}/dashboard/rules/find")
    page.get_by_role("searchbox").press_sequentially("first cuts")
    page.get_by_role("row").filter(has_text="Course 1: First cuts").get_by_role("link").click()
    page.get_by_role("heading", level=1, name="Course 1: First cuts").wait_for()
    assert page.complaints == []


@pytest.mark.process
def test_the_first_stop_of_the_keyboard_leads_past_the_menu(demo: DemoProcess, new_page: Pages) -> None:
    page = new_page()
    enter(page, demo)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.process
def test_french_is_spoken_to_whom_the_browser_says_so(demo: DemoProcess, new_page: Pages) -> None:
    page = new_page(locale="fr")
    enter(page, demo, "fr")
    assert page.get_by_role("heading", level=1).inner_text() == "Vue d’ensemble"
    assert page.locator("html").get_attribute("lang") == "fr"


@pytest.mark.parametrize("width", WIDTHS)
def test_an_administrator_comes_from_wordpress_and_finds_a_member(
    club: Club, new_page: Pages, width: int
) -> None:
    if "anna" not in {
        *club.site.php("echo implode(' ', get_users(array('fields' => 'user_login')));").split()
    }:
        club.member("anna", club.level("Gold"))
    page = strict(new_page(club.site, "admin", width=width))
    page.goto("/wp-admin/admin.php?page=gatepost")
    page.wait_for_url("**/gatepost/overview")
    assert page.get_by_role("heading", level=1).inner_text() == "Overview"
    assert [*breaches(page), *too_wide(page)] == []
    page.get_by_role("link", name="Members", exact=True).click()
    page.get_by_role("link", name="anna").first.click()
    page.get_by_role("link", name="Lock").click()
    page.get_by_role("button", name="Lock").click()
    page.get_by_text("Done. The log says who did it.").wait_for()
    assert page.locator("h1 + .pill").inner_text() == "locked"
    page.get_by_role("link", name="Unlock").click()
    page.get_by_role("button", name="Unlock").click()
    page.get_by_text("Done. The log says who did it.").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in through WordPress").wait_for()
    assert page.complaints == []


def test_a_mail_is_looked_at_through_the_plugin_and_a_test_goes_out_by_the_sites_own_mailer(
    club: Club, new_page: Pages
) -> None:
    page = strict(new_page(club.site, "admin"))
    page.goto("/wp-admin/admin.php?page=gatepost")
    page.get_by_role("link", name="E-mails").click()
    page.get_by_role("link", name="Change Welcome, English").click()
    frame = page.frame_locator("iframe.preview")
    frame.frame_locator("iframe").get_by_text("Hello Alex,").wait_for()
    page.get_by_label("Subject").fill("Welcome to [MM_Mail_Data name='siteName']")
    page.get_by_role("button", name="Send to me").click()
    frame.get_by_text("marked as a test").wait_for()
    assert page.complaints == []

    assert wait_until(lambda: any("[Test]" in mail["Subject"] for mail in club.site.mails()), 30)
    mail = next(mail for mail in club.site.mails() if "[Test]" in mail["Subject"])
    assert mail["Subject"].startswith("[Test] Welcome to ")
    assert mail["Message-ID"].endswith("@127.0.0.1>")
    assert "Hello Alex," in mail.get_body(["plain"]).get_content()
    assert 'class="button"' in mail.get_body(["html"]).get_content()


def test_staff_sees_the_entry_in_wordpress_and_only_the_screens_of_the_role(
    club: Club, new_page: Pages
) -> None:
    analyst = club.site.user("numbers")
    employ(club.config_tables, analyst, Role.ANALYST, by="test", now=now())
    club.site.php("Gatepost\\change_staff(array('users' => array((int) $args[0])));", analyst)
    page = new_page(club.site, "numbers")
    page.goto("/wp-admin/")
    page.locator("#toplevel_page_gatepost a").first.click()
    page.wait_for_url("**/gatepost/overview")
    assert [one.strip() for one in page.locator(".menu a").all_inner_texts()] == ["Overview"]
    page.goto("/gatepost/members")
    assert page.get_by_text("Your role does not allow this.").count() == 1
