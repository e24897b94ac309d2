"""The errors of `service`, by family (see keys.errors)."""

from keys.errors import IntegrityError, InvalidInputError, NotFoundError, RefusedError, UnavailableError


class SettingsError(InvalidInputError):
    """A setting is unknown, malformed or contradicts another; the message names it."""

    code = "settings"
    hint = "mend strongroom.toml or the STRONGROOM_… variable; docs/settings.md lists them all"


class NoVaultError(NotFoundError):
    """There is no vault in the home folder."""

    code = "no-vault"
    hint = "run 'strongroom init', or name the vault with --home or STRONGROOM_HOME"


class VaultExistsError(RefusedError):
    """There is a vault in the home folder already; it is never overwritten."""

    code = "vault-exists"
    hint = "choose another --home"


class UnfinishedVaultError(RefusedError):
    """The making of a vault was cut off in the home folder; it was never a vault."""

    code = "vault-unfinished"
    hint = "delete the folder and run 'strongroom init' again"


class WrongVaultError(IntegrityError):
    """The key files and the catalog belong to different vaults."""

    code = "wrong-vault"
    hint = "check the home folder and the catalog's URL; if they are right, one was altered: restore it from backup"


class OldCatalogError(UnavailableError):
    """The catalog is of another revision than this program."""

    code = "catalog-revision"
    hint = "run 'strongroom upgrade' after a backup, or use the program that wrote the catalog"


class NoArchiveError(RefusedError):
    """No archive is configured."""

    code = "no-archive"
    hint = "set [archive] in strongroom.toml; docs/settings.md shows how"


class ClockJumpedError(RefusedError):
    """The clock is so far from when work was last done that nothing is destroyed by it without a person's word."""

    code = "clock-jumped"
    hint = "check the machine's clock; if it is right, run 'strongroom tick --clock-is-right' once"


class CatalogLostError(IntegrityError):
    """The vault's catalog is gone."""

    code = "catalog-lost"
    hint = "restore the catalog from its backup, as docs/operator.md says; never begin with an empty one"
