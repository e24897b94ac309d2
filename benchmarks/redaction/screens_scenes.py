"""Screen recordings to measure on: each scene draws its picture at a time, with exact truth of what shows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.redaction.screens_draw import DARK, LIGHT, TERMINAL, THEMES, WHITE, Canvas, Theme

# The schemes' published test numbers, grouped as printed.
CARDS = {
    "4111111111111111": (4, 4, 4, 4), "4242424242424242": (4, 4, 4, 4), "5555555555554444": (4, 4, 4, 4),
    "2223003122003222": (4, 4, 4, 4), "378282246310005": (4, 6, 5), "6011111111111117": (4, 4, 4, 4),
    "30569309025904": (4, 6, 4), "3530111333300000": (4, 4, 4, 4), "5105105105105100": (4, 4, 4, 4),
    "371449635398431": (4, 6, 5), "4012888888881881": (4, 4, 4, 4), "6200000000000005": (4, 4, 4, 4),
}  # fmt: skip
NAMES = ("Anna Keller", "John Smith", "María López", "Wei Chen", "Fatima Diallo", "Pierre Martin", "Olu Ade")
STREETS = ("12 High Street", "4 Rue Royale", "77 Mill Lane", "Hauptstrasse 9", "1600 Park Ave")
TALK = (
    "Thank you for calling, how can I help you today?", "The parcel should arrive on Thursday.",
    "Could you confirm your postcode please?", "I have updated the delivery address.",
    "Your last invoice was sent by e-mail.", "Let me check that for you, one moment.",
    "The contract runs until the end of the year.", "We can offer a discount of 15 percent.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording to be drawn: `draw` gives the picture at a time in seconds."""

    name: str
    seconds: float
    rate: int
    draw: Callable[[float], Canvas]
    size: tuple[int, int] = (1280, 720)


def pan(rng: random.Random, separator: str | None = None) -> str:
    """Return a test number in one of the ways people write it."""
    number = rng.choice(list(CARDS))
    between = rng.choice((" ", " ", "-", "", ".")) if separator is None else separator
    parts, at = [], 0
    for size in CARDS[number]:
        parts.append(number[at : at + size])
        at += size
    return between.join(parts)


def phone(rng: random.Random) -> str:
    return rng.choice(("+44 20 7946 0{:03d}", "+1 (202) 555-0{:03d}", "030 23125 {:03d}")).format(rng.randrange(1000))


def order(rng: random.Random) -> str:
    return f"{rng.choice(('ORD-', 'INV ', '#', ''))}{rng.randrange(10**7, 10**8)}"


def code(rng: random.Random) -> str:
    return f"{rng.randrange(1000):03d}"


def expiry(rng: random.Random) -> str:
    return f"{rng.randrange(1, 13):02d}/{rng.randrange(27, 33)}"


def typed(text: str, seconds: float, start: float, speed: float) -> str:
    """Return what of `text` is typed at a time."""
    return text[: max(0, int((seconds - start) * speed))]


def _desk(canvas: Canvas, seconds: float, rng_seed: int) -> None:
    """Draw a menu bar, a clock, and words that concern nobody."""
    rng = random.Random(rng_seed)
    canvas.fill((0, 0, canvas.width, 28), canvas.theme.panel, canvas.theme.edge)
    canvas.text(12, 6, "File  Edit  View  Customer  Reports  Help", size=13)
    canvas.text(canvas.width - 90, 6, f"14:{20 + int(seconds) // 60:02d}:{int(seconds) % 60:02d}", of="clock", size=13)
    y = canvas.height - 150
    for _ in range(4):
        canvas.text(40, y, rng.choice(TALK), size=13)
        y += 24
    x = canvas.text(640, canvas.height - 150, "Phone ", size=13)
    canvas.text(x, canvas.height - 150, phone(rng), of="phone", size=13)
    x = canvas.text(640, canvas.height - 124, "Order ", size=13)
    canvas.text(x, canvas.height - 124, order(rng), of="order", size=13)
    canvas.text(640, canvas.height - 98, "IBAN DE89 3704 0044 0532 0130 00", of="iban", size=13)
    canvas.text(640, canvas.height - 72, "Tracking 1Z 999 AA1 01 2345 6784", of="tracking", size=13)


def crm(rng: random.Random) -> Clip:
    """Return a form being filled in: number, expiry date, code."""
    theme, size, face = rng.choice(THEMES), rng.choice((12, 13, 14, 16, 18)), rng.choice(("sans", "mono", "serif"))
    number, date, digits, seed = pan(rng), expiry(rng), code(rng), rng.randrange(10**6)
    label = rng.choice(("Card number", "Credit card", "PAN", "Kartennummer"))
    cvv = rng.choice(("CVV", "CVC", "Security code", "CVV2"))
    above, pasted, speed = rng.random() < 0.5, rng.random() < 0.3, rng.uniform(3, 9)

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        _desk(c, t, seed)
        x, y = 60, 80
        c.text(x, y - 36, "Payment details", size=20, face="bold")
        dx, dy = (0, size + 8) if above else (170, -round(size * 0.4))
        step = size * 5 if above else size * 3
        shown = (number if t > 1.5 else "") if pasted else typed(number, t, 1.2, speed)
        done = 1.8 if pasted else 1.6 + len(number) / speed
        c.text(x, y, "Name on card", size=size)
        c.field(x + dx, y + dy, 260, "Anna Keller", size=size, face=face)
        c.text(x, y + step, label, size=size)
        c.field(x + dx, y + step + dy, 300, shown, of="pan:1", size=size, face=face)
        c.text(x, y + 2 * step, rng_label, size=size)
        c.field(x + dx, y + 2 * step + dy, 90, typed(date, t, done + 0.3, 5), of="expiry:1", size=size, face=face)
        c.text(x + 320, y + 2 * step, cvv, size=size)
        off = 0 if above else 130
        c.field(x + 320 + off, y + 2 * step + dy, 80, typed(digits, t, done + 2, 4), of="code:1", size=size, face=face)
        return c

    rng_label = rng.choice(("Expiry", "Expiry date", "Exp.", "Valid thru"))
    return Clip("form" + (" pasted" if pasted else " typed"), 10, 10, draw)


def four_boxes(rng: random.Random) -> Clip:
    """Return a number typed into four fields."""
    theme, size = rng.choice(THEMES), rng.choice((13, 15, 18))
    number = rng.choice([n for n in CARDS if len(n) == 16])
    seed, speed = rng.randrange(10**6), rng.uniform(4, 8)

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        _desk(c, t, seed)
        c.text(60, 100, "Card number", size=size)
        shown = typed(number, t, 1.0, speed)
        for k in range(4):
            c.field(200 + k * size * 5, 100 - size // 2, size * 4, shown[k * 4 : k * 4 + 4], of="pan:1", size=size)
        c.text(60, 180, "Amount", size=size)
        c.field(200, 180 - size // 2, 120, "125.00", of="amount", size=size)
        return c

    return Clip("four boxes", 7, 10, draw)


def terminal(rng: random.Random) -> Clip:
    """Return a dark terminal in which lines scroll by."""
    size, number, speed = rng.choice((13, 14, 16)), pan(rng), rng.uniform(4, 9)
    rows = [f"2026-11-21T10:{i % 60:02d}:07 INFO order={rng.randrange(10**8)} state=ok" for i in range(40)]

    def draw(t: float) -> Canvas:
        c = Canvas(theme=TERMINAL)
        first = int(max(0, t - 6) * 6)
        lines = [*rows[:14], f"$ pay --pan {typed(number, t, 1.0, speed)}"]
        if t > 5.5:
            lines += ["authorised", *rows[14 : 14 + int((t - 5.5) * 6)]]
        for k, line in enumerate(lines[first:]):
            y = 20 + k * (size + 7)
            if y > 700:
                break
            if line.startswith("$ pay"):
                x = c.text(20, y, "$ pay --pan ", size=size, face="mono")
                c.text(x, y, line[12:], of="pan:1", size=size, face="mono")
            else:
                c.text(20, y, line, size=size, face="mono", of="log")
        return c

    return Clip("terminal", 9, 10, draw)


def notes(rng: random.Random) -> Clip:
    """Return running notes with a number in the middle of a sentence."""
    theme, size, face = rng.choice(THEMES), rng.choice((12, 14, 16, 20)), rng.choice(("sans", "serif", "condensed"))
    before, number = rng.choice(("cust wants to pay with ", "card: ", "visa ", "payment by ")), pan(rng)
    after, speed, seed = rng.choice((" will call back", " ok", ", thanks")), rng.uniform(5, 10), rng.randrange(10**6)

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        _desk(c, t, seed)
        c.window(60, 60, 760, 360, "Notes")
        c.text(76, 100, "Called about the delivery, order was late.", size=size, face=face)
        shown = typed(before + number + after, t, 0.8, speed)
        x = c.text(76, 100 + 2 * size, shown[: len(before)], size=size, face=face)
        x = c.text(x, 100 + 2 * size, shown[len(before) : len(before + number)], of="pan:1", size=size, face=face)
        x = c.text(x, 100 + 2 * size, shown[len(before + number) :], size=size, face=face)
        if int(t * 2) % 2:
            c.fill((x + 1, 100 + 2 * size, x + 2, 100 + 3 * size), c.theme.ink)
        return c

    return Clip("notes", 8, 10, draw)


def scroll(rng: random.Random) -> Clip:
    """Return a long page that is scrolled past a number and back."""
    theme, size, number = rng.choice(THEMES), rng.choice((12, 14, 16)), pan(rng)
    words = [rng.choice(TALK) for _ in range(70)]
    speed, at, jumps = rng.uniform(150, 500), rng.randrange(30, 45), rng.random() < 0.5

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        top = speed * min(t, 3.5) if t < 4.5 else max(0.0, speed * (3.5 - (t - 4.5)))
        top = top // 100 * 100 if jumps else top
        c.clip((0, 40, 1280, 700))
        for k, line in enumerate(words):
            y = round(50 + k * (size + 12) - top)
            if -30 < y < 720:
                if k == at:
                    x = c.text(60, y, "Paid by card ", size=size)
                    c.text(x, y, number, of="pan:1", size=size)
                else:
                    c.text(60, y, line, size=size)
        c.clip(None)
        c.fill((0, 0, 1280, 39), c.theme.panel)
        return c

    return Clip("scroll" + (" by jumps" if jumps else ""), 8, 10, draw)


def moving(rng: random.Random) -> Clip:
    """Return a window with a number that is dragged about."""
    theme, size, number, seed = rng.choice(THEMES), rng.choice((13, 15, 18)), pan(rng), rng.randrange(10**6)
    dx, dy = rng.uniform(60, 160), rng.uniform(10, 60)

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        _desk(c, t, seed)
        way = min(max(t - 1.5, 0), 3.5)
        x, y = round(60 + dx * way), round(60 + dy * way)
        c.window(x, y, 420, 150, "Customer")
        c.text(x + 20, y + 44, "Card", size=size)
        c.text(x + 90, y + 44, number, of="pan:1", size=size)
        c.text(x + 20, y + 90, "Balance 1,250.00 EUR", size=size)
        c.pointer(x + 200, y + 10)
        return c

    return Clip("window moved", 7, 10, draw)


def covered(rng: random.Random) -> Clip:
    """Return a number over which another window and the pointer pass."""
    theme, size, number, seed = rng.choice(THEMES), rng.choice((13, 15, 18)), pan(rng), rng.randrange(10**6)
    speed = rng.uniform(80, 200)

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        _desk(c, t, seed)
        c.text(300, 200, "Card", size=size)
        c.text(360, 200, number, of="pan:1", size=size)
        x = round(900 - speed * max(0, t - 1))
        c.window(x, 120, 260, 200, "Search")
        c.text(x + 20, 160, "Find customer by name", size=13)
        c.pointer(x + 40, 190)
        return c

    return Clip("covered in part", 8, 10, draw)


def sheet(rng: random.Random) -> Clip:
    """Return a spreadsheet with a number in a cell, and another page after it."""
    size, seed = rng.choice((12, 13, 15)), rng.randrange(10**6)
    number, row = pan(rng), rng.randrange(3, 18)

    def draw(t: float) -> Canvas:
        c = Canvas(theme=WHITE)
        cells = random.Random(seed + int(t > 4.0))
        for r in range(24):
            y = 40 + r * 26
            for k, width in enumerate((60, 200, 240, 260, 140, 200)):
                x = 20 + sum((60, 200, 240, 260, 140, 200)[:k])
                c.fill((x, y, x + width, y + 26), c.theme.field, c.theme.edge)
            c.text(26, y + 5, str(r + 1), size=size, of="amount")
            c.text(86, y + 5, cells.choice(NAMES), size=size)
            c.text(286, y + 5, phone(cells), size=size, of="phone")
            if r == row and t <= 4.0:
                c.text(526, y + 5, number, size=size, of="pan:1")
            else:
                c.text(526, y + 5, cells.choice(STREETS), size=size)
            c.text(786, y + 5, f"{cells.randrange(100000) / 100:.2f}", size=size, of="amount")
            c.text(926, y + 5, order(cells), size=size, of="order")
        return c

    return Clip("spreadsheet", 6, 10, draw)


def chat(rng: random.Random) -> Clip:
    """Return a chat in which messages come in and push the others up."""
    theme, size, number, digits = rng.choice((LIGHT, DARK)), rng.choice((13, 14, 16)), pan(rng), code(rng)
    talk = [rng.choice(TALK) for _ in range(16)]

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        messages = [(m, "plain") for m in talk[:8]]
        special = {3: ("pan", "pan:1"), 4: ("code", "code:1")}
        messages += [special.get(k, (talk[8 + k % 8], "plain")) for k in range(int(t * 1.2))]
        y = 660
        for text, of in reversed(messages):
            if y < 60:
                break
            left = 60 if of == "plain" else 500
            c.fill((left, y, left + 560, y + size * 2 + 4), c.theme.panel)
            if of == "pan:1":
                x = c.text(left + 12, y + 8, "sure, it is ", size=size)
                c.text(x, y + 8, number, of=of, size=size)
            elif of == "code:1":
                x = c.text(left + 12, y + 8, "and the cvv is ", size=size)
                c.text(x, y + 8, digits, of=of, size=size)
            else:
                c.text(left + 12, y + 8, text, size=size)
            y -= size * 2 + 16
        return c

    return Clip("chat", 9, 10, draw)


def flash(rng: random.Random) -> Clip:
    """Return pop-ups and pages that show a number for a moment only."""
    theme, size, number, seed = rng.choice(THEMES), rng.choice((13, 16, 20)), pan(rng), rng.randrange(10**6)
    starts = [1.0 + 1.3 * k + rng.uniform(0, 0.5) for k in range(4)]
    lasts = [rng.choice((0.1, 0.2, 0.3)) for _ in starts]

    def draw(t: float) -> Canvas:
        c = Canvas(theme=theme)
        _desk(c, t, seed)
        for k, (start, last) in enumerate(zip(starts, lasts, strict=True)):
            if start <= t < start + last + 0.05:
                c.window(200 + 150 * k, 120 + 60 * k, 420, 110, "Card on file")
                c.text(220 + 150 * k, 170 + 60 * k, number, of="pan:1", size=size)
        return c

    return Clip("flash", 7, 10, draw)


def mail(rng: random.Random) -> Clip:
    """Return mails being opened one after the other; one quotes a number, expiry date and code."""
    size, face = rng.choice((13, 14, 16)), rng.choice(("sans", "serif"))
    number, date, digits = pan(rng), expiry(rng), code(rng)
    lists = [[rng.choice(TALK) for _ in range(12)] for _ in range(4)]

    def draw(t: float) -> Canvas:
        c = Canvas(theme=WHITE)
        which = int(t / 1.7) % 4
        c.fill((0, 0, 300, 720), "#eef2ff")
        for k in range(10):
            c.text(20, 40 + k * 50, NAMES[k % len(NAMES)], size=13, face="bold")
            c.text(20, 58 + k * 50, TALK[k % len(TALK)][:32], size=12)
        for k, line in enumerate(lists[which]):
            y = 60 + k * (size + 12)
            if which == 2 and k == 4:
                x = c.text(340, y, "Please charge ", size=size, face=face)
                x = c.text(x, y, number, of="pan:1", size=size, face=face)
                x = c.text(x, y, " exp ", size=size, face=face)
                x = c.text(x, y, date, of="expiry:1", size=size, face=face)
                x = c.text(x, y, " cvc ", size=size, face=face)
                c.text(x, y, digits, of="code:1", size=size, face=face)
            else:
                c.text(340, y, line, size=size, face=face)
        return c

    return Clip("mail", 7, 10, draw)


def desktop(rng: random.Random, seconds: float = 180) -> Clip:
    """Return three minutes of a desktop, mostly still: a page a minute, notes, a number typed once."""
    number, seeds = pan(rng), [rng.randrange(10**6) for _ in range(8)]
    themes: list[Theme] = [rng.choice(THEMES) for _ in range(8)]

    def draw(t: float) -> Canvas:
        page = int(t // 25) % 8
        c = Canvas(theme=themes[page])
        _desk(c, t, seeds[page])
        words = random.Random(seeds[page])
        for k in range(14):
            c.text(60, 60 + k * 30, words.choice(NAMES), size=13)
            c.text(240, 60 + k * 30, words.choice(TALK), size=13)
            c.text(760, 60 + k * 30, order(words), size=13, of="order")
        if page == 3:
            c.text(900, 500, "Card number", size=14)
            c.field(1000, 492, 240, typed(number, t, 80, 5), of="pan:1", size=14)
        if page == 5:
            c.text(60, 500, "Note: " + typed(" ".join(TALK[:3]), t, 127, 6), size=14)
        return c

    return Clip("desktop, mostly still", seconds, 10, draw)


SCENES = (crm, crm, four_boxes, terminal, notes, scroll, moving, covered, sheet, chat, flash, mail)


def clips(seed: int, rounds: int) -> Iterator[Clip]:
    """Yield every scene `rounds` times, each time other."""
    for round_ in range(rounds):
        for number, scene in enumerate(SCENES):
            yield scene(random.Random(f"{seed} {round_} {number}"))
