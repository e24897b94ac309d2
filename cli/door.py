"""The terminal's door: who is there, may they, and the vault behind it.

A user is who can open the key file of that name: every command asks for it before anything else. Passphrases come from
a file, the environment or a prompt; never from an argument, which other users of the machine could read.
"""

import contextlib
import getpass
import json
import os
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import click

from cli.errors import ArgumentError, FileAccessError, NoPassphraseError, NotYourKeyError
from cli.exits import status_of
from cli.output import Output
from keys import files
from keys.envelope import passphrase_of
from keys.errors import StrongroomError
from keys.secret import Secret
from keys.signing import SigningKey
from service import settings
from service.assembly import USER_PURPOSE, Vault, user_key_path
from service.settings import Settings
from vault import people
from vault.approvals import Signatory
from vault.clock import SystemClock
from vault.log import journal
from vault.log.entry import Act
from vault.model import Role
from vault.people import Actor, Capability, User, acting, find_user, role_for

_MAX_PASSPHRASE = 4096  # bytes in a passphrase file


class Door:
    """What every command is handed."""

    def __init__(self, home: Path, user: str | None, user_key: Path | None, *, as_json: bool) -> None:
        self.home, self._user, self._user_key = home, user, user_key
        self.out = Output(as_json=as_json)
        self.clock = SystemClock()

    @cached_property
    def settings(self) -> Settings:
        """The settings of the vault in the home folder."""
        return settings.load(self.home, os.environ)

    @cached_property
    def vault(self) -> Vault:
        """The open vault."""
        return Vault(self.settings, self.clock, lambda: passphrase("vault", "STRONGROOM_PASSPHRASE"))

    @property
    def user_name(self) -> str:
        """Who the caller says to be."""
        return self._user or getpass.getuser().lower()

    @cached_property
    def _person(self) -> tuple[User, SigningKey]:
        """Prove who is there by opening their key."""
        with self.vault.catalog.read() as connection:
            user = find_user(connection, self.user_name)
        path = self._user_key or user_key_path(self.home, user.name)
        secret = passphrase(f"user {user.name}", "STRONGROOM_USER_PASSPHRASE")
        key = SigningKey.open(files.read_private(path), secret, USER_PURPOSE)
        if key.public != user.public_key:
            raise NotYourKeyError(f"expected the key that this vault knows for {user.name}, got another")
        return user, key

    def enter(self, capability: Capability, role: Role | None = None) -> Actor:
        """Return the user as an actor for one capability, under a role if one is named; a refusal is logged.

        Raises:
            NotAuthorisedError: no role of the user gives it.
            WrongPassphraseError, KeyFileNotFoundError, UserNotFoundError: they are not who they say.

        """
        try:
            return acting(self._person[0], capability, role)
        except StrongroomError as exc:
            self._tell_refusal(capability, exc)
            raise

    def may(self, capability: Capability) -> bool:
        """Tell whether the user, who has entered, may do this too."""
        return self._person[0].may(capability)

    def sign(self, capability: Capability, role: Role | None = None) -> Signatory:
        """Return the user as somebody who signs, under a role if one is named. Raises as `enter` does."""
        actor = self.enter(capability, role)
        user, key = self._person
        return Signatory(actor, role_for(user, capability, role), key)

    def _tell_refusal(self, capability: Capability, exc: StrongroomError) -> None:
        vault = self.__dict__.get("vault")
        if vault is None:
            return
        with vault.catalog.write() as connection:
            known = {user.name for user in people.all_users(connection)}
            claimed = Actor(self.user_name if self.user_name in known else "unknown", exc.code)
            details = {"capability": str(capability)}
            entry = claimed.refusal(vault.clock.now(), Act.ACCESS_REFUSED, None, exc.code, details)
            journal.append(connection, [entry])

    def tell(self, actor: Actor, act: Act, subject: str | None = None, details: people.Details | None = None) -> None:
        """Write one log entry."""
        with self.vault.catalog.write() as connection:
            journal.append(connection, [actor.entry(self.vault.clock.now(), act, subject, details)])

    def settle(self) -> None:
        """Give what was told its place in the tree, if that can be done without asking for the vault's passphrase.

        Where nobody has it at hand, the next pass of the service, or the next command that has, takes care of it.
        """
        if "passphrase" in self.vault.__dict__ or is_at_hand("STRONGROOM_PASSPHRASE"):
            self.vault.sequence()

    def close(self) -> None:
        """Settle what was told and release the vault."""
        if "vault" not in self.__dict__:
            return
        try:
            with self.vault.catalog.read() as connection:
                waiting = journal.unsequenced(connection)
            # whoever could not prove who they are gets nothing done with the vault's keys
            if waiting and "_person" in self.__dict__:
                self.settle()
        finally:
            self.vault.close()


pass_door = click.make_pass_decorator(Door)


def is_at_hand(variable: str) -> bool:
    """Tell whether a passphrase can be had without asking anybody."""
    return bool(os.environ.get(f"{variable}_FILE")) or variable in os.environ


def passphrase(whose: str, variable: str, *, confirm: bool = False) -> Secret:
    """Return a passphrase from VARIABLE_FILE, VARIABLE or a prompt.

    Raises:
        NoPassphraseError: nothing is set and there is nobody to ask.
        PassphraseError: it is empty.

    """
    path = os.environ.get(f"{variable}_FILE")
    if path:
        return passphrase_of(_first_line(Path(path), variable))
    if variable in os.environ:
        return passphrase_of(os.environ[variable])
    if not sys.stdin.isatty():
        raise NoPassphraseError(f"expected a passphrase of the {whose}: set {variable}_FILE or {variable}")
    return passphrase_of(
        click.prompt(f"Passphrase of the {whose}", hide_input=True, confirmation_prompt=confirm, err=True)
    )


def _first_line(path: Path, variable: str) -> str:
    try:
        data = path.read_bytes()[:_MAX_PASSPHRASE]
        return data.decode().splitlines()[0] if data.strip() else ""
    except (OSError, UnicodeDecodeError) as exc:
        raise NoPassphraseError(f"expected a readable text file in {variable}_FILE") from exc


@contextlib.contextmanager
def told(*, as_json: bool) -> Iterator[None]:
    """Turn a Strongroom error into words on standard error and its exit status."""
    try:
        yield
    except StrongroomError as exc:
        _tell(exc, as_json=as_json)
    except OSError as exc:
        name = f" {exc.filename}" if exc.filename else ""
        _tell(FileAccessError(f"the system refuses to use{name}: {exc.strerror or exc}"), as_json=as_json)


def _tell(error: StrongroomError, *, as_json: bool) -> NoReturn:
    if as_json:
        value: dict[str, Any] = {"error": error.code, "message": str(error), "hint": error.hint}
        click.echo(json.dumps(value, ensure_ascii=False), err=True)
    else:
        click.echo(f"error [{error.code}]: {error}", err=True)
        if error.hint:
            click.echo(f"  what to do: {error.hint}", err=True)
    sys.exit(status_of(error))


def text_of(path: Path) -> str:
    """Return the text of a file somebody named.

    Raises:
        ArgumentError: it is no UTF-8.

    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise ArgumentError(f"expected UTF-8 text in {path}, got other bytes") from exc
