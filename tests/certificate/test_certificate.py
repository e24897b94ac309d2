import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from keys import canonical
from keys.errors import StrongroomError
from keys.secret import Secret
from keys.signing import SigningKey
from retention.destroy.certificate import (
    Approval,
    Certificate,
    Copy,
    DestroyedSlot,
    PurgedRendition,
    Reason,
    approve,
    issue,
    verify,
    verify_approval,
)
from retention.errors import CertificateFormatError, CertificateSignatureError
from vault.errors import ApprovalSignatureError
from vault.model import Kind, RenditionName, Role

VAULT, ANNA, BEN, EVE = (SigningKey(Secret(bytes([n]) * 32)) for n in range(1, 5))
PLAN = "ab" * 32
CERTIFICATE = Certificate(
    vault="0193500000007000800000000000ffff",
    recording="0193500000007000800000000000abcd",
    kind=Kind.CALL,
    purged_at=datetime(2029, 11, 23, 1, 2, 3, 4, tzinfo=UTC),
    plan=PLAN,
    reason=Reason(policy=7, rule="telecom-calls", keep_until=datetime(2029, 11, 23, tzinfo=UTC)),
    approvals=(
        approve(PLAN, "anna@example.com", Role.RECORDS, ANNA),
        approve(PLAN, "ben", Role.LEGAL, BEN),
    ),
    renditions=(
        PurgedRendition(RenditionName.ORIGINAL, "cd" * 32, 1048577, (Copy("hot", "01/0193", None),)),
        PurgedRendition(
            RenditionName.REDACTED,
            "ef" * 32,
            1048576,
            (Copy("hot", "02/0193", None), Copy("archive", "02/0193", "3HL4kqtJvjVBH40Nrjfkd")),
        ),
    ),
    key_slots_destroyed=(DestroyedSlot("original", 1), DestroyedSlot("redacted", 2), DestroyedSlot("metadata", 2)),
)
DATA = issue(CERTIFICATE, VAULT)


def _resigned(change):
    """Sign a changed document as the vault itself would: only the form and the sense can give it away."""
    document = json.loads(DATA)
    del document["signature"]
    change(document)
    signature = VAULT.sign("certificate", canonical.encode(document))
    return canonical.encode({**document, "signature": canonical.base64_of(signature)})


def test_a_certificate_comes_back_as_it_was_issued():
    assert verify(DATA, VAULT.public) == CERTIFICATE
    assert verify(DATA, VAULT.public, {"anna@example.com": ANNA.public, "ben": BEN.public}) == CERTIFICATE


def test_a_certificate_is_what_its_specification_says():
    """Checks one by hand, from retention/destroy/CERTIFICATE.md alone."""
    document = json.loads(DATA)
    signature = canonical.unbase64(document.pop("signature"))
    text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    VAULT.public.verify_raw(b"strongroom/certificate/v1\n" + text, signature)
    assert document["format"] == "strongroom/certificate/v1"
    assert document["purged_at"] == "2029-11-23T01:02:03.000004Z"
    assert document["reason"] == {"policy": 7, "rule": "telecom-calls", "keep_until": "2029-11-23T00:00:00.000000Z"}
    assert document["key_slots_destroyed"][0] == {"purpose": "original", "epoch": 1}
    approval = document["approvals"][0]
    message = b"strongroom/approval/v1\n" + canonical.encode(
        {
            "form": "strongroom/approval/v1",
            "act": "purge.approve",
            "digest": PLAN,
            "role": approval["role"],
            "user": approval["user"],
        }
    )
    ANNA.public.verify_raw(message, canonical.unbase64(approval["signature"]))
    assert approval["public_key"] == str(ANNA.public)


def test_no_byte_of_a_certificate_can_change_or_be_cut():  # CERT-02
    for at in range(len(DATA)):
        changed = bytearray(DATA)
        changed[at] ^= 1
        with pytest.raises((CertificateFormatError, CertificateSignatureError)):
            verify(bytes(changed), VAULT.public)
        with pytest.raises(CertificateFormatError, match="canonical JSON"):
            verify(DATA[:at], VAULT.public)


def test_a_certificate_of_another_vault_is_refused():  # CERT-02
    with pytest.raises(CertificateSignatureError, match="not signed by this vault"):
        verify(DATA, EVE.public)


def test_a_signature_of_another_domain_is_refused():  # CERT-02
    document = json.loads(DATA)
    del document["signature"]
    signature = canonical.base64_of(VAULT.sign("approval", canonical.encode(document)))
    with pytest.raises(CertificateSignatureError, match="not signed by this vault"):
        verify(canonical.encode({**document, "signature": signature}), VAULT.public)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format="strongroom/certificate/v2"),
        lambda d: d.update(more=1),
        lambda d: d.pop("kind"),
        lambda d: d.update(kind="fax"),
        lambda d: d.update(vault="a/b"),
        lambda d: d.update(recording="0193"),
        lambda d: d.update(recording="0193500000007000800000000000ABCD"),
        lambda d: d.update(purged_at="2029-11-23T01:02:03Z"),
        lambda d: d.update(purged_at="2029-02-29T01:02:03.000004Z"),
        lambda d: d.update(plan="ab"),
        lambda d: d.update(reason=None),
        lambda d: d["reason"].update(policy=0),
        lambda d: d["reason"].update(rule="Telecom calls"),
        lambda d: d["reason"].update(note="asked by the caller"),
        lambda d: d.update(approvals={}),
        lambda d: d["approvals"][0].update(role="king"),
        lambda d: d["approvals"][0].update(user="Anna Lee"),
        lambda d: d["approvals"][0].update(public_key="strongroom-ed25519:AAAA"),
        lambda d: d["approvals"][0].update(public_key="strongroom-ed25519:" + "A" * 43 + "="),
        lambda d: d["approvals"][0].update(signature="AAAA"),
        lambda d: d["renditions"][0].update(name="copy"),
        lambda d: d["renditions"][0].update(sealed_sha256="CD" * 32),
        lambda d: d["renditions"][0].update(sealed_size=0),
        lambda d: d["renditions"][0].update(sealed_size=True),
        lambda d: d["renditions"][0].update(copies=None),
        lambda d: d["renditions"][0]["copies"][0].update(key="call of Ben Miller"),
        lambda d: d["renditions"][0]["copies"][0].update(version=""),
        lambda d: d["key_slots_destroyed"][0].update(epoch=0),
        lambda d: d["key_slots_destroyed"][0].pop("epoch"),
    ],
)
def test_a_field_of_another_form_is_refused_whoever_signed_it(change):  # CERT-01, CERT-09
    with pytest.raises(CertificateFormatError, match="certificate"):
        verify(_resigned(change), VAULT.public)


def test_another_encoding_or_too_long_a_document_is_refused():  # CERT-01, CERT-08
    for data in (DATA + b"\n", json.dumps(json.loads(DATA)).encode(), b"[]", b""):
        with pytest.raises(CertificateFormatError, match="expected"):
            verify(data, VAULT.public)
    with pytest.raises(CertificateFormatError, match="at most 65536 bytes"):
        verify(DATA + bytes(65536), VAULT.public)
    with pytest.raises(CertificateFormatError, match="a list of at most 64 items"):
        verify(_resigned(lambda d: d.update(key_slots_destroyed=d["key_slots_destroyed"] * 22)), VAULT.public)


@pytest.mark.parametrize(
    ("rule", "changes", "message"),
    [
        ("CERT-03", {"key_slots_destroyed": ()}, "at least one destroyed key slot"),
        ("CERT-03", {"key_slots_destroyed": CERTIFICATE.key_slots_destroyed[1:]}, "key slot for each rendition"),
        ("CERT-03", {"key_slots_destroyed": CERTIFICATE.key_slots_destroyed * 2}, "each rendition once"),
        ("CERT-03", {"renditions": CERTIFICATE.renditions * 2}, "each rendition once"),
        ("CERT-04", {"purged_at": datetime(2029, 11, 22, 23, 59, 59, 999999, tzinfo=UTC)}, "after keep_until"),
        ("CERT-05", {"approvals": CERTIFICATE.approvals[:1] * 2}, "by another person"),
        ("CERT-05", {"approvals": (CERTIFICATE.approvals[0], approve(PLAN, "b", Role.LEGAL, ANNA))}, "another key"),
        ("CERT-05", {"approvals": (approve(PLAN, "ben", Role.LEGAL, EVE), CERTIFICATE.approvals[1])}, "another person"),
    ],
)
def test_what_cannot_be_true_is_neither_issued_nor_believed(rule, changes, message):
    with pytest.raises(CertificateFormatError, match=message):
        issue(replace(CERTIFICATE, **changes), VAULT)


def test_what_cannot_be_true_is_not_believed_when_it_is_signed_all_the_same():  # CERT-03, CERT-04
    with pytest.raises(CertificateFormatError, match="at least one destroyed key slot"):
        verify(_resigned(lambda d: d.update(key_slots_destroyed=[])), VAULT.public)
    with pytest.raises(CertificateFormatError, match="after keep_until"):
        verify(_resigned(lambda d: d.update(purged_at="2029-11-22T23:59:59.999999Z")), VAULT.public)


def test_a_purge_at_the_very_end_of_the_period_is_fine():  # CERT-04
    exact = replace(CERTIFICATE, purged_at=CERTIFICATE.reason.keep_until)
    assert verify(issue(exact, VAULT), VAULT.public) == exact


def test_a_purge_for_a_ceiling_alone_has_no_keep_until_and_a_job_needs_no_approval():
    auto = replace(CERTIFICATE, reason=replace(CERTIFICATE.reason, keep_until=None), approvals=(), renditions=())
    assert verify(issue(auto, VAULT), VAULT.public) == auto


@pytest.mark.parametrize(
    "approval",
    [
        approve("ac" * 32, "anna@example.com", Role.RECORDS, ANNA),
        replace(approve(PLAN, "anna@example.com", Role.RECORDS, ANNA), public_key=EVE.public),
        Approval("anna@example.com", Role.RECORDS, ANNA.public, bytes(64)),
        Approval("anna@example.com", Role.RECORDS, ANNA.public, ANNA.sign("policy-plan", bytes.fromhex(PLAN))),
    ],
    ids=["of another plan", "by another key", "no signature", "of another kind of plan"],
)
def test_an_approval_that_does_not_hold_is_refused_even_by_the_vault_that_signs_it(approval):  # CERT-06
    with pytest.raises(ApprovalSignatureError, match=r"anna@example\.com does not hold"):
        issue(replace(CERTIFICATE, approvals=(approval,)), VAULT)
    with pytest.raises(ApprovalSignatureError, match="does not hold"):
        verify_approval(approval, PLAN)


def test_an_approver_the_vault_made_up_is_found_by_the_known_keys():  # CERT-07
    forged = issue(replace(CERTIFICATE, approvals=(approve(PLAN, "ben", Role.LEGAL, EVE),)), VAULT)
    assert verify(forged, VAULT.public).approvals[0].public_key == EVE.public
    for known in ({"ben": BEN.public}, {"eve": EVE.public}, {}):
        with pytest.raises(ApprovalSignatureError, match="by the key known as theirs"):
            verify(forged, VAULT.public, known)


def test_instants_of_another_zone_are_a_bug():
    other = CERTIFICATE.purged_at.astimezone(timezone(timedelta(hours=1)))
    with pytest.raises(RuntimeError, match="in UTC"):
        issue(replace(CERTIFICATE, purged_at=other), VAULT)


def test_the_form_is_never_quoted_in_a_message():  # CERT-09
    with pytest.raises(StrongroomError) as caught:
        verify(_resigned(lambda d: d["renditions"][0]["copies"][0].update(key="call of Ben Miller")), VAULT.public)
    assert "Miller" not in str(caught.value)
