"""Real vaults for tests, made quickly: the cheapest key files allowed, a clock that stands still, six people.

Nothing here is faked: a vault is what `service.create` makes, in a folder of the test's own. Plain functions, no
pytest, so that processes of their own can use them too. A vault that was made once may be copied with `copy`.
"""

import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from keys import canonical, files
from keys.envelope import passphrase_of
from keys.keyring import Keyring
from keys.signing import SigningKey
from retention import check as retention_check
from retention.hold import holds
from retention.plans import policy_plan, policy_plans
from retention.policy.reader import parse
from service import doctor, settings, work
from service.assembly import USER_PURPOSE, Vault, user_key_path
from service.create import add_key_file, create
from vault import people, playback
from vault.approvals import Signatory
from vault.check import Checker, Finding
from vault.ingest.intake import Intake, Item, Receipt
from vault.log import journal
from vault.log.entry import Act
from vault.model import Metadata, RenditionName, Role
from vault.people import Actor, Capability, User
from vault.private import seal_document
from vault.sealed.format import associated_data
from vault.sealed.reader import open_all
from vault.search import Terms, criteria_of

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
WORDS = "the vault's passphrase"
USER_WORDS = "everybody's passphrase"
FOUNDER = "ada"
PEOPLE: Mapping[str, frozenset[Role]] = {
    FOUNDER: frozenset({Role.ADMIN, Role.OPERATOR, Role.RECORDER}),
    "lena": frozenset({Role.LEGAL}),
    "luis": frozenset({Role.LEGAL}),
    "rita": frozenset({Role.RECORDS}),
    "rob": frozenset({Role.RECORDS}),
    "otto": frozenset({Role.AUDITOR}),
}
"""Two of each role that takes two."""

CHEAP = {
    "STRONGROOM_KEYS_ARGON2_MEMORY_KIB": "19456",
    "STRONGROOM_KEYS_ARGON2_PASSES": "2",
    "STRONGROOM_KEYS_ARGON2_LANES": "1",
}
"""The lowest cost of a key file that is accepted."""


class StandingClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, instant: datetime = START) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def advance(self, by: timedelta) -> None:
        self.instant += by


def make(home: Path, clock: StandingClock, environment: Mapping[str, str] | None = None) -> None:
    """Make a vault in `home` with everybody in it."""
    chosen = settings.load(home, {**CHEAP, **(environment or {})})
    create(
        chosen, clock, passphrase=passphrase_of(WORDS), user=FOUNDER, roles=PEOPLE[FOUNDER],
        user_passphrase=passphrase_of(USER_WORDS),
    )  # fmt: skip
    with opened(home, clock, environment) as vault:
        for name in PEOPLE.keys() - {FOUNDER}:
            add_person(vault, name, PEOPLE[name])
        vault.sequence()


def add_person(vault: Vault, name: str, roles: frozenset[Role]) -> User:
    """Add a person with a key file in the users folder, as `strongroom user add` does."""
    key = add_key_file(user_key_path(vault.settings.home, name), passphrase_of(USER_WORDS), vault.settings)
    person = User(name, roles, key.public)
    now = vault.clock.now()
    with vault.catalog.write() as connection:
        people.add_user(connection, person, created_at=now)
        entry = actor(vault, FOUNDER, Capability.USERS).entry(now, Act.USER_ADDED, name, people.told(person))
        journal.append(connection, [entry])
    return person


def copy(home: Path, to: Path) -> Path:
    """Copy a vault that nobody has open."""
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(home, to, symlinks=True)
    return to


@contextlib.contextmanager
def opened(home: Path, clock: StandingClock, environment: Mapping[str, str] | None = None) -> Iterator[Vault]:
    """Yield the vault in `home`, closed at the end."""
    vault = Vault(settings.load(home, {**CHEAP, **(environment or {})}), clock, lambda: passphrase_of(WORDS))
    try:
        yield vault
    finally:
        vault.close()


# People


def actor(vault: Vault, name: str, capability: Capability) -> Actor:
    """Return a person as an actor, as the door does; the roles are the catalog's."""
    if name == FOUNDER:  # `add_person` asks in the middle of a transaction
        return people.acting(User(name, PEOPLE[name], vault.public_key), capability)
    with vault.catalog.read() as connection:
        return people.acting(people.find_user(connection, name), capability)


def signatory(vault: Vault, name: str, capability: Capability) -> Signatory:
    """Return a person who signs with their own key file."""
    with vault.catalog.read() as connection:
        user = people.find_user(connection, name)
    path = user_key_path(vault.settings.home, name)
    key = SigningKey.open(files.read_private(path), passphrase_of(USER_WORDS), USER_PURPOSE)
    return Signatory(people.acting(user, capability), people.role_for(user, capability), key)


# Work


def item(path: Path, metadata: Metadata | None = None, data: bytes | None = None) -> Item:
    """Return what ingest takes for the file at `path`; `data`, if given, is written there first."""
    if data is not None:
        path.write_bytes(data)
    return Item("", path.name, lambda: path.open("rb"), metadata or Metadata())


def ingest(
    vault: Vault, items: Iterable[Item], on_receipt: Callable[[Receipt], None] = lambda _: None
) -> list[Receipt]:
    """Take items in as the founder, as `strongroom ingest` does, and return the receipts in order."""
    receipts = []
    with vault.intents(ahead=8) as intents:
        intake = Intake(
            catalog=vault.catalog, store=vault.primary, intents=intents, keyring=vault.keyring, index=vault.index,
            clock=vault.clock, actor=actor(vault, FOUNDER, Capability.INGEST), region=vault.settings.region,
            threads=vault.settings.threads,
        )  # fmt: skip
        try:
            for receipt in intake.take(items):
                on_receipt(receipt)
                receipts.append(receipt)
        finally:
            intake.close()
    vault.sequence()
    return receipts


def policy(*rules: str, title: str = "Test schedule") -> str:
    """Return a policy text; each rule is `NAME PERIOD THEN [FIELD=VALUE …]`, without a field it matches all."""
    lines = ["policy: strongroom/policy/v1", f"title: {title}", "rules:"]
    for rule in rules:
        name, keep, then, *fields = rule.split()
        match = "{" + ", ".join(f"{f.split('=')[0]}: [{f.split('=')[1]}]" for f in fields) + "}" if fields else "all"
        lines += [f"  - name: {name}", f"    match: {match}", f"    keep: {keep}", f"    then: {then}"]
    return "\n".join(lines) + "\n"


def apply_policy(vault: Vault, text: str) -> int:
    """Plan and apply a policy as the founder, approved by rita where that is needed; return its version."""
    founder = actor(vault, FOUNDER, Capability.POLICY_CHANGE)
    plan_id, plan = policy_plans.make_plan(vault.catalog, vault.clock, founder, vault=vault.id, policy=parse(text))
    if policy_plan.needs_approval(plan):
        second = signatory(vault, "rita", Capability.POLICY_APPROVE)
        policy_plans.approve(vault.catalog, vault.clock, second, plan_id=plan_id)
    applied = policy_plans.apply(vault.catalog, vault.clock, founder, plan_id=plan_id, text=text)
    vault.sequence()
    return applied.version


def place_hold(vault: Vault, matter: str = "2026-014", **terms: Any) -> str:
    """Place a hold as lena on what the search terms find (see vault.search.Terms) and return its id."""
    wanted = Terms(**terms)
    criteria = criteria_of(wanted, vault.index if wanted.name_a_person else None, vault.settings.region)
    hold = holds.new_hold_id(vault.clock)
    words = _hold_words(vault.keyring, hold, {"reason": "a letter", "scope": wanted.words()})
    lena = actor(vault, "lena", Capability.HOLD_CHANGE)
    holds.place(vault.catalog, vault.clock, lena, hold=hold, matter=matter, criteria=criteria, words=words)
    vault.sequence()
    return hold


def _hold_words(keyring: Keyring, hold: str, words: dict[str, Any]) -> holds.SealedWords:
    salted = {**words, "salt": secrets.token_hex(16)}
    sealed, slot = seal_document(keyring, hold, "scope", salted)
    return holds.SealedWords(sealed, slot, hashlib.sha256(canonical.encode(salted)).hexdigest())


def tick(vault: Vault) -> work.Report:
    """Do everything that is due in a turn of its own, although the clock may have stood still or jumped."""
    return work.tick(vault, clock_is_right=True, slot=secrets.randbits(62))


# Looking


def content(vault: Vault, recording: str, rendition: RenditionName = RenditionName.ORIGINAL) -> bytes:
    """Return the plaintext of a rendition. Changes nothing: unlike the doors, it writes no log entry."""
    with vault.catalog.read() as connection:
        found = playback.rendition_of(connection, recording, rendition)
        key = playback.data_key(connection, vault.keyring, recording, rendition)
    with vault.primary.open(found.blob) as raw:
        return open_all(raw.read(), key, associated_data(found.recording, rendition))


def check(vault: Vault) -> list[Finding]:
    """Return everything that `strongroom check --deep` finds. Changes nothing."""
    checker = Checker(
        catalog=vault.catalog, stores=vault.stores, public_key=vault.public_key, origin=vault.origin, deep=True
    )
    found = list(checker.findings())
    found += retention_check.findings(vault.catalog, vault.public_key, vault.id)
    return [*found, *doctor.open_files(vault.settings.home)]
