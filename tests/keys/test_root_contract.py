"""What every root key keeps to. An implementation joins by a maker of fresh keys in MAKERS."""

import pytest

from keys import envelope
from keys.envelope import FLOOR_COST, passphrase_of
from keys.errors import KeyFileError, KeyUnwrapError, WrongPassphraseError
from keys.root import PassphraseRootKey
from keys.secret import Secret

WORDS = passphrase_of("correct horse battery staple")


def _passphrase_root():
    return PassphraseRootKey.open(PassphraseRootKey.create(WORDS, FLOOR_COST), WORDS)


MAKERS = {"passphrase": _passphrase_root}


@pytest.fixture(scope="module", params=MAKERS)
def pair(request):
    maker = MAKERS[request.param]
    return maker(), maker()


def test_what_was_wrapped_unwraps_in_its_context(pair):  # ROOT-01
    root, _ = pair
    for secret in (b"", b"x", bytes(32), bytes(1000)):
        assert root.unwrap(root.wrap(secret, b"context"), b"context") == secret


def test_nothing_unwraps_in_another_context(pair):  # ROOT-01
    root, _ = pair
    wrapped = root.wrap(bytes(32), b"context")
    for other in (b"", b"contex", b"context ", b"Context"):
        with pytest.raises(KeyUnwrapError, match="does not unwrap"):
            root.unwrap(wrapped, other)


def test_nothing_unwraps_under_another_root_key(pair):  # ROOT-01
    root, other = pair
    with pytest.raises(KeyUnwrapError, match=other.id):
        other.unwrap(root.wrap(bytes(32), b"context"), b"context")


def test_no_byte_of_what_was_wrapped_can_change_or_be_cut(pair):  # ROOT-01
    root, _ = pair
    wrapped = root.wrap(bytes(32), b"context")
    for at in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[at] ^= 1
        for data in (bytes(changed), wrapped[:at], wrapped + b"\x00"):
            with pytest.raises(KeyUnwrapError, match="does not unwrap"):
                root.unwrap(data, b"context")


def test_a_secret_is_never_wrapped_to_the_same_bytes_twice(pair):
    root, _ = pair
    assert len({root.wrap(bytes(32), b"context") for _ in range(100)}) == 100


def test_a_root_key_has_a_name_that_no_other_has(pair):  # ROOT-02
    root, other = pair
    assert root.id == root.id != other.id
    assert root.id.startswith(("passphrase:", "aws-kms:", "pkcs11:"))


def test_a_passphrase_root_key_is_the_same_each_time_it_is_opened():
    data = PassphraseRootKey.create(WORDS, FLOOR_COST)
    one, two = (PassphraseRootKey.open(data, WORDS) for _ in range(2))
    assert one.id == two.id
    assert two.unwrap(one.wrap(b"secret", b"c"), b"c") == b"secret"
    assert envelope.parse(data).public.hex() == one.id.removeprefix("passphrase:")


def test_the_name_of_a_passphrase_root_key_is_not_its_key():
    data = PassphraseRootKey.create(WORDS, FLOOR_COST)
    secret = envelope.open_(data, WORDS, "root").reveal()
    assert envelope.parse(data).public not in (secret[:16], secret[16:])


def test_a_root_key_that_was_recovered_is_the_one_that_was_lost():
    data = PassphraseRootKey.create(WORDS, FLOOR_COST)
    lost = PassphraseRootKey.open(data, WORDS)
    new = passphrase_of("new words")
    again = PassphraseRootKey.create(new, FLOOR_COST, secret=envelope.open_(data, WORDS, "root"))
    found = PassphraseRootKey.open(again, new)
    assert found.id == lost.id
    assert found.unwrap(lost.wrap(b"secret", b"c"), b"c") == b"secret"


def test_a_passphrase_root_key_needs_its_passphrase_and_its_kind_of_file():
    data = PassphraseRootKey.create(WORDS, FLOOR_COST)
    with pytest.raises(WrongPassphraseError, match="does not open"):
        PassphraseRootKey.open(data, passphrase_of("other"))
    user = envelope.create(Secret(bytes(32)), WORDS, "user-signing", FLOOR_COST)
    with pytest.raises(KeyFileError, match="for root, got one for user-signing"):
        PassphraseRootKey.open(user, WORDS)


def test_a_root_key_file_with_another_identity_or_length_is_refused():  # KEYF-08
    for secret, public in ((Secret(bytes(32)), bytes(16)), (Secret(bytes(32)), None), (Secret(bytes(31)), None)):
        data = envelope.create(secret, WORDS, "root", FLOOR_COST, public)
        with pytest.raises(KeyFileError, match="expected"):
            PassphraseRootKey.open(data, WORDS)
    with pytest.raises(KeyFileError, match="a root key of 32 bytes, got 16"):
        PassphraseRootKey.create(WORDS, FLOOR_COST, secret=Secret(bytes(16)))
