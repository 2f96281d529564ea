"""The five first answers against a slow Python model over random events. About 20 s."""

import random
import re
import time
from urllib.parse import quote, urlencode

import pytest

from harness import model
from harness.client import wait_for
from harness.load import Book, post_events
from harness.uuid7 import UUID7Source

NAMES = ["page_view", "click", "purchase", "größe erreicht", "a/b?c=d&e", "login"]
PEOPLE = ["u1", "u2", "user 3", "ünï/código", "a+b@c.example", "u%20x"]


@pytest.fixture(scope="module")
def world(shared_house):
    """(aggregator, events): 4,000 random events over 70 days, with ties in their times."""
    from conftest import base_seed
    aggregator = shared_house.aggregator()
    randomness, ids = random.Random(base_seed()), UUID7Source(base_seed())
    now = time.time_ns() // 1_000_000
    times = [now - randomness.randrange(70 * model.DAY) for _ in range(3000)]
    times += [randomness.choice(times) for _ in range(600)]          # the same millisecond
    times += [model.start_of(model.days_ago(randomness.randrange(70)))  # borders of days
              - randomness.choice([0, 0, 1]) for _ in range(400)]
    events = []
    for cts in times:
        event = {"event_id": ids.next(cts), "event_name": randomness.choice(NAMES), "cts": cts,
                 "props": {"n": randomness.randrange(1000), "t": randomness.choice("xyz")}}
        if randomness.random() < 0.9:
            event["profile_id"] = randomness.choice(PEOPLE)
        events.append(event)
    shuffled = list(events)
    randomness.shuffle(shuffled)
    # A tenth comes twice, a repeat never counts.
    post_events("127.0.0.1", aggregator.port, aggregator.write_key,
                shuffled + shuffled[:400], Book(), per_request=500)
    wait_for(lambda: ask(aggregator, "/api/v1/events/stats", started_at="2000-01-01",
                         ended_at="2100-01-01")["total"] == len(events), 20, 0.1, "all events")
    return aggregator, events


def raw(aggregator, path, **query):
    return aggregator.ask(path + ("?" + urlencode(query) if query else ""))


def ask(aggregator, path, **query):
    response = raw(aggregator, path, **query)
    assert response.status == 200, (path, query, response)
    assert response.headers["content-type"].startswith("application/json")
    return response.json()


RANGES = [  # from, to: dates, instants, and both
    ("2000-01-01", "2100-01-01"), (model.days_ago(20), model.days_ago(10)),
    (model.days_ago(5), model.days_ago(5)),
    (model.days_ago(30) + "T12:34:56.789Z", model.days_ago(3) + "T01:02:03Z"),
    (model.days_ago(40) + "T00:00:00+02:00", model.days_ago(39)),
    (model.days_ago(12) + "T06:00:00", model.days_ago(11) + "T18:00:00")]


@pytest.mark.parametrize("start,end", RANGES)
@pytest.mark.parametrize("name", [None, "page_view", "a/b?c=d&e", "never sent"])
def test_events_stats(world, start, end, name):
    aggregator, events = world
    query = {"started_at": start, "ended_at": end} | ({"event_type": name} if name else {})
    answer = ask(aggregator, "/api/v1/events/stats", **query)
    expected = model.within(events, model.instant(start), model.end_instant(end),
                            **({"event_name": name} if name else {}))
    assert answer["total"] == len(expected)
    assert {row["event_type"]: row["count"] for row in answer["by_type"]} == model.by_type(expected)
    assert {(row["event_type"], row["date"]): row["count"] for row in answer["by_date"]} \
        == model.by_date(expected)
    assert model.instant(answer["from"]) == model.instant(start)
    assert len(answer["by_type"]) == len({row["event_type"] for row in answer["by_type"]})


def test_events_stats_default_to_the_last_thirty_days(world):
    aggregator, events = world
    answer = ask(aggregator, "/api/v1/events/stats")
    start, end = model.instant(answer["from"]), model.end_instant(answer["to"])
    assert start == model.start_of(model.days_ago(29)), answer["from"]
    assert end >= time.time() * 1000
    assert answer["total"] == len(model.within(events, start, end))


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
@pytest.mark.parametrize("start,end", RANGES[:4])
def test_stats_events_by_time(world, unit, start, end):
    aggregator, events = world
    for name in (None, "click"):
        query = {"start_date": start, "end_date": end, "group_by": unit}
        if name:
            query["event_type"] = name
        if unit == "hour" and start.startswith("2000"):
            # A hundred years of hours are refused by name, not sent.
            response = raw(aggregator, "/api/v1/stats/events", **query)
            assert response.status == 400 and response.json()["code"] == "too_many_buckets"
            continue
        answer = ask(aggregator, "/api/v1/stats/events", **query)
        expected = model.within(events, model.instant(start), model.end_instant(end),
                                **({"event_name": name} if name else {}))
        counts = {model.read_bucket(row["bucket"]): row["count"] for row in answer["data"]}
        assert {k: n for k, n in counts.items() if n} == model.by_bucket(expected, unit)
        assert len(counts) == len(answer["data"]) and list(counts) == sorted(counts)
        assert answer["total"] == len(expected)
        assert answer["group_by"] == unit and answer["zone"] == "UTC"
        assert model.instant(answer["from"]) == model.instant(start)


def test_stats_events_by_type(world):
    aggregator, events = world
    answer = ask(aggregator, "/api/v1/stats/events", start_date=model.days_ago(30),
                 end_date=model.days_ago(0), group_by="event_type")
    expected = model.within(events, model.instant(model.days_ago(30)),
                            model.end_instant(model.days_ago(0)))
    assert {row["event_type"]: row["count"] for row in answer["data"]} == model.by_type(expected)
    assert answer["total"] == len(expected)


@pytest.mark.parametrize("person", PEOPLE + ["nobody"])
@pytest.mark.parametrize("limit", [None, 7, 1000])
def test_events_of_a_user_page_by_page(world, person, limit):
    aggregator, events = world
    start, end = model.days_ago(60), model.days_ago(0)
    expected = model.oldest_first(model.within(events, model.instant(start),
                                               model.end_instant(end), profile_id=person))
    if limit == 7:
        expected = expected[:40]
    query = {"started_at": start, "ended_at": end} | ({"limit": limit} if limit else {})
    path = f"/api/v1/events/user/{quote(person, safe='')}?{urlencode(query)}"
    got = []
    while path and len(got) < len(expected) + 1:
        response = aggregator.ask(path)
        assert response.status == 200, response
        page = response.json()
        assert isinstance(page, list) and len(page) <= (limit or 1000)
        got += page
        match = re.search(r'<([^>]+)>;\s*rel="?next"?', response.headers.get("link", ""))
        path = match.group(1) if match else None
        if path and path.startswith("http"):
            path = "/" + path.split("/", 3)[3]
        if limit == 7 and len(got) >= 40:
            break
    got = got[:len(expected)] if limit == 7 else got
    assert [e["event_id"] for e in got] == [e["event_id"] for e in expected]
    for event, original in zip(got, expected):
        assert event["event_type"] == original["event_name"]
        assert event["timestamp"] == model.rfc3339(original["cts"])
        assert event["metadata"] == original["props"]


def pages(aggregator, **query):
    events, cursor = [], None
    while True:
        answer = ask(aggregator, "/api/v1/events", **query, **({"cursor": cursor} if cursor else {}))
        assert len(answer["events"]) <= int(query.get("limit", 100))
        events += answer["events"]
        cursor = answer.get("next_cursor")
        if not cursor:
            return events


@pytest.mark.parametrize("limit", [1000, 333])
@pytest.mark.parametrize("filters", [
    {}, {"event_type": "purchase"}, {"profile_id": "ünï/código"},
    {"event_type": "größe erreicht", "profile_id": "u1"}, {"event_type": "never sent"}])
@pytest.mark.parametrize("start,end", RANGES[:4])
def test_events_newest_first_page_by_page(world, limit, filters, start, end):
    aggregator, events = world
    fields = {"event_name" if k == "event_type" else k: v for k, v in filters.items()}
    expected = model.newest_first(
        model.within(events, model.instant(start), model.end_instant(end), **fields))
    got = pages(aggregator, limit=limit, **{"from": start, "to": end}, **filters)
    assert [e["event_id"] for e in got] == [e["event_id"] for e in expected]
    for event, original in list(zip(got, expected))[:20]:
        assert event["props"] == original["props"] and event["cts"] == original["cts"]
        assert event["event_name"] == original["event_name"]
        assert event["project_id"] == aggregator.project
        assert event.get("profile_id") == original.get("profile_id")


def test_events_default_to_a_hundred_of_the_last_thirty_days(world):
    aggregator, events = world
    answer = ask(aggregator, "/api/v1/events")
    assert [e["event_id"] for e in answer["events"]] \
        == [e["event_id"] for e in model.newest_first(events)[:100]]
    assert answer["next_cursor"]


def test_pages_stay_stable_while_events_arrive(world):
    """What was newer than the first page does not push older events onto later pages twice."""
    aggregator, events = world
    expected = [e["event_id"] for e in model.newest_first(events)]
    first = ask(aggregator, "/api/v1/events", limit=50, **{"from": "2000-01-01", "to": "2100-01-01"})
    ids = UUID7Source(1)
    for n in range(5):
        event = {"event_id": ids.next(), "event_name": "late comer", "profile_id": "late"}
        assert aggregator.post("/api/v1/events", event).status == 200
    second = ask(aggregator, "/api/v1/events", limit=50, cursor=first["next_cursor"],
                 **{"from": "2000-01-01", "to": "2100-01-01"})
    assert [e["event_id"] for e in second["events"]] == expected[50:100]
    events += [e for e in ask(aggregator, "/api/v1/events", profile_id="late")["events"]]


def test_one_event_by_its_id(world):
    aggregator, events = world
    for event in events[::400]:
        stored = ask(aggregator, f"/api/v1/events/{event['event_id']}")
        assert stored["event_id"] == event["event_id"] and stored["cts"] == event["cts"]
        assert stored["props"] == event["props"] and "source" in stored and "sts" in stored
    unknown = UUID7Source(99).next()
    assert aggregator.ask(f"/api/v1/events/{unknown}").status == 404
    assert aggregator.ask("/api/v1/events/no-uuid-at-all").status in (400, 404)


def test_every_route_is_there_without_v1(world):
    aggregator, events = world
    for path in ("/events", "/events/stats", "/stats/events?group_by=day", "/events/user/u1",
                 f"/events/{events[0]['event_id']}"):
        with_version, without = aggregator.ask("/api/v1" + path), aggregator.ask("/api" + path)
        assert with_version.status == without.status == 200, path
        assert with_version.body == without.body, path


@pytest.mark.parametrize("path", [
    "/api/v1/events?limit=0", "/api/v1/events?limit=1001", "/api/v1/events?limit=ten",
    "/api/v1/events?limit=-1", "/api/v1/events?limit=99999999999999999999",
    "/api/v1/events?cursor=nonsense", "/api/v1/events?cursor=%00", "/api/v1/events?from=yesterdayish",
    "/api/v1/events?from=2024-13-01", "/api/v1/events?from=2024-02-30",
    "/api/v1/events?from=2024-02-02&to=2024-01-01",
    "/api/v1/events/stats?started_at=2024-01-01T25:00:00Z",
    "/api/v1/stats/events?group_by=fortnight", "/api/v1/stats/events?start_date=x",
    "/api/v1/events/user/u1?limit=100001", "/api/v1/events/user/u1?cursor=zzz",
    "/api/v1/events?event_type=%ff%fe"])
def test_a_bad_question_is_a_400_that_names_what_is_wrong(world, path):
    aggregator, _ = world
    response = aggregator.ask(path)
    assert response.status == 400, response
    answer = response.json()
    assert answer["code"] and answer["message"]
    parameter = re.search(r"[?&](\w+)=[^&]*$", path).group(1)
    if "to=2024-01-01" not in path:
        assert parameter in response.body.decode(), answer


def test_a_question_needs_the_read_key(world):
    aggregator, events = world
    for path in ("/api/v1/events", "/api/v1/events/stats", "/api/v1/stats/events",
                 "/api/v1/events/user/u1", f"/api/v1/events/{events[0]['event_id']}"):
        assert aggregator.get(path).status == 401, path
        assert aggregator.ask(path, key="rk_wrong").status == 401, path
        by_header = aggregator.get(path, headers={"X-API-Key": aggregator.read_key})
        assert by_header.status == 200, path


def test_an_unknown_route_and_a_wrong_method_say_so(world):
    aggregator, _ = world
    assert aggregator.ask("/api/v1/nothing").status == 404
    with aggregator.connection() as connection:
        response = connection.request("DELETE", "/api/v1/events/stats")
        assert response.status == 405 and "GET" in response.headers["allow"], response
