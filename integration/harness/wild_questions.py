"""Random questions about wild events, in the JSON form of the API."""

from datetime import datetime, timedelta, timezone

from .question_model import escaped, value_at
from .wild_events import DAY, DAYS, START


def rfc3339(time):
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=time)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class WildQuestions:
    def __init__(self, random, world):
        self.random, self.world = random, world

    def question(self):
        question = {"question": "series", **self._time(), "series": [
            self._series() for _ in range(self.random.choice([1, 1, 1, 2, 3]))]}
        if self.random.random() < 0.15:
            question["filter"] = self._condition()
        if self.random.random() < 0.6:
            # Groups are ranked by what is counted, which no order of adding can change.
            question["series"][0]["measure"] = self.random.choice(["events", "people"])
            question["breakdown"] = self._breakdown()
        return question

    def _time(self):
        if self.random.random() < 0.2:
            return {"from": "1970-01-01T00:00:00Z", "to": "2199-01-01T00:00:00Z"}
        start = START + self.random.randrange(-5 * DAY, (DAYS - 10) * DAY)
        end = start + self.random.choice([DAY, 7 * DAY, 60 * DAY, self.random.randrange(1, 80 * DAY)])
        time = {"from": rfc3339(start), "to": rfc3339(end), "timezone": self.random.choice(
            ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata"])}
        interval = self.random.choice(["total", "total", "day", "week", "month"])
        return time if interval == "total" else time | {"interval": interval}

    def _series(self):
        kind = self.random.random()
        if kind < 0.3:
            measure = "events"
        elif kind < 0.5:
            measure = "people"
        elif kind < 0.55:
            measure = "events_per_person"
        else:
            word = self.random.choice(["sum", "sum", "average", "minimum", "maximum", "percentile"])
            measure = {word: self._path(numbers=True)}
            if word == "percentile":
                measure["q"] = self.random.choice([0.0, 0.5, 0.9, 0.99, 1.0, 0.123])
        series = {"measure": measure}
        if self.random.random() < 0.5:
            series["event"] = self.random.choice(self.world.names + ["nobody says this"]) \
                if self.random.random() < 0.7 else self.random.sample(self.world.names, 3)
        if self.random.random() < 0.4:
            series["filter"] = self._condition()
        return series

    def _path(self, numbers=False):
        kind = self.random.random()
        if numbers and kind < 0.6:
            return f"props.{self.random.choice(['number', 'mixed'])}"
        if kind < 0.06:
            return self.random.choice(["name", "profile_id", "device_id", "session_id"])
        if kind < 0.12:
            return f"props.{self.random.choice(self.world.rare)}"
        if kind < 0.2:
            return f"props.{escaped(self.random.choice(self.world.keys))}." \
                f"{self.random.choice(['inner', 'n', escaped('with.dot')])}"
        root = "ctx" if kind < 0.35 else "props"
        return f"{root}.{escaped(self.random.choice(self.world.keys))}"

    def _operand(self, path):
        """A value that is there, most of the time."""
        for _ in range(30):
            kind, value = value_at(path, self.random.choice(self.world.events))
            if kind in ("bool", "number", "text"):
                return value.decode("utf-8", "surrogatepass") if kind == "text" else value
        return self.random.choice(["nothing like it", 1, 2.5, True, ""])

    def _condition(self, depth=0):
        kind = self.random.random()
        if depth < 3 and kind < 0.3:
            word = self.random.choice(["and", "or"])
            return {word: [self._condition(depth + 1) for _ in range(self.random.randrange(1, 4))]}
        if depth < 3 and kind < 0.42:
            return {"not": self._condition(depth + 1)}
        if kind < 0.48:
            return {"search": self.random.choice(["checkout", "é", "🎧", "a b", "\\", '"', "x" * 40, "\u0000"])}
        path = self._path()
        if kind < 0.6:
            return {"property": path, "op": "exists"}
        operand = self._operand(path)
        if kind < 0.7:
            return {"property": path, "op": "in",
                    "value": [operand] + [self._operand(path) for _ in range(self.random.randrange(4))]}
        if kind < 0.8:
            text = operand if isinstance(operand, str) else str(operand)
            return {"property": path, "op": self.random.choice(["contains", "prefix", "suffix"]),
                    "value": text[:self.random.randrange(1, 4)]}
        ordered = not isinstance(operand, bool)
        op = self.random.choice(["=", "!=", "<", "<=", ">", ">="] if ordered else ["=", "!="])
        return {"property": path, "op": op, "value": operand}

    def _breakdown(self):
        paths = [self._path() for _ in range(self.random.choice([1, 1, 1, 2]))]
        breakdown = {"by": paths[0] if len(paths) == 1 else paths,
                     "limit": self.random.choice([1, 2, 5, 25, 1_000])}
        if self.random.random() < 0.3:
            breakdown["assign"] = self.random.choice(["first", "last"])
        return breakdown
