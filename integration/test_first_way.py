"""The whole way of an event: posted to a collector, acknowledged, queryable in the aggregator.

About 15 s.
"""

import gzip
import json
import random
import time

import pytest

from harness import oracle
from harness.client import Connection, wait_for
from harness.load import Book, encode, make_event
from harness.uuid7 import UUID7Source, is_uuid7

TARGETS = ["collector", "aggregator"]


@pytest.fixture(params=TARGETS)
def door(request, shared_pair):
    """Both programs speak the same dialects; every test here asks both."""
    aggregator, collector = shared_pair
    program = collector if request.param == "collector" else aggregator

    def post(body, path="/api/v1/events", kind="application/json", key=aggregator.write_key, **more):
        headers = {"Content-Type": kind} | ({"X-API-Key": key} if key else {}) | more
        with program.connection(timeout=30) as connection:
            return connection.request("POST", path, body, headers)

    post.aggregator, post.program = aggregator, program
    return post


@pytest.fixture
def some(seed):
    randomness, ids = random.Random(seed), UUID7Source(seed)
    return lambda count: [make_event(ids, randomness) for _ in range(count)]


def arrived(aggregator, event_id, timeout=10):
    return wait_for(lambda: oracle.find(aggregator, event_id), timeout, what=f"event {event_id}")


def same_event(stored, sent, project):
    """What the client said comes back with the same values and kinds."""
    assert stored["event_id"] == sent["event_id"]
    assert stored["project_id"] == project
    assert stored["event_name"] == sent["event_name"]
    assert stored["cts"] == sent["cts"]
    assert stored["profile_id"] == sent["profile_id"]
    assert exact(stored["props"]) == exact(sent["props"])
    for key, value in sent["ctx"].items():
        assert exact(stored["ctx"][key]) == exact(value), key
    assert isinstance(stored["sts"], int) and abs(stored["sts"] - time.time() * 1000) < 600_000


def exact(value):
    """Equal only where the kinds are: true is not 1 and 1 is not 1.0."""
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return type(value).__name__, value


@pytest.mark.parametrize("mode", ["single", "array", "batch", "ndjson"])
def test_an_acknowledged_event_can_be_asked_for(door, some, mode):
    events = some(1 if mode == "single" else 25)
    body, kind = encode(mode, events)
    path = "/api/v1/events/batch" if mode == "batch" else "/api/v1/events"
    response = door(body, path, kind)
    assert response.status == 200, response
    answer = response.json()
    assert answer["accepted"] == len(events)
    assert answer["event_ids"] == [event["event_id"] for event in events]
    assert answer["rejected"] == []
    for event in events[:3] + events[-1:]:
        same_event(arrived(door.aggregator, event["event_id"]), event, door.aggregator.project)


def test_a_bare_array_goes_to_the_batch_route_too(door, some):
    events = some(3)
    assert door(events, "/api/v1/events/batch").json()["accepted"] == 3
    arrived(door.aggregator, events[2]["event_id"])


def test_a_gzip_body_is_read(door, some):
    events = some(10)
    body = gzip.compress(json.dumps(events).encode())
    response = door(body, **{"Content-Encoding": "gzip"})
    assert response.status == 200 and response.json()["accepted"] == 10, response
    arrived(door.aggregator, events[9]["event_id"])


def test_a_chunked_body_is_read(door, some):
    event = some(1)[0]
    body = json.dumps(event).encode()
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 37]), body[i:i + 37])
                      for i in range(0, len(body), 37))
    with door.program.connection() as connection:
        connection.send(b"POST /api/v1/events HTTP/1.1\r\nHost: t\r\nX-API-Key: "
                        + door.aggregator.write_key.encode()
                        + b"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + pieces + b"0\r\n\r\n")
        assert connection.read_response().status == 200
    arrived(door.aggregator, event["event_id"])


def test_an_event_without_id_and_time_gets_both(door):
    response = door({"event_name": "purchase", "profile_id": "user_12345",
                     "props": {"amount": 5999, "currency": "TWD"}})
    assert response.status == 200, response
    [event_id] = response.json()["event_ids"]
    assert is_uuid7(event_id)
    stored = arrived(door.aggregator, event_id)
    assert abs(stored["cts"] - time.time() * 1000) < 60_000
    assert stored["props"] == {"amount": 5999, "currency": "TWD"}


def test_the_same_event_twice_is_one_event(door, some):
    event = some(1)[0]
    assert door(event).status == 200
    assert door(event).status == 200
    assert door([event, event]).status == 200
    arrived(door.aggregator, event["event_id"])
    time.sleep(0.6)
    listed = [e for e in oracle.stored_events(door.aggregator, profile_id=event["profile_id"])
              if e["event_id"] == event["event_id"]]
    assert len(listed) == 1


def test_another_payload_under_a_known_id_does_not_replace_the_first(door, some):
    first = some(1)[0]
    second = first | {"props": {"other": True}}
    assert door(first).status == 200
    arrived(door.aggregator, first["event_id"])
    assert door(second).status == 200
    time.sleep(0.6)
    same_event(oracle.find(door.aggregator, first["event_id"]), first, door.aggregator.project)


def test_good_events_are_accepted_beside_bad_ones(door, some):
    good = some(3)
    bad = [good[0] | {"event_id": some(1)[0]["event_id"], "event_name": ""},
           good[0] | {"event_id": "not-a-uuid", "event_name": 7},
           some(1)[0] | {"project_id": "somebody-elses"}]
    response = door([good[0], bad[0], good[1], bad[1], bad[2], good[2]])
    assert response.status == 200, response
    answer = response.json()
    assert answer["accepted"] == 3
    assert answer["event_ids"] == [event["event_id"] for event in good]
    assert [entry["index"] for entry in answer["rejected"]] == [1, 3, 4]
    for entry in answer["rejected"]:
        assert entry["code"] and entry["reason"], entry
    assert answer["rejected"][0]["event_id"] == bad[0]["event_id"]
    assert answer["rejected"][2]["code"] == "wrong_project"
    for event in good:
        arrived(door.aggregator, event["event_id"])
    assert oracle.find(door.aggregator, bad[0]["event_id"]) is None


def test_a_bad_line_of_ndjson_costs_only_itself(door, some):
    good = some(2)
    body = json.dumps(good[0]).encode() + b"\n{\"event_name\":\n" + json.dumps(good[1]).encode()
    response = door(body, kind="application/x-ndjson")
    assert response.status == 200, response
    assert response.json()["accepted"] == 2
    assert [entry["index"] for entry in response.json()["rejected"]] == [1]


def test_only_bad_events_are_a_400_with_the_list(door, some):
    bad = some(1)[0] | {"event_name": ""}
    response = door([bad])
    assert response.status == 400, response
    answer = response.json()
    assert answer["rejected"][0]["index"] == 0 and answer["rejected"][0]["event_id"] == bad["event_id"]
    for field in ("code", "message", "error", "detail"):
        assert answer[field], field


@pytest.mark.parametrize("body", [
    b"", b"{", b"[1,2", b"nonsense", b'{"event_name":"a"} trailing', b"\xff\xfe", b"{'a':1}", b"[]"[:1],
    b'{"event_name":"a","props":{"x":01}}', b'{"event_name":"\xc3\x28"}', b"[" * 100_000,
    b'{"a":' * 50_000, b'{"event_name":"a","props":{"x":1e999}}',
    b'{"event_name":"a","props":{"x":1,"x":2}}', b'{"event_name":"a","props":{"x":"\\ud800"}}'])
def test_bad_json_is_a_400_that_explains(door, body):
    response = door(body)
    assert response.status == 400, (body[:60], response)
    assert response.json()["code"] and response.json()["message"]


def test_an_unknown_key_is_a_401(door, some):
    response = door(some(1)[0], key="wk_" + "0" * 40)
    assert response.status == 401, response
    assert response.json()["code"]


def test_the_read_key_does_not_write(door, some):
    event = some(1)[0]
    assert door(event, key=door.aggregator.read_key).status in (401, 403)
    time.sleep(0.3)
    assert oracle.find(door.aggregator, event["event_id"]) is None


def test_the_write_key_does_not_read(shared_pair):
    aggregator, _ = shared_pair
    assert aggregator.ask("/api/v1/events", key=aggregator.write_key).status in (401, 403)
    assert aggregator.get("/api/v1/events").status == 401


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
def test_a_key_comes_in_either_header(door, some, header):
    event = some(1)[0]
    value = door.aggregator.write_key
    value = f"Bearer {value}" if header == "Authorization" else value
    assert door(event, key=None, **{header: value}).status == 200
    arrived(door.aggregator, event["event_id"])


# Limits

def test_more_events_than_a_request_may_hold_is_a_413_that_names_the_limit(door, some):
    assert door(some(1000)).status == 200
    response = door(some(1001))
    assert response.status == 413, response
    assert "1000" in response.body.decode().replace(",", "")


def test_a_body_over_32_mib_is_refused_before_it_is_read(door):
    with door.program.connection() as connection:
        started = time.monotonic()
        connection.send(b"POST /api/v1/events HTTP/1.1\r\nHost: t\r\nX-API-Key: "
                        + door.aggregator.write_key.encode()
                        + b"\r\nContent-Length: %d\r\n\r\n[" % (32 * 1024 * 1024 + 1))
        response = connection.read_response()
    assert response.status == 413, response
    assert time.monotonic() - started < 3


def test_a_bomb_of_gzip_is_refused(door):
    bomb = gzip.compress(b"[" + b" " * (48 << 20) + b"]")
    assert len(bomb) < 100_000
    response = door(bomb, **{"Content-Encoding": "gzip"})
    assert response.status == 413, response


@pytest.mark.parametrize("change", [
    {"event_name": "n" * 201}, {"profile_id": "p" * 257}, {"props": {"big": "x" * 65_536}},
    {"props": {f"p{n}": n for n in range(1001)}},
    {"props": json.loads('{"d":' * 20 + "1" + "}" * 20)}])
def test_an_event_over_a_limit_is_rejected_by_name(door, some, change):
    good, bad = some(2)
    response = door([good, bad | change])
    assert response.status == 200, response
    [entry] = response.json()["rejected"]
    assert entry["index"] == 1 and entry["code"] and entry["reason"]


@pytest.mark.parametrize("change", [
    {"event_name": "n" * 200}, {"profile_id": "p" * 256}, {"props": {"big": "x" * 64_000}},
    {"props": {f"p{n}": n for n in range(1000)}}])
def test_an_event_at_a_limit_is_accepted(door, some, change):
    event = some(1)[0] | change
    response = door(event)
    assert response.status == 200, response
    same_event(arrived(door.aggregator, event["event_id"]), event, door.aggregator.project)


def test_values_come_back_as_they_were(door, some):
    event = some(1)[0]
    event["props"] = {
        "max": 2**63 - 1, "min": -(2**63), "beyond": 2**63, "tenth": 0.1, "tiny": 5e-324,
        "huge": 1.7976931348623157e308, "one": 1.0, "zero": 0, "empty": "", "null": None,
        "nul": "a\u0000b", "emoji": "🎧", "nested": {"a": [1, 2.5, [], {}, None, True]}, "": "no key"}
    assert door(event).status == 200
    stored = arrived(door.aggregator, event["event_id"])["props"]
    expected = dict(event["props"], beyond=float(2**63))
    assert exact(stored) == exact(expected)


def test_a_thousand_singles_and_their_retries_arrive_once_each(door, some):
    book, events = Book(), some(1000)
    with Connection(*door.program.health_address()) as connection:
        for event in events + events[::5]:
            book.note_sent([event["event_id"]])
            response = connection.request("POST", "/api/v1/events", event,
                                          {"X-API-Key": door.aggregator.write_key})
            assert book.note_response([event["event_id"]], response, 0), response

    def all_there():
        listed = oracle.stored_ids(door.aggregator)
        return all(listed[event["event_id"]] == 1 for event in events)

    wait_for(all_there, 15, 0.1, "a thousand events, once each")
