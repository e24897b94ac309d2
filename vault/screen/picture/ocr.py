"""Read the text of a picture: PP-OCRv6 (small) by onnxruntime, the models as the package `rapidocr` ships them.

The models are read into memory, compared with the SHA-256 that was measured, and run from those very bytes: nothing is
downloaded, and another model is refused. Of `rapidocr` itself only the step from the detector's map to boxes is used.
Each run takes one thread, because several workers screen side by side.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from importlib import metadata, util
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from vault.screen.errors import PartMissingError
from vault.screen.outcome import Engine
from vault.screen.picture.lines import Box, Line, spelled

Pixels = npt.NDArray[np.uint8]
"""Rows of pixels; of colours in the order blue, green, red."""

_PACKAGE: Final = "rapidocr"
_MODELS: Final = {
    "PP-OCRv6_det_small.onnx": "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    "PP-OCRv6_rec_small.onnx": "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
_HEIGHT: Final = 48  # pixels of a line as the recogniser wants it
_STRIDE: Final = 32  # the detector wants multiples of it
_WIDTHS: Final = 64  # lines are padded to multiples of this, so that few shapes occur
_MAX_WIDTH: Final = 3200  # of one piece for the recogniser; a longer line is read in pieces
_BAND: Final = 700_000  # pixels that the detector is given at once, for its memory
_LEAST_BAND, _OVERLAP = 256, 96  # pixels high; of text that is higher than the overlap pieces are put together
_TALL: Final = 2.0  # height by width from which text is taken to run downwards


_READ, _DETECTED = 4096, 64  # answers kept, because the same pixels are shown again
_Answer = TypeVar("_Answer")


class _Known(Generic[_Answer]):
    """The latest answers by the SHA-256 of the pixels they are about: what is the same to the bit is seen once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[bytes, _Answer] = OrderedDict()

    def of(self, image: Pixels, ask: Callable[[], _Answer]) -> _Answer:
        """Return what was answered about these pixels, or ask."""
        key = hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).digest()
        if key not in self._answers:
            self._answers[key] = ask()
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        return self._answers[key]


class Eye:
    """The loaded models. Not for two threads at once.

    Raises:
        PartMissingError: a model or library is not installed, or is another than the one that was measured.

    """

    def __init__(self, folder: Path | None = None) -> None:
        """Load the models from `folder`, by default from the installed package."""
        folder = _installed() if folder is None else folder
        try:
            import cv2  # noqa: PLC0415 - an optional part of the installation
            import onnxruntime  # noqa: PLC0415
            from rapidocr.ch_ppocr_det.utils import DBPostProcess  # noqa: PLC0415
        except ImportError as exc:
            raise PartMissingError(f"the part that reads pictures is not installed: {exc.name}") from exc
        cv2.setNumThreads(1)
        self._cv: Any = cv2
        self._sessions = [_session(onnxruntime, folder / name, digest) for name, digest in _MODELS.items()]
        self._boxes_of: Any = DBPostProcess(0.3, 0.5, 1000, 1.6, "fast", True)  # noqa: FBT003 - its own order
        characters = self._sessions[1].get_modelmeta().custom_metadata_map["character"].splitlines()
        self._characters = ["", *characters, " "]
        self._lines: _Known[Line]
        self._bands: _Known[list[Box]]
        self.forget()
        version = metadata.version(_PACKAGE)
        self.engines = tuple(Engine(name.removesuffix(".onnx"), version, digest) for name, digest in _MODELS.items())

    def forget(self) -> None:
        """Forget what was read: what one recording shows is not kept while another is screened."""
        self._lines, self._bands = _Known(_READ), _Known(_DETECTED)

    def detect(self, image: Pixels, high: int | None = None) -> list[Box]:
        """Return where text stands in a picture of shape (height, width, 3).

        A large one is looked at in bands, `high` pixels high; a band that was seen before is not looked at again.
        """
        height = image.shape[0]
        high = max(_LEAST_BAND, _BAND // image.shape[1]) if high is None else high
        found: list[Box] = []
        pieces: list[Box] = []
        for top in range(0, max(1, height - _OVERLAP), high):
            low = min(height, top + high + _OVERLAP)
            band = image[top:low]
            for box in self._bands.of(band, lambda: self._in_band(band)):  # noqa: B023 - called at once
                cut = (top and not box.top) or (low < height and box.bottom == low - top)
                whole = box.moved(0, top)
                if cut:
                    pieces.append(whole)
                elif not any(whole.shared(other) > 0.5 for other in found):  # noqa: PLR2004 - the same
                    found.append(whole)
        return found + [box for box in _pieced(pieces) if not any(box.shared(other) > 0.5 for other in found)]  # noqa: PLR2004

    def _in_band(self, image: Pixels) -> list[Box]:
        height, width = image.shape[:2]
        bottom, right = -height % _STRIDE, -width % _STRIDE
        padded = self._cv.copyMakeBorder(image, 0, bottom, 0, right, self._cv.BORDER_REPLICATE)
        heat = self._run(0, padded)
        boxes, _ = self._boxes_of(heat, padded.shape[:2])
        found = []
        for corners in boxes:
            left, top = (int(v) for v in np.floor(corners.min(axis=0)))
            end, low = (int(v) for v in np.ceil(corners.max(axis=0)))
            left, top, end, low = max(0, left), max(0, top), min(width, end), min(height, low)
            if end - left > 3 and low - top > 3:  # noqa: PLR2004 - smaller is no text
                found.append(Box(left, top, end - left, low - top))
        return found

    def read(self, image: Pixels, box: Box) -> Line:
        """Return the text in `box`, and where each of its characters stands."""
        crop = image[box.top : box.bottom, box.left : box.right]
        line = self._lines.of(crop, lambda: self._read(crop, Box(0, 0, box.width, box.height)))
        return Line(box, line.text, tuple(box.left + c for c in line.centres), line.sure)

    def _read(self, crop: Pixels, box: Box) -> Line:
        if box.height > _TALL * box.width:
            return self._read_upright(crop, box)
        text, centres, sure = [], [], []
        scale = _HEIGHT / box.height
        for offset, piece in _pieces(crop, scale):
            for character, centre, trust in self._characters_in(piece, scale):
                text.append(character)
                centres.append(box.left + offset + centre)
                sure.append(trust)
        return spelled(Line(box, "".join(text), tuple(centres), tuple(sure)))

    def _read_upright(self, crop: Pixels, box: Box) -> Line:
        """Read text that runs up or down; its characters are taken to stand all over the box."""
        best: tuple[float, str, tuple[float, ...]] = (0.0, "", ())
        for turn in (self._cv.ROTATE_90_CLOCKWISE, self._cv.ROTATE_90_COUNTERCLOCKWISE):
            read = list(self._characters_in(self._cv.rotate(crop, turn), _HEIGHT / box.width))
            trust = sum(sure for _, _, sure in read) / max(1, len(read))
            if trust > best[0]:
                best = trust, "".join(c for c, _, _ in read), tuple(sure for _, _, sure in read)
        middle = box.left + box.width / 2
        return Line(box, best[1], (middle,) * len(best[1]), best[2])

    def _characters_in(self, crop: Pixels, scale: float) -> Iterator[tuple[str, float, float]]:
        """Yield each character, its centre in pixels of `crop`, and how sure it is (0 to 1)."""
        width = max(8, round(crop.shape[1] * scale))
        line = self._cv.resize(crop, (width, _HEIGHT), interpolation=self._cv.INTER_LINEAR)
        full = -(-max(width, _WIDTHS) // _WIDTHS) * _WIDTHS
        canvas = np.full((_HEIGHT, full, 3), 127, np.uint8)
        canvas[:, :width] = line
        chances = self._run(1, canvas)[0]
        best = chances.argmax(axis=1)
        starts = np.flatnonzero((best != 0) & (best != np.concatenate(([0], best[:-1]))))
        column = full / len(best)  # pixels of the canvas that one column of the answer stands for
        for start in starts:
            end = start
            while end + 1 < len(best) and best[end + 1] == best[start]:
                end += 1
            centre = (start + end) / 2 * column / scale  # the recogniser answers half a column late
            yield self._characters[best[start]], centre, float(chances[start : end + 1, best[start]].max())

    def _run(self, which: int, image: Pixels) -> npt.NDArray[np.float32]:
        session = self._sessions[which]
        values = image.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        answer: npt.NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: values})[0]
        return answer


def _pieced(pieces: list[Box]) -> list[Box]:
    """Return what the edges of bands cut, put together: text that is higher than two bands have in common."""
    out: list[Box] = []
    for piece in pieces:
        whole = piece
        for other in [one for one in out if one.meets(piece)]:
            out.remove(other)
            whole = whole.joined(other)
        out.append(whole)
    return out


def _pieces(crop: Pixels, scale: float) -> Iterator[tuple[int, Pixels]]:
    step = int(_MAX_WIDTH / scale)
    for offset in range(0, crop.shape[1], step):
        yield offset, crop[:, offset : offset + step]


def _installed() -> Path:
    found = util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise PartMissingError(f"the part that reads pictures is not installed: {_PACKAGE}")
    return Path(found.origin).parent / "models"


def _session(onnxruntime: Any, path: Path, digest: str) -> Any:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise PartMissingError(f"the model {path.name} cannot be read: {exc.strerror}") from exc
    if hashlib.sha256(content).hexdigest() != digest:
        raise PartMissingError(f"expected the model {path.name} that was measured, got another")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest picture for ever
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
