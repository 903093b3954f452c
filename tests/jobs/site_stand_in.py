"""The bridge's route for changes, on a port of its own: it checks what is signed, and signs what it answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sidecar.signatures import HEADERS, Signed, fault_of_request, sign_answer
from tests.house import SECRET


class StandInSite:
    """`asked`: every change it was sent. `is_away`: a gateway answers in its place. `refuses`: kind -> its reason.
    `is_silent`: it does not say what became of a change. `secret`: what it signs its answers with.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.calls = 0
        self.is_away = self.is_silent = False
        self.refuses: dict[str, str] = {}
        self.secret = SECRET
        self.url = ""

    def answer(self, path: str, signed: Signed, body: bytes, now: float) -> tuple[int, bytes]:
        """(status, body) of the answer to a request."""
        self.calls += 1
        if self.is_away:
            return 502, b"Bad Gateway"
        fault = fault_of_request(SECRET, "POST", path, signed, body, now)
        if fault:
            return 401, json.dumps({"error": fault, "message": fault}).encode()
        changes = json.loads(body)["changes"]
        self.asked += changes
        failed = {one["id"]: self.refuses[one["kind"]] for one in changes if one["kind"] in self.refuses}
        done = [one["id"] for one in changes if one["id"] not in failed and not self.is_silent]
        return 200, json.dumps({"done": done, "failed": failed}).encode()


@contextmanager
def stand_in_site() -> Iterator[StandInSite]:
    """One that runs for this block."""
    site = StandInSite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(site: StandInSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signed = Signed(*(self.headers.get(name, "") for name in HEADERS))
            (path,) = parse_qs(urlsplit(self.path).query)["rest_route"]
            status, answer = site.answer(path, signed, body, float(signed.time))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("X-Gatepost-Id", signed.id)
            if not site.is_away:
                self.send_header("X-Gatepost-Signature", sign_answer(site.secret, signed.id, status, answer))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_about: object) -> None:
            """Nothing is written to stderr."""

    return Handler
