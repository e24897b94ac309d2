"""Security codes put beside a card number in every way people do; none may stay, not even as "the last four digits"."""

import pytest

from tests.screen.samples import redact

CARDS = ("4111 1111 1111 1111", "5555 5555 5555 4444", "4242424242424242", "3782 822463 10005", "6011111111111117")
# among them some that make a longer number pass Luhn together with one of the cards
CODES = ("037", "148", "296", "407", "518", "629", "703", "862", "925", "987", "0412", "9876", "3720", "8631")
FORMS = (
    "my card {card}, code {code}.",
    "card {card}, code: {code}",
    "{card} code {code}",
    "my card {card} and the code is {code}",
    "my card {card} {code}",
    "my card {card} 12/27 {code}",
    "The code is {code} and my card {card}",
    "{card}\n{code}\n",
    "{card}\n\n{code}\n",
    "card {card}, security number {code}",
    "card {card} cvv{code}",
    "{card}/{code}",
    "{card}-{code}",
    "{card},{code}",
    "{card}{code}",
    "card {card}, it is {code} on the back",
    "{card} ({code})",
    "{card}\u00a0code\u00a0{code}",
)


@pytest.mark.parametrize("form", FORMS)
def test_no_security_code_survives_beside_a_card_however_it_is_put(form: str):
    for card in CARDS:
        for code in CODES:
            said = redact("text/plain", form.format(card=card, code=code).encode()).content.decode()
            left = "".join(c for c in said if c.isdigit())
            assert left in {"", card.replace(" ", "")[-4:]}, (form, card, code, said)


def test_a_card_with_nothing_beside_it_keeps_its_last_four():
    for card in CARDS:
        said = redact("text/plain", f"my card {card} please".encode()).content.decode()
        assert "".join(c for c in said if c.isdigit()) == card.replace(" ", "")[-4:]


def test_a_code_far_from_any_card_stays():
    text = b"The door code is 987, ask for Sam."
    assert redact("text/plain", text).content == text
