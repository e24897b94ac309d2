import base64
import json

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from keys import canonical, envelope
from keys.envelope import FLOOR_COST, KdfCost, passphrase_of
from keys.errors import KdfCostError, KeyFileError, PassphraseError, WrongPassphraseError
from keys.secret import Secret

SECRET = Secret(bytes(range(32)))
WORDS = passphrase_of("correct horse battery staple")


@pytest.fixture(scope="module")
def data():
    return envelope.create(SECRET, WORDS, "root", FLOOR_COST, public=b"public part")


def _changed(data, change):
    document = json.loads(data)
    change(document)
    return canonical.encode(document) + b"\n"


def test_a_key_file_opens_with_its_passphrase(data):
    assert envelope.open_(data, WORDS, "root") == SECRET
    file = envelope.parse(data)
    assert (file.purpose, file.cost, file.public) == ("root", FLOOR_COST, b"public part")


def test_a_key_file_is_what_its_specification_says(data):
    """Opens a file by hand, from keys/SPEC.md alone."""
    document = json.loads(data)
    sealed = base64.b64decode(document.pop("sealed"))
    kdf = document["kdf"]
    assert document == {
        "format": "strongroom/key-file/v1",
        "purpose": "root",
        "kdf": {"name": "argon2id", "memory_kib": 19456, "passes": 2, "lanes": 1, "salt": kdf["salt"]},
        "public": base64.b64encode(b"public part").decode(),
    }
    argon = Argon2id(salt=base64.b64decode(kdf["salt"]), length=32, iterations=2, lanes=1, memory_cost=19456)
    header = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    key = argon.derive(b"correct horse battery staple")
    assert AESGCM(key).decrypt(sealed[:12], sealed[12:], header) == SECRET.reveal()


def test_the_secret_and_the_passphrase_are_not_in_the_file(data):
    for hidden in (SECRET.reveal(), base64.b64encode(SECRET.reveal()), b"staple"):
        assert hidden not in data


def test_a_wrong_passphrase_is_refused(data):
    with pytest.raises(WrongPassphraseError, match="does not open"):
        envelope.open_(data, passphrase_of("correct horse battery stable"), "root")


def test_a_key_file_for_another_purpose_is_refused(data):  # KEYF-06
    with pytest.raises(KeyFileError, match="expected a key file for signing, got one for root"):
        envelope.open_(data, WORDS, "signing")


def test_no_byte_of_a_key_file_can_change(data):  # KEYF-07
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises((KeyFileError, WrongPassphraseError)):
            envelope.open_(bytes(changed), WORDS, "root")


def test_no_end_of_a_key_file_can_be_cut(data):
    for at in range(len(data)):
        with pytest.raises(KeyFileError, match="expected a key file"):
            envelope.parse(data[:at])


def test_the_header_is_bound_to_the_secret(data):  # KEYF-07
    for change in (
        lambda d: d.update(purpose="other"),
        lambda d: d.update(public=None),
        lambda d: d["kdf"].update(passes=3),
    ):
        changed = _changed(data, change)
        with pytest.raises(WrongPassphraseError, match="was altered"):
            envelope.open_(changed, WORDS, envelope.parse(changed).purpose)


@pytest.mark.parametrize(
    ("rule", "change", "message"),
    [
        ("KEYF-03", lambda d: d.update(format="strongroom/key-file/v2"), "format: expected"),
        ("KEYF-03", lambda d: d.update(more=1), "expected exactly the fields"),
        ("KEYF-03", lambda d: d.pop("public"), "expected exactly the fields"),
        ("KEYF-03", lambda d: d.update(purpose="Root"), "purpose: expected"),
        ("KEYF-03", lambda d: d.update(kdf=[]), "expected an object"),
        ("KEYF-04", lambda d: d["kdf"].update(name="scrypt"), "name: expected"),
        ("KEYF-04", lambda d: d["kdf"].update(memory_kib=19455), "memory_kib: expected an integer from 19456"),
        ("KEYF-04", lambda d: d["kdf"].update(memory_kib=1024 * 1024 + 1), "memory_kib: expected an integer from"),
        ("KEYF-04", lambda d: d["kdf"].update(passes=1), "passes: expected an integer from 2 to 10"),
        ("KEYF-04", lambda d: d["kdf"].update(passes=11), "passes: expected an integer from 2 to 10"),
        ("KEYF-04", lambda d: d["kdf"].update(lanes=0), "lanes: expected an integer from 1 to 16"),
        ("KEYF-04", lambda d: d["kdf"].update(lanes=17), "lanes: expected an integer from 1 to 16"),
        ("KEYF-04", lambda d: d["kdf"].update(lanes=True), "lanes: expected an integer"),
        ("KEYF-05", lambda d: d["kdf"].update(salt="AAAA"), "salt: expected base64 of 16 to 16 bytes"),
        ("KEYF-05", lambda d: d.update(sealed="A" * 36), "sealed: expected base64"),
        ("KEYF-05", lambda d: d.update(sealed="*"), "sealed: expected base64"),
        ("KEYF-05", lambda d: d.update(sealed=7), "sealed: expected base64"),
        ("KEYF-05", lambda d: d.update(public=""), "public: expected base64"),
        ("KEYF-01", lambda d: d.update(public="A" * 9000), "at most 8192 bytes"),
    ],
)
def test_a_malformed_key_file_is_refused_before_any_work(data, rule, change, message):
    with pytest.raises(KeyFileError, match=message):
        envelope.parse(_changed(data, change))


def test_another_encoding_of_the_same_file_is_refused(data):  # KEYF-02
    for changed in (data[:-1], data + b"\n", json.dumps(json.loads(data)).encode() + b"\n", b"\n", b"", b"[]\n"):
        with pytest.raises(KeyFileError, match="key file"):
            envelope.parse(changed)


def test_the_default_cost_is_the_second_recommendation_of_rfc_9106():
    assert KdfCost() == KdfCost(memory_kib=64 * 1024, passes=3, lanes=4) == envelope.DEFAULT_COST


def test_a_cost_outside_its_bounds_cannot_be_made():
    with pytest.raises(KdfCostError, match="memory_kib: expected an integer from 19456 to 1048576"):
        KdfCost(memory_kib=1024)


def test_every_file_has_its_own_salt_and_nonce(data):
    again = envelope.create(SECRET, WORDS, "root", FLOOR_COST, public=b"public part")
    one, two = envelope.parse(data), envelope.parse(again)
    assert one.salt != two.salt
    assert one.sealed[:12] != two.sealed[:12]


def test_a_changed_passphrase_opens_the_same_secret_and_the_old_one_no_more(data):
    new = passphrase_of("another one")
    changed = envelope.change_passphrase(data, WORDS, new, "root", FLOOR_COST)
    assert envelope.open_(changed, new, "root") == SECRET
    assert envelope.parse(changed).public == b"public part"
    with pytest.raises(WrongPassphraseError, match="does not open"):
        envelope.open_(changed, WORDS, "root")
    with pytest.raises(WrongPassphraseError, match="does not open"):
        envelope.change_passphrase(data, new, new, "root", FLOOR_COST)


def test_a_passphrase_is_the_same_however_its_accents_were_typed():  # KEYF-10
    assert passphrase_of("caf\u00e9") == passphrase_of("cafe\u0301")
    assert passphrase_of("caf\u00e9").reveal() == "caf\u00e9".encode()


def test_a_passphrase_that_cannot_be_used_is_refused():  # KEYF-10
    for text in ("", "\ud800"):
        with pytest.raises(PassphraseError, match="expected a passphrase"):
            passphrase_of(text)
    with pytest.raises(PassphraseError, match="got an empty one"):
        envelope.create(SECRET, Secret(b""), "root", FLOOR_COST)


def test_callers_are_told_of_their_bugs():
    with pytest.raises(RuntimeError, match="purpose of the form"):
        envelope.create(SECRET, WORDS, "Root key", FLOOR_COST)
    for secret, public in ((Secret(b""), None), (Secret(bytes(1025)), None), (SECRET, b""), (SECRET, bytes(257))):
        with pytest.raises(RuntimeError, match="inside their bounds"):
            envelope.create(secret, WORDS, "root", FLOOR_COST, public)
