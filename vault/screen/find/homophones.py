"""Words heard like digits: "won" is one, "to" two, "for" four, amid digits that are said, and nowhere else."""

import re
from collections.abc import Sequence
from itertools import chain

from vault.screen.find.numerals import ALPHA, Token
from vault.screen.find.words import HOMOPHONES

MIN_RUN = 4  # words on end, digits and homophones
MIN_SAID = 3  # digits among them
CARD_RUN = range(13, 20)  # words on end that are heard like digits and as many as a card number has
SHORTEST_CARD = 37  # characters that so many words take
_SAID = frozenset("UMP")  # four, double, fours
_ANY = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(HOMOPHONES)})(?![0-9a-z])")


def homophones(text: str, tokens: Sequence[Token]) -> list[Token]:
    """Return the homophones of a folded text that stand amid digits said: in runs of MIN_RUN, no other word between.

    At least MIN_SAID of a run are digits beyond doubt, and no fewer than its homophones; or the run is as long as a
    card number.
    """
    some = sum(token.kind in _SAID for token in tokens)
    if some < MIN_SAID and len(text) < SHORTEST_CARD:
        return []
    alike = [Token("U", HOMOPHONES[m.group()], *m.span()) for m in _ANY.finditer(text)]
    if some < MIN_SAID and some + len(alike) < CARD_RUN.start:
        return []
    kept: list[Token] = []
    run: list[Token] = []
    said = sorted([*(t for t in tokens if t.kind in _SAID), *alike], key=lambda token: token.start) if alike else []
    new = {token.start for token in alike}
    for token in chain(said, (None,)):
        if run and (token is None or ALPHA.search(text, run[-1].end, token.start)):
            doubtful = [one for one in run if one.start in new]
            likely = len(run) >= MIN_RUN and len(run) - len(doubtful) >= max(MIN_SAID, len(doubtful))
            if likely or len(run) in CARD_RUN:
                kept += doubtful
            run = []
        if token is not None:
            run.append(token)
    return kept
