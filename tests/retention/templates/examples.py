"""One worked example for each template: what is recorded, and the dates that follow, worked out by hand.

How a date is worked out: the period is added to the calendar date of the clock; a date that its month does not have
becomes the first of the next one. The period has ended everywhere on earth as the second day after that begins in UTC.
So a call of 31 March 2026 under three years is kept to the end of 31 March 2029, and free on 2 April 2029 at 00:00 UTC.
Every event happens, and every recording ends, at 10:00 UTC of its day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Example:
    """A recording, what happened, and what must come out. Dates are days; `keep_until` None: no end is known."""

    template: str
    law: str
    keep_until: str | None
    erase_by: str | None = None
    then: str = "destroy"
    kind: str = "call"
    industry: str | None = None
    jurisdiction: str | None = "US"
    labels: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    direction: str | None = None
    ended: str = "2026-03-31"
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


EXAMPLES = (
    # United States: securities, derivatives, banking, credit, collection
    Example(
        "us-sec-17a4-communications", "31 March 2026 and 3 years: 31 March 2029", "2029-04-02",
        kind="chat", industry="broker-dealer", jurisdiction="US-NY",
    ),
    Example(
        "us-sec-17a4-core-records", "31 March 2026 and 6 years: 31 March 2032", "2032-04-02",
        industry="broker-dealer", labels=("core-record",),
    ),
    Example(
        "us-sec-17a4-account-records", "account closed 15 June 2027, and 6 years: 15 June 2033", "2033-06-17",
        industry="broker-dealer", labels=("account-record",), events={"account-closed": ("2027-06-15",)},
    ),
    Example(
        "us-sec-17a4-account-records", "replaced 1 June 2026, closed in 2027: the earlier counts, 1 June 2032",
        "2032-06-03", industry="broker-dealer", labels=("account-record",),
        events={"account-closed": ("2027-06-15",), "record-replaced": ("2026-06-01",)},
    ),
    Example(
        "us-finra-4511-default", "31 March 2026 and 6 years: 31 March 2032", "2032-04-02",
        industry="broker-dealer", labels=("no-stated-period",),
    ),
    Example(
        "us-finra-3170-taping", "29 February 2024 and 3 years: 2027 has no 29 February, so 1 March 2027", "2027-03-03",
        industry="broker-dealer", ended="2024-02-29",
    ),
    Example(
        "us-cftc-oral", "one year, not five: 31 March 2027", "2027-04-02", industry="derivatives", jurisdiction="US-IL",
    ),
    Example("us-cftc-written", "5 years: 31 March 2031", "2031-04-02", kind="chat", industry="derivatives"),
    Example(
        "us-advisers-204-2", "fiscal year ends 31 December 2026, and 5 years: 31 December 2031", "2032-01-02",
        kind="chat", industry="investment-adviser",
    ),
    Example(
        "us-sox-audit-workpapers", "audit completed 20 February 2027, and 7 years: 20 February 2034", "2034-02-22",
        then="review", kind="chat", industry="audit", labels=("audit-workpaper",),
        events={"audit-completed": ("2027-02-20",)},
    ),
    Example(
        "us-glba-safeguards-disposal", "last service 30 June 2026, at most 2 years: 30 June 2028", "2028-07-02",
        "2028-07-02", then="review", industry="debt-collection",
        events={"service-provided": ("2026-04-01", "2026-06-30")},
    ),
    Example(
        "us-glba-safeguards-disposal", "the business still needs it: no ceiling", None,
        industry="debt-collection", labels=("business-need",), events={"service-provided": ("2026-06-30",)},
    ),
    Example(
        "us-nydfs-500-13", "no longer necessary on 10 May 2026", "2026-05-12", "2026-05-12",
        industry="banking", jurisdiction="US-NY", events={"purpose-satisfied": ("2026-05-10",)},
    ),
    Example(
        "us-nydfs-500-06", "5 years: 31 March 2031", "2031-04-02", then="review",
        industry="insurance", jurisdiction="US-NY", labels=("transaction-record",),
    ),
    Example(
        "us-regf-debt-calls", "3 years from the date of the call: 31 March 2029", "2029-04-02",
        industry="debt-collection", jurisdiction="US-TX",
    ),
    Example(
        "us-regf-debt-records", "last activity 12 September 2027, and 3 years: 12 September 2030", "2030-09-14",
        kind="chat", industry="debt-collection",
        events={"collection-activity": ("2026-03-31", "2027-01-05", "2027-09-12")},
    ),
    Example(
        "us-rege", "action due 1 May 2026, and 2 years: 1 May 2028", "2028-05-03",
        industry="banking", labels=("error-notice",), events={"action-due": ("2026-05-01",)},
    ),
    Example(
        "us-regz", "disclosure due 31 December 2026, and 2 years: 31 December 2028", "2029-01-02",
        industry="consumer-credit", labels=("compliance-evidence",), events={"action-due": ("2026-12-31",)},
    ),
    Example(
        "us-regb-ecoa", "notified 31 January 2026, and 25 months: no 31 February 2028, so 1 March 2028", "2028-03-03",
        industry="consumer-credit", labels=("credit-application",), events={"action-notified": ("2026-01-31",)},
    ),
    Example(
        "us-regx-servicing", "servicing transferred 1 July 2026, and 1 year: 1 July 2027", "2027-07-03", then="review",
        industry="mortgage-servicing", events={"servicing-transferred": ("2026-07-01",)},
    ),
    # United States: telemarketing
    Example("us-tsr-general", "5 years: 31 March 2031", "2031-04-02", kind="chat", industry="telemarketing"),
    Example(
        "us-tsr-oral-authorization", "5 years: 31 March 2031", "2031-04-02", then="review",
        industry="telemarketing", labels=("oral-authorization",),
    ),
    Example(
        "us-tcpa-dnc-list", "5 years from the request: 31 March 2031", "2031-04-02", then="review",
        industry="telemarketing", labels=("do-not-call-request",),
    ),
    Example(
        "us-tcpa-limitation", "claims lapse after 4 years: 31 March 2030", "2030-04-02", then="review",
        industry="telemarketing",
    ),
    Example(
        "us-hi-telemarketing", "2 years from the call: 31 March 2028", "2028-04-02",
        industry="telemarketing", jurisdiction="US-HI", direction="outbound",
    ),
    # United States: health, Medicare, insurance
    Example(
        "us-hipaa-documentation", "last in effect 31 March 2027, and 6 years: 31 March 2033", "2033-04-02",
        kind="chat", industry="health", labels=("hipaa-documentation",),
        events={"documentation-superseded": ("2027-03-31",)},
    ),
    Example(
        "us-medicare-marketing-sales-calls", "1 October 2026 and 6 years: 1 October 2032", "2032-10-03",
        industry="medicare", labels=("sales",), ended="2026-10-01",
    ),
    Example(
        "us-medicare-marketing-sales-calls", "a part of the call is a sale: 15 January 2027 and 6 years", "2033-01-17",
        industry="medicare", segments=("sales",), ended="2027-01-15",
    ),
    Example(
        "us-medicare-calls-before-cy2027", "30 September 2026 and 10 years: 30 September 2036", "2036-10-02",
        industry="medicare", labels=("sales",), ended="2026-09-30",
    ),
    Example(
        "us-medicare-enrollment-calls", "contract period ends 31 December 2027, and 10 years: 31 December 2037",
        "2038-01-02", industry="medicare", segments=("enrollment",), ended="2026-11-02",
        events={"contract-period-ended": ("2027-12-31",)},
    ),
    Example(
        "us-medicare-enrollment-calls", "the whole call is one: 10 years from 31 December 2027", "2038-01-02",
        industry="medicare", labels=("enrollment",), events={"contract-period-ended": ("2027-12-31",)},
    ),
    Example(
        "us-medicare-contract-records", "audit completed 15 August 2029, after the period: 15 August 2039",
        "2039-08-17", then="review", kind="chat", industry="medicare", labels=("contract-record",),
        events={"contract-period-ended": ("2026-12-31",), "audit-completed": ("2029-08-15",)},
    ),
    Example(
        "us-aca-marketplace-consent", "10 years: 31 March 2036", "2036-04-02",
        industry="aca-marketplace", labels=("consent",),
    ),
    Example(
        "us-ny-insurance-policy-record",
        "policy ended 30 June 2027, examination report filed 1 March 2029: 6 years from the later, 1 March 2035",
        "2035-03-03", industry="insurance", jurisdiction="US-NY", labels=("policy-record",),
        events={"policy-ended": ("2027-06-30",), "examination-report-filed": ("2029-03-01",)},
    ),
    # United States: telecommunications, energy, public sector, biometrics and privacy
    Example(
        "us-fcc-tpv-audio", "2 years: 31 March 2028", "2028-04-02", then="review",
        industry="telecom", labels=("third-party-verification",),
    ),
    Example(
        "us-fcc-toll-records", "18 months: no 31 September 2027, so 1 October 2027", "2027-10-03",
        kind="chat", industry="telecom", labels=("toll-record",),
    ),
    Example(
        "us-md-energy-consent", "consent expires 1 January 2026, and 180 days: 30 June 2026", "2026-07-02",
        industry="energy", jurisdiction="US-MD", labels=("consent",), ended="2025-06-01",
        events={"consent-expired": ("2026-01-01",)},
    ),
    Example(
        "us-il-bipa", "last contact 10 May 2026, at most 3 years: 10 May 2029", "2029-05-12", "2029-05-12",
        jurisdiction="US-IL", labels=("voiceprint",), events={"customer-contact": ("2026-03-31", "2026-05-10")},
    ),
    Example(
        "us-il-bipa", "purpose satisfied 1 August 2026, before three years from 10 May 2026", "2026-08-03",
        "2026-08-03", jurisdiction="US-IL", labels=("voiceprint",),
        events={"customer-contact": ("2026-05-10",), "purpose-satisfied": ("2026-08-01",)},
    ),
    Example(
        "us-tx-cubi", "purpose expires 1 August 2026, at most 1 year: 1 August 2027", "2027-08-03", "2027-08-03",
        jurisdiction="US-TX", labels=("voiceprint",), events={"purpose-satisfied": ("2026-08-01",)},
    ),
    Example(
        "us-ca-ccpa-requests", "24 months from the request: 31 March 2028", "2028-04-02",
        jurisdiction="US-CA", labels=("privacy-request",),
    ),
    Example(
        "us-ca-ccpa-minimisation", "no longer necessary on 10 May 2026", "2026-05-12", "2026-05-12",
        jurisdiction="US-CA", events={"purpose-satisfied": ("2026-05-10",)},
    ),
    Example(
        "us-coppa-retention", "no longer necessary on 10 May 2026", "2026-05-12", "2026-05-12",
        jurisdiction="US-OH", labels=("child",), events={"purpose-satisfied": ("2026-05-10",)},
    ),
    Example(
        "us-federal-grs-6-5", "resolved 15 April 2026, and 1 year, no more: 15 April 2027", "2027-04-17", "2027-04-17",
        then="review", industry="public-sector", jurisdiction="US-DC", events={"matter-resolved": ("2026-04-15",)},
    ),
    # Payment cards
    Example(
        "pci-331-sad", "not after authorization on 31 March 2026", "2026-04-02", "2026-04-02",
        jurisdiction=None, labels=("unredacted-security-code",), events={"payment-authorized": ("2026-03-31",)},
    ),
    Example(
        "pci-321-retention", "need ends 30 November 2026, 3 months: no 30 February 2027, so 1 March 2027", "2027-03-03",
        "2027-03-03", jurisdiction=None, labels=("cardholder-data",), events={"purpose-satisfied": ("2026-11-30",)},
    ),
    # European Union and its members
    Example(
        "eu-mifid2-recording", "5 years: 31 March 2031", "2031-04-02",
        industry="investment-services", jurisdiction="NO",
    ),
    Example(
        "eu-mifid2-records", "5 years: 31 March 2031", "2031-04-02",
        kind="screen", industry="broker-dealer", jurisdiction="NL", labels=("service-record",),
    ),
    Example(
        "eu-aml", "relationship ended 30 June 2027, and 5 years, no more: 30 June 2032", "2032-07-02", "2032-07-02",
        then="review", industry="banking", jurisdiction="AT", labels=("due-diligence",),
        events={"relationship-ended": ("2027-06-30",)},
    ),
    Example(
        "eu-mar-soundings", "5 years: 31 March 2031", "2031-04-02", then="review",
        industry="broker-dealer", jurisdiction="LU", labels=("market-sounding",),
    ),
    Example(
        "eu-gdpr-storage-limitation", "purpose ended 10 May 2026", "2026-05-12", "2026-05-12",
        jurisdiction="GB", events={"purpose-satisfied": ("2026-05-10",)},
    ),
    Example(
        "de-wphg-83", "5 years, no less and no more: 31 March 2031", "2031-04-02", "2031-04-02", then="review",
        industry="investment-services", jurisdiction="DE",
    ),
    Example(
        "de-hgb-letters", "the year ends 31 December 2026, and 6 years: 31 December 2032", "2033-01-02", then="review",
        kind="chat", jurisdiction="DE", labels=("business-letter",),
    ),
    Example(
        "fr-assurance-demarchage", "signed 10 April 2026, and 2 years: 10 April 2028", "2028-04-12",
        industry="insurance", jurisdiction="FR", labels=("sales",), events={"contract-signed": ("2026-04-10",)},
    ),
    Example(
        "fr-assurance-demarchage-no-contract", "proposal of 31 March 2026, 1 month: no 31 April, so 1 May 2026",
        "2026-05-03", "2026-05-03", industry="insurance", jurisdiction="FR", labels=("sales",),
        events={"proposal-open": ("2026-03-31",)},
    ),
    Example(
        "fr-assurance-demarchage-no-contract", "declined 2 April 2026, within the month", "2026-04-04", "2026-04-04",
        industry="insurance", jurisdiction="FR", labels=("sales",),
        events={"proposal-open": ("2026-03-31",), "proposal-declined": ("2026-04-02",)},
    ),
    Example(
        "fr-cnil-quality", "31 August 2026, at most 6 months: no 31 February 2027, so 1 March 2027", "2027-03-03",
        "2027-03-03", then="review", jurisdiction="FR", labels=("quality-monitoring",), ended="2026-08-31",
    ),
    Example(
        "ie-cpc", "product ended 30 June 2027, and 6 years: 30 June 2033", "2033-07-02", then="review",
        industry="banking", jurisdiction="IE", events={"product-ended": ("2027-06-30",)},
    ),
    # United Kingdom
    Example(
        "uk-fca-sysc10a", "5 years: 31 March 2031", "2031-04-02",
        kind="chat", industry="broker-dealer", jurisdiction="GB",
    ),
    Example(
        "uk-fca-sysc9", "5 years: 31 March 2031", "2031-04-02",
        industry="insurance", jurisdiction="GB", labels=("service-record",),
    ),
    Example(
        "uk-fca-disp-complaints", "received 15 May 2026, and 3 years: 15 May 2029", "2029-05-17",
        industry="payments", jurisdiction="GB", labels=("complaint",), events={"complaint-received": ("2026-05-15",)},
    ),
    Example(
        "uk-fca-cmc-calls", "settled 1 June 2026, complaint closed 20 July 2026, and 12 months: 20 July 2027",
        "2027-07-22", industry="claims-management", jurisdiction="GB",
        events={"claim-concluded": ("2026-06-01", "2026-07-20")},
    ),
    Example(
        "uk-ofcom-c8", "sold 31 August 2026, and 6 months: no 31 February 2027, so 1 March 2027", "2027-03-03",
        industry="telecom", jurisdiction="GB", labels=("sales",), ended="2026-08-31",
    ),
    Example(
        "uk-ofcom-c7", "12 months: 31 March 2027", "2027-04-02", then="review",
        industry="telecom", jurisdiction="GB", labels=("switching-consent",),
    ),
    Example(
        "uk-aml-mlr40", "relationship ended 30 June 2027, and 5 years, no more: 30 June 2032", "2032-07-02",
        "2032-07-02", then="review", industry="gambling", jurisdiction="GB", labels=("due-diligence",),
        events={"relationship-ended": ("2027-06-30",)},
    ),
    # Canada and Brazil
    Example(
        "ca-ni31103", "7 years: 31 March 2033", "2033-04-02",
        kind="chat", industry="investment-services", jurisdiction="CA",
    ),
    Example(
        "ca-ciro-umir-1012", "7 years: 31 March 2033", "2033-04-02",
        industry="broker-dealer", jurisdiction="CA", labels=("order",),
    ),
    Example(
        "ca-ciro-complaints", "closed 15 May 2026, and 7 years: 15 May 2033", "2033-05-17", then="review",
        industry="broker-dealer", jurisdiction="CA", labels=("complaint",),
        events={"complaint-closed": ("2026-05-15",)},
    ),
    Example(
        "ca-crtc-utr", "3 years: 31 March 2029", "2029-04-02", then="review",
        industry="telemarketing", jurisdiction="CA", labels=("do-not-call-request",),
    ),
    Example(
        "ca-pipeda", "purpose ended 10 May 2026", "2026-05-12", "2026-05-12",
        jurisdiction="CA", events={"purpose-satisfied": ("2026-05-10",)},
    ),
    Example(
        "br-sac-calls", "90 days: 29 June 2026", "2026-07-01", industry="telecom", jurisdiction="BR",
    ),
    Example(
        "br-sac-records", "resolved 15 May 2026, and 2 years: 15 May 2028", "2028-05-17", then="review",
        kind="chat", industry="energy", jurisdiction="BR", events={"matter-resolved": ("2026-05-15",)},
    ),
    # Rest of the world
    Example(
        "au-912g-advice", "advice given 2 April 2026, and 7 years: 2 April 2033", "2033-04-04",
        industry="financial-advice", jurisdiction="AU", events={"advice-provided": ("2026-04-02",)},
    ),
    Example(
        "au-s286", "completed 30 June 2026, and 7 years: 30 June 2033", "2033-07-02",
        kind="chat", jurisdiction="AU", labels=("financial-record",), events={"transaction-completed": ("2026-06-30",)},
    ),
    Example(
        "au-nerl-eic", "2 years: 31 March 2028", "2028-04-02", then="review",
        industry="energy", jurisdiction="AU", labels=("consent",),
    ),
    Example(
        "au-app-11-2", "no longer needed on 10 May 2026", "2026-05-12", "2026-05-12",
        jurisdiction="AU", events={"purpose-satisfied": ("2026-05-10",)},
    ),
    Example(
        "hk-sfc-orders", "6 months: no 31 September 2026, so 1 October 2026", "2026-10-03",
        industry="broker-dealer", jurisdiction="HK", labels=("order",),
    ),
    Example(
        "sg-mas-cms", "5 years: 31 March 2031", "2031-04-02", industry="investment-services", jurisdiction="SG",
    ),
    Example(
        "in-sebi-orders", "8 years: 31 March 2034", "2034-04-02",
        industry="broker-dealer", jurisdiction="IN", labels=("order",),
    ),
    Example(
        "za-fais-communications", "product terminated 30 June 2027, and 5 years: 30 June 2032", "2032-07-02",
        industry="insurance", jurisdiction="ZA", events={"product-ended": ("2027-06-30",)},
    ),
    Example(
        "ch-finma-phones", "2 years: 31 March 2028", "2028-04-02", then="review",
        industry="investment-services", jurisdiction="CH",
    ),
)  # fmt: skip
