"""An S3 server that lies: just enough of the protocol for S3Store, and one lie at a time.

It checks no signatures. Without a lie it does what S3 does, and the tests show that first, so that a test of a lie
fails for the lie and for nothing else.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

VERSION = "v1"
CLOCK = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""The server's clock stands still; it is far from the clock of the machine on purpose."""


@dataclass
class Held:
    """An object: its bytes, its metadata headers and its lock."""

    data: bytes
    headers: dict[str, str]
    until: str = ""
    mode: str = ""
    modified: datetime = CLOCK


@dataclass
class Liar:
    """What the server holds, which lie it tells, and what it was asked."""

    endpoint: str
    lie: str
    objects: dict[str, Held] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    breaks: int = 1  # how many bodies "breaks off" cuts


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(CLOCK, usegmt=True)

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _serve(self) -> None:
        liar = self.server.liar  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        key = unquote(parts.path).lstrip("/").partition("/")[2]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        liar.asked.append(f"{self.command} {'&'.join(sorted(query))}".strip())
        if liar.lie.startswith("answers "):
            self._error(int(liar.lie.split()[1]), liar.lie.split()[2])
        elif not key:
            self._serve_bucket(liar, query)
        else:
            getattr(self, f"_{self.command.lower()}")(liar, key, query, body)

    do_GET = do_PUT = do_HEAD = do_DELETE = _serve  # noqa: N815 (the names http.server asks for)

    def _serve_bucket(self, liar: Liar, query: dict[str, list[str]]) -> None:
        if "versioning" in query:
            self._answer(200, b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        elif "object-lock" in query:
            enabled = b"<ObjectLockEnabled>Enabled</ObjectLockEnabled>"
            self._answer(200, b"<ObjectLockConfiguration>" + enabled + b"</ObjectLockConfiguration>")
        elif "versions" in query:
            self._answer(200, self._listing(liar, query["prefix"][0]))
        elif "uploads" in query:
            self._answer(200, b"<ListMultipartUploadsResult></ListMultipartUploadsResult>")
        else:
            self._answer(200)

    def _listing(self, liar: Liar, prefix: str) -> bytes:
        entries = "".join(
            f"<Version><Key>{key}</Key><VersionId>{VERSION}</VersionId><Size>{len(held.data)}</Size>"
            f"<LastModified>{held.modified:%Y-%m-%dT%H:%M:%S}.000Z</LastModified></Version>"
            for key, held in sorted(liar.objects.items())
            if key.startswith(prefix)
        )
        more = "<NextKeyMarker>x</NextKeyMarker><IsTruncated>true</IsTruncated>"
        end = more if liar.lie == "lists for ever" else "<IsTruncated>false</IsTruncated>"
        return f"<ListVersionsResult>{entries}{end}</ListVersionsResult>".encode()

    def _put(self, liar: Liar, key: str, query: dict[str, list[str]], body: bytes) -> None:
        if "retention" in query:
            self._put_retention(liar, liar.objects[key], body)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        held = Held(body, {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")})
        if liar.lie == "drops bytes":
            held.data = body[:-1]
        if liar.lie == "alters bytes":
            held.data = bytes([body[0] ^ 1]) + body[1:]
        held.until = headers.get("x-amz-object-lock-retain-until-date", "")
        held.mode = headers.get("x-amz-object-lock-mode", "")
        liar.objects[key] = held
        self._answer(200, headers={"ETag": "unquoted"})  # and no version id: a HEAD has it

    def _put_retention(self, liar: Liar, held: Held, body: bytes) -> None:
        tree = ET.fromstring(body)  # noqa: S314 (our own client wrote it)
        asked = {child.tag.rpartition("}")[2]: child.text or "" for child in tree}
        if asked["RetainUntilDate"] < held.until and liar.lie != "shortens locks":
            self._error(403, "AccessDenied")
            return
        if liar.lie != "forgets locks":
            held.until, held.mode = asked["RetainUntilDate"], asked["Mode"]
        if liar.lie == "weakens locks":
            held.mode = "GOVERNANCE"
        if liar.lie == "rounds locks down":
            held.until = held.until[:-4] + "00Z"
        self._answer(200)

    def _headers(self, held: Held, query: dict[str, list[str]]) -> dict[str, str]:
        lock = {"x-amz-object-lock-mode": held.mode, "x-amz-object-lock-retain-until-date": held.until}
        return held.headers | {"x-amz-version-id": VERSION} | (lock if held.mode else {})

    def _head(self, liar: Liar, key: str, query: dict[str, list[str]], body: bytes) -> None:
        held = liar.objects.get(key)
        if held is None:
            self._answer(404)
            return
        size = len(held.data) + (1 if "tells another size" in liar.lie else 0)
        self._answer(200, headers=self._headers(held, query) | {"Content-Length": str(size)})

    def _get(self, liar: Liar, key: str, query: dict[str, list[str]], body: bytes) -> None:
        held = liar.objects[key]
        wanted = self.headers.get("Range")
        if wanted is None or liar.lie == "ignores ranges":
            self._answer(200, held.data, self._headers(held, query))
            return
        first, last = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
        data = held.data[first : last + 1]
        place = {"Content-Range": f"bytes {first}-{last}/{len(held.data)}"}
        if liar.lie == "breaks off" and liar.breaks:
            liar.breaks -= 1
            self._answer(206, data[: len(data) // 2], place | {"Content-Length": str(len(data))})
            self.close_connection = True
            return
        self._answer(206, data, place)

    def _delete(self, liar: Liar, key: str, query: dict[str, list[str]], body: bytes) -> None:
        held = liar.objects.get(key)
        locked = held is not None and held.until > f"{CLOCK:%Y-%m-%dT%H:%M:%SZ}"
        bypass = self.headers.get("x-amz-bypass-governance-retention") == "true"
        if locked and not bypass and liar.lie != "ignores locks":
            if liar.lie == "refuses and deletes":
                del liar.objects[key]
            self._error(400 if liar.lie == "refuses with 400" else 403, "AccessDenied")
            return
        if "refuses every delete" in liar.lie:
            self._error(403, "AccessDenied")
            return
        if liar.lie != "keeps what it deletes":
            liar.objects.pop(key, None)
        self._answer(204)


@contextmanager
def lying_server(lie: str = "") -> Iterator[Liar]:
    """Run the server in a thread."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    liar = Liar(f"http://127.0.0.1:{server.server_address[1]}", lie)
    server.liar = liar  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
