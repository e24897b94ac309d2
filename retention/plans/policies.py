"""The applied policies of a vault: every version is kept, every decision names the version that made it."""

from functools import lru_cache

from sqlalchemy import Connection, select

from retention.core.facts import AppliedPolicy
from retention.errors import PlanNotFoundError, PolicyAlteredError
from retention.policy.reader import parse
from vault.catalog.schema import policies


def current(connection: Connection) -> AppliedPolicy | None:
    """Return the policy in force, or None.

    Raises:
        PolicyAlteredError: the stored text is not the one that was applied.

    """
    row = connection.execute(select(policies).order_by(policies.c.version.desc()).limit(1)).first()
    return None if row is None else _applied(row.version, row.text, row.digest)


def version(connection: Connection, number: int) -> tuple[AppliedPolicy, str]:
    """Return one version with its text.

    Raises:
        PlanNotFoundError: there is no such version.
        PolicyAlteredError: the stored text is not the one that was applied.

    """
    row = connection.execute(select(policies).where(policies.c.version == number)).first()
    if row is None:
        raise PlanNotFoundError(f"expected a policy version of this vault, got {number}")
    return _applied(row.version, row.text, row.digest), row.text


@lru_cache(maxsize=8)
def _applied(number: int, text: str, digest: str) -> AppliedPolicy:
    policy = parse(text)
    if policy.version_digest != digest:
        raise PolicyAlteredError(f"expected policy version {number} as it was applied, got another text")
    return AppliedPolicy(number, policy)
