"""What stands in the place of a closed post, and where its page leads instead. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from urllib.parse import urlencode

import nh3
from babel.dates import format_date
from markupsafe import Markup

from sidecar.access.rules import CANCELED, EXPIRED, LOCKED, Decision, Denied, Outcome
from sidecar.i18n import _
from sidecar.pages.messages import ObjectAnswer

CoreUrl = Callable[[str], str | None]
VISITOR, NO_MEMBER = "visitor", ""


def notice_of(decision: Decision, *, status: str, core_url: CoreUrl, language: str, zone: tzinfo) -> str:
    """HTML that stands for a closed post. `status`: of the viewer's level; `VISITOR`, or `NO_MEMBER` when signed in.

    The rule's own teaser comes as it was written (whoever is no administrator writes it `without_scripts`); everything else is
    escaped.
    """
    if decision.rule is not None and decision.rule.teaser:
        return decision.rule.teaser
    sentence, kind, label = _sentence(decision, status, language, zone)
    url = core_url(kind) if kind else None
    link = Markup(' <a href="{}">{}</a>').format(url, label) if url else Markup("")
    return str(Markup('<p class="gatepost-notice">{}{}</p>').format(sentence, link))


def without_scripts(teaser: str) -> str:
    """A teaser with what texts are made of alone: no script, frame, form or style of its own.

    >>> without_scripts('<p class="big" onclick="x()">Join <a href="javascript:x()">us</a><script>x()</script></p>')
    '<p class="big">Join <a rel="noopener noreferrer">us</a></p>'
    """
    return nh3.clean(teaser, attributes={**nh3.ALLOWED_ATTRIBUTES, "*": {"class", "title", "lang", "dir"}})


def _sentence(decision: Decision, status: str, language: str, zone: tzinfo) -> tuple[str, str, str]:
    """(sentence, core page to link to, the link's text)."""
    if decision.outcome is Outcome.FUTURE and decision.opens_at is not None:
        day = _day(decision.opens_at, language, zone)
        return _("This will open for you on {date}.").replace("{date}", day), "", ""
    if status == VISITOR:
        return _("This content is for members."), "login", _("Log in")
    if status == NO_MEMBER:
        return _("This content is for members."), "checkout", _("See what is on offer")
    if status == "overdue":
        return _("Your last payment did not go through."), "myaccount", _("Update your payment details")
    if status == "paused":
        return _("Your membership is paused; this had not opened yet."), "myaccount", _("My account")
    by_code = {
        CANCELED: _("Your membership was canceled."),
        EXPIRED: _("Your membership has expired."),
        LOCKED: _("Your account is locked."),
    }
    sentence = by_code.get(decision.code, _("Your membership does not include this content."))
    return sentence, "" if decision.code == LOCKED else "checkout", _("See what is on offer")


def _day(moment: datetime, language: str, zone: tzinfo) -> str:
    return format_date(moment.astimezone(zone).date(), format="long", locale=language)


def page_of_denied(
    decision: Decision, *, signed_in: bool, core_url: CoreUrl, here: str, has_lead: bool
) -> ObjectAnswer:
    """Where a closed page leads. `here`: the address that was asked for. `has_lead`: a part of it is public.

    A teaser that shows a part answers 200, so that search engines may list it; one that shows nothing answers 403.
    Somebody who is signed in already is not sent to the login page.
    """
    denied = decision.rule.denied if decision.rule else Denied.TEASER
    if denied is Denied.LOGIN and not signed_in:
        login = core_url("login")
        if login:
            return ObjectAnswer(act="redirect", url=_with(login, redirect_to=here), status=302)
    if denied is Denied.ERROR or (denied is Denied.LOGIN and signed_in):
        error = core_url("error")
        if error:
            return ObjectAnswer(act="redirect", url=_with(error, code=str(decision.code)), status=302)
    return ObjectAnswer(act="teaser", status=200 if has_lead else 403)


def _with(url: str, **query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def too_long_notice() -> str:
    """Stands for a text that is too long to be looked through for tags."""
    return str(Markup('<p class="gatepost-notice">{}</p>').format(_("This text is too long to be shown.")))
