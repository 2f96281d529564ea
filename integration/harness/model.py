"""The first answers, computed slowly and obviously from a list of events."""

import re
from collections import Counter
from datetime import date, datetime, timedelta, timezone

DAY = 86_400_000


def instant(text):
    """Milliseconds of an RFC 3339 text; a date is its first moment in UTC."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        text += "T00:00:00Z"
    value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return round(value.timestamp() * 1000)


def end_instant(text):
    """The end of a range: a date without a time includes that whole day."""
    return instant(text) + (DAY if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else 0)


def utc(milliseconds):
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc) \
        + timedelta(milliseconds=milliseconds % 1000)


def rfc3339(milliseconds):
    return utc(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def within(events, start, end, **fields):
    return [e for e in events if start <= e["cts"] < end
            and all(e.get(key) == value for key, value in fields.items())]


def oldest_first(events):
    return sorted(events, key=lambda e: (e["cts"], e["event_id"]))


def newest_first(events):
    return oldest_first(events)[::-1]


def by_type(events):
    return dict(Counter(e["event_name"] for e in events))


def by_date(events):
    return dict(Counter((e["event_name"], utc(e["cts"]).date().isoformat()) for e in events))


def bucket_start(milliseconds, unit):
    """The first moment of the hour, day, ISO week or month, in milliseconds."""
    at = utc(milliseconds)
    if unit == "hour":
        start = at.replace(minute=0, second=0, microsecond=0)
    else:
        start = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if unit == "week":
            start -= timedelta(days=start.weekday())
        elif unit == "month":
            start = start.replace(day=1)
    return round(start.timestamp() * 1000)


def by_bucket(events, unit):
    return dict(Counter(bucket_start(e["cts"], unit) for e in events))


def read_bucket(text):
    """The first moment that a bucket's label names: a month, a day or an instant."""
    if re.fullmatch(r"\d{4}-\d{2}", text):
        text += "-01"
    return instant(text)


def today():
    return datetime.now(timezone.utc).date()


def days_ago(count):
    return (today() - timedelta(days=count)).isoformat()


def start_of(day):
    return instant(day.isoformat() if isinstance(day, date) else day)
