"""Each seed system's own request, word by word, and the reply that its clients expect. About 10 s.

The requests are those of the systems that Tributary replaces: only host and key changed.
"""

import time
from datetime import datetime, timedelta, timezone

import pytest

from harness import oracle
from harness.client import request, wait_for
from harness.load import Book
from harness.uuid7 import is_uuid7

ALSO_DIRECT = ["collector", "aggregator"]


@pytest.fixture(params=ALSO_DIRECT)
def door(request, shared_pair):
    """Collector and aggregator speak every dialect alike."""
    return shared_pair[1] if request.param == "collector" else shared_pair[0]


@pytest.fixture
def aggregator(shared_pair):
    return shared_pair[0]


def post(door, path, body, headers=None):
    host, port = door.health_address()
    return request(host, port, "POST", path, body,
                   {"Content-Type": "application/json"} | (headers or {}))


def newest(aggregator, timeout=10, **wanted):
    """The newest stored event whose fields are as wanted."""
    def look():
        for event in oracle.stored_events(aggregator):
            if all(event.get(key) == value for key, value in wanted.items()):
                return event
    return wait_for(look, timeout, 0.05, f"an event with {wanted}")


def unique(door, word):
    return f"{word}_{door.name}_{time.time_ns() % 10**10}"


def milliseconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


# The browser SDK's trackEvent: fields, a timestamp, a session, no key.

def test_event_tracking_service(door, aggregator):
    name = unique(door, "button_click")
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    host, port = door.health_address()
    response = request(host, port, "POST", "/track", {
        "event_type": name, "fields": {"button_name": "submit", "page_url": "/checkout"},
        "timestamp": now, "session_id": "xyz-456"},
        {"Content-Type": "application/json", "User-Agent": "Mozilla/5.0 (seed)"})
    assert response.status == 200, response
    answer = response.json()
    assert answer["accepted"] == 1 and is_uuid7(answer["event_ids"][0]) and not answer["rejected"]
    event = newest(aggregator, event_id=answer["event_ids"][0])
    assert event["event_name"] == name and event["session_id"] == "xyz-456"
    assert event["props"] == {"button_name": "submit", "page_url": "/checkout"}
    assert event["cts"] == milliseconds(now)
    assert event["ctx"]["ip"] == "127.0.0.1" and event["ctx"]["user_agent"] == "Mozilla/5.0 (seed)"


def test_event_tracking_service_with_user(door, aggregator):
    """The shape of its queue's messages, which its servers send."""
    response = post(door, "/track", {
        "event_type": unique(door, "click"), "timestamp": "2025-05-03T10:00:00Z",
        "user_id": "abc-123", "session_id": "xyz-456", "fields": {"button_name": "submit"},
        "ip": "192.168.1.1", "user_agent": "Mozilla/5.0 ..."},
        {"X-API-Key": aggregator.write_key})
    assert response.status == 200, response
    event = newest(aggregator, event_id=response.json()["event_ids"][0])
    assert event["profile_id"] == "abc-123" and event["cts"] == milliseconds("2025-05-03T10:00:00Z")


# The Event Tracking System of 001: no key in its examples.

@pytest.mark.parametrize("path", ["/api/events", "/api/v1/events"])
def test_event_tracking_system(door, aggregator, path):
    user = unique(door, "12345")
    response = post(door, path, {
        "event_type": "user_click", "user_id": user, "timestamp": "2024-01-01T12:00:00Z",
        "metadata": {"page": "/home", "button": "signup"}})
    assert response.status == 200, response
    assert response.json()["message"] == "Event received successfully"
    response = post(door, path, {"event_type": "user_login", "user_id": user,
                                 "timestamp": "2024-01-02T10:00:00Z", "metadata": {}})
    assert response.status == 200, response

    def listed():
        answer = aggregator.ask(f"{path}/user/{user}?started_at=2024-01-01")
        assert answer.status == 200, answer
        return answer.json() if len(answer.json()) == 2 else None

    first, second = wait_for(listed, 10, what="both events of the user")
    assert first["event_type"] == "user_click" and second["event_type"] == "user_login"
    assert milliseconds(first["timestamp"]) == milliseconds("2024-01-01T12:00:00Z")
    assert first["timestamp"] == "2024-01-01T12:00:00.000Z"
    assert first["metadata"] == {"page": "/home", "button": "signup"}
    assert second["metadata"] == {} and is_uuid7(first["event_id"])


def test_event_tracking_system_defaults_of_its_query(aggregator, shared_pair):
    user = unique(aggregator, "today")
    now = datetime.now(timezone.utc).replace(microsecond=0)
    for when in (now - timedelta(days=2), now, now + timedelta(days=40)):
        assert post(shared_pair[1], "/api/events", {
            "event_type": "e", "user_id": user, "timestamp": when.isoformat(),
            "metadata": {}}).status == 200
    wait_for(lambda: len(aggregator.ask(
        f"/api/events/user/{user}?started_at=2020-01-01&ended_at=2100-01-01").json()) == 3, 10)
    # From the start of today, 30 days on.
    assert [milliseconds(e["timestamp"]) for e in aggregator.ask(f"/api/events/user/{user}").json()] \
        == [int(now.timestamp() * 1000)]


def test_event_tracking_system_health(door):
    host, port = door.health_address()
    assert request(host, port, "GET", "/api/v1/health").status == 200
    assert request(host, port, "GET", "/api/health").status == 200


# The Event Analytics Service of 002.

def test_event_analytics_service(door, aggregator):
    user = unique(door, "user123")
    response = post(door, "/api/v1/events/track", {
        "user_id": user, "event_type": "page_view", "page_url": "/home",
        "metadata": {"browser": "chrome"}}, {"X-API-Key": aggregator.write_key})
    assert response.status == 200, response
    answer = response.json()
    assert answer["accepted"] == 1 and len(answer["event_ids"]) == 1 and answer["rejected"] == []
    event = newest(aggregator, event_id=answer["event_ids"][0])
    assert event["profile_id"] == user and event["event_name"] == "page_view"
    assert event["props"]["browser"] == "chrome"
    assert "/home" in (event["ctx"].get("path"), event["props"].get("page_url"),
                       event["ctx"].get("url"))


def test_event_analytics_service_refuses_a_wrong_key(door):
    body = {"user_id": "u", "event_type": "page_view", "page_url": "/", "metadata": {}}
    assert post(door, "/api/v1/events/track", body, {"X-API-Key": "YOUR_API_KEY"}).status == 401


def test_event_analytics_service_statistics(aggregator):
    """Its query, with the read key where its token stood."""
    assert post(aggregator, "/api/v1/events/track", {
        "user_id": "u", "event_type": "page_view", "page_url": "/home",
        "metadata": {}, "timestamp": "2024-03-05T10:00:00Z"},
        {"X-API-Key": aggregator.write_key}).status == 200
    answer = aggregator.ask("/api/v1/stats/events?event_type=page_view&start_date=2024-01-01"
                            "&end_date=2024-12-31&group_by=day")
    assert answer.status == 200, answer
    document = answer.json()
    assert document["group_by"] == "day" and document["zone"] == "UTC"
    assert document["total"] == sum(row["count"] for row in document["data"]) >= 1
    assert any(row["bucket"].startswith("2024-03-05") and row["count"] >= 1
               for row in document["data"])


# Event Lens of 003.

def lens(aggregator):
    return {"event-lens-client-id": aggregator.secrets["client_id"],
            "event-lens-client-secret": aggregator.secrets["client_secret"]}


def test_event_lens_track(door, aggregator):
    path = f"/{unique(door, 'dashboard')}"
    response = post(door, "/track", {
        "type": "track", "payload": {
            "name": "page_view", "deviceId": "device-123", "sessionId": "session-456",
            "path": path, "properties": {"title": "Dashboard"}}}, lens(aggregator))
    assert response.status == 200, response
    answer = response.json()
    assert answer["deviceId"] == "device-123" and answer["sessionId"] == "session-456"

    def look():
        for event in oracle.stored_events(aggregator, event_type="page_view"):
            if path in (event["ctx"].get("path"), event["props"].get("path")):
                return event
    event = wait_for(look, 10, what="the page view")
    assert event["device_id"] == "device-123" and event["session_id"] == "session-456"
    assert event["props"]["title"] == "Dashboard"


def test_event_lens_batch(door, aggregator):
    button = unique(door, "signup")
    response = post(door, "/track/batch", {"events": [
        {"type": "track", "payload": {"name": "page_view", "path": "/home"}},
        {"type": "track", "payload": {"name": "button_click", "properties": {"button": button}}}]},
        lens(aggregator))
    assert response.status == 200, response
    assert isinstance(response.json(), dict) and not response.json().get("rejected")
    event = newest(aggregator, event_name="button_click", props={"button": button})
    assert event["project_id"] == aggregator.project


def test_event_lens_write_only_id_and_wrong_secret(door, aggregator):
    body = {"type": "track", "payload": {"name": "page_view", "path": "/x"}}
    only_id = {"event-lens-client-id": aggregator.secrets["client_id"]}
    assert post(door, "/track", body, only_id).status == 200
    assert post(door, "/track", body, only_id | {"event-lens-client-secret": "wrong"}).status == 401
    assert post(door, "/track", body, {"event-lens-client-id": "nobody"}).status == 401


@pytest.mark.parametrize("prefix", ["openpanel", "mixan"])
def test_openpanels_headers_work_too(door, aggregator, prefix):
    if prefix == "mixan":
        headers = {"mixan-client-id": aggregator.secrets["client_id"]}
    else:
        headers = {"openpanel-client-id": aggregator.secrets["client_id"],
                   "openpanel-client-secret": aggregator.secrets["client_secret"],
                   "openpanel-sdk-name": "web", "openpanel-sdk-version": "1.0"}
    body = {"type": "track", "payload": {"name": "screen_view", "profileId": "u42", "properties": {
        "__path": "https://shop.test/cart", "__title": "Cart", "color": "red"}}}
    response = post(door, "/track", body, headers)
    assert response.status == 200 and isinstance(response.json()["deviceId"], str), response


@pytest.mark.parametrize("payload", [
    {"type": "identify", "payload": {"profileId": "u42", "firstName": "A", "lastName": "B",
                                     "email": "a@b.test", "properties": {"plan": "pro"}}},
    {"type": "increment", "payload": {"profileId": "u42", "property": "logins", "value": 1}},
    {"type": "decrement", "payload": {"profileId": "u42", "property": "logins", "value": 1}},
    {"type": "alias", "payload": {"profileId": "u42", "alias": "device-123"}}],
    ids=lambda payload: payload["type"])
def test_profile_operations_are_taken_and_stay_out_of_event_counts(door, aggregator, payload):
    before = oracle.settle(aggregator, Book(), 10)
    marker = post(door, "/track", payload, lens(aggregator))
    assert marker.status == 200 and isinstance(marker.json(), dict), marker
    response = post(door, "/api/v1/events", {"event_name": "marker"},
                    {"X-API-Key": aggregator.write_key})
    newest(aggregator, event_id=response.json()["event_ids"][0])
    time.sleep(0.3)
    assert oracle.total(aggregator) == before + 1


# Prism of 004.

PRISM = {
    "event_name": "purchase", "cts": 1771665000000, "sts": 1771665012345,
    "profile_id": "user_12345",
    "props": {"amount": 5999, "currency": "TWD", "item_count": 3, "payment_method": "credit_card",
              "campaign": "lunar_new_year", "referral_source": "email", "ab_test_variant": "B"},
    "ctx": {"ip": "203.0.113.42", "user_agent": "Mozilla/5.0...", "locale": "zh-TW",
            "device_type": "mobile", "os": "iOS", "app_version": "2.1.0"}}


def test_prism_event_model(door, aggregator):
    from harness.uuid7 import UUID7Source
    event = PRISM | {"event_id": UUID7Source().next(PRISM["cts"]), "project_id": aggregator.project}
    response = post(door, "/api/v1/events", event, {"X-API-Key": aggregator.write_key})
    assert response.status == 200, response
    assert response.json() == {"accepted": 1, "event_ids": [event["event_id"]], "rejected": []}
    stored = wait_for(lambda: oracle.find(aggregator, event["event_id"]), 10)
    for field in ("event_id", "project_id", "event_name", "cts", "profile_id", "props"):
        assert stored[field] == event[field], field
    assert stored["ctx"].items() >= event["ctx"].items()
    assert stored["sts"] != event["sts"], "sts is the first Tributary program's clock, not the client's"


def test_prism_request_example(door, aggregator):
    response = post(door, "/api/v1/events", {
        "event_name": "purchase", "profile_id": "user_12345",
        "props": {"amount": 5999, "currency": "TWD"}}, {"X-API-Key": aggregator.write_key})
    assert response.status == 200, response
    event = newest(aggregator, event_id=response.json()["event_ids"][0])
    assert event["props"] == {"amount": 5999, "currency": "TWD"}


def test_prism_batch(door, aggregator):
    batch = [{"event_name": f"purchase_{n}", "profile_id": "user_1"} for n in range(100)]
    for body in (batch, {"events": batch}):
        response = post(door, "/api/v1/events/batch", body, {"X-API-Key": aggregator.write_key})
        assert response.status == 200 and response.json()["accepted"] == 100, response


def test_a_shape_that_is_nobodys_is_a_400_that_names_the_shapes(door, aggregator):
    response = post(door, "/track", {"something": "else"}, {"X-API-Key": aggregator.write_key})
    assert response.status == 400, response
    text = response.body.decode()
    assert "event_type" in text and "type" in text and "payload" in text


# A browser asks first.

def test_intake_routes_answer_a_browsers_preflight(door, aggregator):
    host, port = door.health_address()
    response = request(host, port, "OPTIONS", "/track", headers={
        "Origin": "https://shop.test", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert response.status == 204, response
    assert response.headers["access-control-allow-origin"] in ("https://shop.test", "*")
    assert "content-type" in response.headers["access-control-allow-headers"].lower()
    assert int(response.headers["access-control-max-age"]) > 0
