"""Security codes and expiry dates beside card numbers, put in every way people put them."""

from collections.abc import Callable
from random import Random

from benchmarks.redaction.text_disguises import Case, groups
from benchmarks.redaction.text_words import ENGLISH

_CODES = ("037", "148", "296", "407", "518", "629", "703", "862", "925", "987", "0412", "9876", "3720", "8631")
_BEFORE = (
    *("the cvv is {}", "cvc: {}", "security code {}", "CVV2 {}", "and the three digits on the back are {}"),
    *("code de s\u00e9curit\u00e9 {}", "c\u00f3digo de seguridad {}", "Pr\u00fcfziffer {}", "le cryptogramme est {}"),
    "card verification value {}",
)
_AFTER = ("{} is the cvv", "{}, that's the security code", "{} (cvc)", "{} on the back")
_ASKED = (
    "what is the security code?",
    "and the CVV please",
    "the three digits on the back?",
    "und der Sicherheitscode?",
)
_DATES = (
    "exp {}",
    "expires {}",
    "valid thru {}",
    "expiry date {}",
    "caduca {}",
    "g\u00fcltig bis {}",
    "Ablaufdatum {}",
)


def _case(talk: list[tuple[str, str]], secret: str) -> Case:
    at = max(i for i, (_, words) in enumerate(talk) if secret in words)
    return Case(tuple(talk), ((at, secret),))


def _secret(pan: str, rng: Random) -> str:
    """Return a code that is not part of the number."""
    return rng.choice([code for code in _CODES if code not in pan])


def announced_before(pan: str, rng: Random) -> Case:
    """The word, then the code."""
    secret = _secret(pan, rng)
    return _case([("customer", f"my card is {' '.join(groups(pan))}, {rng.choice(_BEFORE).format(secret)}")], secret)


def announced_after(pan: str, rng: Random) -> Case:
    """The code, then the word."""
    secret = _secret(pan, rng)
    return _case(
        [("customer", f"card {' '.join(groups(pan))}"), ("customer", rng.choice(_AFTER).format(secret))], secret
    )


def asked_for(pan: str, rng: Random) -> Case:
    """Asked for by the agent, answered with nothing but the code."""
    secret = _secret(pan, rng)
    talk = [
        ("customer", pan),
        ("agent", rng.choice(_ASKED)),
        ("customer", rng.choice(["{}", "it's {}", "sure, {}"]).format(secret)),
    ]
    return _case(talk, secret)


def unannounced(pan: str, rng: Random) -> Case:
    """Right behind the card number, with no word."""
    secret = _secret(pan, rng)
    return _case([("customer", f"{' '.join(groups(pan))} 12/29 {secret}")], secret)


def without_card(_pan: str, rng: Random) -> Case:
    """Announced, with no card number in the talk."""
    secret = rng.choice(_CODES)
    return _case([("agent", "hello"), ("customer", rng.choice(_BEFORE).format(secret))], secret)


def spoken(pan: str, rng: Random) -> Case:
    """In words."""
    secret = " ".join(ENGLISH[int(d)] for d in _secret(pan, rng))
    return _case([("customer", f"card {pan}"), ("agent", rng.choice(_ASKED)), ("customer", secret)], secret)


def spaced(pan: str, rng: Random) -> Case:
    """Digit by digit."""
    secret = rng.choice([" ", "-", "."]).join(_secret(pan, rng))
    return _case([("customer", f"card {pan}"), ("customer", rng.choice(_BEFORE).format(secret))], secret)


def expiry(pan: str, rng: Random) -> Case:
    """A month and a year, announced."""
    date = rng.choice(["12/29", "03/2028", "07-27", "11 26", "0928"])
    return _case([("customer", f"card {pan}, {rng.choice(_DATES).format(date)}")], date)


def expiry_asked(pan: str, rng: Random) -> Case:
    """A month and a year, asked for."""
    date = rng.choice(["12/29", "03/2028", "07-27", "11 26", "0928"])
    return _case([("customer", f"card {pan}"), ("agent", "and the expiry date?"), ("customer", date)], date)


CODES: dict[str, Callable[[str, Random], Case]] = {
    "code announced before": announced_before,
    "code announced after": announced_after,
    "code asked for": asked_for,
    "code behind the card": unannounced,
    "code without a card": without_card,
    "code in words": spoken,
    "code digit by digit": spaced,
}
EXPIRIES: dict[str, Callable[[str, Random], Case]] = {"expiry announced": expiry, "expiry asked for": expiry_asked}
