"""`strongroom screen review`: what screening could not let pass, and what people rule over it."""

import contextlib
import hashlib
import math
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click
from sqlalchemy import Connection

from cli import review_words
from cli.base import Group
from cli.door import Door, pass_door
from keys import canonical
from vault import playback, private
from vault.catalog import recordings as rows
from vault.errors import ReviewAlteredError, ReviewNotFoundError, SpanError
from vault.log.entry import Act
from vault.model import RecordingId, State
from vault.people import Capability
from vault.screen import gate
from vault.screen.options import Span
from vault.screen.review import acts, rulings
from vault.screen.review.acts import SealedReason
from vault.screen.review.form import Review, Standing, Verdict, purpose_of
from vault.screen.review.rulings import Kept, Waiting

_TIME = r"((?:[0-9]{1,3}:){0,2}[0-9]{1,6}(?:\.[0-9]{1,6})?)"
_SPAN = re.compile(rf"{_TIME}\.\.{_TIME}")
_BOX = re.compile(r"([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5})")

_reason = click.option("--reason", required=True, help="Why, in your words; sealed at rest.")
_spans = click.option(
    "--span", "spans", multiple=True, required=True, metavar="FROM..TO",
    help="Seconds from the start, as in 12.5..17 or 1:02..1:05. May be repeated.",
)  # fmt: skip
_boxes = click.option(
    "--box", "boxes", multiple=True, metavar="L,T,W,H",
    help="Pixels of the picture: left, top, width, height; one for each --span, in the same order, or none.",
)  # fmt: skip


@click.group(cls=Group)
def review() -> None:
    """Rule over quarantined recordings: the review queue.

    To cut more, to screen again or to reject takes one person. To let anything pass takes two.
    """


@review.command("list")
@click.option("--rejected", is_flag=True, help="Those that were rejected instead of those that wait.")
@pass_door
def list_(door: Door, *, rejected: bool) -> None:
    """List quarantined recordings that wait for a person, with the reason in words to those who may know callers."""
    actor = door.enter(Capability.SCREEN_REVIEW)
    shown: list[tuple[Any, ...]] = []
    with door.vault.catalog.read() as connection:
        last = ""
        while batch := rulings.queue(connection, rejected=rejected, after=last):
            shown += [_listed(door, connection, waiting) for waiting in batch]
            last = batch[-1].recording.id
    door.tell(actor, Act.LIST, details={"criteria": "review", "found": len(shown)})
    door.out.table(("id", "kind", "since", "why", "waits_for_a_second", "reason"), shown, less=("kind", "since"))
    if not shown:
        door.out.say("nothing waits")


def _listed(door: Door, connection: Connection, waiting: Waiting) -> tuple[Any, ...]:
    found = waiting.recording
    report = _report(door, connection, found.id)
    return found.id, found.kind, waiting.since, waiting.why, waiting.asked, report.get("reason")


def _report(door: Door, connection: Connection, recording: RecordingId) -> dict[str, Any]:
    """Return the sealed report of the last screening, to those who may see callers."""
    if not door.may(Capability.CALLERS):
        return {}
    return dict(playback.report_of(connection, door.vault.keyring, recording) or {})


@review.command()
@click.argument("recording")
@pass_door
def show(door: Door, recording: str) -> None:
    """Show what was found in a recording and where, why it is quarantined, and what people ruled so far."""
    actor = door.enter(Capability.SCREEN_REVIEW)
    with door.vault.catalog.read() as connection:
        found = rows.get(connection, recording)
        kept = rulings.of_recording(connection, found.id)
        report, why = _report(door, connection, found.id), rulings.why_of(connection, found.id)
        reasons = [_words(door, connection, k) for k in kept]
        agreed = [rulings.agreed_by(connection, k.review) for k in kept]
    door.tell(actor, Act.SHOW, found.id, {"reviews": len(kept), "callers": int(door.may(Capability.CALLERS))})
    findings = [dict(finding) for finding in report.get("findings", [])]
    quarantined = found.state is State.QUARANTINED
    steps = review_words.next_steps(found.id, found.kind, why) if quarantined else []
    ruled = found.state is State.SEALED and bool(kept)
    value = {"id": found.id, "kind": found.kind, "state": found.state, "duration_ms": found.duration_ms}
    # once somebody ruled, what the last screening said is of the past
    value |= {"reason": None, "last_reason": report.get("reason")} if ruled else {"reason": report.get("reason")}
    if door.out.as_json:
        told = [review_words.told(*one) for one in zip(kept, reasons, agreed, strict=True)]
        searched = review_words.was_searched(report) if report else None
        door.out.object({**value, "searched": searched, "findings": findings, "reviews": told, "next": steps})
        return
    door.out.object(value)
    if ruled:
        door.out.say(f"not quarantined any more: {_again(found.id)}; what follows is of the last screening")
    if report:
        review_words.say_findings(door.out, report, findings, why)
    door.out.table(
        ("review", "verdict", "stands", "spans", "by", "agreed", "at", "reason"),
        [
            (k.review.id, k.review.verdict, k.standing, ", ".join(map(_span_text, k.review.spans)), k.review.asked_by,
             other, k.review.asked_at, reason)
            for k, reason, other in zip(kept, reasons, agreed, strict=True)
        ],
    )  # fmt: skip
    for step in steps:
        door.out.say(f"next: {step}")


def _words(door: Door, connection: Connection, kept: Kept) -> str | None:
    if kept.sealed_reason is None or not door.may(Capability.CALLERS):
        return None
    review_, purpose = kept.review, purpose_of(kept.review)
    key = playback.data_key(connection, door.vault.keyring, review_.recording, purpose)
    words = private.open_document(kept.sealed_reason, key, review_.recording, purpose)
    if hashlib.sha256(canonical.encode(words)).hexdigest() != review_.reason_sha256:
        raise ReviewAlteredError(f"expected the reason that {review_.asked_by} signed, got another")
    return str(words["reason"])


def _span_text(span: Span) -> str:
    box = "" if span.box is None else f" in {','.join(map(str, span.box))}"
    return f"{span.begin:g}..{span.end:g}{box}"


def _again(recording: str) -> str:
    return f"it is screened again by the next pass, or at once by 'strongroom screen now {recording}'"


def _over_spans(ruling: Callable[..., None]) -> click.Command:
    """Make a command of the queue that takes a recording, spans of it, boxes and a reason."""
    return review.command()(click.argument("recording")(_spans(_boxes(_reason(pass_door(ruling))))))


@_over_spans
def cut(door: Door, recording: str, spans: tuple[str, ...], boxes: tuple[str, ...], reason: str) -> None:
    """Cut these spans as well, then screen again. One person is enough: nothing more can pass by it."""
    _put(door, recording, Verdict.CUT, reason, _parse(spans, boxes, outward=True))


@_over_spans
def drop(door: Door, recording: str, spans: tuple[str, ...], boxes: tuple[str, ...], reason: str) -> None:
    """Ask that what lies wholly in these spans may pass: a false alarm. Another person must agree."""
    _put(door, recording, Verdict.DROP, reason, _parse(spans, boxes, outward=False))


@review.command()
@click.argument("which")
@click.option("--reason", help="Why, in your words, if you are the first; sealed at rest.")
@pass_door
def approve(door: Door, which: str, reason: str | None) -> None:
    """Ask that a recording may be archived although the gate objects, or agree to what another person asked for.

    WHICH is a recording or a review. With --reason you ask; without it you agree, as another person with another key.
    """
    if reason is not None:
        door.enter(Capability.SCREEN_REVIEW)
        if _is_review(door, which):
            raise click.UsageError("to agree to a review leave --reason out; to ask for an exception name a recording")
        _put(door, which, Verdict.ACCEPT, reason)
        return
    door.enter(Capability.SCREEN_REVIEW)
    asked = _asked(door, which)
    door.out.say(f"you agree to this: {_asked_for(_review(door, asked))}")
    signatory = door.sign(Capability.SCREEN_REVIEW)
    vault = door.vault
    agreed = acts.agree(vault.catalog, vault.clock, signatory, review_id=asked)
    door.settle()
    door.out.object(
        {"review": agreed.id, "recording": agreed.recording, "verdict": agreed.verdict, "stands": Standing.IN_FORCE},
        text=f"agreed with {agreed.asked_by}: {_asked_for(agreed)}; {_again(agreed.recording)}",
    )


def _asked_for(made: Review) -> str:
    """Return an exception in words: what it lets pass, and what it does not."""
    if made.verdict is Verdict.DROP:
        return f"drop what lies wholly in {', '.join(map(_span_text, made.spans))}; everything else is cut as before"
    return f"accept, although the reason is {made.why}: it is archived {gate.let_pass(made.why)}"


def _is_review(door: Door, which: str) -> bool:
    with door.vault.catalog.read() as connection, contextlib.suppress(ReviewNotFoundError):
        return bool(rulings.recording_of(connection, which))
    return False


def _asked(door: Door, which: str) -> str:
    """Return the review that waits for a second person, named itself or by its recording."""
    with door.vault.catalog.read() as connection:
        if rows.get_many(connection, [which]):
            for kept in rulings.of_recording(connection, which):
                if kept.standing is Standing.ASKED:
                    return kept.review.id
            raise click.UsageError("nobody asked for an exception: to ask for one, say why with --reason")
    return which


def _review(door: Door, review_id: str) -> Review:
    """Return a review, compared with the log."""
    with door.vault.catalog.read() as connection:
        kept = rulings.of_recording(connection, rulings.recording_of(connection, review_id))
    return next(one.review for one in kept if one.review.id == review_id)


@review.command()
@click.argument("recording")
@_reason
@pass_door
def retry(door: Door, recording: str, reason: str) -> None:
    """Screen again as it is: after a part was installed or the preset changed. Takes up what was rejected, too."""
    _put(door, recording, Verdict.RETRY, reason)


@review.command()
@click.argument("recording")
@_reason
@pass_door
def reject(door: Door, recording: str, reason: str) -> None:
    """Take a recording out of the queue: it stays quarantined and is never archived; its retention goes on."""
    _put(door, recording, Verdict.REJECT, reason)


def _put(door: Door, recording: str, verdict: Verdict, reason: str, spans: Sequence[Span] = ()) -> None:
    signatory = door.sign(Capability.SCREEN_REVIEW)
    if not reason.strip():
        raise click.UsageError("expected a reason, got an empty one")
    vault = door.vault
    with vault.catalog.read() as connection:
        drafted = acts.draft(
            connection, vault.clock.now(), by=signatory.actor.name, recording=recording, verdict=verdict, spans=spans
        )
    # the salt keeps anyone from guessing short words by their digest
    words: private.Document = {"reason": reason, "salt": secrets.token_hex(16)}
    sealed, slot = private.seal_document(vault.keyring, drafted.recording, purpose_of(drafted), words)
    sha256 = hashlib.sha256(canonical.encode(words)).hexdigest()
    made = replace(drafted, reason_sha256=sha256)
    stands = acts.put(vault.catalog, vault.clock, signatory, made, SealedReason(sealed, slot))
    door.settle()
    again = _again(made.recording)
    said = {
        Verdict.CUT: f"{len(spans)} span{'s' * (len(spans) != 1)} to be cut; {again}",
        Verdict.RETRY: again,
        Verdict.REJECT: "rejected: it stays quarantined and is kept as long as its retention asks",
    }
    asks = f"asked for: {_asked_for(made)}\nanother person must run 'strongroom screen review approve {made.id}'"
    door.out.object(
        {"review": made.id, "recording": recording, "verdict": verdict, "stands": stands},
        text=said.get(verdict, asks),
    )


def _parse(spans: tuple[str, ...], boxes: tuple[str, ...], *, outward: bool) -> list[Span]:
    """Return the spans, to the millisecond: `outward` rounds to more, so that a cut is never smaller than asked."""
    if boxes and len(boxes) != len(spans):
        raise SpanError(f"expected as many --box as --span, or none, got {len(boxes)} and {len(spans)}")
    found = []
    for number, text in enumerate(spans):
        matched = _SPAN.fullmatch(text)
        if matched is None:
            raise SpanError(f"expected a span such as 12.5..17, got {text[:40]!r}")
        low, high = (_seconds(part) * 1000 for part in matched.groups())
        begin, end = (math.floor(low), math.ceil(high)) if outward else (math.ceil(low), math.floor(high))
        found.append(Span(begin / 1000, end / 1000, _box(boxes[number]) if boxes else None))
    return found


def _seconds(text: str) -> float:
    value = 0.0
    for part in text.split(":"):
        value = value * 60 + float(part)
    return round(value, 6)


def _box(text: str) -> tuple[int, int, int, int]:
    matched = _BOX.fullmatch(text)
    if matched is None:
        raise SpanError(f"expected a box such as 100,40,300,20, got {text[:40]!r}")
    left, top, width, height = (int(part) for part in matched.groups())
    return left, top, width, height
