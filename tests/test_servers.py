"""The real servers of the tests come up, are fresh and private, and leave nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy

from tests import servers


def _tables(url: str) -> list[str]:
    engine = sqlalchemy.create_engine(url)
    try:
        return sqlalchemy.inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_each_database_is_fresh(postgres_server: servers.PostgresServer) -> None:
    with servers.postgres_database(postgres_server) as one, servers.postgres_database(postgres_server) as two:
        engine = sqlalchemy.create_engine(one)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE t (x int)"))
        engine.dispose()
        assert (_tables(one), _tables(two)) == (["t"], [])


def test_a_database_is_dropped_though_a_connection_is_open(postgres_server: servers.PostgresServer) -> None:
    with servers.postgres_database(postgres_server) as url:
        engine = sqlalchemy.create_engine(url)
        connection = engine.connect()
    with pytest.raises(sqlalchemy.exc.OperationalError):
        connection.execute(sqlalchemy.text("SELECT 1"))
    connection.close()
    engine.dispose()


def test_the_fixture_is_a_url_for_sqlalchemy(fresh_postgres_url: str) -> None:
    assert sqlalchemy.make_url(fresh_postgres_url).drivername == "postgresql+psycopg"
    assert _tables(fresh_postgres_url) == []


def test_buckets_have_the_features_they_were_asked_for(
    s3_server: servers.S3Server, s3_bucket: Callable[..., str]
) -> None:
    client = s3_server.client()
    try:
        states = [client.get_bucket_versioning(Bucket=s3_bucket(**asked)).get("Status") for asked in (
            {}, {"versioned": True}, {"lock": True})]  # fmt: skip
    finally:
        client.close()
    assert states == [None, "Enabled", "Enabled"]


def test_servers_listen_on_loopback_only(s3_server: servers.S3Server) -> None:
    descriptors = Path(f"/proc/{s3_server.pid}/fd").iterdir()
    sockets = {os.readlink(one).removeprefix("socket:[").rstrip("]") for one in descriptors}  # noqa: PTH115 (no path)
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    addresses = [line[1].split(":")[0] for line in lines if line[3] == "0A" and line[9] in sockets]  # 0A: LISTEN
    assert len(addresses) == 8
    assert set(addresses) == {"0100007F"}  # 127.0.0.1


def test_a_server_that_cannot_start_shows_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_postgres_binaries", lambda: Path("/nonexistent"))
    with pytest.raises(servers.ServerError, match=r"initdb (ended with|cannot be run)"), servers.postgres():
        pass


def test_a_port_taken_meanwhile_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    original = servers._free_ports
    tried: list[list[int]] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        def ports(count: int) -> list[int]:
            found = original(count)
            if not tried:
                found[0] = taken.getsockname()[1]
            tried.append(found)
            return found

        monkeypatch.setattr(servers, "_free_ports", ports)
        with servers.s3() as server:
            assert server.endpoint.endswith(str(tried[1][6]))
    assert len(tried) == 2


_OWNER = """
import sys, time
from tests import servers
with servers.postgres() as database, servers.s3() as store:
    print(database.socket_folder, database.pid, store.pid, flush=True)
    if sys.argv[1] == "wait":
        time.sleep(600)
"""


def _run_owner(how: str) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[1]
    return subprocess.Popen([sys.executable, "-c", _OWNER, how], cwd=root, stdout=subprocess.PIPE, text=True)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"  # dead, and not collected by whoever inherited it


def test_nothing_is_left_after_a_clean_end() -> None:
    with _run_owner("end") as owner:
        assert owner.stdout is not None
        folder, *pids = owner.stdout.read().split()
    assert owner.returncode == 0
    assert not Path(folder).exists()
    assert [pid for pid in pids if _alive(int(pid))] == []


def test_servers_die_with_a_killed_owner() -> None:
    with _run_owner("wait") as owner:
        assert owner.stdout is not None
        folder, *pids = owner.stdout.readline().split()
        assert [pid for pid in pids if not _alive(int(pid))] == []
        options = dict(
            option.partition("=")[::2] for option in Path(f"/proc/{pids[1]}/cmdline").read_text().split("\0")
        )
        os.kill(owner.pid, signal.SIGKILL)
    end = time.monotonic() + 30
    while any(_alive(int(pid)) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert [pid for pid in pids if _alive(int(pid))] == []
    # What nobody was left to remove.
    shutil.rmtree(folder)
    shutil.rmtree(Path(options["-dir"]).parent)
    for server in ("master", "volume", "filer", "s3"):
        Path(f"/tmp/seaweedfs-{server}-grpc-{options[f'-{server}.port.grpc']}.sock").unlink()  # noqa: S108 (as there)
