"""The errors of `retention`, by family (see keys.errors)."""

from keys.errors import IntegrityError, InvalidInputError, NotFoundError, RefusedError


class PolicySyntaxError(InvalidInputError):
    """A policy file is not valid; the message names line and key."""

    code = "policy-syntax"
    hint = "mend the line and run 'strongroom policy validate'"


class PeriodError(InvalidInputError):
    """A retention period is not a positive calendar duration."""

    code = "period"
    hint = "write years, months and days as in P3Y, P25M, P1Y6M or P90D, or whole weeks as in P2W"


class PlanFormatError(IntegrityError):
    """A plan is not in the form that was digested and approved."""

    code = "plan-format"
    hint = "do not run it; make a new plan and have that one approved"


class StalePlanError(RefusedError):
    """The policy, or the version it was compared with, has moved on since the plan was made."""

    code = "stale-plan"
    hint = "run 'strongroom policy plan' again and have the new plan approved"


class LockedRuleError(RefusedError):
    """A policy drops or shortens a rule that an earlier one locked: such a rule can only grow."""

    code = "locked-rule"
    hint = "put the rule back as 'strongroom policy show' has it, or make it longer"


class CertificateFormatError(IntegrityError):
    """Bytes are not a certificate of destruction in its one encoding, or what it says cannot be true."""

    code = "certificate-format"
    hint = "do not trust it; ask the vault for the certificate again"


class CertificateSignatureError(IntegrityError):
    """A certificate is not signed by the vault it is claimed for."""

    code = "certificate-signature"
    hint = "compare the public key with the one published by the vault; if it is the right one, do not trust it"


class PlanNotFoundError(NotFoundError):
    """There is no such plan, policy version or certificate."""

    code = "plan-not-found"
    hint = "make one with 'strongroom policy plan' or 'strongroom purge plan'"


class PolicyAlteredError(IntegrityError):
    """A stored policy is not the text that was applied; nothing is destroyed by it."""

    code = "policy-altered"
    hint = "run 'strongroom log verify' and restore the catalog from backup"


class MatterError(InvalidInputError):
    """A matter is named by number, because it stands in clear."""

    code = "matter"


class HoldScopeError(InvalidInputError):
    """A hold without any criterion would hold the whole vault by accident."""

    code = "hold-scope"
    hint = "name whom or what it is about, for example --account, --agent, --queue, --caller or --since"


class HoldStateError(RefusedError):
    """The hold is not in the state this step starts from."""

    code = "hold-state"
    hint = "see 'strongroom hold show ID'"


class HoldNotFoundError(NotFoundError):
    """No hold of that id was ever placed."""

    code = "hold-not-found"
    hint = "see 'strongroom hold list'"


class RetentionAlteredError(IntegrityError):
    """Holds or the policy in force are not the ones the log has; nothing is destroyed by them."""

    code = "retention-altered"
    hint = "run 'strongroom check'; keep the catalog as it is for whoever investigates, then restore it from backup"


class EventError(InvalidInputError):
    """What was to be recorded is no event: its name, its instant, its reason or its subject is not of the form."""

    code = "event"
    hint = "see docs/events.md for the form, and record it again"


class EventNotFoundError(NotFoundError):
    """No event of that id was ever recorded."""

    code = "event-not-found"
    hint = "see 'strongroom event list'"


class EventStateError(RefusedError):
    """The event was corrected or withdrawn already, or would not change."""

    code = "event-state"
    hint = "see 'strongroom event list' for the one that is in force"


class DemandScopeError(InvalidInputError):
    """An extension or a request for erasure does not say what it is about, or in which words."""

    code = "demand-scope"
    hint = "name whom or what it is about, for example --account, --caller or --id, and why with --because"


class AuthorityError(InvalidInputError):
    """An authority is named as an organisation, because it stands in clear."""

    code = "authority"
    hint = "name the organisation, such as 'BaFin' or 'U.S. SEC', and no person"


class DemandNotFoundError(NotFoundError):
    """No extension or request for erasure of that id was ever recorded."""

    code = "demand-not-found"
    hint = "see 'strongroom extension list' and 'strongroom erasure list'"


class DemandStateError(RefusedError):
    """The extension or request is not in the state this step starts from."""

    code = "demand-state"
    hint = "see 'strongroom extension show ID' or 'strongroom erasure show ID'"
