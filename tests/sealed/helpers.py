"""What the tests of the sealed format share: sources of any size, and Tink as the other side."""

import io

import tink
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from vault.model import RecordingId
from vault.sealed import format as sealed_format

RECORDING = RecordingId("0198c0de000070008000000000000001")
AAD = sealed_format.associated_data(RECORDING, "original")
KEY = bytes(range(32))
FIRST, OTHER = sealed_format.FIRST_PLAIN, sealed_format.OTHER_PLAIN
MIB = 1024 * 1024

# The sizes at which something changes: nothing, one byte, and one either side of each border.
BORDER_SIZES = [0, 1, 65535, 65536, 65537, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHER - 1, FIRST + OTHER]
BORDER_SIZES += [FIRST + OTHER + 1, FIRST + 2 * OTHER, 5 * MIB + 123]


class Pattern(io.RawIOBase):
    """A source of `size` bytes that are never all in memory, given at most `at_once` at a time."""

    BLOCK = bytes(range(251)) * 4200

    def __init__(self, size: int, at_once: int = 2**20) -> None:
        self._left = size
        self._at_once = at_once
        self._phase = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self._left, self._at_once)
        buffer[:count] = self.BLOCK[self._phase : self._phase + count]
        self._left -= count
        self._phase = (self._phase + count) % 251
        return count


class _Kept(io.BytesIO):
    """A buffer whose content outlives `close`, which Tink calls on what it writes to."""

    content = b""

    def close(self) -> None:
        if not self.closed:
            self.content = self.getvalue()
        super().close()


def _tink(key: bytes) -> streaming_aead.StreamingAead:
    streaming_aead.register()
    params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=MIB, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    )
    our_key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=params, key_value=key)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=our_key.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    entry = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[entry])
    handle = cleartext_keyset_handle.read(tink.BinaryKeysetReader(keyset.SerializeToString()))
    return handle.primitive(streaming_aead.StreamingAead)


def tink_seal(plaintext: bytes, key: bytes, aad: bytes) -> bytes:
    kept = _Kept()
    with _tink(key).new_encrypting_stream(kept, aad) as stream:
        stream.write(plaintext)
    return kept.content


def tink_open(sealed: bytes, key: bytes, aad: bytes) -> bytes:
    with _tink(key).new_decrypting_stream(io.BytesIO(sealed), aad) as stream:
        return stream.read()
