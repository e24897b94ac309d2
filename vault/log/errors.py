"""The errors of `vault.log`, by family (see keys.errors)."""

from keys.errors import IntegrityError, InvalidInputError, NotFoundError


class NoteFormatError(IntegrityError):
    """Bytes are not a C2SP signed note."""

    code = "note-format"
    hint = "do not trust it; fetch the checkpoint again from where it was published"


class NoteKeyError(IntegrityError):
    """A note bears no signature line of the key it is checked with."""

    code = "note-key"
    hint = "compare the public key with the one published by the vault; if it is the right one, do not trust the note"


class CheckpointFormatError(IntegrityError):
    """A signed note is not a C2SP checkpoint of this log."""

    code = "checkpoint-format"
    hint = "do not trust it; check that it belongs to this vault and fetch it again from where it was published"


class EntryContentError(InvalidInputError):
    """What was to be told in the log has no place there: an unknown word, or something that could be personal."""

    code = "entry-content"
    hint = "tell ids, digests, codes and numbers only; a log entry can never be erased"


class EntryFormatError(IntegrityError):
    """Bytes are not a log entry in its one encoding."""

    code = "entry-format"
    hint = "the entry was altered, or written by a newer version; run 'strongroom log verify'"


class FrontierFormatError(IntegrityError):
    """Bytes are not the frontier of a Merkle tree."""

    code = "frontier-format"
    hint = "run 'strongroom log verify'; it rebuilds the tree from the entries"


class ProofError(IntegrityError):
    """A Merkle proof does not prove what it is claimed to."""

    code = "proof"
    hint = "do not trust it; ask for the proof again, and for the checkpoint it belongs to"


class LogStateError(IntegrityError):
    """The log's rows in the catalog contradict each other or its signed checkpoints."""

    code = "log-state"
    hint = "run 'strongroom log verify' and keep the catalog as it is for whoever investigates"


class EntryNotFoundError(NotFoundError):
    """No signed checkpoint covers an entry of that number."""

    code = "entry-not-found"
    hint = "see the numbers with 'strongroom log show'"
