"""`strongroom hold`: legal holds, by whom and what they are about, for what is there and what arrives."""

from typing import Any, cast

import click

from cli import words
from cli.base import Group
from cli.door import Door, pass_door
from cli.output import size
from cli.terms import search_options
from keys.errors import IntegrityError
from retention.destroy import originals
from retention.errors import HoldScopeError
from retention.hold import holds
from retention.hold.holds import Hold
from vault import playback
from vault.log.entry import Act
from vault.people import Capability
from vault.private import open_document
from vault.search import Terms, criteria_of


@click.group(cls=Group)
def hold() -> None:
    """Legal holds: what matches is kept, whatever any policy says, until two people release it."""


@hold.command()
@click.option("--matter", required=True, help="The matter's number, such as 2026-014; it stands in clear, so no names.")
@click.option("--reason", required=True, help="Why, in your words; sealed at rest.")
@search_options
@pass_door
def place(door: Door, matter: str, reason: str, terms: Terms) -> None:
    """Place a hold on everything that matches, now and later, and on the rest of each interaction."""
    actor = door.enter(Capability.HOLD_CHANGE)
    holds.check_matter(matter)
    if not terms.words():
        raise HoldScopeError("expected at least one criterion, got none")
    if not reason.strip():
        raise HoldScopeError("expected a reason, got an empty one")
    if terms.states:
        raise HoldScopeError("expected no --state: a recording changes its state and must stay held")
    vault = door.vault
    criteria = criteria_of(terms, vault.index if terms.name_a_person else None, vault.settings.region)
    hold_id = holds.new_hold_id(vault.clock)
    sealed = words.seal(door, hold_id, holds.SCOPE_WORDS, {"reason": reason, "scope": terms.words()})
    covered = holds.place(
        vault.catalog, vault.clock, actor, hold=hold_id, matter=matter, criteria=criteria, words=sealed
    )
    door.settle()
    gone = "were" if covered.purged_exactly else "may have been among those"
    text = (
        f"placed hold {hold_id} of matter {matter}: {covered.recordings} recordings, {size(covered.sealed_bytes)}, "
        "and whatever arrives that matches"
    )
    if covered.already_purged:
        text += f"\n{covered.already_purged} {gone} purged before; see their certificates"
    kept = _kept(door, hold_id)
    if kept is not None and kept.count:
        text += f"\n{_card_data(kept)}"
    if not covered.recordings:
        text += "\nnothing matches now: if that surprises you, check the spelling with 'strongroom list'"
    door.out.object(
        {
            "hold": hold_id, "matter": matter, "recordings": covered.recordings, "sealed_bytes": covered.sealed_bytes,
            "already_purged": covered.already_purged, "already_purged_is_exact": covered.purged_exactly,
        },
        text=text,
    )  # fmt: skip


@hold.command()
@click.argument("hold_id")
@click.option("--reason", help="Why it can be released, in your words; sealed at rest.")
@click.option("--approve", is_flag=True, help="Agree to a release that somebody else requested.")
@pass_door
def release(door: Door, hold_id: str, reason: str | None, *, approve: bool) -> None:
    """Release a hold: one person requests it with a reason, another approves it.

    After the release a grace period runs in which nothing the hold covered is purged.
    """
    if approve == bool(reason):
        raise click.UsageError("expected either --reason, to request a release, or --approve, to agree to one")
    signatory = door.sign(Capability.HOLD_CHANGE)
    vault = door.vault
    if approve:
        until = holds.approve_release(vault.catalog, vault.clock, signatory, hold=hold_id, grace=vault.settings.grace)
        door.settle()
        door.out.object(
            {"hold": hold_id, "state": "released", "grace_until": until},
            text=f"released hold {hold_id}; nothing it covered is purged before {until:%Y-%m-%d %H:%M}Z",
        )
        return
    with vault.catalog.read() as connection:
        holds.get(connection, hold_id)
    sealed = words.seal(door, hold_id, holds.RELEASE_WORDS, {"reason": reason})
    digest = holds.request_release(vault.catalog, vault.clock, signatory, hold=hold_id, words=sealed)
    door.settle()
    door.out.object(
        {"hold": hold_id, "state": "release-requested", "release_sha256": digest},
        text="requested; the hold stays in force until another person runs "
        f"'strongroom hold release {hold_id} --approve'",
    )


@hold.command("list")
@pass_door
def list_(door: Door) -> None:
    """List every hold ever placed."""
    door.enter(Capability.HOLD_READ)
    with door.vault.catalog.read() as connection:
        rows = []
        for found in holds.all_holds(connection):
            covered = holds.coverage(connection, found.criteria) if found.state != "released" else None
            rows.append((found.id, found.matter, found.state, covered.recordings if covered else 0, found.placed_by,
                         found.placed_at, found.grace_until))  # fmt: skip
    door.out.table(("id", "matter", "state", "recordings", "placed_by", "placed_at", "grace_until"), rows)


@hold.command()
@click.argument("hold_id")
@pass_door
def show(door: Door, hold_id: str) -> None:
    """Show a hold and what it covers now; its scope and reason in words to those who may know callers."""
    actor = door.enter(Capability.HOLD_READ)
    vault = door.vault
    said: dict[str, Any] = {}
    with vault.catalog.read() as connection:
        found = holds.get(connection, hold_id)
        covered = holds.coverage(connection, found.criteria)
        if door.may(Capability.CALLERS):
            key = playback.data_key(connection, vault.keyring, hold_id, holds.SCOPE_WORDS)
            opened = open_document(found.sealed_scope, key, hold_id, holds.SCOPE_WORDS)
            scope = cast("dict[str, Any]", opened["scope"])
            said = {"reason": opened["reason"], **{f"scope_{name}": value for name, value in scope.items()}}
    door.tell(actor, Act.SHOW, hold_id, {"words": int(bool(said))})
    kept = _kept(door, hold_id)
    shown = _shown(found, said, covered)
    door.out.object({**shown, "originals_with_card_data": None if kept is None else kept.count})
    if kept is not None and kept.count:
        door.out.say(_card_data(kept))


def _kept(door: Door, hold_id: str) -> originals.Kept | None:
    """Return the originals with card data that a hold keeps; None where the policy or another hold is not readable.

    That must hide neither this hold nor that it was placed.
    """
    try:
        with door.vault.catalog.read() as connection:
            return originals.kept_by_hold(connection, door.vault.clock.now(), hold=hold_id)
    except IntegrityError:
        return None


def _card_data(kept: originals.Kept) -> str:
    return (
        f"THIS HOLD KEEPS CARD DATA: without it the policy would destroy the originals of {kept.count} recordings "
        f"with cuts, for example {', '.join(kept.ids)}."
    )


def _shown(found: Hold, said: dict[str, Any], covered: holds.Coverage) -> dict[str, Any]:
    return {
        "hold": found.id,
        "matter": found.matter,
        "state": found.state,
        "placed_by": found.placed_by,
        "placed_at": found.placed_at,
        **said,
        "recordings": covered.recordings,
        "size": size(covered.sealed_bytes),
        "already_purged": covered.already_purged,
        "release_requested_by": found.release_requested_by,
        "released_at": found.released_at,
        "grace_until": found.grace_until,
    }
