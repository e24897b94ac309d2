"""How much memory a worker takes for long calls: the whole job, from the sealed original to the sealed result.

`python -m benchmarks.redaction.memory [--quick]` screens a stereo call of an hour and a mono one of three, mu-law at
8000 samples a second, in which card numbers are read and keyed over and over; `--quick` takes 2 and 6 minutes. Linux
alone tells the peak of another process. Exit status 1 if the aim is missed or a call was not screened.
"""

import argparse
import secrets
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

import numpy as np

from benchmarks.redaction import speech_made, tones, voices
from benchmarks.redaction.speech_channel import RATE as VOICE_RATE
from benchmarks.redaction.speech_channel import resampled
from benchmarks.redaction.table import TUNING_SEED, Row, show
from vault.model import RecordingId, RenditionName
from vault.screen.options import Options
from vault.screen.work.job import Job, Result
from vault.screen.work.pool import Pool, Task
from vault.sealed.format import associated_data
from vault.sealed.writer import seal

RATE: Final = 8000
CALLS: Final = ((1.0, 2), (3.0, 1))  # hours and channels
QUICK: Final = 30  # times shorter
READINGS: Final = 12  # that are repeated
MOST: Final = 1024  # MiB
_ALLOWED: Final = 4 << 30  # bytes at which the worker would be ended
_MULAW: Final = 7  # format of a WAV file


def talk(rng: Random) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Return some minutes of readings over a telephone line, each with the keys of a card after it, as mu-law."""
    known = [v for v in voices.voices("en", "train") if v.engine in voices.PROGRAMS]
    parts = []
    for call in speech_made.readings("en", known, rng, READINGS):
        keys, _ = tones.keyed(np.random.default_rng(rng.getrandbits(32)), 16, 0.07, None, np.zeros(0, np.float32))
        parts += [resampled(speech_made.over_line(call, rng), VOICE_RATE, RATE), keys]
    sound = np.clip(np.concatenate(parts), -1, 1)
    level = np.round(127 * np.log1p(255 * np.abs(sound)) / np.log(256)).astype(np.uint8)
    return np.asarray(np.where(sound < 0, 0x7F - level, 0xFF - level), np.uint8)


def wav(said: np.ndarray[tuple[int], np.dtype[np.uint8]], seconds: int, channels: int) -> Iterator[bytes]:
    """Yield a WAV file of that length; the second channel says the same, half of it later."""
    size = seconds * RATE * channels
    form = ((_MULAW, 2), (channels, 2), (RATE, 4), (RATE * channels, 4), (channels, 2), (8, 2))
    head = b"WAVEfmt " + (16).to_bytes(4, "little") + b"".join(v.to_bytes(n, "little") for v, n in form)
    yield b"RIFF" + (size + 36).to_bytes(4, "little") + head + b"data" + size.to_bytes(4, "little")
    each = np.stack([np.roll(said, n * len(said) // 2) for n in range(channels)], axis=1)
    left = seconds * RATE
    while left:
        part = each[:left]
        yield part.tobytes()
        left -= len(part)


def peak_of(pid: int) -> int:
    """Return the most memory in bytes that a process had so far, 0 if the system does not tell."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("VmHWM")), 0)


def screen(content: Iterator[bytes], options: Options, folder: Path) -> tuple[Result | None, int]:
    """Screen content in a worker; return what it came to, None if it died, and the peak of the worker's memory."""
    recording, key = RecordingId(uuid.uuid4().hex), secrets.token_bytes(32)
    path = folder / "sealed"
    with path.open("wb") as file:
        seal(content, file.write, key, associated_data(recording, RenditionName.ORIGINAL))
    fresh = (secrets.token_bytes(32), secrets.token_bytes(32))
    job = Job(recording, "audio/wav", path.stat().st_size, options, folder, key, *fresh)
    with path.open("rb") as sealed, Pool(1, memory=_ALLOWED) as pool:
        return _ended(pool, job, sealed)


def _ended(pool: Pool, job: Job, sealed: BinaryIO) -> tuple[Result | None, int]:
    pool.begin(Task(job, sealed, 24 * 3600, lambda _name, _data: None))
    (pid,) = pool.pids
    peak = 0
    while True:
        ended = pool.collect()
        peak = max(peak, peak_of(pid))
        if ended:
            end = ended[0][1]
            return (end, peak) if isinstance(end, Result) else (None, peak)


def run(*, quick: bool, options: Options) -> list[Row]:
    """Screen the calls and return the rows."""
    said, rows = talk(Random(TUNING_SEED)), []
    for hours, channels in CALLS:
        seconds = round(3600 * hours / (QUICK if quick else 1))
        start = time.monotonic()
        with TemporaryDirectory() as folder:
            end, peak = screen(wav(said, seconds, channels), options, Path(folder))
        taken = time.monotonic() - start
        name = f"{seconds / 60:.0f} minutes, {'stereo' if channels == 2 else 'mono'}"
        told = "died" if end is None else "screened" if end.why is None else f"{end.why}: {end.reason}"
        cuts = sum(finding.cut for finding in end.findings) if end else 0
        aim = f"<= {MOST if told == 'screened' else 0}"
        rows += [
            Row("memory", f"{name}, {told}", "peak of the worker", peak / 2**20, "MiB", aim, cuts),
            Row("memory", name, "whole job with its second pass", seconds / taken, "x real time"),
        ]
        print(show(rows[-2:]), flush=True)
    return rows


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redaction.memory", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="calls that are 30 times shorter")
    parser.add_argument("--transcript", action="store_true", help="with a transcript (needs the extra whisper)")
    given = parser.parse_args()
    rows = run(quick=given.quick, options=Options(transcript=given.transcript))
    return 1 if any(row.reached is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
