"""Write docs/errors.md from the error classes: python -m tests.docs.make_errors."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from cli.exits import status_of
from keys.errors import StrongroomError
from tests.docs.pages import DOCS

PAGE = DOCS / "errors.md"
_PACKAGES = ("keys", "vault", "retention", "service", "cli")
_FAMILIES = {
    2: "2: what was handed in is malformed; nothing was changed",
    3: "3: a rule says no",
    4: "4: there is no such thing here",
    5: "5: bytes are not what was written",
    6: "6: something we need cannot be reached now; try again later",
}
HEAD = """\
# Errors

A command that fails says `error [code]: what was expected and what it got`, then what to do. With `--json` it prints
one object with `error`, `message` and `hint` on standard error. Codes do not change; messages may. No message holds a
key, plaintext or a caller's number.

Made from the error classes by `python -m tests.docs.make_errors`; a test compares it. The codes of single rows of a
manifest are in [ingest.md](ingest.md).
"""


def error_classes() -> list[type[StrongroomError]]:
    """Return every error class with a code of its own, families included."""
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    return [found for found in _below(StrongroomError) if "code" in vars(found)]


def _below(family: type[StrongroomError]) -> Iterator[type[StrongroomError]]:
    for found in family.__subclasses__():
        if found.__module__.partition(".")[0] in _PACKAGES:
            yield found
            yield from _below(found)


def page() -> str:
    """Return the page."""
    by_status: dict[int, list[type[StrongroomError]]] = {status: [] for status in _FAMILIES}
    for found in error_classes():
        by_status[status_of(found.__new__(found))].append(found)
    parts = [HEAD]
    for status, title in _FAMILIES.items():
        parts += [f"## Exit status {title}", "", "| code | meaning | what to do |", "|---|---|---|"]
        parts += [_row(found) for found in sorted(by_status[status], key=lambda c: c.code)]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _row(found: type[StrongroomError]) -> str:
    meaning = " ".join(inspect.cleandoc(found.__doc__ or "").split())
    return f"| `{found.code}` | {meaning} | {found.hint or 'mend what the message names'} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
