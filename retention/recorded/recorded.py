"""What people recorded that concerns recordings: events, extensions and erasure requests, as the catalog has them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from retention.core.circumstances import Circumstances
from retention.recorded import demands, events
from vault.catalog.recordings import Recording


def of(connection: Connection, found: Sequence[Recording]) -> dict[str, Circumstances]:
    """Return the circumstances of each recording, by its id.

    Raises:
        CanonicalFormError: a row of a request was altered.

    """
    happened = events.of(connection, found)
    extensions, erasures = demands.of(connection, found)
    return {
        r.id: Circumstances(happened.get(r.id, {}), tuple(extensions.get(r.id, ())), tuple(erasures.get(r.id, ())))
        for r in found
    }
