"""How a vault screens: what its settings say, for the stage."""

from dataclasses import dataclass, field

from vault.screen.options import Options


@dataclass(frozen=True, slots=True)
class Setup:
    """How a vault screens: its settings."""

    options: Options = field(default_factory=Options)
    workers: int = 1
    attempts: int = 3  # deaths of a worker over a recording, after which it is quarantined; see work.attempts
    seconds: int = 600  # that one may take, whatever its length
    factor: int = 4  # and for each second of it
    memory: int = 2**30  # bytes that a worker may take
