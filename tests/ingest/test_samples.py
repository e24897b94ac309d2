"""The demo's recordings are what their manifest says, and are written by the program beside them."""

import json
import re
from datetime import UTC, datetime

import pytest

from cli.samples import chats, make
from vault.ingest.manifest import Row, open_regular, read_manifest
from vault.ingest.probe import Content, probe
from vault.model import Kind

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PURE = [name for name in make.FILES if name.endswith((".wav", ".json", ".jsonl", ".txt", ".eml", ".vtt", ".vcon"))]


def rows() -> list[Row]:
    with (make.HOME / "manifest.jsonl").open("rb") as stream:
        found = list(read_manifest(stream, name="manifest.jsonl", folder=make.HOME, now=NOW))
    good = [row for row in found if isinstance(row, Row)]
    assert good == found
    return good


def content(row: Row) -> Content:
    with open_regular(make.HOME, row.path) as stream:
        return probe(stream, stream.seek(0, 2))


def test_every_sample_is_in_the_manifest_once_and_nothing_else_is_there() -> None:
    named = sorted(row.path.name for row in rows())
    assert named == sorted(make.FILES) == sorted(path.name for path in (make.HOME / "recordings").iterdir())


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in (make.HOME / "recordings").iterdir()) < 1_500_000


@pytest.mark.parametrize("name", PURE)
def test_what_needs_no_encoder_is_written_as_committed(name: str) -> None:
    assert make.FILES[name]() == (make.HOME / "recordings" / name).read_bytes()


def test_the_manifest_is_written_as_committed() -> None:
    assert make.manifest() == (make.HOME / "manifest.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["broker-2019.mp3", "health-2026.ogg", "screen-2026.mp4"])
def test_encoded_samples_can_be_written_again(name: str) -> None:
    import io

    again, committed = make.FILES[name](), (make.HOME / "recordings" / name).read_bytes()
    assert probe(io.BytesIO(again), len(again)) == probe(io.BytesIO(committed), len(committed))


def test_the_samples_cover_every_kind_of_recording() -> None:
    found = [content(row) for row in rows()]
    assert {item.kind for item in found} == set(Kind)
    assert len({item.media_type for item in found}) == 10


def test_stated_times_agree_with_the_content() -> None:
    for row in rows():
        found, metadata = content(row), row.metadata
        assert metadata.started is not None
        assert metadata.ended is not None
        if found.started is not None:
            assert (found.started, found.ended) == (metadata.started, metadata.ended)
        elif found.duration_ms is not None:
            assert abs((metadata.ended - metadata.started).total_seconds() - found.duration_ms / 1000) < 1


def test_the_canary_is_in_a_chat_a_name_and_an_account() -> None:
    (row,) = (row for row in rows() if row.metadata.account == chats.CANARY)
    assert row.metadata.callers[0].name == chats.CANARY
    assert chats.CANARY.encode() in (make.HOME / row.path).read_bytes()


def test_several_samples_are_old_and_one_account_is_there_to_be_held() -> None:
    old = [row for row in rows() if row.metadata.ended and row.metadata.ended.year <= 2020]
    held = [row for row in rows() if row.metadata.account == "ACME-4711"]
    assert (len(old), len(held)) == (5, 2)
    assert set(map(str, old)) & set(map(str, held))


def test_the_clean_chat_holds_no_card_number() -> None:
    text = " ".join(message["text"] for message in json.loads(chats.clean()))
    candidates = [re.sub(r"\D", "", found) for found in re.findall(r"\d[\d ]{11,}\d", text)]
    assert candidates
    for digits in candidates:
        doubled = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(digits))]
        assert sum(d - 9 * (d > 9) for d in doubled) % 10 != 0
