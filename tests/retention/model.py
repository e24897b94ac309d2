"""What a vault must keep and must let go, as plain dictionaries: the model that the state machines hold it against.

Nothing of the product is used here, neither its clocks nor its periods: all periods are days, and a day is over two
midnights of UTC later, when it is over everywhere.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

Row = dict[str, Any]


def over(since: datetime, days: int) -> datetime:
    """Return when so many days from an instant are over everywhere."""
    return datetime.combine(since.date() + timedelta(days=days + 2), time(), UTC)


@dataclass
class Model:
    """The vault as the test knows it. Everything has a number for a name."""

    recordings: dict[int, Row] = field(default_factory=dict)
    rules: list[Row] = field(default_factory=list)
    events: dict[int, Row] = field(default_factory=dict)
    holds: dict[int, Row] = field(default_factory=dict)
    extensions: dict[int, Row] = field(default_factory=dict)
    erasures: dict[int, Row] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    count: int = 0

    def number(self) -> int:
        self.count += 1
        return self.count

    @property
    def alive(self) -> list[int]:
        return [number for number in self.recordings if number not in self.gone]

    def text(self) -> str:
        """Return the rules as a policy file."""
        lines = ["policy: strongroom/policy/v1", f"title: version {self.number()}", "rules:"]
        for rule in self.rules:
            lines += [f"- name: {rule['name']}"]
            lines += [f"  match: {{queue: {rule['queue']}}}" if rule["queue"] else "  match: all"]
            if rule["keep"]:
                lines += [f"  keep: P{rule['keep']}D", f"  clock: {rule['clock']}", f"  then: {rule['then']}"]
            if rule["ceiling"]:
                lines += [f"  erase_by: {{period: P{rule['ceiling']}D, clock: {rule['from']}}}"]
            if rule["once"]:
                lines += [f"  once: {rule['once']}"]
        return "\n".join(lines) + "\n"

    def happened(self, recording: Row, name: str) -> list[datetime]:
        return [e["at"] for e in self.events.values() if (e["name"], e["account"]) == (name, recording["account"])]

    def since(self, clock: str, recording: Row) -> datetime | None:
        if clock in recording:
            return recording[clock]
        which, name = clock.split()
        found = self.happened(recording, name)
        return (min if which == "first" else max)(found) if found else None

    def covering(self, recording: Row) -> list[Row]:
        return [
            rule
            for rule in self.rules
            if rule["queue"] in (None, recording["queue"])
            and (rule["once"] is None or self.happened(recording, rule["once"]))
        ]

    def verdict(self, number: int, now: datetime) -> tuple[str, datetime | None]:
        """Return what becomes of a recording (`keep`, `review` or `destroy`), and when the last reason to keep ends."""
        recording = self.recordings[number]
        rules = self.covering(recording)
        until: list[datetime | None] = [None] if not rules else []
        until += [hold["until"] for hold in self.holds.values() if hold["queue"] == recording["queue"]]
        until += [
            over(recording["ended"], e["keep"]) for e in self.extensions.values() if e["queue"] == recording["queue"]
        ]
        for rule in rules:
            if rule["keep"]:
                since = self.since(rule["clock"], recording)
                until.append(over(since, rule["keep"]) if since else None)
        if not [rule for rule in rules if rule["keep"]] or [rule for rule in rules if rule["then"] == "keep"]:
            limits = [request["at"] for request in self.erasures.values() if number in request["recordings"]]
            for rule in rules:
                since = self.since(rule["from"], recording) if rule["ceiling"] else None
                limits += [over(since, rule["ceiling"])] if since else []
            until.append(min(limits, default=None))
        if None in until:
            return "keep", None
        last = max(one for one in until if one)
        if now < last:
            return "keep", last
        return "review" if "review" in [rule["then"] for rule in rules] else "destroy", None
