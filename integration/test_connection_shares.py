"""Connections that show no key have a part of the slots, and a flood of them keeps nobody out. About 10 s."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from harness.client import BadResponse, Connection, client_tls, encode_request, wait_for
from harness.programs import metric

UNDER_WAY = b"POST /v1/batches HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n"
STRANGERS = 10


@pytest.fixture
def small(house):
    """An aggregator with 40 slots, 10 of them for strangers."""
    aggregator = house.aggregator(start=False)
    aggregator.environment["TRIBUTARY_HTTP__MAX_CONNECTIONS"] = 4 * STRANGERS
    return aggregator.start()


@pytest.fixture
def known(small):
    """A connection that has shown a key."""
    with small.connection() as connection:
        answer = connection.request("POST", "/api/v1/events", {"event_name": "known"},
                                    {"X-API-Key": small.write_key})
        assert answer.status == 200
        yield connection


def figure(connection, name):
    return metric(connection.request("GET", "/metrics").body.decode(), name)


@contextlib.contextmanager
def strangers_at_work(aggregator, count=STRANGERS):
    """Connections without a key whose requests are under way: nothing displaces them."""
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(count):
            connection = stack.enter_context(
                Connection("127.0.0.1", aggregator.tls_port, client_tls(), timeout=15).connect())
            connection.send(UNDER_WAY)
            held.append(connection)
        time.sleep(0.3)
        yield held


def test_a_full_part_refuses_and_says_why(small, known):
    """O7: at the limit the next stranger gets a 503, and whoever has shown a key goes on."""
    assert figure(known, "tributary_http_unauthenticated_connections") == 0
    with strangers_at_work(small) as held:
        assert figure(known, "tributary_http_unauthenticated_connections") == STRANGERS
        with small.connection() as newcomer:
            answer = newcomer.request("GET", "/health/live")
        assert answer.status == 503 and answer.json()["code"] == "too_many_unauthenticated", answer
        assert answer.headers["retry-after"] == "1"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Connection("127.0.0.1", small.tls_port, client_tls()).connect()
        assert figure(known, "tributary_http_unauthenticated_refused_total") == 2
        answer = known.request("POST", "/api/v1/events", {"event_name": "still here"},
                               {"X-API-Key": small.write_key})
        assert answer.status == 200
        held[0].close()
        wait_for(lambda: figure(known, "tributary_http_unauthenticated_connections") < STRANGERS,
                 5, what="a free place")
        with small.connection() as newcomer:
            assert newcomer.request("GET", "/health/live").status == 200


def test_a_resting_flood_keeps_nobody_out(small, known):
    """Connections that say nothing, or half a head, give way to those that come after them."""
    with contextlib.ExitStack() as stack:
        for number in range(6 * STRANGERS):
            sock = stack.enter_context(socket.create_connection(
                ("127.0.0.1", small.port if number % 2 else small.tls_port), 5))
            with contextlib.suppress(OSError):
                sock.sendall([b"", b"GET / HTTP/1.1\r\nHost: t\r\nX: "][number // 2 % 2])
            if number % 10 == 9:
                with small.connection() as newcomer:
                    assert newcomer.request("GET", "/health/live").status == 200
                with Connection("127.0.0.1", small.tls_port, client_tls()) as newcomer:
                    assert newcomer.request("GET", "/health/live").status == 200
        assert figure(known, "tributary_http_unauthenticated_connections") <= STRANGERS
        assert figure(known, "tributary_http_unauthenticated_displaced_total") > 3 * STRANGERS
        assert figure(known, "tributary_http_unauthenticated_refused_total") == 0


def test_a_flood_of_challenges_makes_no_enrolment_fail(house, small):
    """Nonces are not kept until they are used, so nobody can push out another's."""
    def ask(connection, count):
        connection.send(encode_request("GET", "/v1/challenge") * count)
        return [connection.read_response().json()["nonce"] for _ in range(count)]

    tls = client_tls(minimum=ssl.TLSVersion.TLSv1_3)
    with Connection("127.0.0.1", small.tls_port, tls) as flood:
        nonces = [nonce for _ in range(100) for nonce in ask(flood, 50)]
    assert len(set(nonces)) == 5_000
    house.collector(small, start=False)  # Enrols, and fails the test where it cannot.


@pytest.mark.parametrize("program", ["aggregator", "collector"])
@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_ordinary_load_without_a_key_is_not_refused(shared_pair, program):
    """256 connections on /health are far below the default's 2,500."""
    server = dict(zip(("aggregator", "collector"), shared_pair))[program]
    done = subprocess.run(["wrk", "-t1", "-c256", "-d2s", f"http://127.0.0.1:{server.port}/health"],
                          capture_output=True, text=True, check=True, timeout=60)
    assert "Socket errors" not in done.stdout and "Non-2xx" not in done.stdout, done.stdout
    text = server.metrics()
    assert metric(text, "tributary_http_unauthenticated_refused_total") == 0
    assert metric(text, "tributary_http_unauthenticated_displaced_total") == 0
