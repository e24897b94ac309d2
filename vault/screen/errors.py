"""The errors of `vault.screen`, by family (see keys.errors)."""

from enum import StrEnum

from keys.errors import RefusedError, UnavailableError


class Why(StrEnum):
    """Why a recording is quarantined. The words are in reports and settings; they never change."""

    UNKNOWN_MEDIA = "unknown-media"  # no screener for such content
    UNDECODABLE = "undecodable"  # it could not be wholly decoded or parsed
    PART_MISSING = "part-missing"  # a model or library is not there, or not the one we know
    LANGUAGE = "language"  # spoken in a language that is not recognised well enough
    TOO_LONG = "too-long"  # it took more than the budget
    UNSURE = "unsure"  # the finder's confidence is below the floor
    RESIDUE = "residue"  # the independent pass found card data in the result
    REPORT_ONLY = "report-only"  # found, and the preset cuts nothing
    DIED = "died"  # the worker died over it, again and again


class UnscreenableError(RefusedError):
    """Content that could not be wholly screened; it must not reach the archive (promise P4)."""

    code = "unscreenable"
    hint = "it is quarantined: see 'strongroom screen review list'"

    def __init__(self, reason: str, *, why: Why = Why.UNDECODABLE, hint: str | None = None) -> None:
        super().__init__(f"cannot be screened for card numbers: {reason}", hint=hint)
        self.reason, self.why = reason, why

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way out of a worker process."""
        return _unscreenable, (self.reason, self.why, self.hint)


def _unscreenable(reason: str, why: Why, hint: str | None) -> UnscreenableError:
    return UnscreenableError(reason, why=why, hint=hint)


class PartMissingError(UnavailableError):
    """A part that screening needs is not installed, or is another than the one that was measured."""

    code = "part-missing"
    hint = "install Strongroom anew from its locked list; until then such recordings are quarantined"


class WorkerError(UnavailableError):
    """A worker process could not start, or said what no worker says."""

    code = "worker"
    hint = "run 'strongroom doctor'; the recording waits for the next pass"
