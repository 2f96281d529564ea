"""The harness itself, against a toy server: a test that cannot fail proves nothing."""

import random
import socket
import ssl
import threading
import time

import pytest

from harness import certificates, oracle
from harness.aggregator_stub import CUT, LOSE_ANSWER, PASS, Answer, Door
from harness.client import BadResponse, Connection, client_tls, request
from harness.load import Book, Load, make_event, post_events
from harness.programs import metric
from harness.proxy import CaptivePortal, FaultProxy
from harness.toy import Toy
from harness.uuid7 import UUID7Source, is_uuid7, milliseconds_of


@pytest.fixture
def toy():
    with Toy() as toy:
        yield toy


def events(count, seed=1):
    randomness, ids = random.Random(seed), UUID7Source(seed)
    return [make_event(ids, randomness) for _ in range(count)]


# Ids

def test_ids_are_version_7_increase_and_carry_their_time():
    source = UUID7Source(7)
    made = [source.next() for _ in range(5000)]
    assert all(map(is_uuid7, made))
    assert made == sorted(made) and len(set(made)) == len(made)
    assert abs(milliseconds_of(made[0]) - time.time() * 1000) < 5000
    assert milliseconds_of(source.next(1_700_000_000_123)) == 1_700_000_000_123


def test_ids_of_threads_do_not_meet():
    source, made, lock = UUID7Source(3), [], threading.Lock()

    def work():
        mine = [source.next() for _ in range(2000)]
        with lock:
            made.extend(mine)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(set(made)) == 8000


@pytest.mark.parametrize("text", ["", "x", "0190b0e4-1c1c-4abc-8def-0123456789ab", None,
                                  "0190B0E4-1C1C-7ABC-8DEF-0123456789AB"])
def test_other_texts_are_no_uuid7(text):
    assert not is_uuid7(text)


# Client

def test_client_keeps_a_connection_and_reads_what_was_stored(toy):
    sample = events(3)
    with Connection(toy.host, toy.port) as connection:
        for event in sample:
            assert connection.request("POST", "/api/v1/events", event).json()["accepted"] == 1
        listed = connection.request("GET", "/api/v1/events").json()["events"]
    assert {e["event_id"] for e in listed} == {e["event_id"] for e in sample}


def test_client_reads_chunks_interim_answers_and_notices_a_cut():
    answers = [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"]
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        sock, _ = server.accept()
        for answer in answers:
            sock.recv(65536)
            for byte in range(0, len(answer), 7):
                sock.sendall(answer[byte:byte + 7])
        sock.close()

    threading.Thread(target=serve, daemon=True).start()
    with Connection("127.0.0.1", server.getsockname()[1], timeout=5) as connection:
        assert connection.request("GET", "/").body == b"abcde"
        assert connection.request("GET", "/").status == 204
        with pytest.raises((BadResponse, OSError)):
            connection.request("POST", "/", b"x")
    server.close()


# Load and oracle

def test_oracle_agrees_with_a_server_that_keeps_its_word(toy, seed):
    with Load(toy.host, toy.port, None, threads=3, seed=seed) as load:
        time.sleep(0.6)
    counts = load.book.counts()
    assert counts["acknowledged"] > 50 and counts["failures"] == 0, counts
    verdict = oracle.check(toy, load.book, timeout=5, quiet=0.1)
    assert verdict.listed >= counts["acknowledged"]


@pytest.mark.parametrize("fault", [{"lose_every": 97}, {"double_every": 97}])
def test_oracle_catches_loss_and_doubles(fault, seed):
    with Toy(**fault) as toy:
        with Load(toy.host, toy.port, None, threads=2, seed=seed) as load:
            while len(load.book.acknowledged) < 300:
                time.sleep(0.02)
        with pytest.raises(AssertionError, match="lost|doubled"):
            oracle.check(toy, load.book, timeout=1, quiet=0.1)


def test_oracle_catches_what_nobody_sent(toy):
    book = Book()
    post_events(toy.host, toy.port, None, events(5), book)
    post_events(toy.host, toy.port, None, events(1, seed=2), Book())
    with pytest.raises(AssertionError, match="never sent 1"):
        oracle.check(toy, book, timeout=1, quiet=0.1)


def test_rejected_events_are_not_acknowledged(toy):
    good, bad = events(2)
    bad["event_name"] = ""
    book = Book()
    post_events(toy.host, toy.port, None, [good, bad], book)
    assert book.acknowledged == {good["event_id"]} and bad["event_id"] in book.rejected


def test_oracle_pages_through_more_than_one_page(toy):
    sample = events(2345)
    book = post_events(toy.host, toy.port, None, sample, Book(), per_request=500)
    assert oracle.check(toy, book, timeout=5, quiet=0.1).listed == 2345


# Proxy

def test_proxy_passes_everything_unchanged(toy):
    with FaultProxy((toy.host, toy.port)) as proxy:
        book = post_events(proxy.host, proxy.port, None, events(300), Book())
        oracle.check(toy, book, timeout=5, quiet=0.1)
        assert proxy.passed["request"] > 50_000 and proxy.accepted == 1


@pytest.mark.parametrize("how", ["rst", "fin"])
@pytest.mark.parametrize("after", [0, 1, 50, 400])
def test_proxy_cuts_a_request_at_the_byte(toy, how, after):
    with FaultProxy((toy.host, toy.port)) as proxy:
        proxy.cut_next("request", after, how)
        with pytest.raises((BadResponse, OSError)):
            request(proxy.host, proxy.port, "POST", "/api/v1/events", events(5), timeout=5)
        assert proxy.passed["request"] == after and not toy.events
        assert request(proxy.host, proxy.port, "GET", "/health/ready").status == 200


def test_proxy_cuts_an_answer_so_that_the_event_is_stored_but_not_acknowledged(toy):
    with FaultProxy((toy.host, toy.port)) as proxy:
        for how in ("rst", "fin"):
            proxy.cut_next("response", 20, how)
            with pytest.raises((BadResponse, OSError)):
                request(proxy.host, proxy.port, "POST", "/api/v1/events", events(1, seed=how)[0])
        assert len(toy.events) == 2 and proxy.cuts_made == 2


def test_proxy_drops_one_direction_and_heals(toy):
    with FaultProxy((toy.host, toy.port)) as proxy:
        proxy.drop("response")
        with pytest.raises(TimeoutError):
            request(proxy.host, proxy.port, "POST", "/api/v1/events", events(1)[0], timeout=0.3)
        assert len(toy.events) == 1 and proxy.swallowed["response"] > 0
        proxy.drop("request")
        with pytest.raises(TimeoutError):
            request(proxy.host, proxy.port, "POST", "/api/v1/events", events(1, 2)[0], timeout=0.3)
        assert len(toy.events) == 1
        proxy.heal()
        assert request(proxy.host, proxy.port, "GET", "/health/ready").status == 200


def test_proxy_partition_is_silent_and_refusal_is_not(toy):
    with FaultProxy((toy.host, toy.port)) as proxy:
        proxy.partition()
        with pytest.raises(TimeoutError):
            request(proxy.host, proxy.port, "GET", "/health/ready", timeout=0.3)
        proxy.heal()
        proxy.mode = "refuse"
        with pytest.raises((ConnectionError, BadResponse)):
            request(proxy.host, proxy.port, "GET", "/health/ready", timeout=3)
        proxy.heal()
        assert request(proxy.host, proxy.port, "GET", "/health/ready").status == 200


def test_proxy_slows_to_its_rate_and_delays(toy):
    body = events(60)
    with FaultProxy((toy.host, toy.port)) as proxy:
        proxy.rate = 400_000
        started = time.monotonic()
        assert request(proxy.host, proxy.port, "POST", "/api/v1/events", body).status == 200
        expected = proxy.passed["request"] * 8 / 400_000
        assert expected * 0.8 < time.monotonic() - started < expected * 2 + 0.5
        proxy.rate, proxy.delay = None, 0.15
        started = time.monotonic()
        request(proxy.host, proxy.port, "GET", "/health/ready")
        assert 0.3 <= time.monotonic() - started < 1


def test_load_survives_a_flapping_link(toy, seed):
    with FaultProxy((toy.host, toy.port), seed=seed) as proxy:
        with Load(proxy.host, proxy.port, None, threads=3, seed=seed, timeout=1) as load:
            for step in range(10):
                time.sleep(0.05)
                proxy.cut_next("response" if step % 2 else "request", 30 * step)
                proxy.drop_connections()
    assert load.book.failures > 0
    oracle.check(toy, load.book, timeout=5, quiet=0.1)


# Portal and door

@pytest.mark.parametrize("kind,status", [("html", 200), ("redirect", 302)])
def test_portal_answers_in_plain_and_over_tls(tmp_path, kind, status):
    pair = certificates.make_self_signed(tmp_path)
    with CaptivePortal(kind) as portal:
        assert request("127.0.0.1", portal.port, "POST", "/v1/batches", b"x").status == status
    with CaptivePortal(kind, *pair) as portal:
        answer = request("127.0.0.1", portal.port, "POST", "/v1/batches", b"x", tls=client_tls())
        assert answer.status == status and portal.hits == 1
        with pytest.raises(ssl.SSLError):
            request("127.0.0.1", portal.port, "GET", "/", tls=client_tls(pair[0]))


def test_door_scripts_answers_passes_the_rest_and_loses_answers(tmp_path):
    pair = certificates.make_self_signed(tmp_path, "localhost", "DNS:localhost,IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    with Toy(tls=context) as toy, Door(*pair, upstream=(toy.host, toy.port)) as door:
        tls = client_tls(pair[0])
        script = {"/api/v1/events": [
            Answer(503, {"code": "busy"}, {"Retry-After": "2"}), CUT, LOSE_ANSWER, PASS]}
        door.script = lambda r: script.get(r.path, [PASS]).pop(0) if r.method == "POST" else PASS
        sample = events(1)[0]
        with Connection("127.0.0.1", door.port, tls) as connection:
            first = connection.request("POST", "/api/v1/events", sample)
            assert first.status == 503 and first.headers["retry-after"] == "2"
            for stored in (0, 1):
                with pytest.raises((OSError, BadResponse)):
                    connection.request("POST", "/api/v1/events", sample)
                assert len(toy.events) == stored
            assert connection.request("POST", "/api/v1/events", sample).json()["accepted"] == 1
            assert connection.request("GET", "/api/v1/events/stats").json()["total"] == 1
        assert len(door.seen("/api/v1/events")) == 4
        assert [status for _, status in door.answers] == [503, 200, 200, 200]


def test_certificates_are_found_by_what_the_server_shows(tmp_path):
    one = certificates.make_self_signed(tmp_path / "a", "one", "IP:127.0.0.1")
    two = certificates.make_self_signed(tmp_path / "a" / "b", "two", "IP:127.0.0.1")
    for pair in (one, two):
        with CaptivePortal("html", *pair) as portal:
            assert certificates.find_server_pair(tmp_path, port=portal.port) == pair


# Small things

def test_metric_sums_samples_by_label():
    text = ("# TYPE a_total counter\na_total{project=\"x\",route=\"/\"} 3\n"
            "a_total{project=\"y\",route=\"/\"} 4\nb 1.5\n")
    assert metric(text, "a_total") == 7 and metric(text, "a_total", project="y") == 4
    assert metric(text, "b") == 1.5 and metric(text, "c") is None
