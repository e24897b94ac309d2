"""Draw the pictures of a screen recording: a customer form in which an agent types a card number."""

SIZE = (640, 360)
FPS = 5
FRAMES = 25
_CARD = "4111 1111 1111 1111"
_PAPER, _INK, _BAR, _FIELD = 225, 25, 70, 250  # grey levels

# Seven rows of five dots a character, the leftmost dot being the highest bit.
_FONT = {
    " ": "00000000000000", "A": "0E11111F111111", "B": "1E11111E11111E", "C": "0E11101010110E",
    "D": "1E11111111111E", "E": "1F10101E10101F", "F": "1F10101E101010", "G": "0E11101711110F",
    "H": "1111111F111111", "I": "0E04040404040E", "J": "0702020202120C", "K": "11121418141211",
    "L": "1010101010101F", "M": "111B1515111111", "N": "11191513111111", "O": "0E11111111110E",
    "P": "1E11111E101010", "Q": "0E11111115120D", "R": "1E11111E141211", "S": "0F10100E01011E",
    "T": "1F040404040404", "U": "1111111111110E", "V": "11111111110A04", "W": "11111115151B11",
    "X": "11110A040A1111", "Y": "11110A04040404", "Z": "1F01020408101F", "0": "0E11131519110E",
    "1": "040C040404040E", "2": "0E11010608101F", "3": "1E01010E01011E", "4": "02060A121F0202",
    "5": "1F101E0101110E", "6": "0608101E11110E", "7": "1F010204080808", "8": "0E11110E11110E",
    "9": "0E11110F01020C", ":": "00040000000400", "-": "0000001F000000", ".": "00000000000C0C",
    "/": "01020204080810", "+": "0004041F040400", "@": "0E111715171008",
}  # fmt: skip


class Canvas:
    """A grey picture that is drawn on."""

    def __init__(self) -> None:
        self.width, self.height = SIZE
        self.rows = [bytearray([_PAPER]) * self.width for _ in range(self.height)]

    def fill(self, left: int, top: int, width: int, height: int, grey: int) -> None:
        """Fill a rectangle."""
        for row in self.rows[top : top + height]:
            row[left : left + width] = bytes([grey]) * width

    def write(self, left: int, top: int, text: str, *, scale: int = 2, grey: int = _INK) -> None:
        """Write text; a character is 6 by 8 dots with its space."""
        for place, char in enumerate(text):
            for line, bits in enumerate(bytes.fromhex(_FONT[char])):
                for column in range(5):
                    if bits >> (4 - column) & 1:
                        self.fill(left + (6 * place + column) * scale, top + line * scale, scale, scale, grey)

    def plane(self) -> bytes:
        """Return the picture, row by row."""
        return b"".join(self.rows)


def picture(index: int) -> bytes:
    """Return one picture: the card number grows by a digit a picture, stays a second, and is gone at the end."""
    canvas = Canvas()
    canvas.fill(0, 0, 640, 36, _BAR)
    canvas.write(16, 10, "CUSTOMER DESK", grey=_FIELD)
    canvas.write(470, 10, "A.MORENO", grey=_FIELD)
    typed = _CARD[:index] if index < FRAMES - 2 else ""
    fields = (
        ("NAME", "JORDAN EXAMPLE"),
        ("PHONE", "+1 212 555 0142"),
        ("MAIL", "JORDAN@EXAMPLE.COM"),
        ("ACCOUNT", "ACME-4711"),
        ("CARD", typed),
        ("EXPIRY", "12/29" if len(typed) == len(_CARD) else ""),
    )
    for row, (label, value) in enumerate(fields):
        top = 60 + 44 * row
        canvas.write(24, top + 8, label)
        canvas.fill(150, top, 440, 32, _INK)
        canvas.fill(152, top + 2, 436, 28, _FIELD)
        canvas.write(160, top + 5, value, scale=3)
    canvas.fill(150, 326, 120, 28, _BAR)
    canvas.write(174, 333, "SAVE", grey=_FIELD)
    return canvas.plane()
