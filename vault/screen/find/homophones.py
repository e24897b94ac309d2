"""Words heard like digits: "won" is one, "to" two, "for" four, amid digits that are said, and nowhere else."""

import re
from collections.abc import Sequence
from itertools import chain

from vault.screen.find.numerals import ALPHA, Token
from vault.screen.find.words import HOMOPHONES

MIN_RUN = 4  # words on end, digits and homophones
MIN_SAID = 3  # digits among them
_SAID = frozenset("UMP")  # four, double, fours
_ANY = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(HOMOPHONES)})(?![0-9a-z])")


def homophones(text: str, tokens: Sequence[Token]) -> list[Token]:
    """Return the homophones of a folded text that stand amid digits said: in runs of MIN_RUN, no other word between.

    At least MIN_SAID of a run are digits beyond doubt, and no fewer than its homophones.
    """
    if sum(token.kind in _SAID for token in tokens) < MIN_SAID:
        return []
    alike = [Token("U", HOMOPHONES[m.group()], *m.span()) for m in _ANY.finditer(text)]
    kept: list[Token] = []
    run: list[Token] = []
    said = sorted([*(t for t in tokens if t.kind in _SAID), *alike], key=lambda token: token.start) if alike else []
    new = {token.start for token in alike}
    for token in chain(said, (None,)):
        if run and (token is None or ALPHA.search(text, run[-1].end, token.start)):
            doubtful = [one for one in run if one.start in new]
            if len(run) >= MIN_RUN and len(run) - len(doubtful) >= max(MIN_SAID, len(doubtful)):
                kept += doubtful
            run = []
        if token is not None:
            run.append(token)
    return kept
