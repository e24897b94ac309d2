import base64

import pytest

from keys import envelope
from keys.envelope import FLOOR_COST, passphrase_of
from keys.errors import BadSignatureError, KeyFileError, PublicKeyError, WrongPassphraseError
from keys.secret import Secret
from keys.signing import PublicKey, SigningKey

WORDS = passphrase_of("correct horse battery staple")
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


@pytest.fixture(scope="module")
def key():
    return SigningKey(Secret(bytes(range(32))))


def test_signatures_are_those_of_rfc_8032():
    """RFC 8032 section 7.1, test 2."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    signing = SigningKey(Secret(seed))
    assert signing.public.raw.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert signing.sign_raw(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_a_signature_holds_for_its_message_in_its_domain_and_nothing_else(key):  # SIGN-01
    signature = key.sign("purge-plan", b"digest")
    key.public.verify("purge-plan", b"digest", signature)
    key.public.verify_raw(b"strongroom/purge-plan/v1\ndigest", signature)
    for domain, message in (("purge-plan", b"other"), ("certificate", b"digest"), ("purge-plan", b"")):
        with pytest.raises(BadSignatureError, match=str(key.public).replace("+", r"\+")):
            key.public.verify(domain, message, signature)
    with pytest.raises(BadSignatureError, match="not by the key"):
        SigningKey.generate().public.verify("purge-plan", b"digest", signature)


def test_no_byte_of_a_signature_can_change_or_be_cut(key):  # SIGN-04
    signature = key.sign("x", b"message")
    assert len(signature) == 64
    for at in range(64):
        changed = bytearray(signature)
        changed[at] ^= 1
        for data in (bytes(changed), signature[:at], signature + b"\x00"):
            with pytest.raises(BadSignatureError, match="not by the key"):
                key.public.verify("x", b"message", data)


def test_a_signature_has_no_second_form(key):  # SIGN-04
    """Adding the group's order to S gives a number that a lax verifier would take."""
    signature = key.sign("x", b"message")
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little") + order
    with pytest.raises(BadSignatureError, match="not by the key"):
        key.public.verify("x", b"message", signature[:32] + s.to_bytes(32, "little"))


def test_a_note_is_never_signed_that_reads_as_another_document(key):  # SIGN-03
    for message in (b"strongroom/certificate/v1\n", b"strongroom/purge-plan/v1\n" + bytes(32)):
        with pytest.raises(RuntimeError, match="belongs to a domain"):
            key.sign_raw(message)
    note = b"strongroom/0193500000007000800000000000abcd\n7\n"
    key.public.verify_raw(note, key.sign_raw(note))


@pytest.mark.parametrize("domain", ["", "A", "a/b", "a\nb", "1a", "x" * 65])
def test_a_domain_has_one_form(key, domain):
    with pytest.raises(RuntimeError, match="domain of the form"):
        key.sign(domain, b"")


def test_a_public_key_comes_back_from_its_text(key):  # SIGN-02
    text = str(key.public)
    assert text == "strongroom-ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    assert PublicKey.parse(text) == key.public
    assert hash(PublicKey.parse(text)) == hash(key.public)
    assert key.public != SigningKey.generate().public
    assert key.public != text
    assert text in repr(key.public)
    assert key.public.fingerprint() == "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
        "strongroom-ed25519:",
        "strongroom-ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
        "strongroom-ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbh=",
        "strongroom-ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n",
        "strongroom-ed25519:A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
        "strongroom-ed25519:AAAA",
        "Strongroom-ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
    ],
)
def test_a_public_key_has_one_text(text):  # SIGN-02
    with pytest.raises(PublicKeyError, match="expected a public key"):
        PublicKey.parse(text)


def _add(p, q):
    """Add two points of edwards25519 (RFC 8032 section 5.1.4, in plain coordinates)."""
    (x1, y1), (x2, y2) = p, q
    t = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def _small_order_points():
    """Return the eight points whose order divides eight: the multiples of one of order 8."""
    root = pow(2, (P - 1) // 4, P)  # of -1
    for y in range(2, 100):
        x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        x = pow(x2, (P + 3) // 8, P)
        x = x if x * x % P == x2 else x * root % P
        if x * x % P != x2:
            continue
        point, result = (x, y), (0, 1)
        order = 2**252 + 27742317777372353535851937790883648493
        while order:  # multiply by the prime order: what is left is of small order
            if order & 1:
                result = _add(result, point)
            point, order = _add(point, point), order >> 1
        points, nth = {(0, 1)}, result
        while nth != (0, 1):
            points.add(nth)
            nth = _add(nth, result)
        if len(points) == 8:
            return points
    raise AssertionError("no point of order eight found")


def test_keys_under_which_many_signatures_hold_are_refused():  # SIGN-05
    for x, y in _small_order_points():
        for sign in (0, x & 1):
            with pytest.raises(PublicKeyError, match="full order"):
                PublicKey((y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("y", [P, P + 1, P + 18])
def test_keys_not_in_their_smallest_form_are_refused(y):  # SIGN-05
    for sign in (0, 1):
        with pytest.raises(PublicKeyError, match="full order"):
            PublicKey((y | sign << 255).to_bytes(32, "little"))


def test_honest_keys_are_never_taken_for_weak_ones():
    for _ in range(200):
        public = SigningKey.generate().public
        assert PublicKey(public.raw) == public


def test_a_signing_key_comes_back_from_its_key_file(key):
    data = key.seal(WORDS, "user-signing", FLOOR_COST)
    assert envelope.parse(data).public == key.public.raw
    assert SigningKey.open(data, WORDS, "user-signing").public == key.public
    with pytest.raises(WrongPassphraseError, match="does not open"):
        SigningKey.open(data, passphrase_of("other"), "user-signing")
    with pytest.raises(KeyFileError, match="for vault-signing, got one for user-signing"):
        SigningKey.open(data, WORDS, "vault-signing")


def test_a_key_file_whose_public_key_is_of_another_is_refused(key):  # KEYF-08
    for public in (SigningKey.generate().public.raw, None):
        data = envelope.create(key.seed(), WORDS, "user-signing", FLOOR_COST, public)
        with pytest.raises(KeyFileError, match="belongs to the signing key"):
            SigningKey.open(data, WORDS, "user-signing")


def test_a_signing_key_is_32_bytes_and_comes_back_from_its_seed(key):
    assert SigningKey(key.seed()).public == key.public
    with pytest.raises(KeyFileError, match="a signing key of 32 bytes, got 31"):
        SigningKey(Secret(bytes(31)))


def test_a_signing_key_does_not_show_itself(key):
    assert base64.b64encode(key.seed().reveal()).decode() not in repr(key)
    assert key.seed().reveal().hex() not in repr(key)
