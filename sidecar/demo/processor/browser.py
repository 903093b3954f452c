"""The browser's half: the script that stands in for Stripe.js, and the bank's page that asks the customer."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlencode

from sidecar.demo.processor.acting import answer_bank, find_intent
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.calls import answer_of, as_json
from sidecar.demo.processor.desk import seen_in_browser
from sidecar.demo.processor.parameters import Params, needed, one_of, parse
from sidecar.demo.processor.processor import Processor
from sidecar.demo.processor.refusals import ApiError, Impossible, unauthorized
from sidecar.demo.processor.wire import Answer, Request

STATIC = Path(__file__).parent / "static"
SCRIPTS = frozenset({"/v3", "/v3/", "/v3/stripe.js", "/stripe.js"})


def answer_browser(processor: Processor, request: Request) -> Answer:
    """Scripts and pages; everything that acts wants the intent's client secret."""
    if request.method == "GET" and request.path in SCRIPTS:
        return Answer(
            200, (STATIC / "stripe.js").read_bytes(), {"Cache-Control": "no-cache"}, "text/javascript"
        )
    try:
        if request.path == "/v3/bank" and request.method == "GET":
            return _bank_page(processor, parse(request.query))
        if request.path == "/v3/authenticate" and request.method == "POST":
            return _authenticate(processor, parse(request.body.decode()))
    except ApiError as error:
        return answer_of(error)
    return Answer(404, as_json({"error": {"type": "invalid_request_error", "message": "Nothing is here."}}))


def _authenticate(processor: Processor, params: Params) -> Answer:
    """The customer's answer; the script hears the intent, the bank's page goes back to where they came from."""
    intent = _asked_about(processor, params)
    outcome = needed(params, "outcome")
    one_of(params, "outcome", "approve", "refuse")
    back = _return_url(intent)
    after = answer_bank(processor, intent["id"], approved=outcome == "approve")
    if params.get("page") and back:
        return Answer(303, b"", {"Location": _address_back(back, after)})
    return Answer(200, as_json(seen_in_browser(after)))


def _asked_about(processor: Processor, params: Params) -> Row:
    """The intent that waits for its customer. Raises 401 for a wrong secret, and where nothing waits."""
    intent = find_intent(processor, needed(params, "intent"))
    if intent["client_secret"] != params.get("client_secret"):
        raise unauthorized("")
    if intent["status"] != "requires_action":
        raise Impossible(f"This intent has the status {intent['status']}: the bank asks nothing.")
    return intent


def _return_url(intent: Row) -> str:
    redirect = (intent["next_action"] or {}).get("redirect_to_url") or {}
    return str(redirect.get("return_url") or "")


def _address_back(return_url: str, intent: Row) -> str:
    kind = intent["object"]
    succeeded = intent["status"] in {"succeeded", "processing"}
    told = {
        kind: intent["id"],
        f"{kind}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if succeeded else "failed",
    }
    return f"{return_url}{'&' if '?' in return_url else '?'}{urlencode(told)}"


def _bank_page(processor: Processor, params: Params) -> Answer:
    intent = _asked_about(processor, params)
    page = (STATIC / "bank.html").read_text("utf-8")
    for name, value in {"intent": intent["id"], "client_secret": intent["client_secret"]}.items():
        page = page.replace("{{ " + name + " }}", escape(value, quote=True))
    return Answer(200, page.encode(), content_type="text/html; charset=utf-8")
