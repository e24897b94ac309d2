"""Opening what is sealed: one rendition's bytes, and a recording's private metadata. Logged before the first byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection, select

from keys.errors import StrongroomError
from keys.keyring import Keyring, WrappedKey, slot_context
from vault import private
from vault.catalog import recordings as rows
from vault.catalog.engine import Catalog
from vault.catalog.recordings import Recording, Rendition
from vault.catalog.schema import key_slots, recordings, screenings
from vault.clock import Clock
from vault.errors import OriginalDestroyedError, RecordingPurgedError, RenditionNotFoundError
from vault.log import journal
from vault.log.entry import Act, Entry
from vault.model import RecordingId, RenditionName, State
from vault.people import Actor
from vault.sealed.format import associated_data, open_value, value_associated_data
from vault.sealed.reader import SealedReader, SeekableReader
from vault.store.base import BlobStore
from vault.told import media_entries

REPORT = "report"
"""The purpose of the key slot under which the report of a screening is sealed."""


@contextmanager
def opened(
    catalog: Catalog, store: BlobStore, keyring: Keyring, clock: Clock, *,
    actor: Actor, recording: str, rendition: RenditionName,
) -> Iterator[tuple[Rendition, SealedReader]]:  # fmt: skip
    """Yield the rendition and a seekable reader of its plaintext; the log entry is durable before either.

    Raises:
        RecordingNotFoundError, RecordingPurgedError, RenditionNotFoundError, OriginalDestroyedError: there is nothing
            to open.
        IntegrityError: the key slot or the blob was altered.
        UnavailableError: the store or the catalog does not answer.

    """
    with catalog.write() as connection:
        found = rendition_of(connection, recording, rendition)
        key = data_key(connection, keyring, recording, rendition)
        details = {"rendition": str(rendition), "sealed_sha256": found.sealed_sha256.hex()}
        journal.append(connection, [actor.entry(clock.now(), Act.OPEN, recording, details)])
    with store.open(found.blob) as raw:
        source = cast("SeekableReader", raw)  # every store hands out a buffered reader
        yield found, SealedReader(source, found.sealed_size, key, associated_data(RecordingId(recording), rendition))


def rendition_of(connection: Connection, recording: str, name: RenditionName) -> Rendition:
    """Return one rendition of a recording.

    Raises:
        RecordingNotFoundError, RecordingPurgedError, RenditionNotFoundError: there is nothing to open.
        OriginalDestroyedError: it was the original, which the policy had destroyed, alone or with the redacted one.

    """
    found = rows.get(connection, recording)
    if found.state is State.PURGED:
        raise RecordingPurgedError(f"{recording} was purged; its keys are destroyed")
    for rendition in rows.renditions_of(connection, [recording]).get(recording, []):
        if rendition.name is name:
            return rendition
    raise _missing(connection, found, name)


def _missing(connection: Connection, recording: Recording, name: RenditionName) -> StrongroomError:
    """Return why a recording has no rendition of that name: the policy had it destroyed, or there was none."""
    alone = journal.original_entries(connection, [recording.id]).get(recording.id)
    if name is RenditionName.ORIGINAL and alone is not None:
        text = f"the original of {recording.id} was {_by(alone)}, after its redacted rendition was archived"
        return OriginalDestroyedError(text)
    rest = media_entries(connection, [recording.id]).get(recording.id)
    if rest is not None and name is not RenditionName.TRANSCRIPT:
        error = OriginalDestroyedError if name is RenditionName.ORIGINAL else RenditionNotFoundError
        return error(
            f"sound and picture of {recording.id} were {_by(rest)}: its transcript, attested as accurate, is kept",
            hint="open what is left with 'strongroom open ID --rendition transcript'",
        )
    return RenditionNotFoundError(f"{recording.id} has no rendition '{name}'; it is {recording.state}")


def _by(told: Entry) -> str:
    rule, version = told.details.get("rule"), told.details.get("policy")
    return f"destroyed on {told.at:%Y-%m-%d %H:%M}Z by rule {rule} of policy version {version}"


def what_is_left(connection: Connection, recording: str) -> tuple[RenditionName, str | None]:
    """Return what to open where nobody says which: the original, or what the policy left; and what to say of it aloud.

    Raises:
        RecordingNotFoundError, RecordingPurgedError, RenditionNotFoundError: there is nothing to open.

    """
    try:
        return rendition_of(connection, recording, RenditionName.ORIGINAL).name, None
    except OriginalDestroyedError as exc:
        if media_entries(connection, [recording]):
            return RenditionName.TRANSCRIPT, f"{exc}; this is the transcript"
        return RenditionName.REDACTED, f"{exc}; this is the redacted one"


def data_key(connection: Connection, keyring: Keyring, subject: str, purpose: str) -> bytes:
    """Return the data key of a slot, unwrapped.

    Raises:
        RenditionNotFoundError: there is no such slot.
        KeyUnwrapError, UnknownEpochError: see Keyring.unwrap.

    """
    slot = connection.execute(
        select(key_slots.c.epoch, key_slots.c.wrapped).where(
            key_slots.c.subject == subject, key_slots.c.purpose == purpose
        )
    ).first()
    if slot is None:
        raise RenditionNotFoundError(f"{subject} has no key slot for '{purpose}'")
    return keyring.unwrap(WrappedKey(slot.epoch, slot.wrapped), slot_context(subject, purpose))


def private_metadata(
    connection: Connection, keyring: Keyring, recording: RecordingId
) -> private.PrivateMetadata | None:
    """Return who called, opened; None when the recording is purged and nobody can know any more.

    Raises:
        IntegrityError: the row or its key slot was altered.

    """
    sealed = connection.scalar(select(recordings.c.sealed_metadata).where(recordings.c.id == recording))
    if sealed is None:
        return None
    key = data_key(connection, keyring, recording, private.PURPOSE)
    aad = value_associated_data(recording, private.PURPOSE)
    return private.PrivateMetadata.decode(open_value(sealed, key, aad))


def report_of(connection: Connection, keyring: Keyring, recording: RecordingId) -> private.Document | None:
    """Return the report of a recording's screening, opened; None when there is none (any more).

    Raises:
        IntegrityError: the row or its key slot was altered.

    """
    sealed = connection.scalar(select(screenings.c.sealed_report).where(screenings.c.recording == recording))
    if sealed is None:
        return None
    return private.open_document(sealed, data_key(connection, keyring, recording, REPORT), recording, REPORT)
