"""`strongroom init`: make a vault."""

import click

from cli.base import Command
from cli.door import Door, pass_door, passphrase
from cli.errors import ArgumentError
from service.create import create
from vault.model import Role

DEFAULT_ROLES = (Role.ADMIN, Role.OPERATOR, Role.RECORDER)


def role_of(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> frozenset[Role]:  # noqa: ARG001
    """Return the roles of repeated options or arguments."""
    try:
        return frozenset(Role(v) for v in value)
    except ValueError as exc:
        raise ArgumentError(f"expected roles out of {', '.join(Role)}") from exc


@click.command(cls=Command)
@click.option(
    "--role", "roles", multiple=True, callback=role_of, help="A role of the first user; may be repeated. "
    f"Without: {', '.join(DEFAULT_ROLES)}.",
)  # fmt: skip
@pass_door
def init(door: Door, roles: frozenset[Role]) -> None:
    """Make a vault in the home folder: settings, catalog, store, root key, signing key, and its first user.

    The first user runs the machine: admin, operator and recorder. Give legal, records and auditor to other people
    with 'strongroom user add'. Refuses to overwrite anything.
    """
    name = door.user_name
    vault_id = create(
        door.settings,
        door.clock,
        passphrase=passphrase("vault (choose one)", "STRONGROOM_PASSPHRASE", confirm=True),
        user=name,
        roles=roles or frozenset(DEFAULT_ROLES),
        user_passphrase=passphrase(f"user {name} (choose one)", "STRONGROOM_USER_PASSPHRASE", confirm=True),
    )
    public = (door.home / "keys" / "log.pub").read_text(encoding="utf-8").strip()
    door.out.object(
        {"vault": vault_id, "home": str(door.home), "user": name, "public_key": public},
        text=f"Made vault {vault_id} in {door.home}, with {name} as its first user.\n"
        f"Publish this key; with it alone anyone can verify the log and certificates:\n  {public}\n"
        f"Keep a copy of {door.home / 'keys'} and its passphrase apart from this machine: without them nothing opens.",
    )
