"""Demands: an authority extends a period, a person requests erasure. Both are recorded, told and never changed.

An extension covers what matches, now and later, with the rest of its interaction, as a hold does. A request for
erasure covers what was there when it came.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import Connection, select

from keys import canonical
from keys.errors import CanonicalFormError
from retention.circumstances import ErasureRef, ExtensionRef
from retention.errors import PeriodError, PolicySyntaxError
from retention.policy import clocks, read_clock
from retention.policy.clocks import Clock
from retention.policy.periods import Period
from vault.catalog.criteria import covered, from_json
from vault.catalog.recordings import Recording
from vault.catalog.schema import demands, erasures, recordings


class Demand(StrEnum):
    """What is demanded."""

    EXTENSION = "extension"
    ERASURE = "erasure"


def of(
    connection: Connection, found: Sequence[Recording]
) -> tuple[dict[str, list[ExtensionRef]], dict[str, list[ErasureRef]]]:
    """Return the extensions and the erasure requests that concern each recording.

    Raises:
        CanonicalFormError: a row was altered; nothing may be destroyed until that is mended.

    """
    ids = [recording.id for recording in found]
    extensions: dict[str, list[ExtensionRef]] = {}
    query = select(demands.c.id, demands.c.body, demands.c.criteria).where(
        demands.c.kind == Demand.EXTENSION, demands.c.withdrawn_at.is_(None)
    )
    for row in connection.execute(query.order_by(demands.c.id)):
        extension = extension_of(row.id, row.body)
        held = covered(from_json(row.criteria))
        for recording in connection.scalars(select(recordings.c.id).where(recordings.c.id.in_(ids), held)):
            extensions.setdefault(recording, []).append(extension)
    requests: dict[str, list[ErasureRef]] = {}
    asked = select(erasures.c.recording, demands.c.id, demands.c.made_at).join_from(erasures, demands)
    asked = asked.where(erasures.c.recording.in_(ids), demands.c.withdrawn_at.is_(None))
    for recording, request, made_at in connection.execute(asked.order_by(demands.c.id)):
        requests.setdefault(recording, []).append(ErasureRef(request, made_at))
    return extensions, requests


def extension_body(authority: str, keep: Period, clock: Clock) -> str:
    """Return what an extension says beside its scope, as it is stored."""
    return canonical.encode({"authority": authority, "keep": str(keep), "clock": clocks.text_of(clock)}).decode()


def extension_of(demand: str, body: str) -> ExtensionRef:
    """Return the extension that a row states.

    Raises:
        CanonicalFormError: the row was altered.

    """
    value = canonical.decode(body.encode())
    if not isinstance(value, Mapping) or set(value) != {"authority", "keep", "clock"}:
        raise CanonicalFormError("expected an extension with its authority, period and clock")
    try:
        clock = read_clock.parse(str(value["clock"]))
        return ExtensionRef(demand, str(value["authority"]), Period.parse(str(value["keep"])), clock)
    except (PeriodError, PolicySyntaxError) as exc:
        raise CanonicalFormError("expected an extension with a period and a clock of the policy language") from exc
