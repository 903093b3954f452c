"""HTTP/1.1 on plain sockets, a thread for each kept connection: so an answer can be cut, held or never sent."""

from __future__ import annotations

import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BufferedReader
from socket import SocketIO
from typing import BinaryIO

LINE_BYTES, HEADER_LINES, BODY_BYTES = 65_536, 100, 16_777_216
REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` have names in lower case; `query` and `body` are as they came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    peer: str = "127.0.0.1"


@dataclass(slots=True)
class Answer:
    """`cut_after`: so many bytes of the body are sent, then the connection is closed."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    cut_after: int | None = None


Handler = Callable[[Request], Answer | None]
"""None: the connection is closed without a word."""


class Malformed(Exception):
    """What came in is no HTTP."""


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback; port 0 takes a free one."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    door.listen(512)
    return door


def serve(door: socket.socket, handler: Handler) -> None:
    """Accept for ever, in the calling thread; connections live in daemon threads."""
    while True:
        connection, peer = door.accept()
        threading.Thread(target=converse, args=(connection, peer[0], handler), daemon=True).start()


def converse(connection: socket.socket, peer: str, handler: Handler) -> None:
    """Answer one connection's requests in turn until either side ends it."""
    with suppress(OSError), connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with BufferedReader(SocketIO(connection, "r"), LINE_BYTES) as reader:
            while _one_exchange(connection, reader, peer, handler):
                pass


def _one_exchange(connection: socket.socket, reader: BinaryIO, peer: str, handler: Handler) -> bool:
    """False when the connection is to be closed."""
    try:
        request = read_request(reader, peer, connection)
    except (Malformed, ValueError):
        connection.sendall(_to_bytes(Answer(400, b"{}"), keep=False))
        return False
    if request is None:
        return False
    answer = _answer(handler, request)
    if answer is None:
        return False
    keep = answer.cut_after is None and request.headers.get("connection", "").lower() != "close"
    connection.sendall(_to_bytes(answer, keep=keep))
    return keep


def _answer(handler: Handler, request: Request) -> Answer | None:
    """A fault in the processor itself is told on standard error and answered as Stripe would."""
    try:
        return handler(request)
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return Answer(500, b'{"error":{"type":"api_error","message":"The test processor is broken."}}')


def read_request(reader: BinaryIO, peer: str, connection: socket.socket) -> Request | None:
    """The next request, None when the peer has gone. Raises `Malformed` and ValueError."""
    line = reader.readline(LINE_BYTES)
    if not line:
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3:
        raise Malformed(line)
    headers = _read_headers(reader)
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    path, _, query = words[1].partition("?")
    return Request(words[0], path, query, headers, _read_body(reader, headers), peer)


def _read_headers(reader: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(HEADER_LINES):
        line = reader.readline(LINE_BYTES).decode("latin-1").rstrip("\r\n")
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    raise Malformed("too many headers")


def _read_body(reader: BinaryIO, headers: dict[str, str]) -> bytes:
    length = int(headers.get("content-length") or 0)
    if length > BODY_BYTES or "transfer-encoding" in headers:
        raise Malformed("a body of known, modest length is wanted")
    return reader.read(length) if length else b""


def _to_bytes(answer: Answer, *, keep: bool) -> bytes:
    head = [
        f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        "Connection: keep-alive" if keep else "Connection: close",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    body = answer.body if answer.cut_after is None else answer.body[: answer.cut_after]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
