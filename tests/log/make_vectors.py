"""Make tests/vectors/log from fixed keys: run `python -m tests.log.make_vectors`. Each vector shows one behaviour.

`expect` is "ok" or the code of the error. A vector of a proof says which RFC 9162 check it is for.
"""

import base64
import hashlib
import json
from pathlib import Path

from keys.secret import Secret
from keys.signing import SigningKey
from vault.log import merkle, note

FOLDER = Path(__file__).parents[1] / "vectors" / "log"
ORIGIN = "strongroom/vector"
KEY = SigningKey(Secret(hashlib.sha256(b"strongroom test vector: the vault").digest()))
OTHER = SigningKey(Secret(hashlib.sha256(b"strongroom test vector: another").digest()))
ROOT = base64.b64encode(hashlib.sha256(b"root").digest()).decode()
LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(13)]


def _line(text, name=ORIGIN, key=KEY):
    return note.sign(text, name, key).removeprefix(text + "\n")


def _of(rule, name, expect, **fields):
    return {"rule": rule, "name": name, "expect": expect, **fields}


def notes():
    text = "one\n\ntwo\n"
    good = note.sign(text, ORIGIN, KEY)
    line = _line(text)
    encoded = line.split(" ")[2].strip()
    raw = base64.b64decode(encoded)

    def with_signature(data, name=ORIGIN):
        return f"{text}\n— {name} {base64.b64encode(data).decode()}\n"

    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    unpadded = encoded.rstrip("=")
    loose = unpadded[:-1] + last[last.index(unpadded[-1]) + 1] + "=" * (len(encoded) - len(unpadded))
    return [
        _of("NOTE-02", "text with an empty line", "ok", note=good),
        _of("NOTE-01", "control character in the text", "note-format", note=good.replace("one", "o\tne")),
        _of("NOTE-01", "carriage returns", "note-format", note=good.replace("\n", "\r\n")),
        _of("NOTE-02", "no newline at the end", "note-format", note=good[:-1]),
        _of("NOTE-02", "no empty line", "note-format", note=f"one\n{_line('one' + chr(10))}"),
        _of("NOTE-02", "no text", "note-format", note="\n" + line),
        _of("NOTE-02", "no signature line", "note-format", note="one\n\n"),
        _of("NOTE-03", "hyphen for the dash", "note-format", note=good.replace("—", "-")),
        _of("NOTE-03", "text among the signatures", "note-format", note=good + "three\n"),
        _of("NOTE-03", "two spaces", "note-format", note=good.replace("— ", "—  ")),
        _of("NOTE-04", "plus sign in the name", "note-format", note=with_signature(raw, "a+b")),
        _of("NOTE-04", "no-break space in the name", "note-format", note=with_signature(raw, "a\u00a0b")),
        _of("NOTE-05", "no padding", "note-format", note=good.replace(encoded, unpadded)),
        _of("NOTE-05", "trailing bits", "note-format", note=good.replace(encoded, loose)),
        _of("NOTE-05", "url alphabet", "note-format", note=good.replace(encoded, "-_" + encoded[2:])),
        _of("NOTE-05", "nothing behind the key id", "note-format", note=with_signature(raw[:4])),
        _of("NOTE-06", "seventeen signatures", "note-format", note=text + "\n" + line * 17),
        _of("NOTE-06", "sixteen signatures", "ok", note=text + "\n" + line * 16),
        _of("NOTE-07", "signed by another key", "note-key", note=note.sign(text, ORIGIN, OTHER)),
        _of("NOTE-07", "signed under another name", "note-key", note=note.sign(text, "strongroom/other", KEY)),
        _of("NOTE-07", "the key's name with another id", "note-key", note=with_signature(bytes(4) + raw[4:])),
        _of("NOTE-08", "the text was changed", "bad-signature", note=good.replace("two", "six")),
        _of("NOTE-08", "signature cut short", "bad-signature", note=with_signature(raw[:-1])),
        _of("NOTE-08", "a good and a bad line", "bad-signature", note=good + with_signature(raw[:-1])[len(text) + 1 :]),
        _of("NOTE-09", "a witness has signed too", "ok", note=good + _line(text, "witness.example/w", OTHER)),
    ]


def checkpoints():
    def signed(text, name=ORIGIN, key=KEY):
        return note.sign(text, name, key)

    def sized(size):
        return signed(f"{ORIGIN}\n{size}\n{ROOT}\n")

    bad = "checkpoint-format"
    return [
        _of("CKPT-01", "plain", "ok", note=sized(7), size=7),
        _of("CKPT-01", "extension lines", "ok", note=signed(f"{ORIGIN}\n7\n{ROOT}\nmore\n"), size=7),
        _of("CKPT-01", "two lines", bad, note=signed(f"{ORIGIN}\n7\n")),
        _of("CKPT-01", "an empty extension line", bad, note=signed(f"{ORIGIN}\n7\n{ROOT}\n\nmore\n")),
        _of("CKPT-02", "empty tree", "ok", note=sized(0), size=0),
        _of("CKPT-02", "largest tree", "ok", note=sized(2**63 - 1), size=2**63 - 1),
        _of("CKPT-02", "leading zero", bad, note=sized("07")),
        _of("CKPT-02", "plus sign", bad, note=sized("+7")),
        _of("CKPT-02", "negative", bad, note=sized(-7)),
        _of("CKPT-02", "space around", bad, note=sized(" 7")),
        _of("CKPT-02", "digits of another script", bad, note=sized("\u0667")),
        _of("CKPT-02", "one too large", bad, note=sized(2**63)),
        _of("CKPT-03", "root of 31 bytes", bad, note=signed(f"{ORIGIN}\n7\n{base64.b64encode(bytes(31)).decode()}\n")),
        _of("CKPT-03", "root without padding", bad, note=signed(f"{ORIGIN}\n7\n{ROOT[:-1]}\n")),
        _of("CKPT-04", "another origin under our name", bad, note=signed(f"strongroom/other\n7\n{ROOT}\n")),
        _of("CKPT-05", "our origin under another name", "note-key", note=signed(f"{ORIGIN}\n7\n{ROOT}\n", "other")),
    ]


def _entry(**changes):
    document = {
        "v": 1,
        "at": "2026-11-21T20:42:00.000000Z",
        "actor": "anna@example.com",
        "act": "open",
        "outcome": "done",
        "subject": "0193500000007000800000000000abcd",
        "details": {"rendition": "redacted", "sealed_size": 1048576},
        "why": "role.legal",
        **changes,
    }
    return {name: value for name, value in document.items() if value is not ...}


def _text(document):
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def entries():
    def of(rule, name, expect="entry-format", **changes):
        return _of(rule, name, expect, entry=_text(_entry(**changes)))

    good = _text(_entry())
    return [
        of("ENTRY-02", "plain", "ok"),
        of("ENTRY-06", "no subject", "ok", subject=None, act="tick"),
        of("ENTRY-06", "a user's name", "ok", subject="ben@example.com", act="user.added"),
        of("ENTRY-05", "refused", "ok", outcome="refused"),
        _of("ENTRY-01", "a space", "entry-format", entry=good.replace(",", ", ", 1)),
        _of("ENTRY-01", "fields in another order", "entry-format", entry='{"v":1,' + good[1:-7] + "}"),
        _of("ENTRY-01", "a field twice", "entry-format", entry='{"act":"open",' + good[1:]),
        _of("ENTRY-01", "an escaped letter", "entry-format", entry=good.replace("anna", "\\u0061nna")),
        _of("ENTRY-01", "a float", "entry-format", entry=good.replace("1048576", "1048576.0")),
        _of("ENTRY-01", "not JSON", "entry-format", entry=good[:-1]),
        of("ENTRY-02", "a field is missing", why=...),
        of("ENTRY-02", "a field too many", note="x"),
        of("ENTRY-02", "another version", v=2),
        of("ENTRY-02", "true for a version", v=True),
        of("ENTRY-03", "no microseconds", at="2026-11-21T20:42:00Z"),
        of("ENTRY-03", "another zone", at="2026-11-21T20:42:00.000000+01:00"),
        of("ENTRY-03", "not in the calendar", at="2026-02-29T20:42:00.000000Z"),
        of("ENTRY-03", "leap second", at="2026-12-31T23:59:60.000000Z"),
        of("ENTRY-04", "no actor", actor=""),
        of("ENTRY-04", "a space in the actor", actor="anna lee"),
        of("ENTRY-04", "a newline behind the actor", actor="anna\n"),
        of("ENTRY-05", "unknown act", act="opened"),
        of("ENTRY-05", "unknown outcome", outcome="maybe"),
        of("ENTRY-06", "an address for a recording", subject="ben@example.com"),
        of("ENTRY-06", "an empty subject", subject=""),
        of("ENTRY-07", "a nested value", details={"a": {"b": 1}}),
        of("ENTRY-07", "a truth value", details={"a": True}),
        of("ENTRY-07", "an address in the details", details={"a": "ben@example.com"}),
        of("ENTRY-07", "words in the details", details={"a": "Ben Miller"}),
        of("ENTRY-07", "a letter outside ASCII", details={"a": "Bj\u00f6rn"}),
        of("ENTRY-07", "too long", details={"a": "x" * 129}),
        of("ENTRY-07", "a name with a capital", details={"A": 1}),
        of("ENTRY-07", "too many", details={f"n{i}": i for i in range(33)}),
        of("ENTRY-08", "no reason", why=""),
        of("ENTRY-08", "a sentence for a reason", why="because I can"),
        of("ENTRY-09", "a card number", details={"a": "4111111111111111"}),
        of("ENTRY-09", "a card number in groups", details={"a": "4242-4242-4242-4242"}),
        of("ENTRY-09", "a telephone number", details={"a": "+1-555-0100-200"}),
        of("ENTRY-09", "a local telephone number", details={"a": "555-0100"}),
        of("ENTRY-09", "a telephone number for a subject", subject="15550100200"),
        of("ENTRY-09", "a telephone number for an actor", actor="15550100200"),
        of("ENTRY-09", "a date is no number", "ok", details={"a": "2026-11-21"}),
        of("ENTRY-09", "an id of digits is no number", "ok", subject="1" * 32),
        of("ENTRY-09", "a short number", "ok", details={"a": "123456"}),
        _of("ENTRY-10", "too large", "entry-format", entry=good.replace("open", "o" * 8192)),
    ]


def proofs():
    hexes = [leaf.hex() for leaf in LEAVES]
    root = merkle.root_of(LEAVES).hex()
    path = [node.hex() for node in merkle.inclusion_proof(LEAVES, 6, 13)]
    old = merkle.root_of(LEAVES[:6]).hex()
    steps = [node.hex() for node in merkle.consistency_proof(LEAVES, 6, 13)]

    def inside(rule, name, expect="proof", **changes):
        base = {"leaf": hexes[6], "index": 6, "size": 13, "proof": path, "root": root}
        return _of(rule, name, expect, kind="inclusion", **{**base, **changes})

    def grows(rule, name, expect="proof", **changes):
        base = {"old": 6, "new": 13, "proof": steps, "old_root": old, "new_root": root}
        return _of(rule, name, expect, kind="consistency", **{**base, **changes})

    return [
        inside("TREE-02", "plain", "ok"),
        inside("TREE-02", "another leaf", leaf=hexes[5]),
        inside("TREE-02", "another place", index=7),
        inside("TREE-03", "a smaller tree", size=8),
        inside("TREE-03", "a larger tree", size=17),
        inside("TREE-02", "index beyond the tree", index=13),
        inside("TREE-02", "negative index", index=-1),
        inside("TREE-02", "another root", root=old),
        inside("TREE-03", "a node less", proof=path[:-1]),
        inside("TREE-03", "a node more", proof=[*path, root]),
        inside("TREE-03", "no proof", proof=[]),
        inside("TREE-04", "a node of 31 bytes", proof=[path[0][:-2], *path[1:]]),
        inside("TREE-02", "nodes swapped", proof=[path[1], path[0], *path[2:]]),
        grows("TREE-05", "plain", "ok"),
        grows("TREE-05", "one size, one root", "ok", old=13, old_root=root, proof=[]),
        grows("TREE-05", "from nothing", "ok", old=0, old_root=merkle.EMPTY_ROOT.hex(), proof=[]),
        grows("TREE-05", "one size, two roots", old=13, proof=[]),
        grows("TREE-05", "from nothing with another root", old=0, proof=[]),
        grows("TREE-05", "sizes swapped", old=13, new=6, old_root=root, new_root=old),
        grows("TREE-05", "another old root", old_root=root),
        grows("TREE-05", "another new root", new_root=old),
        grows("TREE-05", "another old size", old=5),
        grows("TREE-03", "a step less", proof=steps[:-1]),
        grows("TREE-03", "a step more", proof=[*steps, root]),
        grows("TREE-03", "no steps", proof=[]),
        grows("TREE-03", "steps for one size", old=13, old_root=root),
        grows("TREE-04", "a step of 33 bytes", proof=[steps[0] + "00", *steps[1:]]),
    ]


FAMILIES = {"notes": notes, "checkpoints": checkpoints, "entries": entries, "proofs": proofs}


def text_of(family):
    return json.dumps(FAMILIES[family](), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for family in FAMILIES:
        (FOLDER / f"{family}.json").write_text(text_of(family))
