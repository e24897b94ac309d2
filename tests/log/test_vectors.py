import json
import re
from pathlib import Path

import pytest

import keys
import vault.log
from keys.errors import StrongroomError
from tests.log.make_vectors import FAMILIES, FOLDER, KEY, ORIGIN, text_of
from vault.log import checkpoint, entry, merkle, note


def _load(family):
    vectors = json.loads((FOLDER / f"{family}.json").read_text())
    return [pytest.param(v, id=f"{v['rule']} {v.get('kind', '')} {v['name']}") for v in vectors]


def _outcome(action, *arguments):
    try:
        action(*arguments)
    except StrongroomError as exc:
        return exc.code
    return "ok"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_stored_vectors_are_the_ones_the_generator_makes(family):
    assert (FOLDER / f"{family}.json").read_text() == text_of(family)


@pytest.mark.parametrize("vector", _load("notes"))
def test_note_vector(vector):
    assert _outcome(note.open_, vector["note"], ORIGIN, KEY.public) == vector["expect"]


@pytest.mark.parametrize("vector", _load("checkpoints"))
def test_checkpoint_vector(vector):
    assert _outcome(checkpoint.open_, vector["note"], ORIGIN, KEY.public) == vector["expect"]
    if vector["expect"] == "ok":
        assert checkpoint.open_(vector["note"], ORIGIN, KEY.public).size == vector["size"]


@pytest.mark.parametrize("vector", _load("entries"))
def test_entry_vector(vector):
    data = vector["entry"].encode()
    assert _outcome(entry.decode, data) == vector["expect"]
    if vector["expect"] == "ok":
        assert entry.decode(data).encode() == data


@pytest.mark.parametrize("vector", _load("proofs"))
def test_proof_vector(vector):
    proof = [bytes.fromhex(node) for node in vector["proof"]]
    if vector["kind"] == "inclusion":
        arguments = (bytes.fromhex(vector["leaf"]), vector["index"], vector["size"], proof, vector["root"])
        action = merkle.verify_inclusion
    else:
        old_root = bytes.fromhex(vector["old_root"])
        arguments = (vector["old"], vector["new"], proof, old_root, vector["new_root"])
        action = merkle.verify_consistency
    assert _outcome(action, *arguments[:-1], bytes.fromhex(arguments[-1])) == vector["expect"]


def _test_texts():
    tests = Path(__file__).parents[1]
    folders = ("keys", "log", "vectors/log", "certificate")
    files = [
        path for folder in folders for path in sorted((tests / folder).iterdir()) if path.suffix in (".py", ".json")
    ]
    return "\n".join(path.read_text() for path in files)


@pytest.mark.parametrize(
    "spec",
    [
        Path(keys.__file__).with_name("SPEC.md"),
        Path(vault.log.__file__).with_name("SPEC.md"),
        Path(keys.__file__).parents[1] / "retention" / "destroy" / "CERTIFICATE.md",
    ],
    ids=["keys", "log", "certificate"],
)
def test_every_rule_of_a_specification_is_shown_by_a_vector_or_a_test(spec):
    rules = set(re.findall(r"\*\*([A-Z]+-\d\d)\*\*", spec.read_text()))
    shown = set(re.findall(r"\b[A-Z]+-\d\d\b", _test_texts()))
    assert len(rules) >= 8
    assert rules - shown == set()


def test_the_example_of_the_specification_is_a_real_checkpoint():
    spec = Path(vault.log.__file__).with_name("SPEC.md").read_text()
    example = spec.split("```\n")[1]
    assert checkpoint.open_(example, ORIGIN, KEY.public).size == 7
