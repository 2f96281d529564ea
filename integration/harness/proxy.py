"""A TCP proxy with faults: cuts at a byte, half-cut links, delays, slow lines and lost answers.

The faults are plain attributes; a test changes them while connections live. `request` means bytes
from the client to the server, `response` the other way.
"""

import random
import socket
import struct
import threading
import time

DIRECTIONS = ("request", "response")


def reset(sock):
    """Closes with a RST instead of a FIN."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    close(sock)


def close(sock):
    # shutdown wakes a thread that waits in recv on this socket; close alone does not.
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    try:
        sock.close()
    except OSError:
        pass


class Cut:
    """Cuts one connection after `after` bytes of a direction, with "rst" or "fin"."""

    def __init__(self, direction, after, how="rst"):
        assert direction in DIRECTIONS and how in ("rst", "fin")
        self.direction, self.after, self.how = direction, after, how


class _Link:
    """One client connection and its way to the server."""

    def __init__(self, proxy, client, server, cut):
        self.proxy, self.client, self.server, self.cut = proxy, client, server, cut
        self.passed = dict.fromkeys(DIRECTIONS, 0)
        self.lock = threading.Lock()
        self.open = 2
        for direction, source, sink in (("request", client, server), ("response", server, client)):
            threading.Thread(target=self._pump, args=(direction, source, sink), daemon=True).start()

    def _pump(self, direction, source, sink):
        proxy = self.proxy
        try:
            while True:
                if proxy.rate is not None:
                    data = source.recv(max(64, min(65536, int(proxy.rate / 8 / 20))))
                else:
                    data = source.recv(65536)
                if not data:
                    break
                if proxy.delay or proxy.jitter:
                    time.sleep(proxy.delay + proxy.random.random() * proxy.jitter)
                if (rate := proxy.rate) is not None:
                    proxy.line[direction].wait_for_turn(len(data) * 8 / rate)
                # A dropped direction swallows, as a dead link with an unaware sender does.
                if direction in proxy.dropped:
                    proxy.swallowed[direction] += len(data)
                    continue
                if self.cut is not None and self.cut.direction == direction:
                    room = self.cut.after - self.passed[direction]
                    if len(data) >= room:
                        if room > 0:
                            sink.sendall(data[:room])
                            self._count(direction, room)
                        self._cut()
                        return
                sink.sendall(data)
                self._count(direction, len(data))
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.end()
        finally:
            with self.lock:
                self.open -= 1
                last = self.open == 0
            if last:
                self.end()

    def _count(self, direction, count):
        self.passed[direction] += count
        self.proxy.passed[direction] += count

    def _cut(self):
        self.proxy.cuts_made += 1
        if self.cut.how == "rst":
            self.end(reset)
        else:
            # What was passed on has to arrive before the end of the stream does.
            self.end(close)

    def end(self, how=close):
        how(self.client)
        how(self.server)
        self.proxy._forget(self)


class _Line:
    """A line that carries one byte after another, shared by all connections in a direction."""

    def __init__(self):
        self.lock, self.free_at = threading.Lock(), 0.0

    def wait_for_turn(self, seconds):
        with self.lock:
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + seconds
            pause = self.free_at - now
        time.sleep(pause)


class FaultProxy:
    """Listens on a port of its own and passes connections on to `upstream` (host, port).

    mode      "pass", "refuse" (RST at once) or "silent" (accepts and never says a word)
    dropped   set of directions whose bytes are swallowed
    delay     seconds before each piece of bytes; `jitter` adds up to so many more
    rate      bits a second in each direction, or None
    cuts      `Cut`s, each used by one connection, in the order they were added
    """

    def __init__(self, upstream, host="127.0.0.1", port=0, seed=0):
        self.upstream = upstream
        self.mode, self.dropped, self.delay, self.jitter, self.rate = "pass", set(), 0.0, 0.0, None
        self.cuts, self.cuts_made, self.accepted = [], 0, 0
        self.passed = dict.fromkeys(DIRECTIONS, 0)
        self.swallowed = dict.fromkeys(DIRECTIONS, 0)
        self.line = {direction: _Line() for direction in DIRECTIONS}
        self.random = random.Random(seed)
        self._links, self._lock, self._closed = set(), threading.Lock(), False
        self._silent = []
        self._listener = socket.create_server((host, port), backlog=512)
        self.host, self.port = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"https://{self.host}:{self.port}"

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.mode == "refuse":
                reset(client)
                continue
            if self.mode == "silent":
                self._silent.append(client)
                continue
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client):
        try:
            server = socket.create_connection(self.upstream, 5)
        except OSError:
            reset(client)
            return
        server.settimeout(None)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            cut = self.cuts.pop(0) if self.cuts else None
            link = _Link(self, client, server, cut)
            self._links.add(link)

    def _forget(self, link):
        with self._lock:
            self._links.discard(link)

    def cut_next(self, direction, after, how="rst"):
        """The next new connection is cut after so many bytes."""
        with self._lock:
            self.cuts.append(Cut(direction, after, how))

    def drop(self, *directions):
        """From now on the bytes of these directions vanish; none: everything passes again."""
        self.dropped = set(directions)

    def partition(self):
        """Nothing comes through in either direction, and nobody is told."""
        self.drop(*DIRECTIONS)
        self.mode = "silent"

    def heal(self):
        """All faults off. Connections that swallowed bytes are beyond repair, so they end."""
        self.mode, self.delay, self.jitter, self.rate = "pass", 0.0, 0.0, None
        with self._lock:
            self.cuts.clear()
        if self.dropped or self._silent:
            self.drop_connections()
        self.dropped = set()

    def drop_connections(self, how=reset):
        """Ends every living connection, by default with a RST."""
        with self._lock:
            links = list(self._links)
            silent, self._silent = self._silent, []
        for sock in silent:
            how(sock)
        for link in links:
            link.end(how)

    @property
    def connections(self):
        with self._lock:
            return len(self._links)

    def close(self):
        self._closed = True
        close(self._listener)
        self.drop_connections()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class CaptivePortal:
    """What a hotel's network answers instead of the aggregator.

    kind "html" is 200 with a page, "redirect" a 302; with a certificate and key it speaks TLS.
    """

    PAGE = b"<!doctype html><title>Welcome</title><p>Please accept the terms of use.</p>"

    def __init__(self, kind="html", certificate=None, key=None):
        import ssl
        self.kind, self.hits = kind, 0
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.address = ("127.0.0.1", self.port)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        self.hits += 1
        try:
            client.settimeout(5)
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            client.recv(65536)
            if self.kind == "redirect":
                head = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\n"
            else:
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
            client.sendall(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(self.PAGE)
                           + self.PAGE)
        except OSError:
            pass
        finally:
            close(client)

    def close(self):
        close(self._listener)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
