"""Without a finding every sample stays, in every container and codec; and every call that ingest takes is screened."""

import numpy as np
import pytest

from tests import media
from tests.screen.sound.made import Told, redacted, sound_of
from tests.screen.sound.test_containers import CASES, CUT, made
from vault.screen.options import Options


@pytest.mark.parametrize("name", CASES)
def test_without_a_finding_every_sample_stays(name, tmp_path):
    outcome, result = redacted(CASES[name][4], made(name), Options(), Told(), tmp_path)
    assert outcome.findings == ()
    assert outcome.media_type == CASES[name][4]
    assert np.array_equal(sound_of(made(name)), sound_of(result))


@pytest.mark.parametrize("name", [n for n, s in media.SAMPLES.items() if s.kind == "call"])
def test_every_call_that_ingest_takes_is_screened(name, tmp_path):
    sample = media.SAMPLES[name]
    outcome, result = redacted(sample.media_type, media.media(name), Options(), Told(CUT), tmp_path)
    assert len(outcome.findings) == 1
    before, after = sound_of(media.media(name)), sound_of(result)
    assert before.shape == after.shape
    assert outcome.media_type == sample.media_type
