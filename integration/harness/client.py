"""A small blocking HTTP/1.1 client on a raw socket: quick enough for load, plain enough for faults."""

import json
import socket
import ssl
import time


class BadResponse(Exception):
    """The bytes that came back are no complete HTTP response."""


class Response:
    """Status, headers (names in lower case, repeated ones joined by a comma) and body."""

    __slots__ = ("status", "reason", "headers", "body")

    def __init__(self, status, reason, headers, body):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    def json(self):
        return json.loads(self.body)

    @property
    def closes(self):
        return "close" in self.headers.get("connection", "").lower()

    def __repr__(self):
        return f"<{self.status} {self.reason}: {self.body[:300]!r}>"


class Connection:
    """One connection to a server. It reconnects when asked to send after the other side closed."""

    def __init__(self, host, port, tls=None, server_name=None, timeout=10.0, source=None):
        self.host, self.port, self.timeout = host, port, timeout
        self._tls, self._server_name, self._source = tls, server_name or host, source
        self._socket, self._buffer = None, b""

    def connect(self):
        self.close()
        raw = socket.create_connection((self.host, self.port), self.timeout, self._source)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            try:
                raw = self._tls.wrap_socket(raw, server_hostname=self._server_name)
            except BaseException:
                raw.close()
                raise
        self._socket, self._buffer = raw, b""
        return self

    @property
    def socket(self):
        if self._socket is None:
            self.connect()
        return self._socket

    def close(self):
        if self._socket is not None:
            try:
                self._socket.close()
            finally:
                self._socket, self._buffer = None, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, path, body=None, headers=None):
        """Sends one request and reads its response. Bodies that are no bytes are sent as JSON."""
        data = encode_request(method, path, body, headers, host=f"{self.host}:{self.port}")
        fresh = self._socket is None
        try:
            self.send(data)
            response = self.read_response(method)
        except (OSError, BadResponse):
            self.close()
            # An idle connection that the server has closed is no failure of this request.
            if fresh or method not in ("GET", "HEAD"):
                raise
            self.send(data)
            response = self.read_response(method)
        if response.closes:
            self.close()
        return response

    def _more(self):
        chunk = self.socket.recv(65536)
        if not chunk:
            raise BadResponse(f"connection closed after {self._buffer[:200]!r}")
        self._buffer += chunk

    def _line(self):
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._more()
        line, self._buffer = self._buffer[:end], self._buffer[end + 2:]
        return line

    def _exactly(self, count):
        while len(self._buffer) < count:
            self._more()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def read_response(self, method="GET"):
        """Reads one response; interim (1xx) ones are stepped over."""
        while True:
            while (end := self._buffer.find(b"\r\n\r\n")) < 0:
                self._more()
            head, self._buffer = self._buffer[:end], self._buffer[end + 4:]
            lines = head.decode("latin-1").split("\r\n")
            version, _, rest = lines[0].partition(" ")
            code, _, reason = rest.partition(" ")
            if not version.startswith("HTTP/1.") or not code.isdigit():
                raise BadResponse(f"not a status line: {lines[0]!r}")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                name, value = name.strip().lower(), value.strip()
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
            status = int(code)
            if 100 <= status < 200 and status != 101:
                continue
            return Response(status, reason, headers, self._body(method, status, headers))

    def _body(self, method, status, headers):
        if method == "HEAD" or status in (204, 304):
            return b""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            parts = []
            while True:
                size = int(self._line().split(b";")[0], 16)
                if size == 0:
                    while self._line():
                        pass
                    return b"".join(parts)
                parts.append(self._exactly(size))
                self._line()
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        try:
            while True:
                self._more()
        except BadResponse:
            data, self._buffer = self._buffer, b""
            return data


def encode_request(method, path, body=None, headers=None, host="localhost"):
    """The bytes of one request."""
    headers = dict(headers or {})
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if body is not None and not isinstance(body, (bytes, bytearray)):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers.setdefault("Content-Type", "application/json")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    elif method in ("POST", "PUT", "PATCH"):
        lines.append("Content-Length: 0")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + bytes(body or b"")


def request(host, port, method, path, body=None, headers=None, tls=None, server_name=None,
            timeout=10.0):
    """One request on a connection of its own."""
    with Connection(host, port, tls, server_name, timeout) as connection:
        return connection.request(method, path, body, headers)


def client_tls(ca_file=None, minimum=None, maximum=None):
    """A TLS context that trusts `ca_file`; without one it checks nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca_file)
    if minimum is not None:
        context.minimum_version = minimum
    if maximum is not None:
        context.maximum_version = maximum
    return context


def wait_for(condition, timeout=10.0, interval=0.02, what="the condition"):
    """Calls `condition` until it is truthy and returns that value; connection errors count as no."""
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            if value := condition():
                return value
        except (OSError, BadResponse) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s for {what}" + (f": {last}" if last else ""))
        time.sleep(interval)
