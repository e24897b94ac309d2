"""What the command line takes in streams through: memory does not grow with the recording."""

from benchmarks import data, vaults
from benchmarks.memory import peak_of_ingest

MIB = 1 << 20


def test_ingest_takes_the_same_memory_for_a_large_file_as_for_a_small_one(tmp_path):
    peaks = {}
    for size in (20 * MIB, 300 * MIB):
        home, recording = tmp_path / f"home-{size}", tmp_path / f"{size}.wav"
        with vaults.new_vault(home):
            pass
        data.write_wav(recording, size)
        peaks[size] = peak_of_ingest(home, recording)
        (blob,) = (path for path in (home / "store").glob("*/*") if path.parent.name != "probe")
        assert blob.stat().st_size > size  # it went in as a whole
        blob.unlink()
        recording.unlink()
    assert max(peaks.values()) < 150 * MIB
    assert peaks[300 * MIB] - peaks[20 * MIB] < 16 * MIB
