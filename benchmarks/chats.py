"""Many small recordings: taking chats in, purging some of them, screening their text."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks import data, vaults
from benchmarks.measure import Figure, Sizes, compare, in_turns, timed
from retention.core.decision import Action
from retention.destroy import purge
from retention.plans import policy_plans, purge_plans
from retention.policy.reader import parse
from service.assembly import Vault
from vault import deletions
from vault.screen.errors import UnscreenableError
from vault.screen.options import Options, Preset
from vault.screen.text.redact import redact

_POLICY = """\
policy: strongroom/policy/v1
title: Benchmark
rules:
  - name: all
    match:
      kind: [chat, call, screen]
    keep: P20Y
    then: destroy
"""
_CARD = re.compile(r"(?:\d[ -]?){12,18}\d")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _encrypt_bare(files: list[Path], target: Path, threads: int) -> None:
    """Read, encrypt and fsync files: what no vault can do without."""
    target.mkdir()

    def one(path: Path) -> None:
        nonce = os.urandom(12)
        sealed = nonce + AESGCM(os.urandom(32)).encrypt(nonce, path.read_bytes(), None)
        descriptor = os.open(target / path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, sealed)
        os.fsync(descriptor)
        os.close(descriptor)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(one, files):
            pass
    _sync(target)


def take_in(folder: Path, sizes: Sizes) -> list[Figure]:
    """Take chats in through a manifest; floor: read, encrypt and fsync the same files with as many threads."""
    manifest = data.write_chats(folder / "in", sizes.chats)
    files = sorted((folder / "in" / "chats").iterdir())

    def ours(number: int) -> float:
        home = folder / f"home{number}"
        with vaults.new_vault(home) as vault:
            seconds = timed(lambda: vaults.ingest(vault, manifest))
        shutil.rmtree(home)
        return seconds

    def floor(number: int) -> float:
        target = folder / f"bare{number}"
        seconds = timed(lambda: _encrypt_bare(files, target, 8))
        shutil.rmtree(target)
        return seconds

    return [compare(f"take in {sizes.chats} chats of 8 to 12 KiB", ours, floor, sizes.rounds, aim=2)]


def _apply_policy(vault: Vault) -> None:
    plan, _ = policy_plans.make_plan(vault.catalog, vault.clock, vaults.ACTOR, vault=vault.id, policy=parse(_POLICY))
    policy_plans.apply(vault.catalog, vault.clock, vaults.ACTOR, plan_id=plan, text=_POLICY)


def _purge(vault: Vault, count: int) -> None:
    plan = purge_plans.make_plan(
        vault.catalog, vault.clock, vaults.ACTOR, vault=vault.id, only=frozenset({Action.DESTROY})
    )  # fmt: skip
    assert plan is not None
    done = list(purge.run(vault.catalog, vault.clock, vaults.ACTOR, vault.signing_key, plan_id=plan.id))
    deleted, owed = deletions.finish(vault.catalog, vault.clock, vaults.ACTOR, vault.stores)
    assert all(purged.done for purged in done)
    assert (len(done), deleted, owed) == (count, count, [])


def _delete_bare(paths: list[Path], database: Path) -> None:
    """Delete files and rows, a hundred at a time: what no purge can do without."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    for start in range(0, len(paths), 100):
        batch = paths[start : start + 100]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM files WHERE name = ?", [(path.name,) for path in batch])
        connection.execute("COMMIT")
        for path in batch:
            path.unlink()
        _sync(batch[0].parent)
    connection.close()


def _bare_files(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{number:032x}" for number in range(count)]
    connection = sqlite3.connect(folder.with_suffix(".db"), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE files (name TEXT PRIMARY KEY, key BLOB)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO files VALUES (?, ?)", [(path.name, bytes(60)) for path in paths])
    connection.execute("COMMIT")
    connection.close()
    for path in paths:
        path.write_bytes(data.block(10_000))
    os.sync()
    return paths


def purge_some(folder: Path, sizes: Sizes) -> list[Figure]:
    """Purge a share of a vault: plan, run, finish. Floor: delete as many files and rows, durably, 100 at a time.

    The recordings ended in different years, and each round is a year later than the one before.
    """
    years = [datetime(2001 + number, 6, 1, tzinfo=UTC) for number in range(sizes.rounds)]
    count = sizes.purged * sizes.rounds
    young = [datetime(2019, 6, 1, tzinfo=UTC)]
    old = data.write_chats(folder / "old", count, years)
    clock = vaults.SetClock(datetime(2020, 1, 1, tzinfo=UTC))
    with vaults.new_vault(folder / "home", clock) as vault:
        _apply_policy(vault)
        vaults.ingest(vault, old)
        vaults.ingest(vault, _renumbered(data.write_chats(folder / "young", sizes.kept, young)))

        def ours(number: int) -> float:
            clock.at = datetime(2022 + number, 1, 1, tzinfo=UTC)
            return timed(lambda: _purge(vault, sizes.purged))

        def floor(number: int) -> float:
            paths = _bare_files(folder / f"bare{number}", sizes.purged)
            return timed(lambda: _delete_bare(paths, paths[0].parent.with_suffix(".db")))

        figure = compare(f"purge {sizes.purged} of {count + sizes.kept}", ours, floor, sizes.rounds)
    return [figure, Figure("  a recording", figure.measured / sizes.purged * 1000, None, "ms", None, None)]


def _renumbered(manifest: Path) -> Path:
    """Give the rows of a second manifest another source, so that they are other recordings."""
    manifest.write_text(manifest.read_text().replace('"source": "bench"', '"source": "bench-2"'))
    return manifest


def _screening(name: str, chats: list[bytes], rounds: int) -> Figure:
    size = sum(map(len, chats)) / 1e6

    def screen() -> None:
        for chat in chats:
            with contextlib.suppress(UnscreenableError):  # it would be quarantined; the work was done all the same
                redact("application/json", chat, Options(Preset.BALANCED))

    def parse_and_match() -> None:
        for chat in chats:
            for message in json.loads(chat)["messages"]:
                for value in message.values():
                    _CARD.search(value)

    def speed(work: Callable[[], None]) -> Callable[[int], float]:
        return lambda _: timed(work)

    ours, least = in_turns(speed(screen), speed(parse_and_match), rounds)
    return Figure(name, size / ours, size / least, "MB/s", ours / least, None)


def screen_text(_folder: Path, sizes: Sizes) -> list[Figure]:
    """Screen chats in memory; floor: json.loads and one regular expression for 13 to 19 digits over every string."""
    plain = [data.chat(number) for number in range(sizes.screened_chats)]
    cards = [data.chat(number, cards=2) for number in range(sizes.screened_chats)]
    dense = [data.chat(number, numbers=1.0) for number in range(sizes.screened_chats)]
    return [
        _screening("screen chats without cards", plain, sizes.rounds),
        _screening("screen chats with two cards each", cards, sizes.rounds),
        _screening("screen chats with a number in every message", dense, sizes.rounds),
    ]
