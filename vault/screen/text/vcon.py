"""IETF vCon (draft-ietf-vcon-vcon-core) with text dialogs.

Everything a JSON document has is screened (subject, parties, analysis, attachments); beyond that, bodies are decoded
by their `encoding`, and the key presses in `party_history` are read in sequence. Signed and encrypted forms, bodies
that are not text, and extensions marked critical are refused.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from vault.screen.errors import UnscreenableError
from vault.screen.find.talk import Cut, Segment
from vault.screen.text.document import spliced
from vault.screen.text.jsontext import JsonDocument, check_json
from vault.screen.text.nested import Children, text_document

_HOLDERS = frozenset({"dialog", "analysis", "attachments"})
_BODY_DEPTH = 3  # /dialog/0/body


def _media_type(holder: Mapping[str, Any]) -> str:
    value = holder.get("mediatype", holder.get("mimetype", ""))
    return str(value).partition(";")[0].strip().lower()


def _from_base64url(text: str) -> str:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)  # noqa: TID251 - base64url, unpadded as the draft allows
        return data.decode()
    except (binascii.Error, ValueError) as exc:
        raise UnscreenableError("expected a base64url body of UTF-8 text") from exc


def _to_base64url(text: str, *, padded: bool) -> str:
    coded = base64.urlsafe_b64encode(text.encode()).decode("ascii")
    return coded if padded else coded.rstrip("=")


def _to_json_string(text: str) -> str:
    return json.dumps(text)[1:-1]


class VconDocument(JsonDocument):
    """application/vcon+json, unsigned and unencrypted."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._value_of = check_json(text)
        self._check()
        self._own = len(self.segments)
        self._nested = Children()
        for index in range(self._own):
            path, number = self.path(index), self.origins[index].number
            if index in self.keys:
                continue
            if len(path) == _BODY_DEPTH and path[0] in _HOLDERS and path[2] == "body" and not number:
                self._body(index, path)
            elif path[-1] == "button" and "party_history" in path:
                self._button(index)
        self.segments += self._nested.segments

    def _check(self) -> None:
        value = self._value_of
        if not isinstance(value, dict) or "vcon" not in value or not _HOLDERS & value.keys():
            raise UnscreenableError("expected an unsigned, unencrypted vCon object")
        if {"payload", "signatures", "ciphertext", "recipients"} & value.keys():
            raise UnscreenableError("expected an unsigned, unencrypted vCon; open it before taking it in")
        if value.get("critical") or value.get("must_support"):
            raise UnscreenableError("the vCon has extensions marked critical")
        for name in _HOLDERS & value.keys():
            holders = value[name]
            if not isinstance(holders, list) or not all(isinstance(h, dict) for h in holders):
                raise UnscreenableError(f"expected a list of objects in {name}")
            for holder in holders:
                self._check_holder(holder)

    def _check_holder(self, holder: Mapping[str, Any]) -> None:
        body, kind = holder.get("body"), _media_type(holder)
        if body in (None, ""):
            return
        encoding = holder.get("encoding", "none")
        if encoding not in ("none", "json", "base64url"):
            raise UnscreenableError("expected a body encoding of none, json or base64url")
        textual = kind.startswith("text/") or kind.endswith("json") or (not kind and encoding != "base64url")
        if not textual or (encoding != "json" and not isinstance(body, str)):
            raise UnscreenableError("expected text in every body of the vCon")

    def _body(self, index: int, path: Sequence[str | int]) -> None:
        """Screen an encoded body in place of the string that holds it."""
        holder = self._value_of[path[0]][int(path[1])]
        encoding, text = holder.get("encoding", "none"), self.segments[index].text
        kind = _media_type(holder)
        if encoding == "none" or not text:
            return
        origin, place = self.origins[index], self.where(index)
        if encoding == "base64url":
            padded = text.endswith("=")
            document = text_document(kind, _from_base64url(text))
            pack = lambda new: _to_base64url(new, padded=padded)  # noqa: E731 - a closure over one flag
        else:
            document, pack = JsonDocument(text), _to_json_string
        self._nested.add(document, origin.start, origin.end, pack, place)
        self.segments[index] = Segment("", joins=False)

    def _button(self, index: int) -> None:
        """Read key presses in sequence; downs and ups are two streams, or every key would count twice."""
        frame, _ = self.places[index]
        stream = f"keys {frame.marks.get('event', '')}"
        party = frame.marks.get("party", "")
        self.segments[index] = self.segments[index]._replace(
            stream=stream, speaker=party, whole=False, joins=True, typed=True
        )

    def where(self, index: int) -> str:
        """Name a value by its JSON pointer, and inside an encoded body by its place there."""
        return super().where(index) if index < self._own else self._nested.where(index - self._own)

    def write(self, cuts: Mapping[int, Sequence[Cut]]) -> str:
        """Return the source text with the cuts made."""
        own = {i: some for i, some in cuts.items() if i < self._own}
        nested = {i - self._own: some for i, some in cuts.items() if i >= self._own}
        return spliced(self.text, sorted(self.changes(own) + self._nested.changes(nested)))
