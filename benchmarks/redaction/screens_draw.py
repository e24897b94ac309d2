"""Draw screens and know exactly which digits of which number show where in every picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONTS = {
    "sans": ("DejaVuSans.ttf", "LiberationSans-Regular.ttf"),
    "bold": ("DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf"),
    "serif": ("DejaVuSerif.ttf", "LiberationSerif-Regular.ttf"),
    "mono": ("DejaVuSansMono.ttf", "LiberationMono-Regular.ttf"),
    "condensed": ("DejaVuSansCondensed.ttf", "LiberationSansNarrow-Regular.ttf"),
}
_FOLDERS = (Path("/usr/share/fonts/truetype/dejavu"), Path("/usr/share/fonts/truetype/liberation"))


@lru_cache(maxsize=256)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a font of the system, or Pillow's own where there is none."""
    for file in FONTS[name]:
        for folder in _FOLDERS:
            if (folder / file).exists():
                return ImageFont.truetype(str(folder / file), size)
    return ImageFont.load_default(size)


@dataclass(slots=True)
class Glyph:
    """One character that shows: what it belongs to, which of its characters it is, and its ink's box."""

    of: str  # "pan:1", "code:1", "expiry:1", "phone", "plain" …
    position: int
    character: str
    box: tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Theme:
    ground: str
    ink: str
    panel: str
    edge: str
    field: str


LIGHT = Theme("#f3f4f6", "#1f2937", "#e5e7eb", "#9ca3af", "#ffffff")
WHITE = Theme("#ffffff", "#111111", "#f0f0f0", "#bbbbbb", "#ffffff")
DARK = Theme("#1e1e2e", "#d4d4d8", "#2a2a3c", "#55556a", "#26263a")
TERMINAL = Theme("#0b0f0b", "#9be29b", "#101810", "#305030", "#0b0f0b")
BLUE = Theme("#123a6b", "#e8eefc", "#0f2f57", "#6f8fc0", "#1a4a86")
THEMES = (LIGHT, WHITE, DARK, BLUE)


@dataclass
class Canvas:
    """A picture being drawn. What is filled over text hides it."""

    width: int = 1280
    height: int = 720
    theme: Theme = LIGHT
    image: Image.Image = field(init=False)
    glyphs: list[Glyph] = field(default_factory=list)
    _clip: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", (self.width, self.height), self.theme.ground)
        self._draw = ImageDraw.Draw(self.image)

    def fill(self, box: tuple[int, int, int, int], colour: str, edge: str | None = None) -> None:
        """Fill a rectangle; text under it is hidden, in part where it sticks out."""
        self._draw.rectangle(box, fill=colour, outline=edge)
        self.glyphs = [g for g in self.glyphs if _shown(g.box, box) > 0.4]

    def clip(self, box: tuple[int, int, int, int] | None) -> None:
        """Let text show only inside `box` from now on."""
        self._clip = box

    def text(self, x: int, y: int, text: str, *, of: str = "plain", size: int = 14, face: str = "sans",
             ink: str | None = None) -> int:  # fmt: skip
        """Write text with its top left corner at a place; return the x behind it."""
        letters = font(face, size)
        target, draw = self.image, self._draw
        if self._clip:
            target = self.image.copy()
            draw = ImageDraw.Draw(target)
        draw.text((x, y), text, font=letters, fill=ink or self.theme.ink)
        if self._clip:
            self.image.paste(target.crop(self._clip), self._clip[:2])
        for at, character in enumerate(text):
            if character.isspace():
                continue
            left = x + letters.getlength(text[:at])
            ink_box = letters.getbbox(character)
            box = (round(left + ink_box[0]), y + ink_box[1], round(left + ink_box[2]), y + ink_box[3])
            outside = self._clip is not None and _inside(box, self._clip) < 0.6
            if not outside and _inside(box, (0, 0, self.width, self.height)) >= 0.6:
                self.glyphs.append(Glyph(of, at, character, box))
        return round(x + letters.getlength(text))

    def field(self, x: int, y: int, width: int, text: str, *, of: str = "plain", size: int = 14,
              face: str = "sans") -> None:  # fmt: skip
        """Draw an input field with a value."""
        self.fill((x, y, x + width, y + size * 2), self.theme.field, self.theme.edge)
        self.text(x + 7, y + round(size * 0.4), text, of=of, size=size, face=face)

    def window(self, x: int, y: int, width: int, height: int, title: str) -> None:
        """Draw a window with a title bar over what is there."""
        self.fill((x, y, x + width, y + height), self.theme.panel, self.theme.edge)
        self.fill((x, y, x + width, y + 26), self.theme.edge)
        self.text(x + 8, y + 5, title, size=13)

    def pointer(self, x: int, y: int) -> None:
        """Draw a mouse pointer."""
        self._draw.polygon([(x, y), (x, y + 16), (x + 4, y + 12), (x + 11, y + 11)], fill="black", outline="white")


def _area(box: tuple[int, int, int, int]) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def _inside(box: tuple[int, int, int, int], room: tuple[int, int, int, int]) -> float:
    """Return the share of `box` that lies in `room`."""
    both = (max(box[0], room[0]), max(box[1], room[1]), min(box[2], room[2]), min(box[3], room[3]))
    return _area(both) / max(1, _area(box))


def _shown(box: tuple[int, int, int, int], over: tuple[int, int, int, int]) -> float:
    return 1 - _inside(box, (over[0], over[1], over[2] + 1, over[3] + 1))
