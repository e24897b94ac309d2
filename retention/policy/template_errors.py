"""The errors of the templates library, by family (see keys.errors)."""

from keys.errors import IntegrityError, InvalidInputError, NotFoundError, RefusedError


class TemplateNotFoundError(NotFoundError):
    """The library has no template of that id."""

    code = "template-not-found"
    hint = "see 'strongroom policy templates'"


class AdvisoryTemplateError(RefusedError):
    """A template rests on a secondary source or on memory, and nobody accepted that."""

    code = "advisory-template"
    hint = "have the citation checked against the official text, then run it again with --accept-advisory"


class RuleExistsError(RefusedError):
    """The policy file has a rule of that name already."""

    code = "rule-exists"
    hint = "leave that template out, or take the rule out of the file first to adopt it anew"


class PolicyLayoutError(InvalidInputError):
    """A policy file is valid, but rules cannot be added to it as text without changing the rest."""

    code = "policy-layout"
    hint = "write the rules as a list of lines that begin with '- name:', then run it again"


class TemplateLibraryError(IntegrityError):
    """A file of the templates library is not as it was shipped."""

    code = "template-library"
    hint = "install Strongroom again; its own files were altered"
