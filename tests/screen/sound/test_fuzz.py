from benchmarks.redaction.fuzz_sound import damaged, fuzz
from tests import media


def test_damaged_calls_get_a_verdict():
    files = {n: (s.media_type, media.media(n)) for n, s in media.SAMPLES.items() if s.kind == "call"}
    failures, passed = fuzz(files, seed=11, rounds=6)
    assert failures == []
    assert 0 < passed < 6 * len(files)


def test_the_fuzzer_changes_what_it_damages():
    import random

    content = media.media("flac")
    versions = {damaged(content, random.Random(n)) for n in range(40)}
    assert len(versions - {content}) > 30
