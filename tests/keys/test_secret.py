import copy
import pickle

import pytest

from keys.secret import Secret


def test_a_secret_never_shows_itself():
    secret = Secret(b"open sesame")
    for text in (repr(secret), str(secret), f"{secret}", repr([secret]), f"{secret!r}"):
        assert "sesame" not in text
        assert "redacted" in text
    assert secret.reveal() == b"open sesame"
    assert len(secret) == 11


def test_a_secret_is_not_pickled_or_copied():
    for action in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled or copied"):
            action(Secret(b"x"))


def test_secrets_compare_by_value_and_only_with_secrets():
    assert Secret(b"x") == Secret(b"x")
    assert Secret(b"x") != Secret(b"y")
    assert Secret(b"x") != b"x"
    with pytest.raises(TypeError, match="unhashable"):
        hash(Secret(b"x"))


def test_a_secret_keeps_its_value_when_the_buffer_it_came_from_changes():
    buffer = bytearray(b"xyz")
    secret = Secret(buffer)
    buffer[0] = 0
    assert secret.reveal() == b"xyz"
