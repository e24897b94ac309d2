"""Purge plans: one encoding each, read back strictly, and approved by digest."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.canonical import Json
from keys.errors import CanonicalFormError, IntegrityError
from retention.core.decision import Action
from retention.errors import PlanFormatError
from retention.plans.plan import Plan, PlanItem, decode, digest, encode, needs_approval
from vault.errors import ApprovalFormatError
from vault.model import RecordingId, Role
from vault.signed_act import SignedAct, approval_message

MADE = datetime(2026, 5, 1, 10, 0, 0, 1, tzinfo=UTC)

FIRST = PlanItem(
    recording=RecordingId("1" * 32),
    action=Action.DESTROY,
    rule="us-regf-calls",
    keep_until=datetime(2026, 1, 3, tzinfo=UTC),
    sealed_sha256s=("a" * 64, "b" * 64),
    sealed_bytes=1234,
)
SECOND = replace(FIRST, recording=RecordingId("2" * 32), action=Action.REVIEW, sealed_sha256s=())
PLAN = Plan(id="p1", vault="v1", created_at=MADE, created_by="rita", policy_version=7, items=(FIRST, SECOND))

hexes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
names = st.text('abc é中"\\\n', min_size=1, max_size=8)
plan_items = st.builds(
    PlanItem,
    recording=hexes.map(lambda digits: RecordingId(digits[32:])),
    action=st.sampled_from([Action.DESTROY, Action.REVIEW]),
    rule=names,
    keep_until=st.datetimes(max_value=datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone follows
    sealed_sha256s=st.sets(hexes, max_size=3).map(lambda digests: tuple(sorted(digests))),
    sealed_bytes=st.integers(0, 2**50),
)
plans = st.builds(
    Plan,
    id=names,
    vault=names,
    created_at=st.integers(0, 10**12).map(lambda tick: MADE + timedelta(microseconds=tick)),
    created_by=names,
    policy_version=st.integers(0, 2**30),
    items=st.lists(plan_items, max_size=4, unique_by=lambda item: item.recording).map(
        lambda items: tuple(sorted(items, key=lambda item: item.recording))
    ),
)


def test_the_encoding_is_pinned():
    assert encode(replace(PLAN, items=(FIRST,))).decode() == (
        '{"created_at":"2026-05-01T10:00:00.000001+00:00","created_by":"rita","form":"strongroom/purge-plan/v1",'
        '"id":"p1","items":[{"action":"destroy","keep_until":"2026-01-03T00:00:00.000000+00:00",'
        f'"recording":"{"1" * 32}","rule":"us-regf-calls","sealed_bytes":1234,'
        f'"sealed_sha256s":["{"a" * 64}","{"b" * 64}"]}}],"policy_version":7,"vault":"v1"}}'
    )


@given(plans)
def test_a_plan_survives_its_encoding(plan):
    assert decode(encode(plan)) == plan


@given(plans, plans)
def test_two_plans_share_a_digest_only_if_they_are_the_same(one, other):
    assert (digest(one) == digest(other)) == (one == other)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "p2"},
        {"vault": "v2"},
        {"created_at": MADE + timedelta(microseconds=1)},
        {"created_by": "rob"},
        {"policy_version": 8},
        {"items": (FIRST,)},
        {"items": (replace(FIRST, action=Action.REVIEW), SECOND)},
        {"items": (replace(FIRST, rule="other"), SECOND)},
        {"items": (replace(FIRST, keep_until=datetime(2026, 1, 2, tzinfo=UTC)), SECOND)},
        {"items": (replace(FIRST, sealed_sha256s=("a" * 64,)), SECOND)},
        {"items": (replace(FIRST, sealed_bytes=1235), SECOND)},
    ],
)
def test_the_digest_covers_every_field(change):
    assert digest(replace(PLAN, **change)) != digest(PLAN)


def test_the_digest_does_not_depend_on_the_zone_an_instant_is_written_in():
    tokyo = timezone(timedelta(hours=9))
    assert digest(replace(PLAN, created_at=MADE.astimezone(tokyo))) == digest(PLAN)


@pytest.mark.parametrize(
    "change",
    [
        {"recording": "1" * 31},
        {"recording": "A" * 32},
        {"action": Action.KEEP},
        {"rule": ""},
        {"sealed_sha256s": ("a" * 63,)},
        {"sealed_sha256s": ("b" * 64, "a" * 64)},
        {"sealed_sha256s": ("a" * 64, "a" * 64)},
        {"sealed_bytes": -1},
    ],
)
def test_an_item_that_plans_nothing_definite_is_refused(change):
    with pytest.raises(PlanFormatError):
        replace(FIRST, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"vault": ""},
        {"created_by": ""},
        {"policy_version": -1},
        {"items": (SECOND, FIRST)},
        {"items": (FIRST, FIRST)},
        {"items": (replace(FIRST, keep_until=MADE + timedelta(microseconds=1)),)},
        {"created_at": datetime(2026, 5, 1), "items": ()},  # noqa: DTZ001 - the point of the case
        {"items": (replace(FIRST, keep_until=datetime(2026, 1, 1)),)},  # noqa: DTZ001 - the point of the case
    ],
)
def test_a_plan_with_doubled_or_disordered_or_early_items_is_refused(change):
    with pytest.raises(PlanFormatError):
        replace(PLAN, **change)


def test_an_item_may_be_due_at_the_very_instant_of_the_plan():
    replace(PLAN, items=(replace(FIRST, keep_until=MADE),))


def tampered(*path: str | int, value: Json = None, remove: bool = False) -> bytes:
    """Change one place of the plan's JSON and encode it again, canonically."""
    document = json.loads(encode(PLAN))
    place = document
    for step in path[:-1]:
        place = place[step]
    if remove:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def test_the_tampering_helper_alone_changes_nothing():
    assert tampered("vault", value="v1") == encode(PLAN)


@pytest.mark.parametrize(
    "data",
    [
        tampered("form", value="strongroom/purge-plan/v2"),
        tampered("form", value="strongroom/policy-plan/v1"),
        tampered("extra", value="x"),
        tampered("vault", remove=True),
        tampered("vault", value=""),
        tampered("vault", value=None),
        tampered("policy_version", value="7"),
        tampered("policy_version", value=True),
        tampered("policy_version", value=-1),
        tampered("created_at", value="2026-05-01T10:00:00.000001Z"),
        tampered("created_at", value="2026-05-01T10:00:00+00:00"),
        tampered("created_at", value="2026-05-01T12:00:00.000001+02:00"),
        tampered("created_at", value="2026-05-01T10:00:00.000001"),
        tampered("created_at", value="2026-05-01"),
        tampered("created_at", value="soon"),
        tampered("created_at", value=1),
        tampered("items", value={}),
        tampered("items", value="x"),
        tampered("items", 0, value="x"),
        tampered("items", 0, "extra", value=1),
        tampered("items", 0, "rule", remove=True),
        tampered("items", 0, "action", value="keep"),
        tampered("items", 0, "action", value="shred"),
        tampered("items", 0, "action", value=None),
        tampered("items", 0, "recording", value="3" * 32),
        tampered("items", 0, "recording", value="1" * 31),
        tampered("items", 0, "keep_until", value="2026-06-01T00:00:00.000000+00:00"),
        tampered("items", 0, "sealed_sha256s", value=["b" * 64, "a" * 64]),
        tampered("items", 0, "sealed_sha256s", value="a" * 64),
        tampered("items", 0, "sealed_bytes", value=-1),
    ],
)
def test_a_document_that_is_no_plan_is_refused(data):
    with pytest.raises(PlanFormatError):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}x", b"\xff", encode(PLAN) + b"\n", encode(PLAN).replace(b":", b": ", 1), b"[" * 100_000, b"1.5"],
)
def test_bytes_that_are_not_canonical_are_refused(data):
    with pytest.raises(CanonicalFormError):
        decode(data)


@given(st.integers(0, len(encode(PLAN)) - 1), st.integers(0, 255))
def test_no_altered_byte_reads_as_the_same_plan(place, byte):
    original = encode(PLAN)
    data = original[:place] + bytes([byte]) + original[place + 1 :]
    try:
        plan = decode(data)
    except IntegrityError:
        assert data != original
    else:
        assert encode(plan) == data


def test_a_plan_needs_approval_when_a_single_item_asks_for_review():
    assert needs_approval(PLAN)
    assert not needs_approval(replace(PLAN, items=(FIRST,)))
    assert not needs_approval(replace(PLAN, items=()))


def test_an_approval_names_the_act_the_plan_the_person_and_the_role():
    made = digest(PLAN)
    message = approval_message(SignedAct.PURGE, made, "lena", Role.LEGAL)
    assert message.decode() == (
        f'{{"act":"purge.approve","digest":"{made}","form":"strongroom/approval/v1","role":"legal","user":"lena"}}'
    )
    others = {
        approval_message(SignedAct.PURGE, digest(replace(PLAN, policy_version=8)), "lena", Role.LEGAL),
        approval_message(SignedAct.POLICY, made, "lena", Role.LEGAL),
        approval_message(SignedAct.PURGE, made, "leo", Role.LEGAL),
        approval_message(SignedAct.PURGE, made, "lena", Role.RECORDS),
    }
    assert len({message, *others}) == 5


@pytest.mark.parametrize(
    ("plan_digest", "user"), [("", "lena"), ("A" * 64, "lena"), ("a" * 65, "lena"), ("a" * 64, "")]
)
def test_an_approval_of_nothing_or_by_nobody_is_refused(plan_digest, user):
    with pytest.raises(ApprovalFormatError):
        approval_message(SignedAct.PURGE, plan_digest, user, Role.RECORDS)
