"""Free TCP ports below the range that the kernel hands out for outgoing connections."""

import os
import random
import socket
import threading

_lock = threading.Lock()
_given = set()
_random = random.Random(os.getpid())


def free_port(host="127.0.0.1"):
    """A port that nobody listens on now and that this process has not handed out before."""
    with _lock:
        for _ in range(1000):
            port = _random.randrange(20_000, 32_000)
            if port in _given:
                continue
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError:
                    continue
            _given.add(port)
            return port
    raise RuntimeError("no free port")
