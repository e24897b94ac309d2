"""Ordinary messages of contact centres in four languages, full of numbers that are no card numbers.

Numbers with check digits have valid ones, as the real ones do: IBANs, IMEIs, ICCIDs, EANs, parcel numbers.
"""

import re
import uuid
from collections.abc import Callable
from random import Random


def _some(rng: Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _luhn_digit(body: str) -> str:
    total = sum(int(d) * (2 - i % 2) - 9 * (int(d) * (2 - i % 2) > 9) for i, d in enumerate(reversed(body)))
    return str(-total % 10)


def _gs1_digit(body: str) -> str:
    return str(-sum(int(d) * (3 - 2 * (i % 2)) for i, d in enumerate(reversed(body))) % 10)


def _order(rng: Random) -> str:
    letters = rng.choice(["", "", "", "A", "SO-", "#", "DE", "W"])
    return letters + str(rng.randint(1, 9)) + _some(rng, rng.randint(4, 9))


def _amazon(rng: Random) -> str:
    return f"{rng.choice(['114', '302', '028', '405', '171'])}-{_some(rng, 7)}-{_some(rng, 7)}"


def _phone(rng: Random) -> str:
    return rng.choice(
        [
            f"+1 {rng.randint(201, 989)} 555 {_some(rng, 4)}",
            f"({rng.randint(201, 989)}) 555-{_some(rng, 4)}",
            f"020 7946 0{_some(rng, 3)}",
            f"+44 7700 900{_some(rng, 3)}",
            f"07700 900{_some(rng, 3)}",
            f"+49 15{rng.randint(1, 7)} {_some(rng, 8)}",
            f"0{rng.randint(30, 899)}/{_some(rng, 7)}",
            f"+34 6{_some(rng, 8)}",
            f"6{_some(rng, 2)} {_some(rng, 3)} {_some(rng, 3)}",
            f"+33 6 {' '.join(_some(rng, 2) for _ in range(4))}",
            f"01 {' '.join(_some(rng, 2) for _ in range(4))}",
        ]
    )


def _date(rng: Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(2019, 2029)
    return rng.choice(
        [
            f"{day:02}/{month:02}/{year}",
            f"{day}.{month}.{year}",
            f"{year}-{month:02}-{day:02}",
            f"{day:02}.{month:02}.",
            f"{month}/{day}/{year % 100:02}",
            f"{year}-{month:02}-{day:02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00Z",
        ]
    )


def _clock(rng: Random) -> str:
    return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"


def _price(rng: Random) -> str:
    pounds, pence = rng.choice([rng.randint(1, 99), rng.randint(100, 4999)]), rng.choice(["00", "50", "95", "99", "45"])
    return rng.choice(
        [f"${pounds}.{pence}", f"\u00a3{pounds}.{pence}", f"{pounds},{pence} \u20ac", f"EUR {pounds:,}.{pence}"]
    )


def _iban(rng: Random) -> str:
    country, body = rng.choice(
        [
            ("DE", _some(rng, 18)),
            ("GB", rng.choice(["WEST", "NWBK", "BARC"]) + _some(rng, 14)),
            ("ES", _some(rng, 20)),
            ("FR", _some(rng, 23)),
            ("NL", "ABNA" + _some(rng, 10)),
            ("CH", _some(rng, 17)),
            ("AT", _some(rng, 16)),
        ]
    )
    number = int("".join(str(int(c, 36)) for c in f"{body}{country}00"))
    whole = f"{country}{98 - number % 97:02}{body}"
    return " ".join(re.findall(".{1,4}", whole)) if rng.random() < 0.6 else whole


def _parcel(rng: Random) -> str:
    usps = rng.choice(["9400", "9205", "9361"]) + _some(rng, 17)
    usps += _gs1_digit(usps)
    sscc = "00340" + _some(rng, 14)
    return rng.choice(
        [
            "1Z" + "".join(rng.choice("0123456789ABCDEFGHXYW") for _ in range(8)) + _some(rng, 8),
            usps,
            " ".join(re.findall(".{1,4}", usps)),
            _some(rng, 12),
            f"JJD{_some(rng, 18)}",
            sscc + _gs1_digit(sscc[2:]),
            f"{rng.choice(['RR', 'CP', 'LX'])}{_some(rng, 9)}GB",
            _some(rng, 10),
            f"H{_some(rng, 15)}",
        ]
    )


def _device(rng: Random) -> str:
    imei, sim = rng.choice(["35", "86", "01"]) + _some(rng, 12), "8944" + _some(rng, 15)
    return rng.choice(
        [
            f"IMEI {imei}{_luhn_digit(imei)}",
            f"IMEI: {imei[:2]}-{imei[2:8]}-{imei[8:]}-{_luhn_digit(imei)}",
            f"SIM {sim}{_luhn_digit(sim)}",
            f"serial {rng.choice('CDF')}{_some(rng, 2)}XK{_some(rng, 5)}Q",
        ]
    )


def _goods(rng: Random) -> str:
    ean = rng.choice(["40", "50", "84", "37", "978"]) + _some(rng, 12)
    return rng.choice(
        [
            f"EAN {ean[:12]}{_gs1_digit(ean[:12])}",
            f"ISBN 978-3-{_some(rng, 2)}-{_some(rng, 6)}-{_some(rng, 1)}",
            f"article {_some(rng, 6)}",
            f"size {rng.randint(36, 47)}",
            f"model X{_some(rng, 3)}",
        ]
    )


def _id(rng: Random) -> str:
    return rng.choice(
        [
            str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            f"INC{_some(rng, 7)}",
            f"ticket {_some(rng, 6)}",
            f"{rng.getrandbits(128):032x}",
            str(rng.randint(1_600_000_000_000, 1_790_000_000_000)),
            f"192.168.{rng.randint(0, 255)}.{rng.randint(0, 255)}",
            f"v{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 99)}",
        ]
    )


def _account(rng: Random) -> str:
    return rng.choice(
        [
            f"customer number {_some(rng, 8)}",
            f"account {_some(rng, 8)}, sort code {'-'.join(_some(rng, 2) for _ in range(3))}",
            f"Kundennummer {_some(rng, 9)}",
            f"contract {_some(rng, 10)}",
            f"n\u00b0 client {_some(rng, 7)}",
        ]
    )


def _code(rng: Random) -> str:
    return rng.choice(
        [
            f"the door code is {_some(rng, 4)}",
            f"your verification code is {_some(rng, 6)}",
            f"error code {_some(rng, 3)}",
            f"promo code SAVE{rng.randint(5, 50)}",
            f"postcode {_some(rng, 5)}",
            f"zip code {_some(rng, 5)}",
            f"c\u00f3digo postal {_some(rng, 5)}",
        ]
    )


_FILL: dict[str, Callable[[Random], str]] = {
    "order": _order,
    "amazon": _amazon,
    "phone": _phone,
    "date": _date,
    "clock": _clock,
    "price": _price,
    "iban": _iban,
    "parcel": _parcel,
    "device": _device,
    "goods": _goods,
    "id": _id,
    "account": _account,
    "code": _code,
    "n": lambda rng: str(rng.randint(1, 40)),
    "last4": lambda rng: _some(rng, 4),
}

_TEMPLATES = """\
Hi, I ordered {n} pairs on {date}, order {order}.
Thanks, one moment please.
Is that order {order} for {price}?
Could I have your phone number?
{phone}
It is {phone}, after {clock} please
{order}
yes
no, {n}
call me on {phone} or {phone}
The parcel {parcel} should arrive on {date} between {clock} and {clock}.
tracking {parcel}
my tracking number is {parcel}
Your order {amazon} has shipped.
The invoice of {date} says {price}, but I paid {price} on {date}.
{price} for {n} items
My IBAN is {iban}
please send the money to {iban}, name as before
{iban}
{device}
the phone's {device}
{goods}, {n} pieces
I live at {n} Station Road, flat {n}
Hauptstra\u00dfe {n}, {code}
Calle Mayor {n}, {n}\u00ba, 28013 Madrid
12 rue de la Paix, 75002 Paris
{code}
Sorry, {code}, ask for Sam
{id}
the reference is {id}
{account}
My {account}, ordered on {date}
see {id} and {id}
I will be back in {n} minutes
it happened {n} times in {n} days
one of the two is too small
nobody told me, not once
Could you help me with the order that came on monday? It is too small and also blue, thank you
Great, have a nice day!
We are open from {clock} to {clock}, on Sundays from {clock}
that is {n} % off, so {price} instead of {price}
Guten Tag, meine Bestellung {order} vom {date} ist nicht da.
Ich hatte {n} St\u00fcck f\u00fcr {price} bestellt
Einen Moment bitte
Die Sendung {parcel} kam um {clock}
Meine Telefonnummer ist {phone}
eins von den zwei Paketen fehlt
Rechnung {order}, {price}
Hola, mi pedido {order} del {date} no ha llegado
Son {price} por {n} unidades
El tel\u00e9fono es {phone}
un momento, por favor
Una de las dos cajas est\u00e1 rota, la otra no
El seguimiento es {parcel}
Bonjour, ma commande {order} du {date} n'est pas arriv\u00e9e
Le colis {parcel} devait arriver \u00e0 {clock}
Mon num\u00e9ro est le {phone}
un instant s'il vous pla\u00eet
\u00e7a fait {price} pour {n} articles
I paid with my card ending in {last4} on {date}
The payment of {price} was made on {date}, card ending {last4}, order {order}
My card was charged twice: {price} on {date} and {price} on {date}
Which card did you use? For order {order}?
the payment id is {id}
Ihre Karte mit der Endung {last4} wurde mit {price} belastet
La tarjeta termina en {last4}, pedido {order}
carte finissant par {last4}
Did you get my payment? {price}, IBAN {iban}, on {date}
Your gift card has {price} left, valid until {date}
{clock}
{date}
I need a new SIM card, {device}
business card: {phone}, office {phone}
loyalty card points: {n}, member since {date}
"""
TEMPLATES = tuple(_TEMPLATES.splitlines())
_PLACE = re.compile(r"\{(\w+)\}")


def message(rng: Random) -> str:
    """Return one ordinary message."""
    return _PLACE.sub(lambda found: _FILL[found.group(1)](rng), rng.choice(TEMPLATES))


def table(rng: Random, rows: int, sign: str) -> tuple[str, list[list[str]]]:
    """Return what stands between cells, and the cells of a table of orders, its header first or left out."""
    header = ["id", "order", "phone", "price", "tracking", "date"]
    cells = [[str(1000 + at), _order(rng), _phone(rng), _price(rng), _parcel(rng), _date(rng)] for at in range(rows)]
    return sign, [header, *cells] if rng.random() < 0.5 else cells


def random_number(rng: Random, digits: int) -> str:
    """Return a message that holds a number of so many random digits, which by chance may pass for a card number."""
    first = str(rng.randint(1, 9))
    return f"the number is {first}{_some(rng, digits - 1)}, please check"
