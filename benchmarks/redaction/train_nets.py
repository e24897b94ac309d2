"""Fit the nets of `vault.screen.sound.speech_net` with torch, and write their weights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from vault.screen.sound.speech_net import FORMAT

WEIGHTS: Final = Path(__file__).parents[2] / "vault/screen/sound/weights"


class Layers(torch.nn.Module):
    """The same net as `speech_net.Net`, to be trained."""

    def __init__(self, widths: Sequence[int], offsets: Sequence[Sequence[int]], dropout: float) -> None:
        super().__init__()
        self.offsets = offsets
        shapes = [(len(o), a, b) for o, a, b in zip(offsets, widths, widths[1:], strict=False)]
        self.weights = torch.nn.ParameterList(torch.randn(*s) * (2 / (s[0] * s[1])) ** 0.5 for s in shapes)
        self.biases = torch.nn.ParameterList(torch.zeros(s[2]) for s in shapes)
        self.drop = torch.nn.Dropout(dropout)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return the sums of the last layer for (batch, frames, width), without the outermost frames."""
        last = len(self.weights) - 1
        for number, (weights, bias, offsets) in enumerate(zip(self.weights, self.biases, self.offsets, strict=True)):
            reach = max(abs(o) for o in offsets)
            count = frames.shape[1] - 2 * reach
            frames = bias + sum(
                frames[:, reach + o : reach + o + count] @ w for o, w in zip(offsets, weights, strict=True)
            )
            frames = frames if number == last else self.drop(torch.relu(frames))
        return frames[..., 0]

    @property
    def reach(self) -> int:
        """How many frames to either side bear on one."""
        return sum(max(abs(o) for o in offsets) for offsets in self.offsets)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights as they are stored."""
        found: dict[str, NDArray[Any]] = {}
        for number, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            found[f"weights{number}"] = weights.detach().numpy().astype(np.float16)
            found[f"bias{number}"] = bias.detach().numpy().astype(np.float32)
        return found


@dataclass(frozen=True, slots=True)
class Stage:
    """A run of the optimiser: steps, the highest rate, and how often each stream is drawn, as weights by its name."""

    steps: int
    rate: float
    draw: Mapping[str, float]


Stream = tuple[NDArray[np.float16], NDArray[np.int8]]  # features and labels, a frame each


def fit(
    train: Mapping[str, Stream],
    *,
    widths: Sequence[int],
    offsets: Sequence[Sequence[int]],
    stages: Sequence[Stage],
    noise: float,
    dropout: float = 0.15,
) -> dict[str, NDArray[Any]]:
    """Train on streams of features and labels, stage after stage; return the arrays of the weights' file but `about`.

    The features' mean and scale are those of the streams of the first stage.
    """
    torch.set_num_threads(1)
    torch.manual_seed(1)
    mean, scale = spread([train[name][0] for name in stages[0].draw])
    net = Layers(widths, offsets, dropout)
    for number, stage in enumerate(stages):
        torch.manual_seed(number + 1)
        run(net, train, stage, (torch.from_numpy(mean), torch.from_numpy(scale), noise), number + 1)
    return {"mean": mean, "scale": scale, **net.arrays()}


def spread(streams: Sequence[NDArray[np.float16]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean of each feature, and what makes its spread one, from 20,000 frames of each stream."""
    sample = np.concatenate([frames[:: max(1, len(frames) // 20_000)].astype(np.float32) for frames in streams])
    return sample.mean(axis=0, dtype=np.float32), np.asarray(1 / (sample.std(axis=0) + 1e-3), np.float32)


def run(
    net: Layers, train: Mapping[str, Stream], stage: Stage, scaling: tuple[torch.Tensor, torch.Tensor, float], seed: int
) -> None:
    """Train `net` through one stage; `scaling` is mean, scale and the noise to add."""
    mean, scale, noise = scaling
    rng = np.random.default_rng(seed)
    best = torch.optim.AdamW(net.parameters(), lr=stage.rate, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(best, max_lr=stage.rate, total_steps=stage.steps)
    for step in range(stage.steps):
        frames, labels = _batch(train, stage.draw, rng, net.reach)
        frames = (frames - mean) * scale
        frames = frames + noise * torch.randn_like(frames)
        said = net(frames)
        known = labels >= 0
        loss = torch.nn.functional.binary_cross_entropy_with_logits(said[known], labels[known].float())
        best.zero_grad()
        loss.backward()
        best.step()
        rate.step()
        if step % 100 == 0 or step == stage.steps - 1:
            print(f"step {step}: loss {loss.item():.4f}", flush=True)


def _batch(
    train: Mapping[str, Stream], draw: Mapping[str, float], rng: np.random.Generator, reach: int
) -> tuple[torch.Tensor, torch.Tensor]:
    size, length = 16, 512
    shares = np.array(list(draw.values()))
    frames, labels = [], []
    for which in rng.choice(list(draw), size, p=shares / shares.sum()):
        stream, truth = train[which]
        at = int(rng.integers(0, len(truth) - length - 2 * reach))
        frames.append(stream[at : at + length + 2 * reach].astype(np.float32))
        labels.append(truth[at + reach : at + reach + length])
    return torch.from_numpy(np.stack(frames)), torch.from_numpy(np.stack(labels).astype(np.int64))


def write(name: str, arrays: dict[str, NDArray[Any]], about: dict[str, Any], folder: Path = WEIGHTS) -> Path:
    """Write a file of weights; the same arrays give the same bytes."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.npz"
    text = np.array(json.dumps({"format": FORMAT, **about}, sort_keys=True))
    np.savez_compressed(path, about=text, **arrays)  # type: ignore[arg-type]
    return path
