"""The Merkle tree of RFC 6962 section 2, with the proofs of RFC 9162 sections 2.1.3 and 2.1.4 (SPEC section 2).

Pure: takes hashes, returns hashes. It keeps no tree; a Frontier holds what is needed to append, one hash for each bit
of the size.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from vault.log.errors import FrontierFormatError, ProofError

HASH_LEN = 32  # bytes, SHA-256
MAX_SIZE = 2**63 - 1  # leaves
EMPTY_ROOT = hashlib.sha256(b"").digest()

_SIZE_LEN = 8  # bytes, big-endian


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the whole subtrees that make up a tree, largest first: all that is needed to append and to hash."""

    __slots__ = ("_hashes", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._hashes: list[bytes] = []

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf, merging every pair of whole subtrees of one size that this makes."""
        if len(leaf) != HASH_LEN:
            raise RuntimeError(f"expected a leaf hash of {HASH_LEN} bytes")
        node, size = leaf, self._size
        while size & 1:
            node = node_hash(self._hashes.pop(), node)
            size >>= 1
        self._hashes.append(node)
        self._size += 1

    def root(self) -> bytes:
        """Return the Merkle tree hash; of no leaves, the hash of nothing (RFC 6962 section 2.1)."""
        if not self._hashes:
            return EMPTY_ROOT
        node = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            node = node_hash(left, node)
        return node

    def serialise(self) -> bytes:
        """Return the frontier as bytes: the size in 8 bytes big-endian, then the hashes, largest subtree first."""
        return self._size.to_bytes(_SIZE_LEN, "big") + b"".join(self._hashes)

    @classmethod
    def parse(cls, data: bytes) -> "Frontier":
        """Return the frontier of its bytes. Whether its hashes are right, only a signed root can tell.

        Raises:
            FrontierFormatError: not as many hashes as the size needs.

        """
        frontier = cls()
        size = int.from_bytes(data[:_SIZE_LEN], "big")
        if len(data) != _SIZE_LEN + size.bit_count() * HASH_LEN or size > MAX_SIZE:
            raise FrontierFormatError(f"expected 8 bytes of size and a hash for each of its set bits, got {len(data)}")
        frontier._size = size
        frontier._hashes = [data[at : at + HASH_LEN] for at in range(_SIZE_LEN, len(data), HASH_LEN)]
        return frontier


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the Merkle tree hash of leaf hashes."""
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`: where a tree of that size divides (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_roots(leaf_hashes: Sequence[bytes], ranges: Iterable[tuple[int, int]]) -> list[bytes]:
    return [root_of(leaf_hashes[start:end]) for start, end in ranges]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """Return the audit path of a leaf in the tree of the first `size` leaves, nearest node first.

    Costs one pass over the leaves. RFC 9162 section 2.1.3.1.
    """
    if not 0 <= index < size <= len(leaf_hashes):
        raise RuntimeError("expected an index inside the tree and a tree inside the leaves")
    start, end = 0, size
    ranges: list[tuple[int, int]] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return _range_roots(leaf_hashes, reversed(ranges))


def consistency_proof(leaf_hashes: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of `old` leaves is the beginning of the tree of `new`.

    Empty when the sizes are equal, or when the old tree is: every tree begins with nothing. Costs one pass over the
    leaves. RFC 9162 section 2.1.4.1.
    """
    if not 0 <= old <= new <= len(leaf_hashes):
        raise RuntimeError("expected two sizes in order inside the leaves")
    if old in (0, new):
        return []
    start, end = 0, new
    ranges: list[tuple[int, int]] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    # The verifier has the old root; it needs this subtree only if the old tree is more than it.
    if start > 0:
        ranges.append((start, end))
    return _range_roots(leaf_hashes, reversed(ranges))


def _check_hashes(proof: Iterable[bytes]) -> None:
    if any(len(node) != HASH_LEN for node in proof):
        raise ProofError(f"expected a proof of hashes of {HASH_LEN} bytes each")


def _walk(first: int, last: int, siblings: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each node of a proof and whether it stands left, climbing from leaf `first` of a tree that ends at `last`.

    The loop of RFC 9162 sections 2.1.3.2 (steps 4 and 5) and 2.1.4.2 (steps 6 and 7), which both proofs share.
    """
    for sibling in siblings:
        if last == 0:
            raise ProofError("expected a shorter proof")
        is_left = bool(first & 1) or first == last
        yield sibling, is_left
        while is_left and not first & 1 and first != 0:
            first >>= 1
            last >>= 1
        first >>= 1
        last >>= 1
    if last != 0:
        raise ProofError("expected a longer proof")


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash is at `index` in the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).

    Raises:
        ProofError: it is not, or the proof is not the one of this place.

    """
    if not 0 <= index < size:
        raise ProofError(f"expected an index below the tree size {size}, got {index}")
    _check_hashes((leaf, *proof))
    node = leaf
    for sibling, is_left in _walk(index, size - 1, proof):
        node = node_hash(sibling, node) if is_left else node_hash(node, sibling)
    if node != root:
        raise ProofError(f"expected the inclusion proof of leaf {index} to lead to the root of size {size}")


def _verify_trivial_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    if proof:
        raise ProofError("expected an empty consistency proof")
    if old == 0 and old_root != EMPTY_ROOT:
        raise ProofError("expected the root of the empty tree")
    if old == new and old_root != new_root:
        raise ProofError(f"expected one root for size {old}, got two")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of `new` leaves begins with the tree of `old` (RFC 9162 section 2.1.4.2).

    Raises:
        ProofError: it does not, or the proof is not the one of these sizes.

    """
    if not 0 <= old <= new:
        raise ProofError(f"expected the old size to be at most {new}, got {old}")
    if old in (0, new):
        _verify_trivial_consistency(old, new, proof, old_root, new_root)
        return
    _check_hashes(proof)
    # A whole old tree is itself the first node; the proof leaves it out.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofError("expected a longer proof")
    # The climb starts at the last whole subtree of the old tree.
    level = (old & -old).bit_length() - 1
    old_node = new_node = path[0]
    for sibling, is_left in _walk((old - 1) >> level, (new - 1) >> level, path[1:]):
        new_node = node_hash(sibling, new_node) if is_left else node_hash(new_node, sibling)
        old_node = node_hash(sibling, old_node) if is_left else old_node
    if old_node != old_root or new_node != new_root:
        raise ProofError(f"expected the tree of size {new} to begin with the tree of size {old}")
