"""The errors of `vault.screen`, by family (see keys.errors)."""

from keys.errors import RefusedError


class UnscreenableError(RefusedError):
    """Content that could not be wholly parsed and screened; it must not reach the archive (promise P4)."""

    code = "unscreenable"
    hint = "the recording stays sealed in the vault; a person must look at it, or convert it and take it in again"

    def __init__(self, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"cannot be screened for card numbers: {reason}", hint=hint)
        self.reason = reason
