"""Making a vault: home folder, settings, keys, catalog, store, the first user. Refuses to overwrite anything."""

from pathlib import Path

from sqlalchemy import insert, select

from keys import canonical, files
from keys.keyring import new_epoch, new_index_key
from keys.root import PassphraseRootKey
from keys.secret import Secret
from keys.signing import SigningKey
from service.assembly import LOG_PURPOSE, USER_PURPOSE, log_key_path, public_key_path, root_key_path, user_key_path
from service.errors import UnfinishedVaultError, VaultExistsError
from service.settings import FILE, Settings, render
from vault import people
from vault.catalog import info
from vault.catalog.engine import Catalog
from vault.catalog.schema import key_epochs, vault_info
from vault.catalog.upgrade import revisions, upgrade
from vault.clock import Clock
from vault.ids import new_id
from vault.log import journal
from vault.log.checkpoint import origin_of
from vault.log.entry import Act
from vault.model import Role
from vault.people import Actor, User
from vault.store import durable
from vault.store.disk import create_store

_UNFINISHED = f"{FILE}.unfinished"
"""What the settings file is called until the vault is whole."""

FOUNDER = "role/founder"
"""Why the first entries of a log are allowed: somebody made the vault."""


def create(
    settings: Settings, clock: Clock, *, passphrase: Secret, user: str, roles: frozenset[Role], user_passphrase: Secret
) -> str:
    """Make a vault in the home folder and return its id.

    The settings file is written first under another name and gets its own at the very end: without it there is no
    vault, so a crash leaves nothing that looks like one, and a folder where it happened is told from all others.

    Raises:
        VaultExistsError: there is one already, or the folder or the database holds something else.
        UnfinishedVaultError: the making of a vault was cut off here.
        UserNameError, RolesConflictError: see people.
        PassphraseError: a passphrase is empty.

    """
    home = settings.home
    _check_free(home)
    people.check_name(user)
    people.check_roles(roles)
    durable.make_private_folder(home)
    home.chmod(0o700)
    durable.write_new(home / _UNFINISHED, render(settings.given).encode())
    for folder in (home / "keys", home / "users", home / "run"):
        durable.make_private_folder(folder)
    create_store(settings.store)
    if settings.archive.kind == "folder":
        create_store(settings.archive.path)
    log_key = _write_keys(settings, passphrase)
    person = User(user, roles, add_key_file(user_key_path(home, user), user_passphrase, settings).public)
    vault_id = _fill_catalog(settings, clock, passphrase, log_key, person)
    durable.publish(home / _UNFINISHED, home / FILE)
    return vault_id


def _check_free(home: Path) -> None:
    if (home / _UNFINISHED).exists():
        raise UnfinishedVaultError(
            f"expected an empty or missing folder at {home}, got one where the making of a vault was cut off",
            hint=f"nothing was ever taken in there: delete {home} and run 'strongroom init' again",
        )
    if home.exists() and any(home.iterdir()):
        raise VaultExistsError(f"expected an empty or missing folder at {home}, got one that holds something")


def _write_keys(settings: Settings, passphrase: Secret) -> SigningKey:
    home = settings.home
    files.write_new_private(root_key_path(home), PassphraseRootKey.create(passphrase, settings.kdf))
    log_key = SigningKey.generate()
    files.write_new_private(log_key_path(home), log_key.seal(passphrase, LOG_PURPOSE, settings.kdf))
    files.write_new_private(public_key_path(home), f"{log_key.public}\n".encode())
    return log_key


def add_key_file(path: Path, passphrase: Secret, settings: Settings) -> SigningKey:
    """Write a new key file for a person and return the key.

    Raises:
        KeyFileExistsError: there is one already.
        PassphraseError: the passphrase is empty.

    """
    key = SigningKey.generate()
    files.write_new_private(path, key.seal(passphrase, USER_PURPOSE, settings.kdf))
    return key


def _fill_catalog(settings: Settings, clock: Clock, passphrase: Secret, log_key: SigningKey, person: User) -> str:
    root = PassphraseRootKey.open(files.read_private(root_key_path(settings.home)), passphrase)
    now = clock.now()
    vault_id = new_id(now)
    catalog = Catalog(settings.catalog_url)
    try:
        _check_unused(catalog)
        upgrade(catalog)
        actor = Actor(person.name, FOUNDER)
        epoch = new_epoch(root, 1)
        with catalog.write() as connection:
            info.put(connection, info.VAULT_ID, vault_id)
            info.put(connection, info.PUBLIC_KEY, str(log_key.public))
            info.put(connection, info.INDEX_KEY, canonical.base64_of(new_index_key(root)))
            connection.execute(
                insert(key_epochs).values(id=epoch.id, state=epoch.state, wrapped=epoch.wrapped, created_at=now)
            )
            people.add_user(connection, person, created_at=now)
            entries = [
                actor.entry(now, Act.VAULT_INIT, vault_id, {"public_key": log_key.public.fingerprint()}),
                actor.entry(now, Act.EPOCH_CREATED, vault_id, {"epoch": epoch.id}),
                actor.entry(now, Act.USER_ADDED, person.name, people.told(person)),
            ]
            journal.append(connection, entries)
        journal.sequence(catalog, log_key, origin_of(vault_id), clock)
    finally:
        catalog.close()
    # SQLite makes its file with the process's umask
    for path in settings.home.glob("catalog.db*"):
        path.chmod(0o600)
    return vault_id


def _check_unused(catalog: Catalog) -> None:
    if revisions(catalog)[0] is None:
        return
    with catalog.read() as connection:
        used = connection.execute(select(vault_info.c.name).limit(1)).first() is not None
    if used:
        raise VaultExistsError(
            "expected a database that no vault has used, got one that holds the catalog of a vault",
            hint="name another one in STRONGROOM_CATALOG_URL; a database whose vault was never finished can be dropped",
        )
