#!/usr/bin/env python3
"""What Python's zoneinfo says about time zones, as lines for ZoneOracleTests.

  zones.py vectors SEED COUNT [NAME...]   prints lines, for all zones of the system where none is
                                          named
  zones.py make                           writes slim/, fat/ (by the system's zic) and vectors.txt

A line is a zone, a letter and pairs of seconds since 1970:

  o   an instant and how far the clocks are ahead of UTC then: COUNT random instants of the years
      1900 to 2100, and both sides of every change that a walk by months meets
  l   a local time, counted as if it were UTC, and the first instant at which the clocks show it or
      a later one: COUNT random ones and some around those changes

The files beside this one are never made again to make a test pass: what they say is history.
"""
import os
import random
import subprocess
import sys
import zoneinfo
from datetime import datetime, timezone

FIRST, LAST = -2208988800, 4102444800
MONTH = 2629746
DAY = 86400
SLIM = """Africa/Cairo Africa/Casablanca Africa/Monrovia America/Argentina/Ushuaia America/Goose_Bay
America/Los_Angeles America/Moncton America/Nuuk America/Sao_Paulo America/St_Johns
Antarctica/Casey Antarctica/Troll Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Kathmandu Asia/Tehran
Australia/Lord_Howe Europe/Berlin Europe/Dublin Pacific/Apia Pacific/Guam Pacific/Kiritimati
Pacific/Kwajalein US/Pacific Etc/GMT+12""".split()
FAT = "Africa/Monrovia America/Los_Angeles Asia/Gaza Asia/Tehran Australia/Lord_Howe".split()


def offset(zone, instant):
    return int(datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())


def first(zone, low, high, holds):
    """The first instant in (low, high] of which `holds`, where it goes on to hold."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def changes(zone):
    """The changes between instants a month apart; two that undo each other within one are missed."""
    before = offset(zone, FIRST)
    for instant in range(FIRST, LAST, MONTH):
        after = offset(zone, instant + MONTH)
        if after != before:
            yield first(zone, instant, instant + MONTH, lambda t: offset(zone, t) != before)
        before = after


def showing(zone, local):
    naive = datetime.fromtimestamp(local, timezone.utc).replace(tzinfo=None)
    guesses = []
    for fold in 0, 1:
        aware = naive.replace(tzinfo=zone, fold=fold)
        instant = local - int(aware.utcoffset().total_seconds())
        if instant + offset(zone, instant) == local:
            return instant
        guesses.append(instant)
    # The clocks leave it out: between the two guesses they jump over it.
    return first(zone, min(guesses) - 1, max(guesses), lambda t: t + offset(zone, t) >= local)


def vectors(seed, count, names):
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        dice = random.Random(f"{seed} {name}")
        instants = [dice.randrange(FIRST, LAST) for _ in range(count)]
        locals_ = [dice.randrange(FIRST, LAST) for _ in range(count)]
        for change in changes(zone):
            instants += [change - 1, change]
            for instant in change - 1, change:
                shown = instant + offset(zone, instant)
                locals_ += [shown, shown + dice.randrange(-7200, 7200), shown // DAY * DAY]
        yield name, "o", [(t, offset(zone, t)) for t in sorted(instants)]
        yield name, "l", [(t, showing(zone, t)) for t in sorted(locals_)]


def distinct():
    """All zones whose files differ."""
    found = {}
    for name in sorted(zoneinfo.available_timezones()):
        path = next((f"{folder}/{name}" for folder in zoneinfo.TZPATH
                     if os.path.exists(f"{folder}/{name}")), None)
        if path and name[0].isupper():
            with open(path, "rb") as file:
                found.setdefault(file.read(), name)
    return found.values()


def write(lines, file):
    for name, letter, pairs in lines:
        print(name, letter, *(f"{a}:{b}" for a, b in pairs), file=file)


def make():
    here = os.path.dirname(os.path.abspath(__file__))
    for form, names in ("slim", SLIM), ("fat", FAT):
        everything = f"{here}/{form}.all"
        subprocess.run(["/usr/sbin/zic", "-b", form, "-d", everything,
                        "/usr/share/zoneinfo/tzdata.zi"], check=True)
        for name in names:
            os.makedirs(os.path.dirname(f"{here}/{form}/{name}"), exist_ok=True)
            with open(f"{everything}/{name}", "rb") as file:
                content = file.read()
            with open(f"{here}/{form}/{name}", "wb") as file:
                file.write(content)
        subprocess.run(["rm", "-r", everything], check=True)
    zoneinfo.reset_tzpath([f"{here}/slim"])
    with open(f"{here}/vectors.txt", "w") as file:
        thinned = ((name, letter, pairs[::12]) for name, letter, pairs in vectors(1, 240, SLIM))
        write(thinned, file)


if sys.argv[1] == "make":
    make()
else:
    names = sys.argv[4:] or distinct()
    write(vectors(sys.argv[2], int(sys.argv[3]), names), sys.stdout)
