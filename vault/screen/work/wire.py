"""What a worker process and its parent say to each other over a socket.

Downwards goes a `Job`, pickled, with the open file of the sealed original: the worker trusts its parent. Upwards comes
nothing that is run or unpickled, because a decoder that was taken over by a recording must not take over the process
that holds the keyring: frames of a kind and a bounded length, sealed bytes, numbers, and JSON read field by field.
"""

import json
import math
import pickle
import socket
import struct
from collections.abc import Iterator
from dataclasses import asdict
from enum import IntEnum
from typing import Any, BinaryIO, Final

from keys.errors import StrongroomError
from vault.errors import (
    BlobNotFoundError,
    SealedSegmentError,
    SealedShapeError,
    StoreUnavailableError,
)
from vault.screen.errors import Why, WorkerError
from vault.screen.outcome import Engine, Finding, FindingKind, Medium
from vault.screen.work.job import Job, Result
from vault.sealed.writer import SealedSummary

_HEAD: Final = struct.Struct(">BI")
_SECONDS: Final = struct.Struct(">d")
_MAX: Final = 64 * 2**20  # bytes in a frame; a result over a recording full of numbers is the longest


class Word(IntEnum):
    """The kinds of frames."""

    JOB = 1
    READY = 2
    PROGRESS = 3
    REDACTED = 4
    TRANSCRIPT = 5
    RESULT = 6
    FAILED = 7


def send(channel: socket.socket, word: Word, body: "bytes | memoryview" = b"") -> None:
    """Send one frame."""
    channel.sendall(_HEAD.pack(word, len(body)))
    channel.sendall(body)


def send_job(channel: socket.socket, job: Job, source: BinaryIO) -> None:
    """Send a job and the open file of its sealed original."""
    body = pickle.dumps(job)
    socket.send_fds(channel, [_HEAD.pack(Word.JOB, len(body))], [source.fileno()])
    channel.sendall(body)


def receive_job(channel: socket.socket) -> tuple[Job, int] | None:
    """Return the next job and the descriptor of its sealed original; None when the parent is gone."""
    head, descriptors, _, _ = socket.recv_fds(channel, _HEAD.size, 1)
    if len(head) < _HEAD.size:
        return None
    _, size = _HEAD.unpack(head)
    body = channel.recv(size, socket.MSG_WAITALL)
    return (pickle.loads(body), descriptors[0]) if len(body) == size else None  # noqa: S301 - from our own parent


class Frames:
    """Puts frames together from what arrives of them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Word, bytes]]:
        """Yield every frame that is complete.

        Raises:
            WorkerError: this is no frame of ours.

        """
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            word, size = _HEAD.unpack_from(self._buffer)
            if word not in set(Word) or size > _MAX:
                raise WorkerError("expected a frame of a known kind and length from a worker, got another")
            if len(self._buffer) < _HEAD.size + size:
                return
            body = bytes(memoryview(self._buffer)[_HEAD.size : _HEAD.size + size])
            del self._buffer[: _HEAD.size + size]
            yield Word(word), body


def seconds_of(body: bytes) -> float:
    """Return the seconds of a PROGRESS frame, packed by `pack_seconds`.

    Raises:
        WorkerError: it has none.

    """
    try:
        seconds = float(_SECONDS.unpack(body)[0])
    except struct.error as exc:
        raise WorkerError("expected seconds from a worker, got something else") from exc
    if not 0 <= seconds < math.inf:
        raise WorkerError("expected seconds of progress from a worker, got another number")
    return seconds


def pack_seconds(seconds: float) -> bytes:
    """Return the body of a PROGRESS frame."""
    return _SECONDS.pack(seconds)


# Results


def encode_result(result: Result) -> bytes:
    """Return the body of a RESULT frame."""
    value = asdict(result)
    for name in ("redacted", "transcript"):
        summary = value[name]
        if summary is not None:
            value[name] = {k: v.hex() if isinstance(v, bytes) else v for k, v in summary.items()}
    return json.dumps(value).encode()


def decode_result(body: bytes) -> Result:
    """Return the result of a RESULT frame.

    Raises:
        WorkerError: it is none.

    """
    try:
        value = json.loads(body)
        return Result(
            findings=tuple(_finding(item) for item in value["findings"]),
            engines=tuple(_engine(item) for item in value["engines"]),
            media_type=_text(value["media_type"]),
            why=None if value["why"] is None else Why(value["why"]),
            reason=_text_or_none(value["reason"]),
            redacted=_summary(value["redacted"]),
            transcript=_summary(value["transcript"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise WorkerError("expected a result from a worker, got something else") from exc


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def _finding(value: dict[str, Any]) -> Finding:
    box = value["box"]
    if box is not None and (len(box) != 4 or not all(type(side) is int for side in box)):  # noqa: PLR2004 - its sides
        raise TypeError("expected a box of four whole numbers")
    length = value["length"]
    return Finding(
        medium=Medium(value["medium"]), kind=FindingKind(value["kind"]), rule=_text(value["rule"]),
        where=_text(value["where"]), length=None if length is None else int(length),
        scheme=_text_or_none(value["scheme"]), last4=bool(value["last4"]), sure=float(value["sure"]),
        begin=_number(value["begin"]), end=_number(value["end"]), box=None if box is None else tuple(box),
        cut=bool(value["cut"]),
    )  # fmt: skip


def _engine(value: dict[str, Any]) -> Engine:
    return Engine(_text(value["name"]), _text(value["version"]), _text_or_none(value["digest"]))


def _summary(value: dict[str, Any] | None) -> SealedSummary | None:
    if value is None:
        return None
    plain, sealed = bytes.fromhex(value["plain_sha256"]), bytes.fromhex(value["sealed_sha256"])
    return SealedSummary(int(value["plain_size"]), plain, int(value["sealed_size"]), sealed)


# Errors

_KNOWN: dict[str, type[StrongroomError]] = {
    error.code: error for error in (BlobNotFoundError, SealedSegmentError, SealedShapeError, StoreUnavailableError)
}


def encode_error(error: StrongroomError) -> bytes:
    """Return the body of a FAILED frame. The message of our own errors never holds content."""
    return json.dumps([error.code, str(error)]).encode()


def decode_error(body: bytes) -> StrongroomError:
    """Return the error of a FAILED frame.

    Raises:
        WorkerError: it is none.

    """
    try:
        code, message = json.loads(body)
        return _KNOWN.get(_text(code), WorkerError)(_text(message))
    except (ValueError, TypeError) as exc:
        raise WorkerError("expected an error from a worker, got something else") from exc
