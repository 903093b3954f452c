"""What the plugin does when a member opens one of his invoices (docs/protocol.md), for the demo: the viewer of the preview is asked
for by the very route that the plugin calls."""

from __future__ import annotations

import base64
import json

from flask import abort, current_app
from werkzeug.wrappers import Response

from sidecar.service import service
from sidecar.signatures import new_headers

_PATH = "/bridge/v1/invoice"


def invoice_file(user_id: int, name: str, language: str) -> Response:
    """The PDF; 404 for what is not his."""
    the_service, body = (
        service(),
        json.dumps({"user": user_id, "name": name[:200], "language": language}).encode(),
    )
    site = the_service.config.site.url
    headers = new_headers(the_service.secret or "", "POST", _PATH, site, body)
    answer = current_app.test_client().post(_PATH, data=body, headers=headers, base_url=site)
    content = answer.get_json()
    if answer.status_code != 200 or not content["pdf"]:
        abort(404)
    disposition = f'attachment; filename="{content["name"]}.pdf"'
    return Response(
        base64.b64decode(content["pdf"]),
        content_type="application/pdf",
        headers={"Content-Disposition": disposition, "Cache-Control": "private, no-store"},
    )
