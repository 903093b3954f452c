"""What a payment gateway has posted to the site: checked, kept, acknowledged; understood later by a job."""

from __future__ import annotations

import base64
import binascii

import msgspec
from flask import Blueprint, Response, request

from sidecar.billing.gateways.gateway import BadWebhook
from sidecar.billing.hooks import receive_webhook
from sidecar.config import GATEWAYS
from sidecar.pages.messages import LongLine
from sidecar.service import service
from sidecar.web.trust import check_request, refusal, sign_response

webhooks = Blueprint("webhooks", __name__, url_prefix="/bridge/v1")
webhooks.before_request(check_request)
webhooks.after_request(sign_response)


class WebhookRequest(msgspec.Struct):
    """`POST /bridge/v1/webhooks/{gateway}`. `body`: base64 of the bytes as they came."""

    body: str
    signature: LongLine


@webhooks.post("/webhooks/<gateway>")
def webhook(gateway: str) -> Response:
    """Keep what the gateway sent, if it is the gateway's. Without a secret nothing can be checked: it is to come again later.

    Anybody may ask for that, so neither answer is one of an outage.
    """
    asked = msgspec.json.decode(request.get_data(), type=WebhookRequest)
    the_service = service()
    desk = the_service.desk
    if gateway not in GATEWAYS:
        return refusal("not_found", 404, "There is no such gateway here.")
    if desk.gateway is None or not the_service.config.webhook_secret():
        return refusal("not_now", 409, "Billing is off, or there is no secret to check webhooks with.")
    try:
        receive_webhook(desk, base64.b64decode(asked.body, validate=True), asked.signature)
    except (BadWebhook, binascii.Error, ValueError) as error:
        return refusal("bad_signature", 400, str(error))
    return Response(b'{"stored":true}', content_type="application/json")
