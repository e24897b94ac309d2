import pytest

from keys.errors import IntegrityError
from keys.signing import PublicKey, SigningKey
from tests.log.make_vectors import KEY, ORIGIN, OTHER
from vault.log import checkpoint, merkle, note
from vault.log.errors import CheckpointFormatError, NoteFormatError

# Real checkpoints of the public Go checksum database, and its published verifier key.
GO_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_NOTES = [
    (
        15368405,
        (
            "go.sum database tree\n15368405\n/g9am3I6YWNKaZX/jkne1fqd9zEyjss+JXyPXG0WfkY=\n\n— sum.golang.org "
            "Az3grqJGUaSGukG9p8nI2vKgiFn7qGHxn0W+mrwyI6Gz3F0t1J3LzmWk/p96Ybf295EjwdSwlzgijq5WA9d1Ded7owM=\n"
        ),
    ),
    (
        63512409,
        (
            "go.sum database tree\n63512409\nF7eHRPqN/cqPtqti14NKdGGaI1Giw8coWP3KxihFZbg=\n\n— sum.golang.org "
            "Az3gri1OBHKT87Xj8UXU8zjoHGy/X+7Nl94f8TZkELVaasolmGApUsWqwVG9vE6hgqYb/ph/w2vdkLIVRH7bMB/FPQ4=\n"
        ),
    ),
]


@pytest.mark.parametrize(("size", "text"), GO_NOTES)
def test_a_note_of_another_implementation_opens(size, text):
    name, key = note.parse_vkey(GO_VKEY)
    body = checkpoint.parse_body(note.open_(text, name, key))
    assert (body.origin, body.size) == ("go.sum database tree", size)


def test_a_verifier_key_comes_back_as_it_was():  # NOTE-10
    name, key = note.parse_vkey(GO_VKEY)
    assert note.encode_vkey(name, key) == GO_VKEY
    assert note.parse_vkey(note.encode_vkey(ORIGIN, KEY.public)) == (ORIGIN, KEY.public)


@pytest.mark.parametrize(
    "text",
    [
        GO_VKEY.replace("033de0ae", "033de0af"),
        GO_VKEY.replace("033de0ae", "033DE0AE"),
        GO_VKEY.replace("sum.golang.org", "sum.golang.com"),
        GO_VKEY.replace("sum.golang.org", ""),
        GO_VKEY[:-1],
        GO_VKEY.replace("+Ac4z", "+As4z"),
        GO_VKEY + "+",
        "",
        "name",
        f"weak+{'0' * 8}+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ],
)
def test_a_malformed_verifier_key_is_refused(text):  # NOTE-10
    with pytest.raises(NoteFormatError, match="verifier key: expected"):
        note.parse_vkey(text)


def test_a_checkpoint_opens_as_it_was_signed():
    said = checkpoint.Checkpoint(ORIGIN, 12, merkle.leaf_hash(b"x"), ("more",))
    assert checkpoint.open_(checkpoint.sign(said, KEY), ORIGIN, KEY.public) == said


def test_no_byte_of_a_checkpoint_can_change():
    said = checkpoint.Checkpoint(ORIGIN, 12, merkle.leaf_hash(b"x"))
    data = checkpoint.sign(said, KEY).encode()
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            text = bytes(changed).decode("utf-8", "surrogateescape")
            with pytest.raises(IntegrityError):
                checkpoint.open_(text, ORIGIN, KEY.public)


def test_no_byte_of_a_checkpoint_can_be_cut_or_doubled():
    text = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 12, merkle.leaf_hash(b"x")), KEY)
    for at in range(len(text)):
        for changed in (text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:], text[:at]):
            with pytest.raises(IntegrityError):
                checkpoint.open_(changed, ORIGIN, KEY.public)


def test_a_note_that_is_too_long_is_refused_before_it_is_read():  # NOTE-06
    with pytest.raises(NoteFormatError, match="expected a note of at most 131072 bytes, got 131073"):
        note.open_("x" * 131073, ORIGIN, KEY.public)


def test_signing_refuses_what_no_reader_would_take():
    with pytest.raises(NoteFormatError, match="ends in a newline"):
        note.sign("text", ORIGIN, KEY)
    with pytest.raises(NoteFormatError, match="control characters"):
        note.sign("te\txt\n", ORIGIN, KEY)
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(RuntimeError, match="key name"):
            note.sign("text\n", name, KEY)
    root = merkle.EMPTY_ROOT
    for bad in (
        checkpoint.Checkpoint(ORIGIN, -1, root),
        checkpoint.Checkpoint(ORIGIN, 1, root[:-1]),
        checkpoint.Checkpoint(ORIGIN, 1, root, ("",)),
        checkpoint.Checkpoint("two\nlines", 1, root),
    ):
        with pytest.raises(RuntimeError, match="expected"):
            checkpoint.sign(bad, KEY)


@pytest.mark.parametrize("vault_id", ["", "a/b", "certificate/v1", "a b", "a\n", "x" * 65])
def test_a_vault_id_never_makes_an_origin_that_reads_as_a_domain(vault_id):  # SIGN-03
    with pytest.raises(RuntimeError, match="vault id"):
        checkpoint.origin_of(vault_id)
    assert checkpoint.origin_of("0193") == "strongroom/0193"


def test_a_checkpoint_of_another_origin_by_our_key_and_name_is_refused():
    text = note.sign(f"strongroom/other\n0\n{'A' * 43}=\n", ORIGIN, KEY)
    with pytest.raises(CheckpointFormatError, match="another origin"):
        checkpoint.open_(text, ORIGIN, KEY.public)


def test_a_key_that_shares_the_name_is_ignored():  # NOTE-09
    text = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT), KEY)
    body = note.open_(text, ORIGIN, KEY.public)
    both = text + note.sign(body, ORIGIN, OTHER).removeprefix(body + "\n")
    assert note.open_(both, ORIGIN, OTHER.public) == body == note.open_(both, ORIGIN, KEY.public)


def test_the_key_id_covers_name_and_key():
    fresh = SigningKey.generate().public
    assert note.key_id("a", fresh) != note.key_id("b", fresh)
    assert note.key_id("a", fresh) != note.key_id("a", PublicKey(OTHER.public.raw))
