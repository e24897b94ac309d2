"""What people do in the review queue, each in a line; and a recording that screening could not let pass."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import insert

from keys import canonical
from service.assembly import Vault
from tests import media, vaults
from vault import private
from vault.catalog import recordings as rows
from vault.catalog.schema import key_slots, screenings
from vault.check import Severity
from vault.log import journal
from vault.log.entry import Act
from vault.model import Kind, Metadata, RecordingId, State
from vault.people import AUTO, Actor, Capability
from vault.screen.errors import Why
from vault.screen.options import Ruling, Span
from vault.screen.review import acts, rulings
from vault.screen.review.acts import SealedReason
from vault.screen.review.form import Review, Standing, Verdict, purpose_of

JOB = Actor(AUTO, "schedule")
_MEDIA = {Kind.CALL: "wav-pcm", Kind.SCREEN: "mp4-h264"}


def take_in(vault: Vault, kind: Kind = Kind.CALL, name: str = "one") -> RecordingId:
    """Take in a recording of media.SECONDS, or a chat."""
    path = vault.settings.home.parent / name
    data = b'{"messages": [{"text": "hello"}]}' if kind is Kind.CHAT else media.media(_MEDIA[kind])
    facts = Metadata(ended=vaults.START, source="t", source_ref=name)
    (receipt,) = vaults.ingest(vault, [vaults.item(path, facts, data)])
    assert receipt.recording is not None
    return RecordingId(receipt.recording)


def quarantine(vault: Vault, recording: RecordingId, why: Why = Why.RESIDUE) -> None:
    """Do what the screening stage does when the gate objects."""
    report: private.Document = {"findings": [{"kind": "card", "begin_ms": 1000}], "reason": "card data is left"}
    sealed, slot = private.seal_document(vault.keyring, recording, "report", report)
    with vault.catalog.write() as connection:
        assert rows.transition(connection, recording, expected=State.SEALED, then=State.QUARANTINED)
        connection.execute(key_slots.delete().where(key_slots.c.subject == recording, key_slots.c.purpose == "report"))
        connection.execute(screenings.delete().where(screenings.c.recording == recording))
        connection.execute(insert(key_slots).values(slot))
        connection.execute(
            insert(screenings).values(
                recording=recording, at=vaults.START, engine="t", outcome=State.QUARANTINED, cuts=0, preset="strict",
                why=why, sealed_report=sealed,
            )
        )  # fmt: skip
        journal.append(connection, [JOB.entry(vaults.START, Act.QUARANTINE, recording)])


def draft(vault: Vault, by: str, recording: str, verdict: Verdict, spans: Sequence[Span] = ()) -> Review:
    with vault.catalog.read() as connection:
        now = vault.clock.now()
        return acts.draft(connection, now, by=by, recording=recording, verdict=verdict, spans=spans)


def put(vault: Vault, by: str, made: Review) -> Review:
    words: private.Document = {"reason": "heard it", "salt": secrets.token_hex(16)}
    sealed, slot = private.seal_document(vault.keyring, made.recording, purpose_of(made), words)
    made = replace(made, reason_sha256=hashlib.sha256(canonical.encode(words)).hexdigest())
    signatory = vaults.signatory(vault, by, Capability.SCREEN_REVIEW)
    acts.put(vault.catalog, vault.clock, signatory, made, SealedReason(sealed, slot))
    return made


def rule(vault: Vault, by: str, recording: str, verdict: Verdict, *spans: Span) -> Review:
    """Draft and put in one."""
    return put(vault, by, draft(vault, by, recording, verdict, spans))


def agree(vault: Vault, by: str, review: Review) -> Review:
    signatory = vaults.signatory(vault, by, Capability.SCREEN_REVIEW)
    return acts.agree(vault.catalog, vault.clock, signatory, review_id=review.id)


def cut_and_exception(vault: Vault, call: RecordingId) -> Review:
    """Have rita cut, and rita and rob let the rest pass."""
    rule(vault, "rita", call, Verdict.CUT, Span(0.5, 1.25))
    quarantine(vault, call)
    return agree(vault, "rob", rule(vault, "rita", call, Verdict.ACCEPT))


def state(vault: Vault, recording: str) -> State:
    with vault.catalog.read() as connection:
        return rows.get(connection, recording).state


def ruling(vault: Vault, recording: str) -> Ruling:
    with vault.catalog.read() as connection:
        return rulings.ruling_of(connection, recording)


def standings(vault: Vault, recording: str) -> list[Standing]:
    with vault.catalog.read() as connection:
        return [kept.standing for kept in rulings.of_recording(connection, recording)]


def alter(vault: Vault, *statements: Any) -> None:
    """Do as who owns the database can."""
    with vault.catalog.write() as connection:
        for statement in statements:
            connection.execute(statement)


def faults(vault: Vault) -> set[str]:
    return {f.promise for f in vaults.check(vault) if f.severity is Severity.FAULT}
