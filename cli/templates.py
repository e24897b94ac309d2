"""`strongroom policy templates` and `policy adopt`: rules of the library, looked at and put into a policy file."""

from pathlib import Path
from typing import Any

import click

from cli.base import Command
from cli.door import Door, pass_door
from cli.errors import ArgumentError
from keys.canonical import Json
from retention.policy import clocks
from retention.policy.language import Rule
from retention.policy.templates import Certainty, Template, adopt, find, library, matching
from service import settings
from vault.log import journal
from vault.log.entry import Act
from vault.people import Actor, Capability
from vault.store import durable

_COLUMNS = ("id", "jurisdiction", "industry", "keep", "erase_by", "clock", "certainty", "citation")


@click.command(cls=Command)
@click.option("--industry", help="Only what concerns recordings of this industry.")
@click.option("--jurisdiction", help="Only what concerns this jurisdiction, as DE or US; US has its states too.")
@click.option(
    "--certainty", type=click.Choice([one.value for one in Certainty]), help="Only what was read in such a source."
)
@click.argument("template_id", metavar="[ID]", required=False)
@pass_door
def templates(
    door: Door, industry: str | None, jurisdiction: str | None, certainty: str | None, template_id: str | None
) -> None:
    """List the templates of retention rules, or show one of them whole.

    Each has its citation, and how sure we are of it: read in primary text, in a secondary source, or from memory.
    None of it is legal advice.
    """
    if template_id is not None:
        if industry or jurisdiction or certainty:
            raise ArgumentError("expected the id of one template or options to choose by, got both")
        (found,) = find([template_id])
        _show(door, found)
        return
    chosen = matching(
        industry=industry,
        jurisdiction=jurisdiction.upper() if jurisdiction else None,
        certainty=Certainty(certainty) if certainty else None,
    )
    form = _form if door.out.as_json else _row
    rows = [[form(one)[column] for column in _COLUMNS] for one in chosen]
    door.out.table(_COLUMNS, rows, less=("industry", "citation", "clock", "jurisdiction"))
    door.out.say(f"{len(chosen)} of {len(library())} templates. One in full: strongroom policy templates ID")


def _form(template: Template) -> dict[str, Any]:
    """Return a template as programs get it."""
    rule = template.rule
    return {
        "id": template.id,
        "title": template.title,
        "industry": template.industry,
        "jurisdiction": template.jurisdiction,
        "covers": template.covers,
        "keep": str(rule.keep) if rule.keep else None,
        "clock": clocks.form(rule.clock) if rule.keep else None,
        "erase_by": [{"period": str(one.period), "clock": clocks.form(one.clock)} for one in rule.erase_by],
        "then": rule.then,
        "events": sorted(rule.events),
        "citation": template.citation,
        "certainty": template.certainty,
        "advisory": template.advisory,
        "old": template.old,
        "note": template.note,
        "sources": template.sources,
        "rule": template.text,
    }


def _row(template: Template) -> dict[str, Any]:
    """Return a template as people get it in a table."""
    ceilings = ", ".join(str(ceiling.period) for ceiling in template.rule.erase_by)
    return {
        **_form(template),
        "industry": _short(template.industry),
        "erase_by": ceilings or None,
        "clock": clock_of(template.rule),
    }


def _short(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{values[0]} +{len(values) - 1}"


def clock_of(rule: Rule) -> str:
    """Return what a rule counts from in few words, the minimum's clock first."""
    used = ([rule.clock] if rule.keep else []) + [ceiling.clock for ceiling in rule.erase_by]
    return "; ".join(dict.fromkeys(_compact(clocks.form(clock)) for clock in used))


def _compact(form: Json) -> str:
    if isinstance(form, dict):
        return ", ".join(f"{name}({_compact(value)})" for name, value in form.items())
    if isinstance(form, list):
        return ", ".join(_compact(value).removeprefix("event ") for value in form)
    return str(form)


def _show(door: Door, one: Template) -> None:
    form = _form(one)
    if door.out.as_json:
        door.out.object(form)
        return
    kept = ("id", "title", "industry", "jurisdiction", "covers", "citation", "certainty", "old", "note", "sources")
    door.out.object({name: form[name] for name in kept if form[name]})
    if one.advisory:
        door.out.say("advisory: have the citation checked before this drives a purge; adopt takes --accept-advisory")
    if one.rule.events:
        door.out.say(f"it waits for the events {', '.join(form['events'])}")
    door.out.say(f"\n{one.text}")


@click.command("adopt", cls=Command)
@click.argument("template_ids", metavar="ID...", nargs=-1, required=True)
@click.option(
    "--file", "file", type=click.Path(path_type=Path, dir_okay=False), required=True,
    help="The policy file; made if it is not there.",
)  # fmt: skip
@click.option("--accept-advisory", is_flag=True, help="Take templates too that rest on a secondary source or memory.")
@pass_door
def adopt_(door: Door, template_ids: tuple[str, ...], file: Path, *, accept_advisory: bool) -> None:
    """Write templates into a policy file, at the end of its rules; the rest of the file stays as it is.

    Nothing is in force before the file is planned and applied. Where there is a vault, each advisory template leaves
    a note in its log.
    """
    chosen = find(template_ids)
    is_new = not file.exists()
    text = adopt(None if is_new else _text_of(file), chosen, accept_advisory=accept_advisory)
    advisory = [one for one in chosen if one.advisory]
    if advisory and (door.home / settings.FILE).exists():
        # the note first: what stands in a file without one would be found by nobody
        _note(door, door.enter(Capability.POLICY_CHANGE), advisory)
    _write(file, text.encode(), is_new=is_new)
    names = [one.id for one in chosen]
    door.out.object(
        {"file": str(file), "adopted": names, "advisory": [one.id for one in advisory]},
        text=f"{file}: added {', '.join(names)}\nNext: strongroom policy plan {file}",
    )


def _text_of(file: Path) -> str:
    """Return the text of a file with the ends of its lines as they are."""
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as exc:
        raise ArgumentError(f"expected UTF-8 text in {file}, got other bytes") from exc


def _note(door: Door, actor: Actor, advisory: list[Template]) -> None:
    now = door.clock.now()
    entries = [
        actor.entry(now, Act.TEMPLATE_ADOPTED, None, {"template": one.id, "certainty": one.certainty.value})
        for one in advisory
    ]
    with door.vault.catalog.write() as connection:
        journal.append(connection, entries)
    door.settle()


def _write(file: Path, data: bytes, *, is_new: bool) -> None:
    """Write the file whole or not at all; a link is followed, not replaced."""
    file = file.resolve()
    if is_new:
        durable.write_new(file, data)
        durable.sync_folder(file.parent)
    else:
        durable.replace_atomically(file, data)
