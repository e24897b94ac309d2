"""`strongroom certificate`: proof of destruction, and its check, which needs no vault."""

import sys
from pathlib import Path

import click

from cli.base import Group
from cli.door import Door, pass_door, text_of
from keys.signing import PublicKey
from retention.destroy import certificate as certificates
from retention.destroy import purge
from vault.people import Capability


@click.group(cls=Group)
def certificate() -> None:
    """Certificates of destruction."""


@certificate.command()
@click.argument("recording")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A new file; else standard output."
)
@pass_door
def show(door: Door, recording: str, output: Path | None) -> None:
    """Write the certificate of a purged recording, exactly as it was signed."""
    door.enter(Capability.PURGE_READ)
    if output is not None and output.exists():
        raise click.UsageError(f"expected a new file, {output} exists")
    with door.vault.catalog.read() as connection:
        body = purge.get_certificate(connection, recording)
    if output is None:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        return
    with output.open("xb") as sink:
        sink.write(body)


@certificate.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", required=True, help="The vault's public key, or a file that holds it (keys/log.pub).")
@pass_door
def verify(door: Door, file: Path, key: str) -> None:
    """Check a certificate offline, with the vault's public key alone."""
    text = text_of(Path(key)) if Path(key).is_file() else key
    found = certificates.verify(file.read_bytes(), PublicKey.parse(text.strip()))
    approved = ", ".join(f"{a.user} ({a.role})" for a in found.approvals) or "nobody: the rule asks for no review"
    door.out.object(
        {
            "certificate": "valid",
            "vault": found.vault,
            "recording": found.recording,
            "kind": found.kind,
            "purged_at": found.purged_at,
            "rule": f"{found.reason.rule} of policy version {found.reason.policy}",
            "kept_until": found.reason.keep_until,
            "approved_by": approved,
            "keys_destroyed": [slot.purpose for slot in found.key_slots_destroyed],
            "ciphertexts": [f"{r.name} sha256:{r.sealed_sha256}" for r in found.renditions],
        }
    )
