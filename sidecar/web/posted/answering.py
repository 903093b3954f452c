"""One step of a form, from what was sent to the answer: who may send it, how often, and what goes wrong in words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from sidecar.billing.gateways.gateway import NotExecuted, Unanswered
from sidecar.billing.guard import Paused
from sidecar.errors import GatepostError, NotFound, Refused
from sidecar.i18n import _
from sidecar.members.rules import Status
from sidecar.web.posted.account import ACCOUNT_STEPS
from sidecar.web.posted.checkout import CHECKOUT_STEPS
from sidecar.web.posted.declarations import DECLARATION_STEPS
from sidecar.web.posted.messages import FormAnswer, Submit, an_error, sentence
from sidecar.web.posted.profile import CUSTOM_STEPS, PROFILE_STEPS
from sidecar.web.posted.tries import count_origin, count_try

log = logging.getLogger(__name__)
STEPS: Mapping[str, Mapping[str, Callable[[Submit], FormAnswer]]] = {
    "checkout": CHECKOUT_STEPS,
    "myaccount": {**ACCOUNT_STEPS, **PROFILE_STEPS},
    "custom": CUSTOM_STEPS,
    "cancel": DECLARATION_STEPS,
    "withdraw": DECLARATION_STEPS,
}
_LIMITS = {
    "quote": ("coupon", 30), "begin": ("begin", 20), "card_begin": ("card", 20), "pay": ("card", 20),
    "finish": ("finish", 60), "card_finish": ("finish", 60), "profile": ("profile", 60), "save": ("profile", 60),
    "email": ("email", 10), "download": ("download", 5), "declare": ("declare", 10),
}  # fmt: skip
"""Step → what is counted, and how often somebody may try it in an hour."""
_FOR_EVERYBODY = {"cancel", "withdraw"}
"""Forms that nobody is shut out of."""
_OF_ONE_ORDER = {"finish", "card_finish"}
"""Steps that ask the gateway about one order, and so are counted by order, too."""


class UnknownStep(GatepostError):
    """The form has no such step: nobody who uses it sends that."""


def answer_form(submit: Submit) -> FormAnswer:
    """Do one step. Raises UnknownStep; all else is said in the answer."""
    step = STEPS[submit.asked.form].get(submit.asked.step)
    if step is None:
        raise UnknownStep(submit.asked.step)
    try:
        if submit.asked.form not in _FOR_EVERYBODY:
            _refuse_locked(submit)
        _count_try(submit)
        return step(submit)
    except GatepostError as error:
        return an_error(_in_words(error))


def _refuse_locked(submit: Submit) -> None:
    level = submit.member.level if submit.member is not None else None
    if level is not None and level.status is Status.LOCKED:
        raise Refused(_("Your account is locked. Please contact us."))


def _count_try(submit: Submit) -> None:
    """By address and by user. The call that repeats a submit for a user whom it has made is no try of its own."""
    if submit.asked.step not in _LIMITS:
        return
    what, limit = _LIMITS[submit.asked.step]
    user_id = submit.user_id or submit.asked.created_user
    if submit.user_id is not None or user_id is None or submit.asked.step in _OF_ONE_ORDER:
        count_origin(what, submit.origin, limit)
    if user_id is not None:
        count_try(what, f"user:{user_id}", limit)
    if submit.asked.step in _OF_ONE_ORDER:
        count_try(what, submit.order_name(), limit)


def _in_words(error: GatepostError) -> str:
    """For who waits before the page. What the owner has to mend is in the log, not in his eyes; and what does not exist
    and what is not his are the same to him."""
    if isinstance(error, NotExecuted | Unanswered):
        log.warning("a form could not reach the gateway: %s", error)
        return _("The payment service does not answer. Nothing is lost; please try again in a minute.")
    if isinstance(error, NotFound):
        return _("This is not here any more. Please open the page again.")
    if isinstance(error, Paused) or not isinstance(error, Refused):
        log.error("a form could not be answered: %s", error)
        return _("This cannot be done at the moment. Please come back later.")
    return sentence(str(error))
