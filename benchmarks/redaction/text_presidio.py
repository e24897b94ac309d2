"""Microsoft Presidio's card recogniser for comparison, where it is installed (pip install presidio-analyzer)."""

import importlib.util
from collections.abc import Callable

from benchmarks.redaction.text_disguises import Case

INSTALLED = importlib.util.find_spec("presidio_analyzer") is not None
ENGINES: dict[str, Callable[[str], object]] = {}
"""What analyses one text: the bare recogniser (a pattern and Luhn), and the analyser that one is meant to call."""


def _engines() -> dict[str, Callable[[str], object]]:
    analyzer = importlib.import_module("presidio_analyzer")
    nlp = importlib.import_module("presidio_analyzer.nlp_engine").SpacyNlpEngine()
    nlp.nlp = {"en": importlib.import_module("spacy").blank("en")}  # splits words only: the least that it takes
    one = importlib.import_module("presidio_analyzer.predefined_recognizers").CreditCardRecognizer()
    registry = analyzer.RecognizerRegistry([one])
    engine = analyzer.AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])
    return {
        "Presidio's bare recogniser": lambda text: one.analyze(text, ["CREDIT_CARD"], None),
        "Presidio's analyser": lambda text: engine.analyze(text, language="en", entities=["CREDIT_CARD"]),
    }


if INSTALLED:
    ENGINES |= _engines()


def finds_all(case: Case) -> bool:
    """Say whether the bare recogniser finds a card number in the messages of a talk, one by one or joined."""
    analyse = ENGINES["Presidio's bare recogniser"]
    return any(analyse(words) for _, words in case.talk) or bool(analyse("\n".join(words for _, words in case.talk)))
