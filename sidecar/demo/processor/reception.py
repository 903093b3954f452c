"""Where a request goes: the API, the control, or the browser's half; and who may ask from another site."""

from __future__ import annotations

from sidecar.demo.processor.browser import answer_browser
from sidecar.demo.processor.control import answer_control
from sidecar.demo.processor.processor import Processor
from sidecar.demo.processor.wire import Answer, Handler, Request

LOOPBACK = ("127.", "::1")
CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, stripe-version, idempotency-key",
    "Access-Control-Max-Age": "600",
}


def reception(processor: Processor) -> Handler:
    """The handler of all requests."""

    def handle(request: Request) -> Answer | None:
        answer = _route(processor, request)
        if answer and not request.path.startswith("/_test/"):
            answer.headers = {**CROSS_ORIGIN, **answer.headers}
        return answer

    return handle


def _route(processor: Processor, request: Request) -> Answer | None:
    if request.method == "OPTIONS":
        return Answer(204, b"")
    if request.path.startswith("/v1/"):
        return processor.answer_api(request)
    if request.path.startswith("/_test/") and request.peer.startswith(LOOPBACK):
        return answer_control(processor, request)
    return answer_browser(processor, request)
