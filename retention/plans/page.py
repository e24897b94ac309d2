"""Pages that stand alone: HTML with its style inside, no scripts, nothing loaded from anywhere.

Everything is built of elements, and an element escapes whatever text it is given: what a manifest or a policy said
cannot become part of the page. Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

_STEP = 1000
_FEW = 10


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def el(name: str, *children: str, **attributes: str | float) -> Markup:
    """Return an element. A child that is no Markup is text and is escaped; `class_` is the attribute class."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    return Markup(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Iterable[str]) -> Markup:
    """Return children one after the other, text escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: frozenset[int] = frozenset()) -> Markup:
    """Return a table; `numbers` are the columns that are set to the right."""

    def cells(name: str, row: Sequence[str]) -> Markup:
        return el("tr", *(_cell(name, cell, is_number=at in numbers) for at, cell in enumerate(row)))

    body = [cells("td", row) for row in rows]
    return el("div", el("table", el("thead", cells("th", columns)), el("tbody", *body)), class_="wide")


def _cell(name: str, cell: str, *, is_number: bool) -> Markup:
    return el(name, cell, class_="number") if is_number else el(name, cell)


def page(title: str, *children: str) -> str:
    """Return a whole page."""
    head = (
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_LOADED}">'),
        el("title", title),
        el("style", Markup(_STYLE)),
    )
    body = el("body", el("main", el("h1", title), *children))
    return f"<!DOCTYPE html>\n{el('html', el('head', *head), body, lang='en')}\n"


def count(number: float) -> str:
    """Return a count as people write it; what is a mean and small to the tenth."""
    return f"{number:,.0f}" if number == round(number) or number >= _FEW else f"{number:.1f}"


def size(number: float) -> str:
    """Return a number of bytes in decimal units, as storage is priced: a GB is 10^9 bytes."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < _STEP:
            return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.4g} {unit}"
        number /= _STEP
    return f"{number:,.4g} TB"


def day(instant: datetime) -> str:
    """Return an instant to the minute, in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


_NOTHING_LOADED = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2024;--faint:#5b6470;--paper:#fff;--rule:#d5dae0;--box:#f4f6f8;--warn:#fff4de;
--edge:#b7791f}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--faint:#9aa5b1;--paper:#14171a;--rule:#343b43;--box:#1d2226;
--warn:#33280f;--edge:#d69e2e}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem}
p,li{max-width:44rem}
.faint{color:var(--faint)}
.box{background:var(--box);border-left:4px solid var(--rule);padding:.8rem 1rem;margin:1rem 0}
.warn{background:var(--warn);border-left-color:var(--edge)}
.box p{margin:.2rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--rule)}
th{color:var(--faint);font-weight:600}
.number{text-align:right;white-space:nowrap}
code,pre{font:0.9em/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
pre{background:var(--box);padding:.8rem 1rem;white-space:pre-wrap}
svg{width:100%;height:auto;display:block;margin:.5rem 0}
svg text{fill:var(--ink);font-family:system-ui,sans-serif}
svg line{stroke:var(--rule)}
summary{cursor:pointer}
@media print{:root{--ink:#000;--faint:#333;--paper:#fff;--rule:#999;--box:#fff;--warn:#fff;--edge:#000}
main{max-width:none;padding:0}h2{break-after:avoid}table,svg,.box,pre{break-inside:avoid}tr{break-inside:avoid}
.box{border:1px solid #999;border-left-width:4px}}
"""
