import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.log import merkle
from vault.log.errors import FrontierFormatError, ProofError

# The eight leaves that the tests of Certificate Transparency logs share, and the root after each of them.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(34)


def _leaves(count):
    return [merkle.leaf_hash(n.to_bytes(2, "big")) for n in range(count)]


def _naive_root(leaves):
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + _naive_root(leaves[:k]) + _naive_root(leaves[k:])).digest()


def _naive_path(m, leaves):
    """RFC 9162 section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*_naive_path(m, leaves[:k]), _naive_root(leaves[k:])]
    return [*_naive_path(m - k, leaves[k:]), _naive_root(leaves[:k])]


def _naive_subproof(m, leaves, whole):
    """RFC 9162 section 2.1.4.1, word for word."""
    if m == len(leaves):
        return [] if whole else [_naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*_naive_subproof(m, leaves[:k], whole), _naive_root(leaves[k:])]
    return [*_naive_subproof(m - k, leaves[k:], whole=False), _naive_root(leaves[:k])]


def test_roots_are_the_published_ones():  # TREE-01
    frontier = merkle.Frontier()
    assert frontier.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in zip(CT_LEAVES, CT_ROOTS, strict=True):
        frontier.append(merkle.leaf_hash(bytes.fromhex(leaf)))
        assert frontier.root().hex() == root


def test_inclusion_path_is_the_published_one():
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]
    assert [node.hex() for node in merkle.inclusion_proof(leaves, 5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.lists(st.binary(max_size=5), max_size=70))
def test_frontier_agrees_with_the_recursive_definition(data):
    frontier = merkle.Frontier()
    leaves = [merkle.leaf_hash(item) for item in data]
    for leaf in leaves:
        frontier.append(leaf)
    assert frontier.size == len(data)
    assert frontier.root() == _naive_root(leaves) == merkle.root_of(leaves)


@given(st.data(), st.integers(1, 200))
def test_proofs_agree_with_the_recursive_definition_and_verify(data, size):
    leaves = _leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(leaves, index, size)
    assert path == _naive_path(index, leaves)
    merkle.verify_inclusion(leaves[index], index, size, path, _naive_root(leaves))
    old = data.draw(st.integers(1, size))
    steps = merkle.consistency_proof(leaves, old, size)
    assert steps == _naive_subproof(old, leaves, whole=True)
    merkle.verify_consistency(old, size, steps, _naive_root(leaves[:old]), _naive_root(leaves))


def test_every_small_tree_proves_every_leaf_and_no_other():
    leaves = _leaves(34)
    for size in SIZES[1:]:
        root = merkle.root_of(leaves[:size])
        for index in range(size):
            path = merkle.inclusion_proof(leaves, index, size)
            merkle.verify_inclusion(leaves[index], index, size, path, root)
            with pytest.raises(ProofError, match="lead to the root"):
                merkle.verify_inclusion(leaves[(index + 1) % 34], index, size, path, root)


def test_every_pair_of_small_trees_is_consistent_and_none_with_a_changed_leaf():
    leaves = _leaves(34)
    for new in SIZES[1:]:
        root = merkle.root_of(leaves[:new])
        for old in range(new + 1):
            steps = merkle.consistency_proof(leaves, old, new)
            merkle.verify_consistency(old, new, steps, merkle.root_of(leaves[:old]), root)
            if old:
                changed = merkle.root_of([merkle.leaf_hash(b"changed"), *leaves[1:old]])
                with pytest.raises(ProofError, match=r"begin with|one root"):
                    merkle.verify_consistency(old, new, steps, changed, root)


@given(st.data(), st.integers(2, 60))
def test_a_proof_with_any_bit_flipped_does_not_verify(data, size):
    leaves = _leaves(size)
    root = merkle.root_of(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    path, steps = merkle.inclusion_proof(leaves, index, size), merkle.consistency_proof(leaves, old, size)
    for proof, check in (
        (path, lambda p: merkle.verify_inclusion(leaves[index], index, size, p, root)),
        (steps, lambda p: merkle.verify_consistency(old, size, p, merkle.root_of(leaves[:old]), root)),
    ):
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        node = bytearray(proof[at])
        node[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ProofError):
            check([*proof[:at], bytes(node), *proof[at + 1 :]])


def test_a_leaf_never_passes_for_a_node():
    left, right = _leaves(2)
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


@given(st.integers(0, 300), st.integers(0, 20))
def test_a_frontier_goes_on_where_its_bytes_left_off(size, more):
    frontier = merkle.Frontier()
    for leaf in _leaves(size):
        frontier.append(leaf)
    again = merkle.Frontier.parse(frontier.serialise())
    for leaf in _leaves(more):
        frontier.append(leaf)
        again.append(leaf)
    assert (again.size, again.root()) == (frontier.size, frontier.root())
    assert len(frontier.serialise()) == 8 + 32 * frontier.size.bit_count()


@pytest.mark.parametrize(
    "data",
    [b"", bytes(7), bytes(9), (1).to_bytes(8, "big"), (3).to_bytes(8, "big") + bytes(32), b"\xff" * 8 + bytes(64 * 32)],
)
def test_a_frontier_of_the_wrong_length_is_refused(data):  # TREE-06
    with pytest.raises(FrontierFormatError, match="expected 8 bytes of size"):
        merkle.Frontier.parse(data)


def test_callers_outside_the_tree_are_told():
    leaves = _leaves(4)
    with pytest.raises(RuntimeError, match="index inside"):
        merkle.inclusion_proof(leaves, 4, 4)
    with pytest.raises(RuntimeError, match="sizes in order"):
        merkle.consistency_proof(leaves, 3, 2)
    with pytest.raises(RuntimeError, match="leaf hash of 32"):
        merkle.Frontier().append(b"leaf")


def test_a_malformed_proof_is_told_from_a_false_one():  # TREE-03, TREE-04
    leaves = _leaves(13)
    root, path, steps = (
        merkle.root_of(leaves),
        merkle.inclusion_proof(leaves, 6, 13),
        merkle.consistency_proof(leaves, 6, 13),
    )
    old = merkle.root_of(leaves[:6])
    for change, message in (
        (lambda proof: proof[:-1], "a longer proof"),
        (lambda proof: [*proof, root], "a shorter proof"),
        (lambda proof: [proof[0][:31], *proof[1:]], "hashes of 32 bytes"),
    ):
        with pytest.raises(ProofError, match=message):
            merkle.verify_inclusion(leaves[6], 6, 13, change(path), root)
        with pytest.raises(ProofError, match=message):
            merkle.verify_consistency(6, 13, change(steps), old, root)
