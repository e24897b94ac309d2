"""The benchmarks run and measure what they say; nothing here asks how fast anything is."""

import dataclasses
import shutil
import sys

import pytest

from benchmarks import __main__ as bench
from benchmarks import data, measure, memory, vaults
from vault.ingest.probe import probe
from vault.model import Kind

SIZES = dataclasses.replace(
    measure.QUICK, seal_bytes=3 << 20, chats=9, blob_bytes=4 << 20, kept=5, purged=3, screened_chats=2
)
ROWS = {"seal": 1, "ingest": 1, "range": 2, "purge": 2, "screen": 3, "memory": 0, "retention": 24}


@pytest.mark.parametrize("name", bench.BENCHMARKS)
def test_benchmark_runs_and_leaves_nothing_behind(name, tmp_path):
    (figures,) = bench.run([name], SIZES, tmp_path)
    assert len(figures) == ROWS[name]
    assert all(figure.measured > 0 for figure in figures)
    assert all(figure.floor is None or figure.ratio > 0 for figure in figures)
    assert list(tmp_path.iterdir()) == []


def test_command_prints_a_row_for_every_figure(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["benchmarks", "--quick", "--only", "seal", "--folder", str(tmp_path)])
    bench.main()
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["what", "measured", "floor", "ratio", "aim"]
    assert row.startswith("seal a file of 4 MiB, with fsync")


def test_full_disk_is_told_before_anything_is_written(monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=measure.QUICK.disk_bytes - 1))
    with pytest.raises(SystemExit, match="expected 256 MiB free"):
        list(bench.run(["seal"], SIZES, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_median_and_floor_come_from_alternating_rounds():
    order = []

    def ours(number):
        order.append("ours")
        return [9.0, 2.0, 4.0][number]

    def floor(number):
        order.append("floor")
        return [2.0, 1.0, 8.0][number]

    figure = measure.compare("x", ours, floor, 3, aim=2)
    assert (figure.measured, figure.floor, figure.ratio) == (4.0, 2.0, 2.0)
    assert order == ["floor", "ours"] * 3


def test_missed_aim_is_said():
    assert measure.Figure("x", 3.0, 1.0, "s", 3.0, 2).cells()[-1] == "<= 2 MISSED"
    assert measure.Figure("x", 3.0, 1.0, "s", 3.0, 3).cells()[-1] == "<= 3"
    assert measure.Figure("x", 151.0, None, "MiB", None, 150).cells()[-1] == "<= 150 MISSED"


def test_chats_are_the_same_in_every_run_and_of_the_stated_size():
    for number in range(20):
        chat = data.chat(number)
        assert chat == data.chat(number)
        assert 7_500 <= len(chat) <= 13_500
    assert data.chat(1) != data.chat(2)
    assert data.chat(3, cards=2).count(b"my card is") == 2


@pytest.mark.parametrize("size", [1 << 20, (1 << 32) + (1 << 20)], ids=["RIFF", "RF64"])
def test_generated_wav_is_a_call_of_its_whole_length(size, tmp_path):
    path = tmp_path / "call.wav"
    data.write_wav(path, size)
    with path.open("rb") as stream:
        content = probe(stream, size)
    assert content.kind is Kind.CALL
    assert content.duration_ms == (size - 80) // 16


def test_peak_counts_the_child_and_not_the_one_that_started_it(tmp_path):
    held = bytearray(200 << 20)
    held[::4096] = b"x" * len(held[::4096])
    small = memory.peak_of(sys.executable, "-c", "pass", env={})
    large = memory.peak_of(sys.executable, "-c", "x = b'x' * (150 << 20)", env={})
    assert small < 100 << 20 < 150 << 20 < large
    assert len(held) == 200 << 20


def test_ingest_of_the_benchmark_refuses_to_count_what_was_not_taken_in(tmp_path):
    manifest = data.write_chats(tmp_path / "in", 2)
    with vaults.new_vault(tmp_path / "home") as vault:
        assert len(vaults.ingest(vault, manifest)) == 2
        with pytest.raises(AssertionError):
            vaults.ingest(vault, manifest)  # all duplicates
