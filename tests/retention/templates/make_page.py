"""Write the table of templates into docs/templates.md: python -m tests.retention.templates.make_page."""

from cli.templates import clock_of
from retention.policy.templates import Template, library
from tests.docs.pages import DOCS

PAGE = DOCS / "templates.md"
BEGIN = "<!-- made by python -m tests.retention.templates.make_page; a test compares it -->\n"
END = "<!-- end of what is made -->\n"
_HEAD = (
    "| id | for | where | keep at least | erase by | counts from | then | citation | read in |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def page() -> str:
    """Return the page, its table made anew."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{_HEAD}{''.join(map(_row, library()))}\n{END}{after}"


def _row(template: Template) -> str:
    rule = template.rule
    cells = (
        f"`{template.id}`",
        template.title,
        ", ".join(template.jurisdiction),
        str(rule.keep) if rule.keep else "",
        ", ".join(str(ceiling.period) for ceiling in rule.erase_by),
        clock_of(rule),
        rule.then,
        template.citation,
        template.certainty + (f" ({template.old.removeprefix('read in ')})" if template.old else ""),
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
