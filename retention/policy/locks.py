"""What `lock: true` promises: no later policy lets a recording that a locked rule covers go earlier.

Pure. `violations` compares two policies rule by rule, without a recording; what it cannot prove it refuses.
"""

from collections.abc import Iterator
from dataclasses import replace

from retention.policy.language import Ceiling, Original, Policy, Rule, Then
from retention.policy.match import FIELDS, Match, can_match
from retention.policy.periods import Period

_CARE = list(Then)


def violations(old: Policy, new: Policy) -> list[str]:
    """Return a sentence for each way in which `new` takes back what a locked rule of `old` promises; none: it may be.

    A locked rule must stay, with its name, clock, `once` and `archive_after`; it may cover more and keep longer.
    """
    now = {rule.name: rule for rule in new.rules}
    found: list[str] = []
    for rule in sorted((rule for rule in old.rules if rule.lock), key=lambda rule: rule.name):
        if rule.name in now:
            found += [f"locked rule {rule.name}: {text}" for text in _weaker(rule, now[rule.name])]
            found += [f"locked rule {rule.name}: {text}" for text in _cut_short(rule, old, new)]
        else:
            found.append(f"locked rule {rule.name}: expected it to stay, it is gone")
    return found


def weakened(old: Policy, new: Policy) -> list[str]:
    """Return a sentence for each way in which rules of `new` keep less than those of `old`, locked or not."""
    return [text.removeprefix("locked ") for text in violations(_locked(old), _locked(new))]


def _locked(policy: Policy) -> Policy:
    return replace(policy, rules=tuple(replace(rule, lock=True) for rule in policy.rules))


def _weaker(old: Rule, new: Rule) -> Iterator[str]:
    if not new.lock:
        yield "expected lock: true to stay"
    if not is_same_or_wider(new.match, old.match):
        yield "expected match to stay or to cover more, value by value"
    for key, before, after in (
        ("clock", old.clock, new.clock),
        ("once", old.once, new.once),
        ("archive_after", old.archive_after, new.archive_after),
    ):
        if before != after:
            yield f"expected {key} to stay as it is"
    if old.keep is not None and not _lasts(new.keep, old.keep):
        yield f"expected keep of at least {old.keep}, got {new.keep or 'none'}"
    yield from _weaker_then(old, new)
    for ceiling in new.erase_by:
        if not any(is_same_or_later(ceiling, before) for before in old.erase_by):
            yield f"expected no ceiling that was not there, or is earlier, got erase_by {ceiling.period}"
    yield from _weaker_stages(old, new)


def _weaker_then(old: Rule, new: Rule) -> Iterator[str]:
    if old.keep is None and new.keep is not None and new.then is not Then.KEEP:
        yield "expected no keep, which ends what only its ceiling ended"
    if _CARE.index(new.then) < _CARE.index(old.then) or (old.then is Then.REVIEW is not new.then):
        # `keep` is not more careful than a review: a ceiling of another rule would end it without a person
        yield f"expected then: {old.then} or more careful, got {new.then}"
    elif new.then is Then.REVIEW is old.then and not _asks_as_much(old, new):
        yield "expected a review by the same roles or fewer of them"


def _weaker_stages(old: Rule, new: Rule) -> Iterator[str]:
    if new.original is Original.DESTROY and (
        old.original is Original.KEEP
        or (old.original_keep is not None and not _lasts(new.original_keep, old.original_keep))
    ):
        yield "expected the original to be kept as long"
    suffices = new.transcript_suffices_after
    if suffices is not None and not _lasts(suffices, old.transcript_suffices_after):
        yield "expected transcript_suffices_after not to come, or to come earlier"


def _lasts(new: Period | None, old: Period | None) -> bool:
    return new is not None and old is not None and new.is_at_least(old)


def _asks_as_much(old: Rule, new: Rule) -> bool:
    """Return whether whoever may agree now could agree before; no role named means any."""
    return not old.reviewers or (bool(new.reviewers) and new.reviewers <= old.reviewers)


def _cut_short(locked: Rule, old: Policy, new: Policy) -> Iterator[str]:
    """Yield what another rule newly ends of that which a locked rule leaves to ceilings: `then: keep`, or no `keep`."""
    if locked.then is not Then.KEEP and locked.keep is not None:
        return
    before = {rule.name: rule for rule in old.rules}
    for rule in new.rules:
        if rule.name == locked.name or can_match(Match(all_of=(locked.match, rule.match))) is False:
            continue
        was = before.get(rule.name)
        covered = was is not None and was.once == rule.once and is_same_or_wider(was.match, rule.match)
        if (
            locked.keep is None
            and rule.keep is not None
            and rule.then is not Then.KEEP
            and not (was and covered and was.keep)
        ):
            yield f"expected no new or wider keep over what only its ceiling ends, got one in rule {rule.name}"
        for ceiling in rule.erase_by:
            if not (was and covered and any(is_same_or_later(ceiling, one) for one in was.erase_by)):
                yield f"expected no new or earlier ceiling on what it keeps on, got one in rule {rule.name}"


def _ends_by_minimum(rule: Rule) -> bool:
    """Return whether a rule lets go when its minimum has ended, without a ceiling."""
    return rule.keep is not None and rule.then is not Then.KEEP


def is_same_or_later(new: Ceiling, old: Ceiling) -> bool:
    """Return whether a ceiling surely ends no earlier than another, for whatever recording."""
    return (
        new.clock == old.clock
        and new.period.is_at_least(old.period)
        and (old.unless is None or (new.unless is not None and is_same_or_wider(new.unless, old.unless)))
    )


def is_same_or_wider(new: Match, old: Match) -> bool:
    """Return whether a condition surely holds wherever another does: the same, all, or with more values in a field."""
    if new.is_all:
        return True
    same_fields = {field: getattr(old, field) for field in FIELDS}
    if replace(new, **same_fields) != old:
        return False
    return all(not values or values >= getattr(old, field) != frozenset() for field, values in _fields(new))


def _fields(match: Match) -> Iterator[tuple[str, frozenset[str]]]:
    return ((field, getattr(match, field)) for field in FIELDS)
