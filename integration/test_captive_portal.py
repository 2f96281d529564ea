"""F18: something else answers in the aggregator's place; nothing is taken for an acknowledgement.

About 40 s.
"""

import random
import time

import pytest

from harness import oracle
from harness.aggregator_stub import PASS, Answer, Door
from harness.certificates import find_server_pair, make_self_signed
from harness.load import Book, make_event, post_events
from harness.proxy import CaptivePortal, FaultProxy
from harness.uuid7 import UUID7Source


def send(aggregator, collector, book, seed, count=120):
    randomness, ids = random.Random(seed), UUID7Source(seed)
    post_events(collector.host, collector.port, aggregator.write_key,
                [make_event(ids, randomness) for _ in range(count)], book, per_request=20)


@pytest.mark.parametrize("kind,tls", [
    ("html", None), ("redirect", None), ("html", "wrong host"), ("html", "self-signed"),
    ("redirect", "self-signed")])
def test_a_portal_on_the_wire_gets_no_events_and_no_belief(house, tmp_path, seed, kind, tls):
    aggregator = house.aggregator()
    link = FaultProxy(("127.0.0.1", aggregator.tls_port))
    house.on_close(link.close)
    collector = house.collector(aggregator, url=link.url)
    pair = ()
    if tls == "wrong host":
        pair = make_self_signed(tmp_path, "portal.example", "DNS:portal.example")
    elif tls == "self-signed":
        pair = make_self_signed(tmp_path, "localhost", "DNS:localhost,IP:127.0.0.1")
    portal = CaptivePortal(kind, *pair)
    house.on_close(portal.close)

    book = Book()
    link.upstream = portal.address
    link.drop_connections()
    send(aggregator, collector, book, seed)
    time.sleep(2.5)
    assert 1 <= portal.hits < 100, f"{portal.hits} connections to the portal"
    assert not oracle.stored_ids(aggregator)
    assert collector.is_running and collector.is_ready()

    link.upstream = ("127.0.0.1", aggregator.tls_port)
    link.drop_connections()
    collector.restart()  # Only so that the test need not wait for a pause of a minute.
    oracle.check(aggregator, book, timeout=30, context=f"seed {seed}:")


@pytest.mark.parametrize("answer", [
    Answer(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
    Answer(200, b"{}", {"Content-Type": "application/json"}),
    Answer(200, {"status": "committed", "accepted": 20, "duplicates": 0, "rejected": []}),
    Answer(204), Answer(202, b"accepted"),
    Answer(302, b"", {"Location": "https://127.0.0.1:1/v1/batches"}),
    Answer(0, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"status\":\"comm"),
    Answer(0, raw=b"garbage that is no HTTP at all\r\n\r\n")],
    ids=["html", "empty object", "acknowledgement without proof", "204", "202", "302", "cut short",
         "garbage"])
def test_an_answer_that_does_not_name_the_batch_acknowledges_nothing(house, seed, answer):
    """A proxy with the right certificate: only an echo of batch and digest is believed."""
    aggregator = house.aggregator()
    door = Door(*find_server_pair(aggregator.data, port=aggregator.tls_port),
                upstream=("127.0.0.1", aggregator.tls_port))
    house.on_close(door.close)
    collector = house.collector(aggregator, url=door.url)
    door.script = lambda r: answer if r.path == "/v1/batches" else PASS
    book = Book()
    send(aggregator, collector, book, seed)
    time.sleep(1.5)
    assert 1 <= len(door.seen()) < 100
    assert not oracle.stored_ids(aggregator)
    door.script = lambda r: PASS
    collector.restart()
    oracle.check(aggregator, book, timeout=30, context=f"seed {seed}:")
