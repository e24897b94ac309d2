"""Words with their times in a stretch of sound, by a Whisper model: for transcripts, and to tell numbers apart.

A recogniser of words loses whole readings of digits, so its silence proves nothing: only what it understood may let a
stretch that the Ear found stay audible.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vault.screen.errors import PartMissingError, UnscreenableError, Why
from vault.screen.outcome import Engine
from vault.screen.sound.ear_whisper import model_folder

LONGEST: Final = 30.0  # seconds of sound that the model takes at once


@dataclass(frozen=True, slots=True)
class Word:
    """A word as the model wrote it, digits often as figures; seconds from the start of the sound given."""

    text: str
    begin: float
    end: float
    sure: float  # 0 to 1


class Words:
    """Decodes speech to words. One for each process; it works on one core, some 20 times faster than real time."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load the model in `folder`, in CTranslate2's format; without one, the English model that comes with us.

        Raises:
            PartMissingError: the model or faster-whisper is missing or cannot be loaded.

        """
        chosen = model_folder() if folder is None else folder
        if not (chosen / "tokenizer.json").is_file():  # faster-whisper would ask the network for one
            raise PartMissingError("the recogniser's folder has no tokenizer.json")
        try:
            from faster_whisper import WhisperModel, __version__  # noqa: PLC0415 - an optional part

            with (chosen / "model.bin").open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._model: Any = WhisperModel(
                str(chosen), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
            )
        except ImportError as exc:
            raise PartMissingError("the Python package faster-whisper is not installed") from exc
        except (OSError, RuntimeError, ValueError) as exc:
            raise PartMissingError("the recogniser's model is missing or cannot be loaded") from exc
        self.multilingual = bool(self._model.model.is_multilingual)
        self.engine = Engine("whisper, faster-whisper", str(__version__), digest)

    def hear(self, sound: NDArray[np.float32], *, language: str | None = "en") -> list[Word]:
        """Return the words in mono sound at 16 kHz; `language`, an ISO 639-1 code, counts for multilingual models only.

        Without a language those tell which it is. Sound longer than LONGEST is taken piece by piece; the words of a
        piece do not depend on those before.

        Raises:
            UnscreenableError: the model failed (part-missing).

        """
        try:
            segments, _ = self._model.transcribe(
                sound,
                language=language if self.multilingual else "en",
                beam_size=1,
                temperature=0.0,
                word_timestamps=True,
                condition_on_previous_text=False,
                vad_filter=False,
            )
            return [
                Word(word.word.strip(), float(word.start), float(word.end), float(word.probability))
                for segment in segments
                for word in segment.words or ()
            ]
        except (RuntimeError, ValueError) as exc:
            raise UnscreenableError("the recogniser of words failed", why=Why.PART_MISSING) from exc
