"""`strongroom erasure`: requests for erasure, and what to answer to them."""

from dataclasses import replace
from typing import Any

import click

from cli import words
from cli.base import Group
from cli.door import Door, pass_door
from cli.exits import REFUSED
from cli.terms import search_options
from retention.errors import DemandScopeError
from retention.recorded import demands
from retention.recorded import erasure as requests
from retention.recorded.demands import Demand
from retention.recorded.erasure import Answer
from vault.ids import new_id
from vault.log.entry import Act
from vault.people import Capability
from vault.search import Terms, criteria_of

_COLUMNS = ("ground", "what", "citation", "recordings", "until")


@click.group(cls=Group)
def erasure() -> None:
    """Record requests for erasure (GDPR Art. 17); each is done by itself when nothing keeps any more."""


@erasure.command("request")
@click.argument("recordings", nargs=-1)
@click.option("--because", required=True, help="Who asks and why, in your words; sealed at rest.")
@search_options
@pass_door
@click.pass_context
def request_(ctx: click.Context, door: Door, recordings: tuple[str, ...], because: str, terms: Terms) -> None:
    """Record a request for the erasure of recordings, or of everything that matches now.

    It answers what is free, and by which legal ground the rest is kept. Where nothing can be erased yet the exit
    status is 3; the request stands all the same, and is done by itself when the last reason to keep has ended.
    """
    actor = door.enter(Capability.ERASURE_CHANGE)
    terms = replace(terms, ids=(*terms.ids, *recordings))
    if not terms.words():
        raise DemandScopeError("expected recordings or at least one criterion, got none")
    if not because.strip():
        raise DemandScopeError("expected a reason, got an empty one")
    vault = door.vault
    criteria = criteria_of(terms, vault.index if terms.name_a_person else None, vault.settings.region)
    demand = new_id(vault.clock.now())
    sealed = words.seal(door, demand, demands.WORDS, {"because": because, "scope": terms.words()})
    requests.request(vault.catalog, vault.clock, actor, demand=demand, criteria=criteria, words=sealed)
    answer = requests.answer(vault.catalog, vault.clock.now(), demand=demand)
    door.settle()
    _show(door, {"request": demand}, answer)
    if answer.is_refused:
        ctx.exit(REFUSED)


def _show(door: Door, head: dict[str, Any], answer: Answer) -> None:
    grounds = [(o.ground.value, o.what, o.citation, o.recordings, o.until) for o in answer.obstacles.values()]
    grounds.sort(key=lambda row: (-row[3], row[0], row[1]))
    if door.out.as_json:
        value = {
            **head, "recordings": answer.covered, "free": answer.free, "to_review": answer.to_review,
            "kept": answer.kept, "purged": answer.purged, "refused_for_now": answer.is_refused,
            "grounds": [dict(zip(_COLUMNS, row, strict=True)) for row in grounds],
        }  # fmt: skip
        door.out.object(value)
        return
    for name, value in head.items():
        door.out.say(f"{name.replace('_', ' '):<16} {value}")
    door.out.say(_text(answer))
    if grounds:
        door.out.table(_COLUMNS, grounds)


def _text(answer: Answer) -> str:
    if not answer.covered:
        return "nothing matches: there is nothing to erase (check the spelling with 'strongroom list')"
    lines = [f"{answer.covered} recordings:"]
    if answer.purged:
        lines.append(f"  {answer.purged} are erased; their certificates say when")
    if answer.free:
        lines.append(f"  {answer.free} are free: the next purge plan has them")
    if answer.to_review:
        lines.append(f"  {answer.to_review} are free once a person has agreed, as a rule asks")
    if answer.kept:
        lines.append(f"  {answer.kept} are kept for now, by the grounds below")
    if answer.is_refused:
        lines.append("refused for now: nothing can be erased yet. The request stands and fires by itself.")
    return "\n".join(lines)


@erasure.command("list")
@pass_door
def list_(door: Door) -> None:
    """List every request ever recorded, and how far it is."""
    door.enter(Capability.DEMAND_READ)
    with door.vault.catalog.read() as connection:
        rows = []
        for found in demands.every(connection, Demand.ERASURE):
            covered, purged = requests.counts(connection, found.id)
            rows.append((found.id, _state(found, covered, purged), covered, purged, found.made_by, found.made_at))
    door.out.table(("id", "state", "recordings", "purged", "made_by", "made_at"), rows)


def _state(found: demands.DemandRow, covered: int, purged: int) -> str:
    if found.withdrawn_at is not None:
        return "withdrawn"
    return "done" if covered == purged else "waiting"


@erasure.command()
@click.argument("request_id")
@pass_door
def show(door: Door, request_id: str) -> None:
    """Show a request, what is free now and what is kept by which ground; its words to those who may know callers."""
    actor = door.enter(Capability.DEMAND_READ)
    with door.vault.catalog.read() as connection:
        found = demands.get(connection, Demand.ERASURE, request_id)
        in_words: dict[str, Any] = {}
        if door.may(Capability.CALLERS):
            in_words = words.shown(words.opened(door, connection, found.id, demands.WORDS, found.sealed_words))
        state = _state(found, *requests.counts(connection, found.id))
    answer = requests.answer(door.vault.catalog, door.vault.clock.now(), demand=request_id)
    door.tell(actor, Act.SHOW, request_id, {"words": int(bool(in_words))})
    head = {"request": found.id, "state": state, "made_by": found.made_by, "made_at": found.made_at, **in_words}
    _show(door, head, answer)


@erasure.command()
@click.argument("request_id")
@click.option("--because", required=True, help="A code for the reason, such as taken-back; it stands in the log.")
@pass_door
def withdraw(door: Door, request_id: str, because: str) -> None:
    """Take a request back: what it covers is kept as if it had never been made."""
    actor = door.enter(Capability.ERASURE_CHANGE)
    requests.withdraw(door.vault.catalog, door.vault.clock, actor, demand=request_id, because=because)
    door.settle()
    door.out.object({"request": request_id, "state": "withdrawn"}, text=f"withdrew erasure request {request_id}")
