"""Charts as pixels: the drawings of `charts`, painted on white. Apart, for OpenCV takes a while to load."""

import cv2
import numpy as np

from retention.plans.charts import HEIGHT, WIDTH, Chart, draw

_SCALE = 2  # pixels for a unit of the drawing
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LETTERS = 0.4 * _SCALE
_GREY, _BLACK, _WHITE = (218, 214, 208), (36, 32, 28), 255
_TITLE = 30  # units above the drawing


def png(chart: Chart) -> bytes:
    """Return a chart with its title as a PNG; letters that are not ASCII become question marks."""
    image = np.full(((HEIGHT + _TITLE) * _SCALE, WIDTH * _SCALE, 3), _WHITE, np.uint8)
    drawing = draw(chart)
    for line in drawing.lines:
        cv2.line(image, _at(line.x1, line.y1), _at(line.x2, line.y2), _GREY, 1)
    for box in drawing.boxes:
        cv2.rectangle(image, _at(box.x, box.y), _at(box.x + box.width, box.y + box.height), _bgr(box.colour), -1)
    for words in drawing.words:
        _write(image, words.text, words.x, words.y, words.anchor)
    _write(image, chart.title, 10, -10, "start")
    done, data = cv2.imencode(".png", image)
    if not done:
        raise RuntimeError("expected OpenCV to write a PNG")
    return bytes(data)


def _at(x: float, y: float) -> tuple[int, int]:
    return round(x * _SCALE), round((y + _TITLE) * _SCALE)


def _bgr(colour: str) -> tuple[int, int, int]:
    return int(colour[5:7], 16), int(colour[3:5], 16), int(colour[1:3], 16)


def _write(image: "np.typing.NDArray[np.uint8]", text: str, x: float, y: float, anchor: str) -> None:
    plain = text.encode("ascii", "replace").decode()
    (width, _), _ = cv2.getTextSize(plain, _FONT, _LETTERS, 1)
    left, line = _at(x, y)
    left -= {"start": 0, "middle": width // 2, "end": width}[anchor]
    cv2.putText(image, plain, (left, line), _FONT, _LETTERS, _BLACK, 1, cv2.LINE_AA)
