"""The steps of My Account: a new card, the payment of what is overdue, cancel, keep, pause, resume.

An order is looked for among those of the sender alone: somebody else's is answered like one that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sidecar.billing import changing
from sidecar.billing.account import Holding, get_account
from sidecar.billing.locking import Busy
from sidecar.billing.ordering import Buyer
from sidecar.billing.paying import CardOutcome, begin_card, finish_card_hearing
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.pages.facts import read_names
from sidecar.pages.forms.account import said_in_words
from sidecar.pages.forms.showing import SAID
from sidecar.pages.forms.words import Words
from sidecar.web.posted.declines import decline_in_words
from sidecar.web.posted.messages import FormAnswer, Submit, an_error
from sidecar.web.posted.tries import may_ask_gateway

_SETUP = re.compile(r"seti_[A-Za-z0-9_]{1,100}")
_ORDER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


# --- cards ----------------------------------------------------------------------------------------------------------


def begin_change_of_card(submit: Submit) -> FormAnswer:
    """By what the browser keeps a new card; where something is overdue, that card pays it at once."""
    return _begin(submit, "")


def begin_payment(submit: Submit) -> FormAnswer:
    """By what the browser pays one overdue order with a new card."""
    return _begin(submit, _own(submit).order)


def _begin(submit: Submit, order_uuid: str) -> FormAnswer:
    begun = begin_card(submit.desk, _buyer(submit), order_uuid)
    order = begun.order or begun.client_secret.partition("_secret_")[0]
    data: dict[str, Any] = {
        "mode": begun.mode, "client_secret": begun.client_secret, "publishable_key": begun.publishable_key,
        "order": order,
    }  # fmt: skip
    return FormAnswer(message=_due_in_words(submit, begun.order), data=data)


def finish_change_of_card(submit: Submit) -> FormAnswer:
    """The browser is back from the gateway. `order` is what `_begin` gave: an order to be paid, or a card to be kept."""
    outcome = _finish(submit, submit.field("order"))
    if outcome.word in {"paid", "kept"}:
        return done(submit, outcome.word)
    if outcome.word == "declined":
        return an_error(decline_in_words(outcome.decline))
    return FormAnswer(
        state="processing", message=_("Your payment is being processed. You need not stay on this page.")
    )


def _finish(submit: Submit, named: str) -> CardOutcome:
    """Open, too, where the gateway was asked a moment ago or somebody else is working on it now."""
    user_id = user_of(submit)
    if not (_SETUP.fullmatch(named) or _ORDER.fullmatch(named)):
        raise _unknown()
    if not may_ask_gateway(submit.order_name()):
        return CardOutcome("open")
    names = {"setup_id": named} if _SETUP.fullmatch(named) else {"order_uuid": named}
    try:
        return finish_card_hearing(submit.desk, user_id, **names)
    except Busy:
        return CardOutcome("open")


def _due_in_words(submit: Submit, order_uuid: str) -> str:
    due = next((one for one in _holdings(submit) if one.order == order_uuid and one.overdue_minor), None)
    if due is None:
        return ""
    words = Words(submit.language, submit.knowledge.site.zone)
    return _("To pay now: {amount}.").format(amount=words.money(due.overdue_minor, due.currency))


# --- what can be done with an order ---------------------------------------------------------------------------------


def _act(
    name: str, may: Callable[[Holding], bool], do: Callable[..., object]
) -> Callable[[Submit], FormAnswer]:
    """A step that does one thing with one order of the sender."""

    def step(submit: Submit) -> FormAnswer:
        user_id, holding = user_of(submit), _own(submit)
        if not may(holding):
            return an_error(_("This has changed meanwhile. Please open the page again."))
        do(submit.desk, user_id, holding.order, by=f"user:{user_id}")
        return done(submit, name)

    return step


def done(submit: Submit, name: str) -> FormAnswer:
    """The page is opened anew, so that it shows how things stand, and says what was done."""
    return FormAnswer(message=said_in_words()[name], redirect=_with(_page_url(submit), name))


def _page_url(submit: Submit) -> str:
    """The page of My Account: the owner's, or else the one the form stands in, where its path names it."""
    own = submit.core_url("myaccount")
    path, site = submit.asked.url, submit.knowledge.site
    if own or not site.permalink_structure or not path.startswith("/") or path.startswith("//"):
        return own
    scheme, _slashes, rest = site.home.partition("//")
    return f"{scheme}//{rest.partition('/')[0]}{path.partition('?')[0]}"


def _with(url: str, name: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{SAID}={name}" if url else ""


# --- who sends, and what is his -------------------------------------------------------------------------------------


def user_of(submit: Submit) -> int:
    """The signed-in sender; nobody else has an account."""
    if submit.user_id is None:
        raise Refused(_("Please sign in to see your account."))
    return submit.user_id


def _holdings(submit: Submit) -> tuple[Holding, ...]:
    with reading() as reader:
        return get_account(reader, user_of(submit), may_pause=submit.desk.settings.members_may_pause).holdings


def _own(submit: Submit) -> Holding:
    """The order that the form names, if it is the sender's; raises NotFound."""
    name = submit.field("order")
    for holding in _holdings(submit):
        if holding.order == name:
            return holding
    raise _unknown()


def is_order_name(text: str) -> bool:
    """Whether it looks like an order's."""
    return _ORDER.fullmatch(text) is not None


def _unknown() -> NotFound:
    return NotFound(_("There is no such order."))


def _buyer(submit: Submit) -> Buyer:
    user_id = user_of(submit)
    with reading() as reader:
        names = read_names(reader, submit.desk.tables, user_id)
    return Buyer(
        user_id, names.email, f"{names.first_name} {names.last_name}".strip() or names.login, submit.ip
    )


ACCOUNT_STEPS: dict[str, Callable[[Submit], FormAnswer]] = {
    "card_begin": begin_change_of_card,
    "pay": begin_payment,
    "card_finish": finish_change_of_card,
    "cancel": _act("cancel", lambda one: one.can_cancel, changing.cancel),
    "keep": _act("keep", lambda one: one.can_keep, changing.keep),
    "pause": _act("pause", lambda one: one.can_pause, changing.pause),
    "resume": _act("resume", lambda one: one.can_resume, changing.resume),
}
