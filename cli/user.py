"""`strongroom user`: people, their roles, and keys of their own."""

from pathlib import Path

import click

from cli.base import Group
from cli.door import Door, pass_door, passphrase
from cli.errors import ArgumentError
from cli.init import role_of
from keys import files
from keys.signing import PublicKey, SigningKey
from service.assembly import USER_PURPOSE, user_key_path
from service.create import add_key_file
from vault import people
from vault.log import journal
from vault.log.entry import Act
from vault.model import Role
from vault.people import Capability, User

_NEW = "STRONGROOM_NEW_PASSPHRASE"


@click.group(cls=Group)
def user() -> None:
    """People who use the vault."""


@user.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, callback=role_of, help="May be repeated.")
@click.option("--public-key", help="The key the person made with 'user keygen'; without, a key file is made here.")
@pass_door
def add(door: Door, name: str, roles: frozenset[Role], public_key: str | None) -> None:
    """Add a person with roles and a key of their own.

    Without --public-key, a key file is made in the vault's users folder under a passphrase that is asked for, or read
    from STRONGROOM_NEW_PASSPHRASE(_FILE); hand it over and let them change it.
    """
    actor = door.enter(Capability.USERS)
    people.check_name(name)
    people.check_roles(roles)
    vault = door.vault
    with vault.catalog.read() as connection:
        people.check_is_new(connection, name)
    if public_key is not None:
        key = PublicKey.parse(public_key)
    else:
        secret = passphrase(f"new user {name}", _NEW, confirm=True)
        key = add_key_file(user_key_path(door.home, name), secret, door.settings).public
    now = vault.clock.now()
    person = User(name, roles, key)
    with vault.catalog.write() as connection:
        people.add_user(connection, person, created_at=now)
        journal.append(connection, [actor.entry(now, Act.USER_ADDED, name, people.told(person))])
    door.settle()
    door.out.object({"user": name, "roles": sorted(roles), "public_key": str(key)}, text=f"added {name}: {key}")


@user.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A new file.")
@pass_door
def keygen(door: Door, output: Path) -> None:
    """Make a key file of your own, anywhere; hand the public key it prints to an admin."""
    key = add_key_file(output, passphrase("new key", _NEW, confirm=True), door.settings)
    door.out.object({"public_key": str(key.public)}, text=str(key.public))


@user.command("passphrase")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_door
def passphrase_(door: Door, file: Path) -> None:
    """Change the passphrase of your key file."""
    key = SigningKey.open(files.read_private(file), passphrase("key file", "STRONGROOM_USER_PASSPHRASE"), USER_PURPOSE)
    sealed = key.seal(passphrase("key file (new)", _NEW, confirm=True), USER_PURPOSE, door.settings.kdf)
    files.replace_private(file, sealed)
    door.out.say("changed")


@user.command("list")
@pass_door
def list_(door: Door) -> None:
    """List everybody."""
    door.enter(Capability.FIND)
    with door.vault.catalog.read() as connection:
        found = people.all_users(connection)
    door.out.table(
        ("name", "roles", "disabled", "public_key"),
        [(u.name, u.roles, "yes" if u.disabled else "no", str(u.public_key)) for u in found],
    )


@user.command()
@click.argument("name")
@click.argument("roles", nargs=-1, required=True, callback=role_of)
@pass_door
def roles(door: Door, name: str, roles: frozenset[Role]) -> None:
    """Give a person other roles, in place of those they have."""
    actor = door.enter(Capability.USERS)
    if name == actor.name:
        raise ArgumentError("expected another person's name: nobody changes their own roles")
    vault = door.vault
    now = vault.clock.now()
    with vault.catalog.write() as connection:
        people.set_roles(connection, name, roles)
        person = people.find_user(connection, name)
        journal.append(connection, [actor.entry(now, Act.USER_ROLES, name, people.told(person))])
    door.settle()
    door.out.say(f"{name}: {', '.join(sorted(roles))}")


@user.command()
@click.argument("name")
@pass_door
def disable(door: Door, name: str) -> None:
    """Take every capability from a person. The name stays taken for ever."""
    actor = door.enter(Capability.USERS)
    if name == actor.name:
        raise ArgumentError("expected another person's name: nobody disables themselves")
    vault = door.vault
    now = vault.clock.now()
    with vault.catalog.write() as connection:
        people.disable(connection, name)
        person = people.find_user(connection, name)
        journal.append(connection, [actor.entry(now, Act.USER_DISABLED, name, people.told(person))])
    door.settle()
    door.out.say(f"disabled {name}")
