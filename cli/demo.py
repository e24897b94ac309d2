"""`strongroom demo`: the whole story on sample recordings, in a vault that is thrown away.

Every step is a real command run as its own process, as the person it belongs to, exactly as printed.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from cli.base import Command

SAMPLES = Path(__file__).parent / "samples"
POLICY = SAMPLES / "policy.yaml"
_CANARY = b"CANARY-PLUM-7731"
_KEPT_CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "4242424242424242", "6011111111111117")


class DemoFailedError(Exception):
    """A step of the story did not end as it must."""


@dataclass(frozen=True, slots=True)
class Story:
    """Runs commands in the throw-away vault and tells about them."""

    home: Path
    environment: dict[str, str]

    def tell(self, text: str) -> None:
        """Print a heading."""
        click.secho(f"\n── {text}", bold=True)

    def run(self, user: str, *arguments: str, status: int = 0, quiet: bool = False) -> str:
        """Run a command as a user, print it and what it says; it must end with `status`."""
        if not quiet:
            click.secho(f"\n{user}$ strongroom {' '.join(_quoted(a) for a in arguments)}", fg="cyan")
        done = subprocess.run(  # noqa: S603 - our own command on our own samples
            [sys.executable, "-c", "from cli.main import main; main()", "--user", user, *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not quiet:
            click.echo(done.stdout, nl=False)
            click.echo(done.stderr, nl=False)
        if done.returncode != status:
            raise DemoFailedError(f"expected exit status {status}, got {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, user: str, *arguments: str) -> list[dict[str, object]]:
        """Run a command quietly and return the JSON it prints."""
        return [json.loads(line) for line in self.run(user, *arguments, "--json", quiet=True).splitlines()]


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text else text


@click.command(cls=Command)
def demo() -> None:
    """Tell the whole story on sample recordings: sealed, found, kept, held, screened, archived, purged, proven."""
    with tempfile.TemporaryDirectory(prefix="strongroom-demo-") as folder:
        home = Path(folder) / "vault"
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("STRONGROOM_")},
            "STRONGROOM_HOME": str(home),
            "STRONGROOM_PASSPHRASE": secrets.token_urlsafe(),
            "STRONGROOM_USER_PASSPHRASE": "demo people share one",
            "STRONGROOM_NEW_PASSPHRASE": "demo people share one",
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        }
        try:
            _tell(Story(home, environment))
        except DemoFailedError as exc:
            click.secho(f"\nThe demo failed: {exc}", fg="red", err=True)
            sys.exit(1)


def _tell(story: Story) -> None:
    _make(story)
    _find(story)
    held = _hold(story)
    _work(story)
    _review(story, held)
    _prove(story)
    _search_for_plaintext(story)


def _make(story: Story) -> None:
    story.tell("An admin makes a vault and lets people in. Each has a key of their own.")
    story.run("ada", "init")
    for name, role in (
        ("lena", "legal"),
        ("luis", "legal"),
        ("rita", "records"),
        ("rob", "records"),
        ("otto", "auditor"),
    ):
        story.run("ada", "user", "add", name, "--role", role, quiet=True)
    story.run("ada", "user", "list")
    story.tell("A policy says how long each kind of recording is kept. It is planned, then applied exactly as planned.")
    story.run("ada", "policy", "validate", str(POLICY))
    plan = str(story.ask("ada", "policy", "plan", str(POLICY))[0]["plan"])
    story.run("ada", "policy", "apply", plan, str(POLICY))
    story.run("ada", "policy", "show")
    story.tell("Recordings come in. What they are is found from their content; a second time changes nothing.")
    story.run("ada", "ingest", "--manifest", str(SAMPLES / "manifest.jsonl"))
    again = story.ask("ada", "ingest", "--manifest", str(SAMPLES / "manifest.jsonl"))
    click.echo(f"and again: {again[-1]['summary']}")


def _find(story: Story) -> None:
    story.tell("A caller is found by number in any spelling, although the catalog does not know the number.")
    story.run("ada", "list", "--caller", "(212) 555-0117")
    story.run("ada", "list", "--last4", "0144", "--kind", "call")
    newest = str(story.ask("lena", "list", "--kind", "chat", "--limit", "1")[0]["id"])
    story.run("lena", "show", newest)
    story.tell("Opening one is for those who may, and it is logged before the first byte.")
    story.run("ada", "open", newest, "-o", str(story.home.parent / "opened"), status=3)


def _hold(story: Story) -> str:
    story.tell("Legal gets a letter about an account and places a hold. It covers what is there and what arrives.")
    story.run("lena", "hold", "place", "--matter", "2026-014", "--reason", "preservation letter of today",
              "--account", "ACME-4711")  # fmt: skip
    held = str(story.ask("lena", "list", "--account", "ACME-4711")[-1]["id"])
    story.run("lena", "explain", held)
    return held


def _work(story: Story) -> None:
    story.tell("The scheduled pass: what is due is purged; chats, calls and screens are screened, then archived.")
    story.run("ada", "tick")
    story.run("ada", "list")
    story.tell(
        "Cards are cut out of chats, whatever their disguise. The report has no digits; the text keeps its form."
    )
    chats = [row for row in story.ask("ada", "list", "--state", "archived") if row["kind"] == "chat"]
    cut = max((str(row["id"]) for row in chats), key=lambda chat: str(story.ask("ada", "show", chat)[0].get("cuts")))
    story.run("lena", "open", cut, "--rendition", "redacted", "-o", str(story.home.parent / "redacted"))
    click.echo((story.home.parent / "redacted").read_text(encoding="utf-8", errors="replace")[:1200])
    (story.home.parent / "redacted").unlink()
    story.tell("What an assessor asks for: what was found, cut and quarantined. What is in doubt waits for a person.")
    story.run("otto", "screen", "report")
    story.run("rita", "screen", "review", "list")


def _review(story: Story, held: str) -> None:
    story.tell("What a rule wants reviewed takes two people: a planner and another who approves.")
    plan = story.ask("rita", "purge", "plan")[0]["plan"]
    if plan is None:
        raise DemoFailedError("expected a recording that waits for review")
    story.run("rita", "purge", "show", str(plan))
    story.run("rita", "purge", "run", str(plan), status=3)
    story.run("rita", "purge", "approve", str(plan), status=3)
    story.run("rob", "purge", "approve", str(plan))
    story.run("rita", "purge", "run", str(plan))
    story.tell("The held recording is far past its time and still here.")
    story.run("lena", "explain", held)


def _prove(story: Story) -> None:
    story.tell("Proof of destruction, checked offline with the public key alone.")
    purged = [str(row["id"]) for row in story.ask("otto", "list", "--state", "purged")]
    certificate = story.home.parent / "certificate.json"
    story.run("otto", "certificate", "show", purged[0], "-o", str(certificate))
    story.run("otto", "certificate", "verify", str(certificate), "--key", str(story.home / "keys" / "log.pub"))
    story.run("lena", "open", purged[0], "-o", str(story.home.parent / "opened"), status=4)
    story.tell("The log tells every act, and its tree proves that nobody changed it.")
    story.run("otto", "log", "show", "--last", "12")
    story.run("otto", "log", "verify")
    story.run("otto", "check", "--deep")
    waits = story.ask("ada", "list", "--state", "quarantined")
    story.run("ada", "doctor", status=1 if waits else 0)  # what waits for a person is not fine yet


def _search_for_plaintext(story: Story) -> None:
    story.tell("Nothing readable is on the disk: home, store and archive are searched for callers, cards and a canary.")
    wanted = [_CANARY, *(card.encode() for card in _KEPT_CARDS), b"2125550117", b"2079460144", b"@example.com"]
    files = [path for path in sorted(story.home.rglob("*")) if path.is_file()]
    for path in files:
        data = path.read_bytes()
        for word in wanted:
            if word in data:
                raise DemoFailedError(f"{path.relative_to(story.home)} holds plaintext")
    size = sum(path.stat().st_size for path in files)
    click.echo(f"searched {len(files)} files, {size:,} bytes, for {len(wanted)} words: none found")
    click.secho("\nThe whole story was told; the vault is thrown away.", bold=True)
