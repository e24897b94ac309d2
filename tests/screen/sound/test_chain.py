"""Chains of Ogg links: those of Opus are one recording, others are refused with what to do."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.screen.sound.made import Told, encoded, hum, keyed, redacted, sound_of
from tests.screen.sound.test_ogg import page, pages_of, refused
from vault.screen.errors import UnscreenableError, Why
from vault.screen.options import Options
from vault.screen.sound import chain, ogg

RATE = 48000
SLACK = 4800  # samples a link, that an encoder may put before and after it


def opus(seconds, seed=1, channels=1, **options):
    return encoded(np.stack([hum(seconds, RATE, seed=seed)] * channels), "ogg", "libopus", RATE, **options)


FIRST, SECOND = opus(2), opus(1.5, 7, page_duration="100000")
CHAIN = FIRST + SECOND + FIRST


def read(content, size=997):
    """Return the bytes of a chain as they are handed out."""
    links = ogg.walk(io.BytesIO(content))
    joined = chain.Joined(io.BytesIO(content), links)
    return b"".join(iter(lambda: joined.read(size), b""))


def test_a_chain_is_as_many_links_as_there_are():
    assert [ogg.walk(io.BytesIO(FIRST * n)) for n in (1, 2, 100)] == [1, 2, 100]


@pytest.mark.parametrize("size", [1, 4096, -1])
def test_a_chain_becomes_one_whole_stream_however_it_is_read(size):
    whole = read(CHAIN, size)
    assert whole == read(CHAIN)
    assert ogg.walk(io.BytesIO(whole)) == 1
    parts = pages_of(whole)
    assert len({part[14:18] for part in parts}) == 1
    assert [part[5] for part in parts] == [2] + [0] * (len(parts) - 2) + [4]
    assert all(part[26] for part in parts)
    times = [int.from_bytes(part[6:14], "little") for part in parts[2:]]
    assert times == sorted(times)


def test_all_links_sound_one_after_the_other(tmp_path):
    parts = [sound_of(FIRST)[0], sound_of(SECOND)[0], sound_of(FIRST)[0]]
    whole = sound_of(CHAIN)[0]
    assert 0 <= len(whole) - sum(map(len, parts)) < 3 * SLACK
    at = 0
    for part in parts:
        window = slice(len(part) // 2, len(part) // 2 + RATE // 2)
        found = np.correlate(whole[at : at + len(part) + SLACK], part[window], "valid")
        place = int(found.argmax())
        assert abs(place - window.start) < SLACK
        like = whole[at + place : at + place + RATE // 2]
        assert np.corrcoef(like, part[window])[0, 1] > 0.99
        at += place - window.start + len(part)
    _, result = redacted("audio/ogg", CHAIN, Options(), Told(), tmp_path)
    assert np.array_equal(sound_of(result)[0], whole)


def test_keys_in_any_link_are_found_and_silenced(tmp_path):
    samples, _ = keyed("4111", 2, rate=RATE, under=hum(2, RATE) * np.float32(0.2))
    content = FIRST + encoded(samples, "ogg", "libopus", RATE)
    outcome, result = redacted("audio/ogg", content, Options(), Told(), tmp_path)
    (found,) = outcome.findings
    assert found.begin == pytest.approx(3.0, abs=0.1)
    first, last = round((found.begin + 0.06) * RATE), round((found.end - 0.06) * RATE)
    assert np.abs(sound_of(result)[0, first:last]).max() < 1e-3
    assert np.abs(sound_of(result)[0, :RATE]).max() > 0.01


def test_what_a_link_cuts_off_at_its_end_is_cut_off_at_the_end_of_the_whole():
    """Packets have 960 samples each; the time of a last page says how many of them are played."""
    one, two, whole = (
        int.from_bytes(pages_of(content)[-1][6:14], "little") for content in (FIRST, SECOND, read(FIRST + SECOND))
    )
    assert one % 960
    assert two % 960
    assert whole == -(-one // 960) * 960 + two


def test_titles_of_any_link_do_not_reach_the_result(tmp_path):
    parts = pages_of(SECOND)
    comments = b"OpusTags" + (8).to_bytes(4, "little") + b"Card4111" + bytes(4)
    parts[1] = page(comments, serial=int.from_bytes(parts[1][14:18], "little"), sequence=1)
    _, result = redacted("audio/ogg", FIRST + b"".join(parts), Options(), Told(), tmp_path)
    assert b"Card4111" not in result
    assert np.array_equal(sound_of(result), sound_of(FIRST + SECOND))


def objection(content, tmp_path):
    with pytest.raises(UnscreenableError) as caught:
        redacted("audio/ogg", content, Options(), Told(), tmp_path)
    assert caught.value.why is Why.UNDECODABLE
    return caught.value.reason


def test_chains_that_cannot_be_joined_are_refused_with_what_to_do(tmp_path):
    vorbis = encoded(np.stack([hum(1, 44100)] * 2), "ogg", "vorbis", 44100)
    flac = encoded(hum(1), "ogg", "flac")
    for content, word in ((vorbis * 2, "2 links in Vorbis"), (flac * 3, "3 links in FLAC")):
        reason = objection(content, tmp_path)
        assert word in reason
        assert "ffmpeg" in reason
    for other in (opus(1, channels=2), vorbis):
        assert "not of one kind" in objection(FIRST + other, tmp_path)


def test_a_chain_of_links_with_several_streams_is_refused(tmp_path):
    beside = [page(b"OpusHead\1\1" + bytes(9), flags=2, serial=n) for n in (1, 2)]
    beside += [page(b"OpusTags", serial=n, sequence=1, flags=4) for n in (1, 2)]
    assert "several streams" in objection(FIRST + b"".join(beside), tmp_path)


def test_damage_in_any_link_is_refused():
    parts = pages_of(CHAIN)
    for n in (1, len(parts) // 2, len(parts) - 2):
        refused(b"".join(parts[:n] + parts[n + 1 :]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=600), st.integers(0, 2**64 - 1) | st.integers(0, 9000)), max_size=6),
    st.integers(0, 3),
)
def test_whatever_whole_pages_hold_they_are_joined_or_refused(bodies, heads):
    """Checksums say nothing of what a page holds: a link may be made to harm."""
    first = pages_of(FIRST)
    contents = [(body, 0) for body in (first[0][28:], b"OpusTags" + bytes(8), b"OpusTags")[:heads]] + bodies
    link = []
    for n, (body, time) in enumerate(contents):
        flags = (2 if n == 0 else 0) | (4 if n == len(contents) - 1 else 0)
        lacing = bytes([255] * (len(body) // 255) + [len(body) % 255])
        link.append(ogg.Page(flags, time, b"next", n, lacing, body).packed())
    try:
        whole = read(b"".join([*first, *link]))
    except UnscreenableError:
        return
    assert ogg.walk(io.BytesIO(whole)) == 1


def test_sound_on_a_page_of_heads_is_refused(tmp_path):
    head = pages_of(FIRST)[0]
    mixed = page(b"OpusTagsxyz", serial=5, sequence=1, flags=4, lacing=bytes([8, 3]))
    link = page(head[28:], flags=2, serial=5) + mixed
    assert "heads" in objection(FIRST + link, tmp_path)
