"""What a person sees of originals: destroyed by rule, opened without them, kept by a hold, loudly."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keys.envelope import passphrase_of
from service import settings, work
from service.assembly import Vault
from tests.cli.terminal import CHEAP, VAULT_PASSPHRASE, Terminal, apply_policy, policy_text
from vault.clock import SystemClock
from vault.model import State
from vault.screen.stage import Screener

DESTROY = policy_text(("early", "{kind: [chat]}", "P30Y", "destroy")) + "    original: destroy\n"
KEEP = policy_text(("late", "all", "P30Y", "destroy"))


@pytest.fixture
def chats(filled: Terminal, tmp_path: Path) -> Terminal:
    """The sample recordings, chats archived, calls and screens not looked at; a policy that keeps originals."""
    apply_policy(filled, tmp_path / "keep.yaml", KEEP)
    ids = [r["id"] for r in filled.listed("--kind", "chat")]
    filled.ok("rita", "screen", *ids)
    filled.ok("rita", "archive")
    return filled


def a_chat(sr: Terminal) -> str:
    return next(str(r["id"]) for r in sr.listed("--kind", "chat") if r["state"] == "archived")


def test_a_policy_that_destroys_originals_says_so_and_needs_a_second_person(chats: Terminal, tmp_path: Path) -> None:
    (tmp_path / "destroy.yaml").write_text(DESTROY + KEEP.split("rules:\n")[1] + "    original: destroy\n")
    plan, *effects = chats.rows("ada", "policy", "plan", tmp_path / "destroy.yaml")
    assert plan["needs_approval"] is True
    (effect,) = [e for e in effects if e["effect"] == "originals_destroyed"]
    assert effect["recordings"] == len(chats.listed())
    error = chats.refused("ada", "policy", "apply", plan["plan"], tmp_path / "destroy.yaml")
    assert error["error"] == "approval-missing"


def test_a_destroyed_original_is_told_by_show_explain_and_open(chats: Terminal, tmp_path: Path) -> None:
    apply_policy(chats, tmp_path / "destroy.yaml", DESTROY)
    assert chats.rows("ada", "tick")[0]["originals"] > 0
    chat = a_chat(chats)
    assert "by rule early of policy version 2" in chats.rows("rita", "show", chat)[0]["rendition_original"]
    (explained,) = chats.rows("rita", "explain", chat)
    assert [r["code"] for r in explained["original"]["reasons"]] == ["gone"]
    error = chats.refused("lena", "open", chat, "--rendition", "original", status=4)
    assert error["error"] == "original-destroyed"
    assert "by rule early of policy version 2" in error["message"]
    left = chats.ok("lena", "open", chat)
    assert b"this is the redacted one" in left.err
    assert left.out == chats.ok("lena", "open", chat, "--rendition", "redacted").out
    assert chats.faults(status=0) == []


def test_without_such_a_rule_open_gives_the_original_and_nothing_is_said(chats: Terminal) -> None:
    chat = a_chat(chats)
    whole = chats.ok("lena", "open", chat)
    assert whole.err == b""
    assert whole.out == chats.ok("lena", "open", chat, "--rendition", "original").out
    assert "original" not in chats.ok("rita", "explain", chat).text


def test_a_hold_that_keeps_card_data_is_said_loudly(chats: Terminal, tmp_path: Path) -> None:
    cut = next(i for i in (r["id"] for r in chats.listed("--kind", "chat")) if _cuts(chats, i))
    apply_policy(chats, tmp_path / "destroy.yaml", DESTROY)
    placed = chats.ok("lena", "hold", "place", "--matter", "2026-099", "--reason", "claim", "--id", cut)
    assert "THIS HOLD KEEPS CARD DATA" in placed.text
    hold = chats.rows("lena", "hold", "list")[0]["id"]
    chats.ok("ada", "tick")
    assert chats.rows("lena", "hold", "show", hold)[0]["originals_with_card_data"] == 1
    assert "THIS HOLD KEEPS CARD DATA" in chats.ok("lena", "hold", "show", hold).text
    assert "A HOLD KEEPS CARD DATA" in chats.ok("rita", "explain", cut).text
    assert chats.rows("rita", "explain", cut)[0]["original"]["hold_keeps_card_data"] is True
    dear = {"STRONGROOM_KEYS_ARGON2_MEMORY_KIB": "65536", "STRONGROOM_KEYS_ARGON2_PASSES": "3"}
    assert "HOLDS KEEP CARD DATA" in chats.ok("ada", "doctor", **dear).text
    assert chats.ok("lena", "open", cut).err == b""


def test_a_hold_is_placed_and_shown_although_the_policy_was_altered(chats: Terminal, tmp_path: Path) -> None:
    apply_policy(chats, tmp_path / "destroy.yaml", DESTROY)
    with contextlib.closing(sqlite3.connect(chats.home / "catalog.db")) as database:
        database.execute("UPDATE policies SET digest = 'x'")
        database.commit()
    place = ("hold", "place", "--matter", "2026-099", "--reason", "claim", "--id", a_chat(chats))
    hold = chats.rows("lena", *place)[0]["hold"]
    assert chats.rows("lena", "hold", "show", hold)[0]["originals_with_card_data"] is None


def _cuts(sr: Terminal, recording: str) -> bool:
    shown = sr.rows("rita", "show", recording)[0]
    return bool(shown.get("cuts"))


@pytest.fixture
def transcribed(people: Terminal, tmp_path: Path) -> Terminal:
    """One recording of 2020 with a transcript, in the archive, under a policy by which that suffices after a year."""
    (tmp_path / "old.txt").write_text("Agent: Good morning.\nCaller: It is about my delivery.\n", encoding="utf-8")
    row = {"path": "old.txt", "ended": "2020-03-02T10:00:00Z", "source": "desk", "source_ref": "old"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    people.ok("rex", "ingest", "--manifest", tmp_path / "manifest.jsonl")
    chosen = settings.load(people.home, CHEAP)
    vault = Vault(chosen, SystemClock(), lambda: passphrase_of(VAULT_PASSPHRASE))
    with contextlib.closing(vault), vault.intents() as intents:
        screener = Screener(
            catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, clock=vault.clock,
            actor=work.JOB, setup=replace(chosen.screen, workers=1), run_folder=vault.run_folder,
            work="tests.pipeline.works:transcribe",
        )  # fmt: skip
        assert [one.state for one in screener.screen(screener.due(), lambda _, exc: pytest.fail(str(exc)))] == [
            State.SCREENED
        ]
    people.ok("rita", "archive")
    apply_policy(people, tmp_path / "suffices.yaml", KEEP + "    transcript_suffices_after: P1Y\n")
    return people


def test_what_is_left_as_a_transcript_is_told_by_show_explain_open_and_check(
    transcribed: Terminal, travel: Callable[[timedelta], None]
) -> None:
    (one,) = [str(row["id"]) for row in transcribed.listed()]
    transcribed.ok("ada", "tick")
    assert "Its sound and picture: Nobody attested" in transcribed.ok("rita", "explain", one).text
    transcribed.ok(
        "rita", "event", "record", "transcript-accurate", "--recording", one, "--at", f"{datetime.now(UTC):%Y-%m-%d}"
    )
    travel(timedelta(days=2))
    assert transcribed.rows("ada", "tick")[0]["reduced"] == 1
    assert "by rule late of policy version 1" in transcribed.rows("rita", "show", one)[0]["rendition_media"]
    (explained,) = transcribed.rows("rita", "explain", one)
    assert explained["media"]["destroyed_at"] is not None
    text = "Its sound and picture were destroyed on"
    assert text in transcribed.ok("rita", "explain", one).text
    left = transcribed.ok("lena", "open", one)
    assert left.out.startswith(b"WEBVTT")
    assert b"attested as accurate, is kept; this is the transcript" in left.err
    for rendition, error in (("original", "original-destroyed"), ("redacted", "rendition-not-found")):
        told = transcribed.refused("lena", "open", one, "--rendition", rendition, status=4)
        assert told["error"] == error
        assert "open ID --rendition transcript" in told["hint"]
    assert transcribed.faults(status=0) == []
