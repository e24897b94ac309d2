"""The errors of `retention`, by family (see keys.errors)."""

from keys.errors import InvalidInputError


class PolicySyntaxError(InvalidInputError):
    """A policy file is not valid; the message names line and key."""

    code = "policy-syntax"
    hint = "mend the line and run 'strongroom policy validate'"
