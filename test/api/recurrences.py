"""
Writes recurrences.txt anew: each of its rules, which chance once drew, with what python-dateutil makes of it now.

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install python-dateutil==4.0.0
    /tmp/oracle/bin/python test/api/recurrences.py test/api/recurrences.txt | diff test/api/recurrences.txt -
"""

import datetime
import itertools
import signal
import sys

from dateutil.rrule import rrulestr

COMPARED, SIX_YEARS, SECONDS = 4, datetime.timedelta(days=6 * 366), 20
WALL = "%Y%m%dT%H%M%S"


def give_up(*_):
    raise TimeoutError


def answer(start, rule):
    begin = datetime.datetime.strptime(start, WALL)
    end = begin + SIX_YEARS
    # It looks through every year that there is for what no rule can name.
    datetime.MAXYEAR = end.year
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        times = rrulestr(f"{rule};UNTIL={end:{WALL}}", dtstart=begin)
        return " ".join(time.strftime(WALL) for time in itertools.islice(times, COMPARED))
    except (TimeoutError, ValueError):
        return "?"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


signal.signal(signal.SIGVTALRM, give_up)
for line in open(sys.argv[1], encoding="utf-8"):
    known = line.rstrip("\n")
    start, _, rule = known.rpartition("|")[0].partition("|")
    print(known if known.startswith("#") else f"{start}|{rule}|{answer(start, rule)}", flush=True)
