"""A stand-in for the sidecar that speaks the bridge protocol (docs/protocol.md) and misbehaves on demand.

    with ScriptedSidecar(secret, "http://127.0.0.1:8100") as sidecar:
        sidecar.answer("/bridge/v1/page", {"generation": 1, "posts": {}})
        sidecar.fault = Hang()
        ...
        assert sidecar.requests_to("/bridge/v1/page")

It imports nothing of the sidecar: what both sides understand alike by accident is not a protocol.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

Json = dict[str, Any]
Answer = Json | Callable[["Request"], Json | tuple[int, Json]]

WINDOW_SECONDS = 300


@dataclass(frozen=True)
class Request:
    """One request as it arrived. `refusal` is the protocol's error code when the signature did not hold."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    refusal: str = ""

    @property
    def body(self) -> Json:
        """The decoded JSON body."""
        decoded: Json = json.loads(self.raw)
        return decoded


@dataclass(frozen=True)
class Hang:
    """Accepts, reads, never answers."""


@dataclass(frozen=True)
class Slow:
    """Answers correctly, `seconds` late."""

    seconds: float


@dataclass(frozen=True)
class Rubbish:
    """Answers bytes that are not HTTP, or (with `signed`) a signed body that is not JSON."""

    signed: bool = False


@dataclass(frozen=True)
class Unsigned:
    """Answers without the signature header."""


@dataclass(frozen=True)
class WrongSecret:
    """Signs its answers with another secret, and does not look at the request's."""


@dataclass(frozen=True)
class OtherId:
    """Answers with a right signature over somebody else's request id."""


@dataclass(frozen=True)
class Stale:
    """Refuses every request as too old (a wrong clock), unsigned, as the protocol says."""


@dataclass(frozen=True)
class HalfBody:
    """Announces the whole length, sends half of the body and closes."""


@dataclass(frozen=True)
class Failure:
    """Answers a signed error."""

    status: int = 500
    error: str = "unavailable"


Fault = Hang | Slow | Rubbish | Unsigned | WrongSecret | OtherId | Stale | HalfBody | Failure


def sign_request(
    secret: str,
    site: str,
    method: str,
    path: str,
    body: bytes,
    *,
    at: int | None = None,
    request_id: str = "",
) -> dict[str, str]:
    """Return the four headers of a request, either direction; `at` is Unix time in seconds."""
    when = str(int(time.time()) if at is None else at)
    request_id = request_id or os.urandom(16).hex()
    head = "\n".join(["gatepost-1", method, path, when, request_id, site, ""])
    return {
        "X-Gatepost-Time": when,
        "X-Gatepost-Id": request_id,
        "X-Gatepost-Site": site,
        "X-Gatepost-Signature": _hmac(secret, head.encode() + body),
    }


def sign_answer(secret: str, request_id: str, status: int, body: bytes) -> str:
    """Return the signature of an answer."""
    return _hmac(secret, f"gatepost-1-answer\n{request_id}\n{status:03d}\n".encode() + body)


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def default_answers() -> dict[str, Answer]:
    """Return a healthy sidecar's answers on a site without members: everything is open."""
    return {
        "/bridge/v1/page": open_page,
        "/bridge/v1/search": {"content": True, "types": {}, "terms": {}, "posts": {}},
        "/bridge/v1/index": an_index(),
        "/bridge/v1/login": {"allow": True, "code": 0, "message": ""},
        "/bridge/v1/events": lambda request: {"stored": [event["id"] for event in request.body["events"]]},
        "/bridge/v1/ping": lambda request: {
            "version": "0.1.0",
            "protocol": 1,
            "time": int(time.time()),
            "database": "ok",
            "site": request.headers["x-gatepost-site"],
            "last_tick": None,
        },
        "/bridge/v1/webhooks/stripe": {"stored": True},
        "/bridge/v1/form": a_form_answer(),
        "/bridge/v1/privacy/export": {"done": True, "items": []},
        "/bridge/v1/privacy/erase": {"done": True, "removed": 0, "retained": 0, "messages": []},
    }


def an_index(generation: int = 1, **parts: Any) -> Json:
    """Return a rule index; pass `types`, `terms`, `urls`, `posts` or `core_pages`."""
    return {
        "generation": generation,
        "types": [],
        "terms": [],
        "urls": [],
        "posts": [],
        "core_pages": {},
        **parts,
    }


def a_post(**parts: Any) -> Json:
    """Return one post of a page answer, open and untouched unless told."""
    return {
        "show": "open",
        "splices": [],
        "lead": False,
        "excerpt": False,
        "notice": "",
        "code": 0,
        "need": False,
        **parts,
    }


def a_page(generation: int = 1, **parts: Any) -> Json:
    """Return a page answer that changes nothing unless told."""
    return {
        "generation": generation,
        "posts": {},
        "texts": {},
        "object": {"act": "show", "url": "", "status": 200},
        "page": {"cache": "private", "until": None},
        "viewer": {"session": "keep", "code": 0, "url": ""},
        "changes": [],
        "recorded": True,
        **parts,
    }


def a_form_answer(state: str = "ok", **parts: Any) -> Json:
    """Return what becomes of a form's step: it went well and there is nothing more to say, unless told."""
    return {
        "state": state,
        "message": "",
        "errors": {},
        "data": {},
        "redirect": "",
        "sign_in": None,
        "changes": [],
        **parts,
    }


def open_page(request: Request) -> Json:
    """Answer a page call with everything open and no tag replaced."""
    asked = request.body
    return a_page(
        generation=asked.get("generation") or 1,
        posts={str(post["id"]): a_post() for post in asked.get("posts", [])},
        texts={text["hash"]: {"splices": [], "need": False} for text in asked.get("texts", [])},
    )


class ScriptedSidecar:
    """A signed HTTP server in a thread, on a unix socket (or loopback TCP with `tcp=True`).

    `fault` may be set at any time and holds for requests that arrive from then on; `faults` overrides it for single
    paths. `down()` and `up()` take the address away and bring it back. `requests` holds all that arrived, in order,
    also those that were refused or left hanging.
    """

    def __init__(self, secret: str, site_url: str, *, tcp: bool = False) -> None:
        self.secret = secret
        self.site_url = site_url.rstrip("/")
        self.fault: Fault | None = None
        self.faults: dict[str, Fault] = {}
        self.requests: list[Request] = []
        self._answers = default_answers()
        self._folder = tempfile.TemporaryDirectory(prefix="gatepost-sidecar-")
        Path(self._folder.name).chmod(0o755)
        self._socket_path = Path(self._folder.name) / "s.sock"
        self._port = 0
        self._tcp = tcp
        self._listener: socket.socket | None = None
        self._arrived = threading.Condition()
        self._released = threading.Event()
        self._open: set[socket.socket] = set()

    @property
    def address(self) -> str:
        """What the bridge is told: `unix:/…` or `http://127.0.0.1:…`."""
        return f"http://127.0.0.1:{self._port}" if self._tcp else f"unix:{self._socket_path}"

    def answer(self, path: str, answer: Answer) -> None:
        """Answer requests to `path` with a dict, or with what a function of the `Request` returns.

        The function returns a dict, or a pair (status, dict).
        """
        self._answers[path] = answer

    def requests_to(self, path: str) -> list[Request]:
        """List the requests to `path` that arrived so far."""
        with self._arrived:
            return [request for request in self.requests if request.path == path]

    def events(self, kind: str = "") -> list[Json]:
        """List the events that arrived by `/events`, of one kind or all."""
        found = [
            event for request in self.requests_to("/bridge/v1/events") for event in request.body["events"]
        ]
        return [event for event in found if not kind or event["kind"] == kind]

    def wait_for(self, path: str, count: int = 1, seconds: float = 10.0) -> list[Request]:
        """Wait until `count` requests to `path` have arrived; raise AssertionError after `seconds`."""
        with self._arrived:
            enough = self._arrived.wait_for(
                lambda: sum(request.path == path for request in self.requests) >= count, timeout=seconds
            )
        assert enough, f"only {len(self.requests_to(path))} of {count} requests to {path} in {seconds} s"
        return self.requests_to(path)

    def forget(self) -> None:
        """Forget the requests that arrived."""
        with self._arrived:
            self.requests.clear()

    def up(self) -> None:
        """Listen (again), on the same address."""
        if self._listener is not None:
            return
        self._listener = self._listen()
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        """Stop listening: the next connection is refused."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        self._socket_path.unlink(missing_ok=True)

    def heal(self) -> None:
        """Answer properly again, and close what hangs."""
        self.fault = None
        self.faults.clear()
        self._released.set()
        self._released = threading.Event()

    def __enter__(self) -> ScriptedSidecar:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.heal()
        self.down()
        for connection in list(self._open):
            connection.close()
        self._folder.cleanup()

    def _listen(self) -> socket.socket:
        if self._tcp:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self._port))
            self._port = listener.getsockname()[1]
        else:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self._socket_path))
            self._socket_path.chmod(0o777)
        listener.listen(64)
        return listener

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:  # down() closed it
                return
            self._open.add(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        """Serve the requests of one connection, as a kept one may carry several."""
        reader = connection.makefile("rb")
        try:
            while request := self._read(reader):
                if not self._reply(connection, request):
                    break
        except OSError:  # the other side has hung up
            pass
        finally:
            self._open.discard(connection)
            reader.close()
            connection.close()

    def _read(self, reader: Any) -> Request | None:
        start = reader.readline().decode("latin-1").split()
        if len(start) < 2:
            return None
        headers: dict[str, str] = {}
        while line := reader.readline().decode("latin-1").strip():
            name, _colon, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        raw = reader.read(int(headers.get("content-length", "0")))
        request = Request(start[0], start[1], headers, raw, self._refusal(start[0], start[1], headers, raw))
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        return request

    def _refusal(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> str:
        sent = {name: headers.get(f"x-gatepost-{name}", "") for name in ("time", "id", "site", "signature")}
        if not all(sent.values()):
            return "unsigned"
        right = sign_request(
            self.secret, sent["site"], method, path, raw, at=int(sent["time"]), request_id=sent["id"]
        )
        if not hmac.compare_digest(right["X-Gatepost-Signature"], sent["signature"]):
            return "bad_signature"
        if abs(time.time() - int(sent["time"])) > WINDOW_SECONDS:
            return "stale"
        return "" if sent["site"] == self.site_url else "other_site"

    def _reply(self, connection: socket.socket, request: Request) -> bool:
        """Send the answer, spoilt by the fault in force; say whether the connection may be kept."""
        fault, released = self.faults.get(request.path, self.fault), self._released
        if isinstance(fault, Hang):
            released.wait(60)
            return False
        if isinstance(fault, Slow):
            released.wait(fault.seconds)
        if isinstance(fault, Rubbish) and not fault.signed:
            connection.sendall(b"\x00\xff not http at all\r\n\r\n<b>Warning</b>")
            return False
        connection.sendall(self._compose(request, fault))
        return not isinstance(fault, HalfBody)

    def _compose(self, request: Request, fault: Fault | None) -> bytes:
        request_id = request.headers.get("x-gatepost-id", "")
        status, body = self._content(request, fault)
        signed_id = os.urandom(16).hex() if isinstance(fault, OtherId) else request_id
        secret = "f" * 64 if isinstance(fault, WrongSecret) else self.secret
        head = [
            f"HTTP/1.1 {status} Scripted",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"X-Gatepost-Id: {signed_id}",
        ]
        unsigned = isinstance(fault, Unsigned | Stale) or (status == 401 and request.refusal)
        if not unsigned:
            head.append(f"X-Gatepost-Signature: {sign_answer(secret, signed_id, status, body)}")
        sent = body[: len(body) // 2] if isinstance(fault, HalfBody) else body
        return "\r\n".join([*head, "", ""]).encode() + sent

    def _content(self, request: Request, fault: Fault | None) -> tuple[int, bytes]:
        if isinstance(fault, Rubbish):
            return 200, b"<b>Fatal error</b>: \xff"
        if isinstance(fault, Stale):
            return 401, _refusal_body("stale")
        if isinstance(fault, Failure):
            return fault.status, _refusal_body(fault.error)
        if request.refusal and not isinstance(fault, WrongSecret):
            return (403 if request.refusal == "other_site" else 401), _refusal_body(request.refusal)
        if request.path not in self._answers:
            return 400, _refusal_body("bad_request")
        answer = self._answers[request.path]
        said = answer(request) if callable(answer) else answer
        status, content = said if isinstance(said, tuple) else (200, said)
        return status, json.dumps(content).encode()


def _refusal_body(error: str) -> bytes:
    return json.dumps({"error": error, "message": f"scripted: {error}"}).encode()


def bodies_of(request: Request) -> dict[str, bytes]:
    """Decode the texts a page call sent by hash; raise AssertionError for one whose key is not its SHA-256."""
    sent = {key: base64.b64decode(text) for key, text in request.body.get("bodies", {}).items()}
    assert all(hashlib.sha256(text).hexdigest() == key for key, text in sent.items())
    return sent
