"""Uploading a large blob in parts, in constant memory."""

import contextlib
import hashlib
from typing import Any, BinaryIO, Final

from vault.errors import ChecksumError, StoreAnswerError, StoreUnavailableError
from vault.store.s3_client import Bucket, content_md5

PART: Final = 16 * 1024 * 1024  # bytes; a smaller blob goes in one request
MOST_PARTS: Final = 10_000  # S3's own limit


def part_size(size: int) -> int:
    """Return the bytes of a part: 16 MiB up to 156 GiB, then as many as the limit of parts asks for."""
    return max(PART, -(-size // MOST_PARTS))


def upload_parts(
    bucket: Bucket, key: str, source: BinaryIO, size: int, sha256: bytes, metadata: dict[str, str]
) -> dict[str, Any]:
    """Upload a blob in parts and return the answer that names its version; on any error nothing of it stays.

    Uploads of the same key that a crash left unfinished are aborted first.

    Raises:
        ChecksumError: the source is not of that size and digest; the object was never made.
        StoreAnswerError: the store refused; with status 412 because the key is taken.
        StoreUnavailableError: the store cannot be reached.

    """
    abort_uploads(bucket, key)
    upload = bucket.call("create_multipart_upload", Key=key, Metadata=metadata)["UploadId"]
    try:
        parts = _send_parts(bucket, key, upload, source, size, sha256)
        return bucket.call(
            "complete_multipart_upload",
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
            IfNoneMatch="*",
        )
    except BaseException:
        # The first error is the one to tell; what cannot be aborted now is aborted by the next attempt.
        with contextlib.suppress(StoreUnavailableError):
            bucket.call("abort_multipart_upload", Key=key, UploadId=upload)
        raise


def _send_parts(
    bucket: Bucket, key: str, upload: str, source: BinaryIO, size: int, sha256: bytes
) -> list[dict[str, Any]]:
    digest, sent = hashlib.sha256(), 0
    parts: list[dict[str, Any]] = []
    step = part_size(size)
    while data := _read_full(source, step):
        digest.update(data)
        sent += len(data)
        number = len(parts) + 1
        answer = bucket.call(
            "upload_part", Key=key, UploadId=upload, PartNumber=number, Body=data, ContentMD5=content_md5(data)
        )
        # boto3 sends a checksum with each part by its own default; the completion must repeat it.
        checksums = {name: answer[name] for name in answer if name.startswith("Checksum") and name != "ChecksumType"}
        parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})
    if sent != size or digest.digest() != sha256:
        raise ChecksumError(
            f"expected {size} bytes with SHA-256 {sha256.hex()} to send, got {sent} with {digest.hexdigest()}"
        )
    return parts


def _read_full(source: BinaryIO, count: int) -> bytes:
    """Read exactly `count` bytes, or what is left."""
    data = source.read(count)
    while data and len(data) < count and (more := source.read(count - len(data))):
        data += more
    return data


def abort_uploads(bucket: Bucket, key: str) -> None:
    """Abort the unfinished uploads of exactly this key: their parts are copies too, and cost money.

    One that another process still feeds fails there, and is tried again.
    """
    page = bucket.call("list_multipart_uploads", Prefix=key)
    for upload in page.get("Uploads", []):
        if upload["Key"] == key:
            try:
                bucket.call("abort_multipart_upload", Key=key, UploadId=upload["UploadId"])
            except StoreAnswerError as exc:
                if exc.answer != "NoSuchUpload":  # somebody else did it
                    raise
