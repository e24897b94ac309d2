"""Each file here is a policy with one defect, named after it; its first line says what the reader tells, and where."""

import re
from pathlib import Path

import pytest

from retention.errors import PolicySyntaxError
from retention.policy.match import FIELDS
from retention.policy.reader import _OPTIONAL, parse

CORPUS = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_bad_policy_gives_one_clear_error_with_its_line(path):
    text = path.read_text(encoding="utf-8")
    expected = text.split("\n", 1)[0].removeprefix("# ")
    assert re.match(r"line [1-9][0-9]*: expected .*, got .*|line [1-9][0-9]*: expected .*", expected)
    with pytest.raises(PolicySyntaxError) as caught:
        parse(text)
    assert str(caught.value) == expected


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_line_told_is_not_the_comment_above_the_policy(path):
    text = path.read_text(encoding="utf-8")
    line = int(re.match(r"# line ([0-9]+)", text)[1])
    assert line > 1 or path.stem == "empty"
    assert line <= len(text.splitlines())


def test_the_corpus_has_a_defect_for_every_key():
    assert len(CORPUS) >= 60
    texts = [path.read_text(encoding="utf-8").split("\n", 1)[1] for path in CORPUS]
    for key in {"policy", "title", "review", "rules", "fiscal_year_end", "name", "match", *_OPTIONAL, *FIELDS}:
        if key not in {"media_type", "industry", "jurisdiction", "interaction", "source"}:  # read like queue
            assert any(re.search(rf"\b{key}:", text) for text in texts), key
