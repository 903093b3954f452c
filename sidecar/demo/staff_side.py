"""Where WordPress's admin menu leads on a real site: into the dashboard, as one of the demo's staff."""

from __future__ import annotations

from flask import abort, g, redirect, request
from werkzeug.wrappers import Response

from sidecar.db import reading
from sidecar.demo.pages import preview
from sidecar.demo.people import STAFF
from sidecar.service import service
from sidecar.staff.signing_on import make_link
from sidecar.wordpress.users import find_user_by_login

_OWNER = STAFF[0].login


@preview.get("/wp-admin/admin.php")
def admin_menu() -> Response:
    """A one-time link, as the plugin would ask for it. Nobody signs in to the demo: it answers on this machine alone."""
    if request.args.get("page") != "gatepost":
        abort(404)
    with reading() as reader:
        owner = find_user_by_login(reader, service().tables, _OWNER)
    if owner is None:
        abort(404)
    link = make_link(service().tables, owner.id)
    return redirect(f"{service().config.dashboard.address}/enter?token={link}&lang={g.language}", 303)
