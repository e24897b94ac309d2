"""A vault put together from its settings: the one place that knows which parts make one.

Keys are opened when first needed and only then: what handles ciphertext alone is never handed a keyring.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import cast

from sqlalchemy import make_url, select

from keys import canonical, files
from keys.errors import PublicKeyError, StrongroomError
from keys.keyring import Epoch, EpochState, IndexKey, Keyring
from keys.root import PassphraseRootKey
from keys.secret import Secret
from keys.signing import PublicKey, SigningKey
from service.errors import CatalogLostError, NoArchiveError, NoVaultError, OldCatalogError, WrongVaultError
from service.settings import FILE, Settings
from vault.catalog import info, intents
from vault.catalog.engine import Catalog
from vault.catalog.intents import Intents
from vault.catalog.schema import key_epochs
from vault.catalog.upgrade import revisions
from vault.clock import Clock
from vault.ids import is_id
from vault.log import journal
from vault.log.checkpoint import origin_of
from vault.store.base import BlobStore
from vault.store.file import FileStore, open_primary, open_store
from vault.store.s3 import LockMode, S3Store
from vault.store.s3_client import Checksums, make_s3_client

LOG_PURPOSE = "log"
USER_PURPOSE = "user"


class Vault:
    """An open vault. Close it when done: that gives waiting log entries their place, if the log's key was opened."""

    def __init__(self, settings: Settings, clock: Clock, passphrase: Callable[[], Secret]) -> None:
        if not (settings.home / FILE).exists():
            raise NoVaultError(f"expected a vault in {settings.home}, got no {FILE}")
        self.settings, self.clock, self._passphrase = settings, clock, passphrase
        refuse_lost_catalog(settings)
        self.catalog = Catalog(settings.catalog_url)
        try:
            self.id, self.public_key = self._identity()
        except StrongroomError:
            self.catalog.close()
            raise

    def _identity(self) -> tuple[str, PublicKey]:
        current, newest = revisions(self.catalog)
        if current != newest:
            raise OldCatalogError(f"expected a catalog of revision {newest}, got {current}")
        with self.catalog.read() as connection:
            vault, known = info.get(connection, info.VAULT_ID), info.get(connection, info.PUBLIC_KEY)
        public_key = _published(self.settings.home)
        if known != str(public_key):
            raise WrongVaultError("expected the catalog to name the public key in keys/log.pub, it names another")
        if not is_id(vault):
            raise WrongVaultError("expected the vault-id in the catalog to be an id, got something else")
        return vault, public_key

    @property
    def origin(self) -> str:
        """The origin line of this vault's log."""
        return origin_of(self.id)

    @cached_property
    def primary(self) -> FileStore:
        """The store that holds every rendition."""
        return open_primary(self.settings.store)

    @cached_property
    def archive(self) -> BlobStore | None:
        """The archive store, if one is configured."""
        archive = self.settings.archive
        if archive.kind == "none":
            return None
        if archive.kind == "folder":
            return open_store(archive.path, "archive")
        client = make_s3_client(
            endpoint=archive.endpoint, region=archive.region, checksums=cast("Checksums", archive.checksums)
        )
        return S3Store(client, archive.bucket, prefix=archive.prefix, lock_mode=cast("LockMode | None", archive.lock))

    def need_archive(self) -> BlobStore:
        """Return the archive store.

        Raises:
            NoArchiveError: none is configured.

        """
        if self.archive is None:
            raise NoArchiveError("expected an archive store, none is configured")
        return self.archive

    @property
    def stores(self) -> dict[str, BlobStore]:
        """Every store within reach, by the name the catalog has for it."""
        found: dict[str, BlobStore] = {self.primary.name: self.primary}
        if self.archive is not None:
            found[self.archive.name] = self.archive
        return found

    @cached_property
    def passphrase(self) -> Secret:
        """The vault's passphrase, asked for once."""
        return self._passphrase()

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs checkpoints and certificates. Opening it gives no way to any recording."""
        key = SigningKey.open(files.read_private(log_key_path(self.settings.home)), self.passphrase, LOG_PURPOSE)
        if key.public != self.public_key:
            raise WrongVaultError("expected the signing key that belongs to keys/log.pub, got another")
        return key

    @cached_property
    def _root(self) -> PassphraseRootKey:
        return PassphraseRootKey.open(files.read_private(root_key_path(self.settings.home)), self.passphrase)

    @cached_property
    def keyring(self) -> Keyring:
        """What opens recordings."""
        with self.catalog.read() as connection:
            rows = connection.execute(select(key_epochs).order_by(key_epochs.c.id)).all()
        return Keyring(self._root, [Epoch(row.id, row.wrapped, EpochState(row.state)) for row in rows])

    @cached_property
    def index(self) -> IndexKey:
        """What finds recordings by caller."""
        with self.catalog.read() as connection:
            wrapped = canonical.unbase64(info.get(connection, info.INDEX_KEY))
        return IndexKey(self._root, wrapped)

    @property
    def run_folder(self) -> Path:
        """Where running work holds its locks."""
        return self.settings.home / "run"

    @contextlib.contextmanager
    def intents(self, *, ahead: int = 1) -> Iterator[Intents]:
        """Sweep what dead processes left, then yield a fresh set of intents."""
        self.sweep()
        with Intents(self.catalog, self.run_folder, self.clock, ahead=ahead) as fresh:
            yield fresh

    def sweep(self) -> int:
        """Delete the blobs that dead processes left without a row; return how many intents were cleared."""
        deleters = {name: store.delete for name, store in self.stores.items()}
        return intents.sweep(self.catalog, self.run_folder, self.clock, deleters)

    def sequence(self) -> int:
        """Give waiting log entries their place and sign a checkpoint; return how many there were."""
        return journal.sequence(self.catalog, self.signing_key, self.origin, self.clock)

    def close(self) -> None:
        """Release connections."""
        self.catalog.close()
        archive = self.__dict__.get("archive")
        if isinstance(archive, S3Store):
            archive.close()


def refuse_lost_catalog(settings: Settings) -> None:
    """Refuse to go on where a vault's SQLite catalog is missing or empty: a new one would be another vault's.

    Raises:
        CatalogLostError: it is.

    """
    url = make_url(settings.catalog_url)
    if url.get_backend_name() != "sqlite" or url.database is None:
        return
    path = Path(url.database)
    if not path.exists() or path.stat().st_size == 0:
        raise CatalogLostError(f"expected the catalog at {path}, got {'an empty file' if path.exists() else 'none'}")


def _published(home: Path) -> PublicKey:
    try:
        return PublicKey.parse(public_key_path(home).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError, PublicKeyError) as exc:
        raise WrongVaultError("expected a public key in keys/log.pub, got something else") from exc


def root_key_path(home: Path) -> Path:
    """Where the root key lies."""
    return home / "keys" / "root.key"


def log_key_path(home: Path) -> Path:
    """Where the key that signs the log and certificates lies."""
    return home / "keys" / "log.key"


def public_key_path(home: Path) -> Path:
    """Where the public half of the log's key lies, to be published."""
    return home / "keys" / "log.pub"


def user_key_path(home: Path, name: str) -> Path:
    """Where a user's key lies, unless they keep it elsewhere."""
    return home / "users" / f"{name}.key"
