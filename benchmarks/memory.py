"""The most memory that the command line takes for one huge file."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks import data, vaults
from benchmarks.measure import Figure, Sizes

_LAUNCHER = """
import os, resource, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(child.returncode)
"""
_STRONGROOM = (sys.executable, "-c", "from cli.main import main; main()")
_AIM = 150  # MiB


def peak_of(*command: str, env: dict[str, str]) -> int:
    """Return the peak resident memory in bytes of a command that must succeed.

    A small launcher stands between: a process's peak counts the memory of the one that started it, up to its exec.
    """
    done = subprocess.run([sys.executable, "-c", _LAUNCHER, *command], env=env, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own program
    return int(done.stdout)


def peak_of_ingest(home: Path, recording: Path) -> int:
    """Return the peak resident memory in bytes of `strongroom ingest` of one file, into a vault that exists."""
    root = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": str(root), "STRONGROOM_HOME": str(home), **vaults.CHEAP}
    env |= {"STRONGROOM_PASSPHRASE": vaults.PASSPHRASE, "STRONGROOM_USER_PASSPHRASE": vaults.PASSPHRASE}
    return peak_of(*_STRONGROOM, "--user", vaults.ACTOR.name, "ingest", str(recording), env=env)


def ingest_huge(folder: Path, sizes: Sizes) -> list[Figure]:
    """Take one huge file in through the command line."""
    if not sizes.media_bytes:
        return []
    recording = folder / "call.wav"
    data.write_wav(recording, sizes.media_bytes)
    with vaults.new_vault(folder / "home"):
        pass
    peak = peak_of_ingest(folder / "home", recording) / (1 << 20)
    return [Figure(f"memory to take in {sizes.media_bytes >> 20} MiB", peak, None, "MiB", None, _AIM)]
