"""A toy server in Python that behaves as a collector and an aggregator in one.

It exists so that the harness can be tested without the programs: proxy, load and oracle meet a
server whose faults are known. It keeps everything in memory.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Toy:
    """`lose_every` forgets every n-th event it acknowledges, `double_every` stores it twice."""

    def __init__(self, lose_every=0, double_every=0, tls=None):
        self.events, self.by_id, self.lock = [], {}, threading.Lock()
        self.lose_every, self.double_every, self.seen = lose_every, double_every, 0
        toy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(*toy.get(self.path))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(*toy.post(self.path, body))

            def answer(self, status, value):
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.host, self.port = self.server.server_address[:2]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def post(self, path, body):
        text = body.decode()
        try:
            value = json.loads(text)
            events = value if isinstance(value, list) else value.get("events", [value])
        except ValueError:
            events = [json.loads(line) for line in text.splitlines() if line]
        rejected, accepted = [], []
        with self.lock:
            for index, event in enumerate(events):
                if not event.get("event_name"):
                    rejected.append({"index": index, "event_id": event["event_id"], "code": "name"})
                    continue
                accepted.append(event["event_id"])
                if event["event_id"] in self.by_id:
                    continue
                self.seen += 1
                if self.lose_every and self.seen % self.lose_every == 0:
                    continue
                self.by_id[event["event_id"]] = event
                copies = 2 if self.double_every and self.seen % self.double_every == 0 else 1
                self.events += [event] * copies
        return 200, {"accepted": len(accepted), "event_ids": accepted, "rejected": rejected}

    def get(self, path):
        url = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        with self.lock:
            events = sorted(self.events, key=lambda e: (e["cts"], e["event_id"]), reverse=True)
        if url.path == "/health/ready":
            return 200, {"status": "ok"}
        if url.path == "/api/v1/events/stats":
            return 200, {"total": len(events)}
        if url.path == "/api/v1/events":
            start, limit = int(query.get("cursor", 0)), int(query.get("limit", 100))
            more = start + limit < len(events)
            return 200, {"events": events[start:start + limit],
                         "next_cursor": str(start + limit) if more else None}
        return 404, {"code": "not_found"}

    def ask(self, path, **_):
        """As `Aggregator.ask`."""
        from .client import request
        return request(self.host, self.port, "GET", path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
