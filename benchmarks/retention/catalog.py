"""A catalog of synthetic recordings, made by SQL: no key, no blob, only the rows that retention goes by.

Three kinds, twelve queues, six industries, ten jurisdictions, up to two of five labels, ten recordings an account and
two an interaction, taken in day by day over seven years. One in a hundred accounts has events, and three holds keep
some. A thousand recordings, however many there are, ended forty years before the others: they are what is due.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, insert, text

from retention.policy.reader import parse
from tests import servers
from vault.catalog.criteria import Criteria, to_json
from vault.catalog.engine import Catalog
from vault.catalog.schema import holds, key_epochs, policies, to_micros, users
from vault.catalog.upgrade import upgrade
from vault.people import Actor

ACTOR = Actor("bench", "role/records")
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BEGIN = datetime(2019, 11, 1, tzinfo=UTC)
DUE = 1000
LOG_BYTES = 300  # of one log entry
_OLD = to_micros(NOW) - to_micros(NOW.replace(year=NOW.year - 40))


@contextmanager
def on_sqlite(folder: Path) -> Iterator[str]:
    """Yield the URL of an empty SQLite catalog."""
    folder.mkdir()
    yield f"sqlite:///{folder / 'catalog.db'}"


@contextmanager
def on_postgresql(_folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database of a PostgreSQL server that keeps its promises (fsync is on)."""
    with servers.postgres(durable=True) as server, servers.postgres_database(server) as url:
        yield url


# `{h:NUMBER}` stands for a number that looks random and is the same in every run
_RECORDING = """
INSERT INTO recordings
SELECT {id}, CASE WHEN old = 1 THEN 'chat' WHEN {h1} % 10 < 6 THEN 'call' WHEN {h1} % 10 < 9 THEN 'chat'
    ELSE 'screen' END,
  'audio/x-wav', 'archived', ended - 300000000, ended, 'manifest', created, 300000,
  CASE WHEN {h2} % 4 = 0 THEN 'outbound' ELSE 'inbound' END, 'agent.' || ({h3} % 300), 'S-' || ({h3} % 300),
  'q' || CASE WHEN old = 1 THEN 0 ELSE {h4} % 12 END, 'i' || CASE WHEN old = 1 THEN 0 ELSE {h5} % 6 END,
  'j' || CASE WHEN old = 1 THEN 7 ELSE {h6} % 10 END, 'announced', 'case-' || (i / 2), 'bench', {token_i},
  {token_i}, {sealed}, NULL
FROM (SELECT i, old, created, created - ({h7} % 172800) * 1000000 AS ended FROM (
  SELECT i, old, :begin + i * :step - old * :old_by AS created FROM (
    SELECT i, CASE WHEN i % :stride = 0 AND i / :stride < :due THEN 1 ELSE 0 END AS old FROM {numbers}) AS a) AS b) AS c
"""
_REST = (
    """INSERT INTO renditions SELECT {id}, 'redacted', 'audio/x-wav', {id}, 480000, 480100 + i % 4096, {sha}, :begin
       FROM {numbers}""",
    "INSERT INTO key_slots SELECT {id}, 'redacted', 1, {sha} FROM {numbers}",
    "INSERT INTO tokens SELECT {id}, 'account', {account} FROM (SELECT i, i % :accounts AS a FROM {numbers}) AS s",
    "INSERT INTO labels SELECT {id}, 'l' || ({h8} % 2) FROM {numbers} WHERE {h9} % 2 = 0",
    """INSERT INTO labels SELECT {id}, 'l' || (2 + {h10} % 3) FROM {numbers}
       WHERE {h11} % 3 = 0 AND NOT (i % :stride = 0 AND i / :stride < :due)""",
    "INSERT INTO schedules SELECT {id}, 0, {false} FROM {numbers}",
    "INSERT INTO log_entries (body, act, subject) SELECT {body}, 'ingest', {id} FROM {numbers}",
    """INSERT INTO events SELECT {id}, CASE i % 4 WHEN 0 THEN 'contract-ended' WHEN 1 THEN 'signed'
       WHEN 2 THEN 'customer-contact' ELSE 'purpose-satisfied' END, 'account', {account}, :begin, :begin, 'bench', NULL,
       {false} FROM (SELECT i, (i + 1) * 100 - 1 AS a FROM {numbers}) AS s WHERE a < :accounts""",
)
_HASHES = (7919, 104729, 15485863, 32452843, 49979687, 67867967, 86028121, 122949823, 141650939, 160481183, 179424673)
_SQLITE = {
    "id": "printf('%012x7%019x', (:begin + i * :step) / 1000, i)",
    "numbers": "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :rows - 1) SELECT i FROM n)",
    "token_i": "CAST(printf('%032d', i) AS BLOB)", "account": "CAST(printf('%032d', a) AS BLOB)",
    "sealed": "zeroblob(200)", "sha": "zeroblob(32)", "body": f"zeroblob({LOG_BYTES})", "false": "0",
}  # fmt: skip
_POSTGRESQL = {
    "id": "lpad(to_hex((:begin + i * :step) / 1000), 12, '0') || '7' || lpad(to_hex(i), 19, '0')",
    "numbers": "(SELECT i FROM generate_series(CAST(0 AS bigint), :rows - 1) AS g(i)) AS n",
    "token_i": "convert_to(lpad(CAST(i AS text), 32, '0'), 'UTF8')",
    "account": "convert_to(lpad(CAST(a AS text), 32, '0'), 'UTF8')",
    "sealed": "decode(repeat('00', 200), 'hex')", "sha": "decode(repeat('00', 32), 'hex')",
    "body": f"decode(repeat('00', {LOG_BYTES}), 'hex')", "false": "false",
}  # fmt: skip


def fill(catalog: Catalog, rows: int, policy: str) -> None:
    """Make the tables and fill them; `policy` is in force, and nothing was looked at yet."""
    upgrade(catalog)
    words = dict(_SQLITE if catalog.is_sqlite else _POSTGRESQL)
    words |= {f"h{n}": f"(((i + 1) * {by} + {n}) % 1000003)" for n, by in enumerate(_HASHES, 1)}
    span = to_micros(NOW) - to_micros(BEGIN) - to_micros(datetime(1970, 1, 3, tzinfo=UTC))
    values = {
        "rows": rows, "begin": to_micros(BEGIN), "step": span // rows, "stride": max(1, rows // DUE),
        "due": min(DUE, rows // 4), "accounts": max(100, rows // 10), "old_by": _OLD,
    }  # fmt: skip
    with catalog.write() as connection:
        _decided(connection, policy)
    for statement in (_RECORDING, *_REST):  # each a transaction, so that no journal holds them all
        done = statement.format(**words)
        with catalog.write() as connection:
            connection.execute(text(done), {name: v for name, v in values.items() if f":{name}" in done})
    _settle(catalog)


def _decided(connection: Connection, policy: str) -> None:
    connection.execute(
        insert(users).values(name=ACTOR.name, roles="records", public_key="none", disabled=False, created_at=BEGIN)
    )
    connection.execute(insert(key_epochs).values(id=1, state="active", wrapped=b"none", created_at=BEGIN))
    digest = parse(policy).version_digest
    row = {"version": 1, "digest": digest, "text": policy, "applied_at": BEGIN, "applied_by": ACTOR.name}
    connection.execute(insert(policies).values(**row))
    scopes = (
        Criteria(agents=frozenset({"agent.7"})),
        Criteria(queues=frozenset({"q3"}), labels=frozenset({"l4"})),
        Criteria(tokens={"account": frozenset({b"0" * 30 + b"12"})}),
    )
    for number, scope in enumerate(scopes):
        hold = {"id": f"{number:032x}", "matter": f"m-{number}", "criteria": to_json(scope), "sealed_scope": b"none"}
        connection.execute(insert(holds).values(**hold, placed_by=ACTOR.name, placed_at=BEGIN))


def _settle(catalog: Catalog) -> None:
    """Do what a database does by itself after a while: fold the journal in, or vacuum and count."""
    if catalog.is_sqlite:
        assert catalog.scrub()
        return
    with catalog.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
