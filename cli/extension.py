"""`strongroom extension`: an authority asks to keep things for longer than the policy does."""

from typing import Any

import click

from cli import words
from cli.base import Group
from cli.door import Door, pass_door
from cli.terms import search_options
from retention.errors import DemandScopeError
from retention.policy import clocks, read_clock
from retention.policy.periods import Period
from retention.recorded import demands, extensions
from retention.recorded.demands import Demand
from vault.ids import new_id
from vault.log.entry import Act
from vault.people import Capability
from vault.search import Terms, criteria_of


@click.group(cls=Group)
def extension() -> None:
    """Extensions by an authority: what matches is kept for at least so long, whatever the policy says."""


@extension.command()
@click.option("--authority", required=True, help="The authority's name; it stands in clear, so no persons.")
@click.option("--keep", required=True, help="How long at least, such as P7Y.")
@click.option("--clock", default="ended", show_default=True, help="From when, as the clocks of a policy are written.")
@click.option("--because", required=True, help="Why, in your words; sealed at rest.")
@search_options
@pass_door
def record(door: Door, authority: str, keep: str, clock: str, because: str, terms: Terms) -> None:
    """Record an extension for everything that matches, now and later, and for the rest of each interaction."""
    actor = door.enter(Capability.EXTENSION_CHANGE)
    period, counted = Period.parse(keep), read_clock.parse(clock)
    extensions.check_authority(authority)
    if not terms.words():
        raise DemandScopeError("expected at least one criterion, got none")
    if not because.strip():
        raise DemandScopeError("expected a reason, got an empty one")
    if terms.states:
        raise DemandScopeError("expected no --state: a recording changes its state and must stay kept")
    vault = door.vault
    criteria = criteria_of(terms, vault.index if terms.name_a_person else None, vault.settings.region)
    demand = new_id(vault.clock.now())
    sealed = words.seal(door, demand, demands.WORDS, {"because": because, "scope": terms.words()})
    covered = extensions.record(
        vault.catalog, vault.clock, actor, demand=demand, authority=authority, keep=period, counted=counted,
        criteria=criteria, words=sealed,
    )  # fmt: skip
    door.settle()
    text = f"recorded extension {demand} by {authority}: {covered} recordings, and whatever arrives that matches"
    if not covered:
        text += "\nnothing matches now: if that surprises you, check the spelling with 'strongroom list'"
    door.out.object({"extension": demand, "authority": authority, "recordings": covered}, text=text)


@extension.command()
@click.argument("extension_id")
@click.option("--because", help="A code for the reason, such as lifted; it stands in the log.")
@click.option("--approve", is_flag=True, help="Agree to a withdrawal that somebody else asked for.")
@pass_door
def withdraw(door: Door, extension_id: str, because: str | None, *, approve: bool) -> None:
    """End an extension: one person asks with a reason, another approves it."""
    if approve == bool(because):
        raise click.UsageError("expected either --because, to ask for a withdrawal, or --approve, to agree to one")
    signatory = door.sign(Capability.EXTENSION_CHANGE)
    vault = door.vault
    if because is None:
        extensions.approve_withdrawal(vault.catalog, vault.clock, signatory, demand=extension_id)
        door.settle()
        door.out.object(
            {"extension": extension_id, "state": "withdrawn"},
            text=f"withdrew extension {extension_id}; what it covered is kept as the policy says",
        )
        return
    digest = extensions.ask_withdrawal(vault.catalog, vault.clock, signatory, demand=extension_id, because=because)
    door.settle()
    door.out.object(
        {"extension": extension_id, "state": "withdrawal-asked", "release_sha256": digest},
        text="asked; the extension stays in force until another person runs "
        f"'strongroom extension withdraw {extension_id} --approve'",
    )


@extension.command("list")
@pass_door
def list_(door: Door) -> None:
    """List every extension ever recorded."""
    door.enter(Capability.DEMAND_READ)
    with door.vault.catalog.read() as connection:
        rows: list[tuple[Any, ...]] = []
        for found in demands.every(connection, Demand.EXTENSION):
            said = demands.extension_of(found.id, found.body)
            state = extensions.state(connection, found)
            covered = extensions.coverage(connection, found) if state != "withdrawn" else 0
            rows.append((found.id, said.authority, str(said.keep), clocks.text_of(said.clock), state, covered,
                         found.made_by, found.made_at))  # fmt: skip
    door.out.table(("id", "authority", "keep", "clock", "state", "recordings", "made_by", "made_at"), rows)


@extension.command()
@click.argument("extension_id")
@pass_door
def show(door: Door, extension_id: str) -> None:
    """Show an extension and what it covers now; its scope and reason in words to those who may know callers."""
    actor = door.enter(Capability.DEMAND_READ)
    with door.vault.catalog.read() as connection:
        found = demands.get(connection, Demand.EXTENSION, extension_id)
        said, state = demands.extension_of(found.id, found.body), extensions.state(connection, found)
        covered = extensions.coverage(connection, found)
        in_words: dict[str, Any] = {}
        if door.may(Capability.CALLERS):
            in_words = words.shown(words.opened(door, connection, found.id, demands.WORDS, found.sealed_words))
    door.tell(actor, Act.SHOW, extension_id, {"words": int(bool(in_words))})
    door.out.object(
        {
            "extension": found.id, "authority": said.authority, "keep": str(said.keep),
            "clock": clocks.words(said.clock), "state": state, "made_by": found.made_by, "made_at": found.made_at,
            **in_words, "recordings": covered, "withdrawn_by": found.withdrawn_by, "withdrawn_at": found.withdrawn_at,
        }
    )  # fmt: skip
