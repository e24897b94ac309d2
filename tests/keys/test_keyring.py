import hashlib
import hmac
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import KeyringError, KeyUnwrapError, NoActiveEpochError, UnavailableError, UnknownEpochError
from keys.keyring import Epoch, EpochState, IndexKey, Keyring, WrappedKey, new_epoch, new_index_key, slot_context
from keys.root import PassphraseRootKey
from keys.secret import Secret

CONTEXT = slot_context("0193500000007000800000000000abcd", "original")


class _CountingRoot:
    """A real root key that counts how often it is asked, and may be out of reach."""

    def __init__(self):
        self._root = PassphraseRootKey(Secret(os.urandom(32)))
        self.id = self._root.id
        self.unwraps = 0
        self.is_down = False

    def wrap(self, secret, context):
        return self._root.wrap(secret, context)

    def unwrap(self, wrapped, context):
        self.unwraps += 1
        if self.is_down:
            raise UnavailableError("the root key is out of reach")
        return self._root.unwrap(wrapped, context)


@pytest.fixture
def root():
    return _CountingRoot()


def _old(epoch):
    return replace(epoch, state=EpochState.OLD)


def test_a_data_key_comes_back_in_its_context(root):
    keyring = Keyring(root, [new_epoch(root, 1)])
    key = os.urandom(32)
    wrapped = keyring.wrap(key, CONTEXT)
    assert (wrapped.epoch, len(wrapped.blob)) == (1, 60)
    assert key not in wrapped.blob
    assert keyring.unwrap(wrapped, CONTEXT) == key


@pytest.mark.parametrize(
    "context",
    [
        slot_context("0193500000007000800000000000abce", "original"),
        slot_context("0193500000007000800000000000abcd", "x"),
        b"",
    ],
)
def test_a_data_key_opens_in_no_other_slot(root, context):  # KEYW-02
    keyring = Keyring(root, [new_epoch(root, 1)])
    with pytest.raises(KeyUnwrapError, match="does not open with epoch 1 in its context"):
        keyring.unwrap(keyring.wrap(bytes(32), CONTEXT), context)


def test_no_byte_of_a_wrapped_key_can_change_or_be_cut(root):  # KEYW-01
    keyring = Keyring(root, [new_epoch(root, 1)])
    wrapped = keyring.wrap(bytes(32), CONTEXT)
    for at in range(len(wrapped.blob)):
        changed = bytearray(wrapped.blob)
        changed[at] ^= 1
        with pytest.raises(KeyUnwrapError, match="does not open"):
            keyring.unwrap(WrappedKey(1, bytes(changed)), CONTEXT)
        with pytest.raises(KeyUnwrapError, match=f"expected a wrapped key of 60 bytes, got {at}"):
            keyring.unwrap(WrappedKey(1, wrapped.blob[:at]), CONTEXT)


def test_old_epochs_unwrap_and_only_the_active_one_wraps(root):
    first = new_epoch(root, 1)
    wrapped = Keyring(root, [first]).wrap(b"k" * 32, CONTEXT)
    keyring = Keyring(root, [_old(first), new_epoch(root, 2)])
    assert keyring.active == 2
    assert keyring.wrap(bytes(32), CONTEXT).epoch == 2
    assert keyring.unwrap(wrapped, CONTEXT) == b"k" * 32


def test_a_key_of_one_epoch_does_not_open_with_another(root):
    keyring = Keyring(root, [_old(new_epoch(root, 1)), new_epoch(root, 2)])
    wrapped = keyring.wrap(bytes(32), CONTEXT)
    with pytest.raises(KeyUnwrapError, match="epoch 1"):
        keyring.unwrap(replace(wrapped, epoch=1), CONTEXT)


def test_an_epoch_does_not_open_under_another_number(root):  # KEYW-03
    first, second = _old(new_epoch(root, 1)), new_epoch(root, 2)
    swapped = Keyring(root, [replace(first, wrapped=second.wrapped), replace(second, wrapped=first.wrapped)])
    with pytest.raises(KeyUnwrapError, match="does not unwrap"):
        swapped.wrap(bytes(32), CONTEXT)


def test_a_retired_or_unknown_epoch_opens_nothing(root):  # KEYW-04
    first = new_epoch(root, 1)
    wrapped = Keyring(root, [first]).wrap(bytes(32), CONTEXT)
    for epochs, message in (
        ([replace(first, state=EpochState.RETIRED)], "epoch 1 is retired"),
        ([Epoch(1, b"", EpochState.RETIRED)], "epoch 1 is retired"),
        ([], "expected a known key epoch, got 1"),
    ):
        with pytest.raises(UnknownEpochError, match=message):
            Keyring(root, epochs).unwrap(wrapped, CONTEXT)


def test_every_wrap_has_a_nonce_of_its_own(root):  # KEYW-05
    keyring = Keyring(root, [new_epoch(root, 1)])
    assert len({keyring.wrap(bytes(32), CONTEXT).blob[:12] for _ in range(2000)}) == 2000


def test_two_active_epochs_or_one_number_twice_are_refused(root):  # KEYW-06
    one, two = new_epoch(root, 1), new_epoch(root, 2)
    with pytest.raises(KeyringError, match="expected one active epoch, got 2"):
        Keyring(root, [one, two])
    with pytest.raises(KeyringError, match="epoch 1 twice"):
        Keyring(root, [one, _old(one)])


def test_without_an_active_epoch_nothing_is_wrapped(root):
    for epochs in ([], [_old(new_epoch(root, 1))]):
        with pytest.raises(NoActiveEpochError, match="got none"):
            Keyring(root, epochs).wrap(bytes(32), CONTEXT)


def test_the_root_key_is_asked_once_an_epoch_and_only_when_needed(root):
    epochs = [_old(new_epoch(root, 1)), new_epoch(root, 2)]
    keyring = Keyring(root, epochs)
    assert root.unwraps == 0
    wrapped = [keyring.wrap(bytes(32), CONTEXT) for _ in range(10)]
    assert [keyring.unwrap(one, CONTEXT) for one in wrapped] == [bytes(32)] * 10
    assert root.unwraps == 1


def test_a_root_key_out_of_reach_is_asked_again_later(root):
    keyring = Keyring(root, [new_epoch(root, 1)])
    root.is_down = True
    with pytest.raises(UnavailableError, match="out of reach"):
        keyring.wrap(bytes(32), CONTEXT)
    root.is_down = False
    assert keyring.wrap(bytes(32), CONTEXT).epoch == 1


def test_threads_share_a_keyring(root):
    keyring = Keyring(root, [new_epoch(root, 1)])
    index = IndexKey(root, new_index_key(root))
    root.unwraps = 0
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        for i in range(300):
            key = hashlib.sha256(b"%d %d" % (number, i)).digest()
            context = slot_context(f"{number}-{i}", "original")
            assert keyring.unwrap(keyring.wrap(key, context), context) == key
            assert index.token("number", str(i)) == index.token("number", str(i))
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [True] * 8
    assert root.unwraps == 1


def test_an_epoch_with_a_key_of_another_length_is_refused(root):
    epoch = Epoch(1, root.wrap(bytes(16), b"strongroom/epoch/v1\n1"), EpochState.ACTIVE)
    with pytest.raises(KeyUnwrapError, match="expected a key of 32 bytes in epoch 1, got 16"):
        Keyring(root, [epoch]).wrap(bytes(32), CONTEXT)


@given(
    *[st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,9}", fullmatch=True)] * 2,
    *[st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)] * 2,
)
def test_two_slots_never_share_a_context(subject, other, purpose, another):
    same = (subject, purpose) == (other, another)
    assert (slot_context(subject, purpose) == slot_context(other, another)) == same


def test_callers_are_told_of_their_bugs(root):
    for subject, purpose in (("", "x"), ("a\nb", "x"), ("a", ""), ("a", "x\n"), ("a", "X")):
        with pytest.raises(RuntimeError, match="of the forms"):
            slot_context(subject, purpose)
    with pytest.raises(RuntimeError, match="data key of 32 bytes"):
        Keyring(root, [new_epoch(root, 1)]).wrap(bytes(16), CONTEXT)
    with pytest.raises(RuntimeError, match="number from 1"):
        new_epoch(root, 0)
    with pytest.raises(RuntimeError, match="field name"):
        IndexKey(root, new_index_key(root)).token("a\x00b", "x")


def test_a_token_is_the_keyed_hash_the_specification_gives(root):  # INDX-01
    wrapped = new_index_key(root)
    key = root.unwrap(wrapped, b"strongroom/index-key/v1")
    expected = hmac.new(key, b"number\x00Caf\xc3\xa9", hashlib.sha256).digest()[:16]
    assert IndexKey(root, wrapped).token("number", "Caf\u00e9") == expected


def test_tokens_differ_by_field_by_value_and_by_key(root):  # INDX-01
    index, other = (IndexKey(root, new_index_key(root)) for _ in range(2))
    tokens = {
        index.token("number", "1"),
        index.token("account", "1"),
        index.token("number", "2"),
        other.token("number", "1"),
    }
    assert len(tokens) == 4


def test_an_index_key_opens_only_as_one(root):  # INDX-02
    with pytest.raises(KeyUnwrapError, match="does not unwrap"):
        IndexKey(root, new_epoch(root, 1).wrapped)
    with pytest.raises(KeyUnwrapError, match="an index key of 32 bytes, got 16"):
        IndexKey(root, root.wrap(bytes(16), b"strongroom/index-key/v1"))
