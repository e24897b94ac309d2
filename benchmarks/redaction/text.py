"""How well card data in text is found and cut: recall by disguise, false cuts, the second pass, and the speed."""

import csv
import io
import time
from collections.abc import Callable, Iterable
from itertools import cycle
from random import Random

from benchmarks.redaction import text_ordinary, text_presidio
from benchmarks.redaction.table import Row
from benchmarks.redaction.text_codes import CODES, EXPIRIES
from benchmarks.redaction.text_disguises import CARDS, DISGUISES, Case
from benchmarks.redaction.text_encodings import ENCODINGS
from benchmarks.redaction.text_media import MEDIA, Medium
from vault.screen.errors import UnscreenableError
from vault.screen.find.finder import find
from vault.screen.find.talk import Segment
from vault.screen.options import Options, Preset
from vault.screen.text.recheck import recheck
from vault.screen.text.redact import redact

BALANCED, STRICT = Options(preset=Preset.BALANCED), Options(preset=Preset.STRICT)
CHAT = 20  # messages of an ordinary chat
ROWS = 50  # of an ordinary table
_TEN_THOUSAND = 10_000


class Count:
    """How many of how many."""

    def __init__(self) -> None:
        self.hits = self.all = 0

    def add(self, *, hit: bool) -> None:
        """Count one."""
        self.hits += hit
        self.all += 1

    def percent(self) -> float:
        """Return the hits in percent."""
        return 100 * self.hits / max(1, self.all)


def is_clean(case: Case, medium: Medium, content: bytes) -> bool:
    """Say whether nothing of what may not survive is in a redacted talk."""
    texts = medium.take(content)
    whole = len(texts) != len(case.talk)
    return not any(words in ("\n".join(texts) if whole else texts[at]) for at, words in case.gone)


def screened(case: Case, medium: Medium, options: Options) -> tuple[bool, bool]:
    """Redact one talk; return whether it came out clean (or was refused), and whether the second pass found it so."""
    try:
        content, _ = redact(medium.media_type, medium.put(case.talk), options)
    except UnscreenableError:
        return True, True
    return is_clean(case, medium, content), not recheck(medium.media_type, content, options)


def fits(case: Case, medium: Medium) -> bool:
    """Say whether a medium can hold a talk so that it can be taken out again."""
    said = "".join(words for _, words in case.talk)
    if medium.media_type == "text/vtt" and ("-->" in said or "\n\n" in said):
        return False
    if medium is MEDIA["mail, HTML"] and ("<" in said or "&" in said):
        return False
    if medium.media_type.startswith("application/") and medium is not MEDIA["vCon"]:
        return True
    # all messages as one text: line ends may change, and no part may stand in it twice
    return "\r" not in said and all("\n".join(w for _, w in case.talk).count(words) == 1 for _, words in case.gone)


def _cases(make: Callable[[str, Random], Case], rng: Random, rounds: int) -> Iterable[tuple[Case, Medium]]:
    media = cycle(MEDIA.values())
    for _ in range(rounds):
        for number in (n for some in CARDS.values() for n in some):
            case = make(number, rng)
            medium = next(media)
            while not fits(case, medium):
                medium = next(media)
            yield case, medium


def recall(rng: Random, rounds: int) -> tuple[list[Row], list[Case], Count]:
    """Measure every disguise in every medium; return the rows, the cases, and what the second pass said of them."""
    rows, cases, calm = [], list[Case](), Count()
    makers = {**DISGUISES, **ENCODINGS, **CODES, **EXPIRIES}
    for name, make in makers.items():
        found, theirs = Count(), Count()
        for case, medium in _cases(make, rng, rounds):
            clean, quiet = screened(case, medium, BALANCED)
            found.add(hit=clean)
            calm.add(hit=quiet)
            if text_presidio.INSTALLED and name in DISGUISES:
                theirs.add(hit=text_presidio.finds_all(case))
            cases.append(case)
        what = "cards cut" if name in DISGUISES | ENCODINGS else "codes cut" if name in CODES else "expiry dates cut"
        rows.append(Row("text", name, what, found.percent(), "%", ">= 100", found.all))
        if theirs.all:
            rows.append(Row("text", name, "cards that Presidio finds", theirs.percent(), "%", "", theirs.all))
    return rows, cases, calm


def ordinary_chats(rng: Random, messages: int) -> list[tuple[tuple[str, str], ...]]:
    """Return ordinary talks of CHAT messages."""
    talk = [
        (who, text_ordinary.message(rng)) for who, _ in zip(cycle(("customer", "agent")), range(messages), strict=False)
    ]
    return [tuple(talk[at : at + CHAT]) for at in range(0, messages, CHAT)]


def _cells(sheet: tuple[str, list[list[str]]]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the cells of a table, and those of what is left of it."""
    sign, rows = sheet
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=sign).writerows(rows)
    content, _ = redact("text/plain", out.getvalue().encode(), BALANCED)
    return rows, list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=sign))


def false_cuts(rng: Random, messages: int) -> tuple[list[Row], Count]:
    """Count the ordinary messages that are changed, in chats and alone; and the chats the second pass objects to."""
    chats = ordinary_chats(rng, messages)
    medium, calm = MEDIA["JSON chat"], Count()
    cut = {Preset.BALANCED: 0, Preset.STRICT: 0}
    for talk in chats:
        for options in (BALANCED, STRICT):
            content, _ = redact(medium.media_type, medium.put(talk), options)
            cut[options.preset] += sum(a != b for a, (_, b) in zip(medium.take(content), talk, strict=True))
            calm.add(hit=not recheck(medium.media_type, content, options))
    alone = sum(bool(find([Segment(words)]).cuts) for talk in chats for _, words in talk)
    share = _TEN_THOUSAND / messages
    rows = [
        Row(
            "text",
            "ordinary chats",
            "false cuts, balanced",
            cut[Preset.BALANCED] * share,
            "in 10,000",
            "<= 1",
            messages,
        ),
        Row("text", "ordinary messages alone", "false cuts, balanced", alone * share, "in 10,000", "<= 1", messages),
        Row("text", "ordinary chats", "messages cut, strict", cut[Preset.STRICT] * share, "in 10,000", "", messages),
    ]
    sheets = [text_ordinary.table(rng, ROWS, rng.choice(",;\t")) for _ in range(messages // ROWS // 4)]
    changed = sum(
        a != b for sheet in sheets for row in zip(*_cells(sheet), strict=True) for a, b in zip(*row, strict=True)
    )
    cells = sum(len(row) for sheet in sheets for row in sheet[1])
    rows.append(Row("text", "ordinary tables", "cells cut, balanced", 100 * changed / cells, "%", "<= 0.1", cells))
    for digits in (13, 15, 16, 19, 22):
        texts = [text_ordinary.random_number(rng, digits) for _ in range(messages // 20)]
        hits = sum(bool(find([Segment(text)]).cuts) for text in texts)
        rows.append(
            Row(
                "text",
                f"a random number of {digits} digits",
                "cut, balanced",
                100 * hits / len(texts),
                "%",
                "",
                len(texts),
            )
        )
    return rows, calm


def _rate(work: Callable[[str], object], messages: list[str]) -> float:
    """Return messages a second, the best of three."""
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        for message in messages:
            work(message)
        best = max(best, len(messages) / (time.perf_counter() - start))
    return best


def speed(rng: Random, cases: list[Case], messages: int) -> list[Row]:
    """Measure messages a second, ours and Presidio's, on the same messages in one process."""
    ordinary = [text_ordinary.message(rng) for _ in range(messages)]
    cards = [words for case in rng.sample(cases, min(len(cases), messages // 10)) for _, words in case.talk]
    rows = []
    for name, texts in (("ordinary messages", ordinary), ("messages with card data", cards)):
        ours = _rate(lambda text: find([Segment(text)]), texts)
        rows.append(Row("text", name, "speed", ours, "messages a second", "", len(texts)))
        for engine, theirs in text_presidio.ENGINES.items():
            aim = ">= 5" if texts is ordinary and "bare" in engine else ""
            rows.append(Row("text", name, f"speed beside {engine}", ours / _rate(theirs, texts), "x", aim, len(texts)))
    chats = [MEDIA["JSON chat"].put(talk) for talk in ordinary_chats(rng, messages)]
    start = time.perf_counter()
    for chat in chats:
        redact("application/json", chat, BALANCED)
    taken = time.perf_counter() - start
    rows.append(Row("text", "ordinary JSON chats", "speed", sum(map(len, chats)) / taken / 1e6, "MB/s", "", len(chats)))
    rows.append(Row("text", "ordinary JSON chats", "speed", messages / taken, "messages a second", "", messages))
    return rows


def run(*, seed: int, quick: bool) -> list[Row]:
    """Return all rows for text."""
    rng = Random(seed)
    rows, cases, calm_cards = recall(rng, 1 if quick else 6)
    cuts, calm = false_cuts(rng, 2_000 if quick else 20_000)
    rows += cuts
    rows.append(
        Row("text", "redacted ordinary chats", "second pass objects", 100 - calm.percent(), "%", "<= 0.01", calm.all)
    )
    rows.append(
        Row(
            "text",
            "redacted card data",
            "second pass objects",
            100 - calm_cards.percent(),
            "%",
            "<= 0.1",
            calm_cards.all,
        )
    )
    if not text_presidio.INSTALLED:
        rows.append(Row("text", "Presidio", "not installed: not compared", 0, "", ""))
    return rows + speed(rng, cases, 500 if quick else 2_000)
