"""Pages of the preview: the mails that members would have got."""

from __future__ import annotations

from flask import abort, request
from werkzeug.wrappers import Response

from sidecar.db import reading
from sidecar.demo.door import allow
from sidecar.demo.inbox import Received
from sidecar.demo.onlookers import Onlooker
from sidecar.demo.pages import inbox, preview, remembering, render_page
from sidecar.demo.scene import Scene

_INLINE_STYLES = "'unsafe-inline'"
"""Mails bring their looks with them; they stand in a frame in which nothing runs."""


@preview.get("/inbox")
def list_mails() -> str:
    """The newest mails, everybody's or (`to`) one member's."""
    with reading() as reader:
        scene = Scene(reader)
        who = _recipient(scene)
        mails = inbox().list_newest(who.email if who is not None else "")
        names = {one.email: one.name for one in scene.onlookers if one.email}
        return render_page("inbox.html", scene, mails=mails, names=names, who=who)


@preview.get("/inbox/newest")
def newest_mail() -> Response:
    """The newest mail to one user (`to`)."""
    with reading() as reader:
        scene = Scene(reader)
        who = _recipient(scene)
        mails = inbox().list_newest(who.email) if who is not None else []
        return _mail_page(scene, mails[0] if mails else None)


@preview.get("/inbox/<mail_id>")
def read_mail(mail_id: str) -> Response:
    """One mail; from now on one looks at the site as the one who got it, whose mail leads there."""
    with reading() as reader:
        return _mail_page(Scene(reader), inbox().find(mail_id))


def _recipient(scene: Scene) -> Onlooker | None:
    """The user in the address, if he can get mail."""
    wanted = request.args.get("to", 0, int)
    return next((one for one in scene.onlookers if one.user_id == wanted and one.email), None)


def _mail_page(scene: Scene, mail: Received | None) -> Response:
    if mail is None:
        abort(404)
    reader_of_mail = next((one for one in scene.onlookers if one.email == mail.to), scene.onlooker)
    allow(style_src=_INLINE_STYLES)
    page = render_page("mail.html", scene, mail=mail, frame=_opening_outside(mail.html), who=reader_of_mail)
    return remembering(page, reader_of_mail)


def _opening_outside(html: str) -> str:
    """The mail with links that leave its frame, as in a mail reader.

    >>> _opening_outside('<html><head><title>Hi</title></head></html>')
    '<html><head><base target="_top"><title>Hi</title></head></html>'
    """
    return html.replace("<head>", '<head><base target="_top">', 1)
