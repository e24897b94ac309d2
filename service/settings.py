"""One settings object, frozen, built at the door from strongroom.toml and STRONGROOM_* variables.

Nothing below the doors reads a settings file or the environment. Every setting is listed in `KNOWN` with its default;
an unknown one is an error, because a misspelt setting is a protection that is not there.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import phonenumbers
from sqlalchemy import URL, make_url

from keys.envelope import KdfCost
from keys.errors import StrongroomError
from retention.forecast.forecast import Prices
from service.allowed import allowed_of
from service.errors import SettingsError
from vault.screen.options import Allowed, Options, Preset
from vault.screen.setup import Setup

FILE = "strongroom.toml"

KNOWN: dict[str, str | int] = {
    "catalog.url": "sqlite:///catalog.db",
    "store.path": "store",
    "archive.kind": "folder",
    "archive.path": "archive",
    "archive.endpoint": "",
    "archive.region": "",
    "archive.bucket": "",
    "archive.prefix": "strongroom",
    "archive.checksums": "when_supported",
    "archive.lock": "none",
    "ingest.threads": 8,
    "ingest.region": "US",
    "keys.argon2_memory_kib": 65536,
    "keys.argon2_passes": 3,
    "keys.argon2_lanes": 4,
    "holds.grace_days": 14,
    "screen.preset": "strict",
    "screen.run": 7,
    "screen.languages": "en",
    "screen.workers": 0,
    "screen.attempts": 3,
    "screen.time_limit_seconds": 600,
    "screen.time_limit_factor": 8,
    "screen.memory_mib": 1024,
    "screen.recogniser": "",
    "screen.transcript": 0,
    "service.tick_seconds": 60,
    "service.clock_gap_days": 7,
    "prices.primary_gb_month": "",
    "prices.archive_gb_month": "",
    "prices.currency": "",
}
"""Every setting with its default. Relative paths are taken from the home folder."""

ALLOW = "screen.allow"
"""The one setting that is no plain value: numbers that are no card numbers, as tables [[screen.allow]]."""

_PRICES = ("prices.primary_gb_month", "prices.archive_gb_month")
_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGES = re.compile(r"[a-z]{2}( *, *[a-z]{2})*")
_CHOICES = {
    "archive.kind": ("folder", "s3", "none"),
    "archive.lock": ("none", "governance", "compliance"),
    "archive.checksums": ("when_supported", "when_required"),
    "screen.preset": tuple(Preset),
}
_RANGES = {
    "ingest.threads": (1, 64),
    "holds.grace_days": (1, 3650),
    "screen.run": (3, 19),
    "screen.workers": (0, 256),
    "screen.attempts": (1, 100),
    "screen.time_limit_seconds": (10, 86_400),
    "screen.time_limit_factor": (1, 1000),
    "screen.memory_mib": (256, 65_536),
    "screen.transcript": (0, 1),
    "service.tick_seconds": (1, 86_400),
    "service.clock_gap_days": (1, 3650),
}


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """Where screened recordings are archived."""

    kind: str
    path: Path
    endpoint: str | None
    region: str | None
    bucket: str
    prefix: str
    checksums: str
    lock: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a vault."""

    home: Path
    catalog_url: str
    store: Path
    archive: ArchiveSettings
    threads: int
    region: str
    kdf: KdfCost
    grace: timedelta
    tick: timedelta
    clock_gap: timedelta
    screen: Setup
    prices: Prices
    given: Mapping[str, str | int] = field(default_factory=dict)
    """What the file or a variable says, without the defaults."""


def load(home: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings of the vault in `home`; a variable STRONGROOM_ARCHIVE_BUCKET stands over [archive] bucket.

    Raises:
        SettingsError: a setting is unknown or malformed.

    """
    path = home / FILE
    document = _document(path) if path.exists() else {}
    given = _flatten(path, document)
    for name in KNOWN:
        variable = f"STRONGROOM_{name.replace('.', '_').upper()}"
        if variable in environment:
            given[name] = _typed(name, environment[variable], variable)
    return _build(home, given, allowed_of(document))


def _document(path: Path) -> dict[str, Any]:
    try:
        # a price is a decimal number: as a binary one it would not be what was written
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{path.name}: expected TOML: {exc}") from exc
    except OSError as exc:
        raise SettingsError(f"{path.name}: cannot be read: {exc.strerror}") from exc


def _flatten(path: Path, document: dict[str, Any]) -> dict[str, str | int]:
    flat: dict[str, str | int] = {}
    for section, entries in document.items():
        if not isinstance(entries, dict):
            raise SettingsError(f"{path.name}: expected sections, got the bare key '{section}'")
        for key, value in entries.items():
            name = f"{section}.{key}"
            if name == ALLOW:
                continue
            if name not in KNOWN:
                raise SettingsError(f"{path.name}: expected a known setting, got '{name}'")
            flat[name] = _typed(name, value, f"{path.name}: {name}")
    return flat


def _typed(name: str, value: object, where: str) -> str | int:
    wanted = type(KNOWN[name])
    if name in _PRICES and isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if wanted is int and isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if type(value) is not wanted:
        raise SettingsError(f"{where}: expected {'a whole number' if wanted is int else 'a text'}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise SettingsError(f"{where}: expected one of {', '.join(_CHOICES[name])}")
    if name in _RANGES and isinstance(value, int):
        low, high = _RANGES[name]
        if not low <= value <= high:
            raise SettingsError(f"{where}: expected {low} to {high}, got {value}")
    return value if isinstance(value, int) else str(value)


def _build(home: Path, given: Mapping[str, str | int], allowed: tuple[Allowed, ...]) -> Settings:
    values: dict[str, Any] = {**KNOWN, **given}
    region = values["ingest.region"]
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingsError("ingest.region: expected a country code of two capital letters, such as US or GB")
    if values["archive.kind"] == "s3" and not values["archive.bucket"]:
        raise SettingsError("archive.bucket: expected the name of a bucket, got none")
    try:
        kdf = KdfCost(values["keys.argon2_memory_kib"], values["keys.argon2_passes"], values["keys.argon2_lanes"])
    except StrongroomError as exc:
        raise SettingsError(f"keys: {exc}") from exc
    return Settings(
        home=home,
        catalog_url=_catalog_url(home, values["catalog.url"]),
        store=home / values["store.path"],
        archive=ArchiveSettings(
            kind=values["archive.kind"],
            path=home / values["archive.path"],
            endpoint=values["archive.endpoint"] or None,
            region=values["archive.region"] or None,
            bucket=values["archive.bucket"],
            prefix=values["archive.prefix"],
            checksums=values["archive.checksums"],
            lock=None if values["archive.lock"] == "none" else values["archive.lock"],
        ),
        threads=values["ingest.threads"],
        region=region,
        kdf=kdf,
        grace=timedelta(days=values["holds.grace_days"]),
        tick=timedelta(seconds=values["service.tick_seconds"]),
        clock_gap=timedelta(days=values["service.clock_gap_days"]),
        screen=_screen(home, values, allowed),
        prices=_prices(values),
        given=given,
    )


def _prices(values: Mapping[str, Any]) -> Prices:
    for name in _PRICES:
        if values[name] and not _PRICE.fullmatch(values[name]):
            raise SettingsError(f"{name}: expected what a GB costs for a month, such as 0.023")
    primary, archive = (Decimal(values[name]) if values[name] else None for name in _PRICES)
    currency = values["prices.currency"]
    if (currency or primary is not None or archive is not None) and not _CURRENCY.fullmatch(currency):
        raise SettingsError("prices.currency: expected a currency of three capital letters, such as USD or EUR")
    return Prices(primary, archive, currency)


def _screen(home: Path, values: Mapping[str, Any], allowed: tuple[Allowed, ...]) -> Setup:
    languages = _LANGUAGES.fullmatch(values["screen.languages"])
    if languages is None:
        raise SettingsError("screen.languages: expected ISO 639-1 codes with commas between, such as en or en,es")
    recogniser = values["screen.recogniser"]
    return Setup(
        options=Options(
            preset=Preset(values["screen.preset"]),
            run=values["screen.run"],
            allowed=allowed,
            languages=frozenset(values["screen.languages"].replace(" ", "").split(",")),
            recogniser=home / recogniser if recogniser else None,
            transcript=bool(values["screen.transcript"]),
        ),
        workers=values["screen.workers"] or os.cpu_count() or 1,
        attempts=values["screen.attempts"],
        seconds=values["screen.time_limit_seconds"],
        factor=values["screen.time_limit_factor"],
        memory=values["screen.memory_mib"] * 2**20,
    )


def _catalog_url(home: Path, url: str) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix):
        # put together by SQLAlchemy, because a path may hold what means something in a URL
        path = str(home / url.removeprefix(prefix))
        return URL.create("sqlite", database=path).render_as_string(hide_password=False)
    if url.startswith("postgresql+psycopg://"):
        return url
    raise SettingsError("catalog.url: expected sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")


def render(given: Mapping[str, str | int]) -> str:
    """Return the settings file of a new vault: what was given, and every other setting as a comment with its default.

    A password in a database's URL is left out: it belongs into ~/.pgpass or the service's environment.
    """
    lines = ["# Settings of this vault; docs/settings.md says what each means. Those with a # have their default."]
    section = ""
    for name, default in KNOWN.items():
        of, key = name.split(".")
        if of != section:
            lines += ["", f"[{of}]"]
            section = of
        value = given.get(name, default)
        if name == "catalog.url":
            value = _without_password(str(value))
        lines.append(f"{'' if name in given else '# '}{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _without_password(url: str) -> str:
    return make_url(url).set(password=None).render_as_string(hide_password=False) if "@" in url else url
