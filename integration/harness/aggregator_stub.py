"""A door before an aggregator: ends TLS, answers what its script says, and passes on the rest.

The door shows the real aggregator's certificate, so a collector trusts it, and the real one answers
enrolment and hello; a script decides about every other request. Without an `upstream` it stands
alone and answers 404 to what its script leaves open.
"""

import json
import socket
import ssl
import threading
import time

from .client import BadResponse, Connection, client_tls
from .proxy import close, reset


class Request:
    """One request as it came through the door."""

    __slots__ = ("method", "path", "headers", "body", "at")

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.at = time.monotonic()

    def __repr__(self):
        return f"<{self.method} {self.path} {len(self.body)} bytes>"


class Answer:
    """What the door says itself. `raw` replaces the whole response, bytes as they are."""

    def __init__(self, status, body=b"", headers=None, reason="Scripted", raw=None, how="keep"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers = {"Content-Type": "application/json"} | (headers or {})
        self.status, self.body, self.headers = status, body, headers or {}
        self.reason, self.raw, self.how = reason, raw, how

    def encode(self):
        if self.raw is not None:
            return self.raw
        head = [f"HTTP/1.1 {self.status} {self.reason}", f"Content-Length: {len(self.body)}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + self.body


PASS = "pass"                # the real aggregator answers
LOSE_ANSWER = "lose answer"  # the real aggregator hears it, its answer is lost and the link cut
CUT = "cut"                  # nobody hears it, the link is cut


class Door:
    """Listens with TLS; `script(request)` returns PASS, LOSE_ANSWER, CUT or an `Answer`."""

    def __init__(self, certificate, key, upstream=None, script=None, maximum_tls=None):
        self.upstream, self.script = upstream, script or (lambda request: PASS)
        self.requests, self.answers = [], []
        self._lock = threading.Lock()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        if maximum_tls is not None:
            self._context.maximum_version = maximum_tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self.address = ("127.0.0.1", self.port)
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        upstream = None
        sock = raw
        try:
            raw.settimeout(60)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock = self._context.wrap_socket(raw, server_side=True)
            with self._lock:
                self._open.add(sock)
            if self.upstream is not None:
                upstream = Connection(*self.upstream, tls=client_tls(), timeout=60)
            buffer = b""
            while True:
                request, buffer = read_request(sock, buffer)
                if request is None:
                    return
                with self._lock:
                    self.requests.append(request)
                verdict = self.script(request)
                if verdict == CUT:
                    reset(sock)
                    return
                if isinstance(verdict, Answer):
                    self._note(request, verdict.status)
                    sock.sendall(verdict.encode())
                    if verdict.how == "close" or verdict.raw is not None:
                        return
                    continue
                if upstream is None:
                    self._note(request, 404)
                    sock.sendall(Answer(404, {"code": "not_found"}).encode())
                    continue
                response = self._forward(upstream, request)
                self._note(request, response.status)
                if verdict == LOSE_ANSWER:
                    reset(sock)
                    return
                headers = {name: value for name, value in response.headers.items()
                           if name not in ("content-length", "transfer-encoding", "connection")}
                sock.sendall(
                    Answer(response.status, response.body, headers, response.reason).encode())
        except (OSError, BadResponse, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(sock)
            close(sock)
            if upstream is not None:
                upstream.close()

    def _forward(self, upstream, request):
        hop = ("host", "content-length", "connection", "transfer-encoding", "expect")
        headers = {n: v for n, v in request.headers.items() if n not in hop}
        body = request.body if request.method != "GET" or request.body else None
        try:
            return upstream.request(request.method, request.path, body, headers)
        except (OSError, BadResponse):
            # The upstream may have closed an idle connection; a pair's request may be repeated.
            upstream.close()
            return upstream.request(request.method, request.path, body, headers)

    def _note(self, request, status):
        with self._lock:
            self.answers.append((request, status))

    def seen(self, path="/v1/batches"):
        """The requests for one path so far."""
        with self._lock:
            return [request for request in self.requests if request.path.split("?")[0] == path]

    def close(self):
        close(self._listener)
        with self._lock:
            living = list(self._open)
        for sock in living:
            close(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def read_request(sock, buffer):
    """One request from a socket; (None, …) where the client is done."""
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        chunk = sock.recv(65536)
        if not chunk:
            return None, buffer
        buffer += chunk
    lines = buffer[:end].decode("latin-1").split("\r\n")
    buffer = buffer[end + 4:]
    method, path, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if "100-continue" in headers.get("expect", "").lower():
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def fill(count):
        nonlocal buffer
        while len(buffer) < count:
            chunk = sock.recv(262144)
            if not chunk:
                raise BadResponse("request cut")
            buffer += chunk

    body = b""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        while True:
            while b"\r\n" not in buffer:
                fill(len(buffer) + 1)
            line, _, buffer = buffer.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            fill(size + 2)
            if size == 0:
                buffer = buffer[2:]
                break
            body, buffer = body + buffer[:size], buffer[size + 2:]
    else:
        length = int(headers.get("content-length", 0))
        fill(length)
        body, buffer = buffer[:length], buffer[length:]
    return Request(method, path, headers, body), buffer
