"""Fit the nets of `vault.screen.sound.speech_net` with torch, and write their weights."""

import json
from collections.abc import Sequence
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


def fit(
    train: Sequence[tuple[NDArray[np.float16], NDArray[np.int8]]],
    *,
    widths: Sequence[int],
    offsets: Sequence[Sequence[int]],
    steps: int,
    noise: float,
    dropout: float = 0.15,
    seed: int = 1,
) -> dict[str, NDArray[Any]]:
    """Train on streams of features and labels; return the arrays of the weights' file but `about`."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    sample = np.concatenate([frames[:: max(1, len(frames) // 20_000)].astype(np.float32) for frames, _ in train])
    mean, scale = sample.mean(axis=0), 1 / (sample.std(axis=0) + 1e-3)
    net = Layers(widths, offsets, dropout)
    best = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(best, max_lr=2e-3, total_steps=steps)
    reach = sum(max(abs(o) for o in layer) for layer in offsets)
    shares = np.sqrt([len(labels) for _, labels in train])
    for step in range(steps):
        frames, labels = _batch(train, shares / shares.sum(), rng, reach)
        frames = (frames - torch.from_numpy(mean)) * torch.from_numpy(scale)
        frames = frames + noise * torch.randn_like(frames)
        said = net(frames)
        known = labels >= 0
        loss = torch.nn.functional.binary_cross_entropy_with_logits(said[known], labels[known].float())
        best.zero_grad()
        loss.backward()
        best.step()
        rate.step()
        if step % 300 == 0 or step == steps - 1:
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
    found = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32)}
    for number, (weights, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        found[f"weights{number}"] = weights.detach().numpy().astype(np.float16)
        found[f"bias{number}"] = bias.detach().numpy().astype(np.float32)
    return found


def _batch(
    train: Sequence[tuple[NDArray[np.float16], NDArray[np.int8]]],
    shares: NDArray[np.float64],
    rng: np.random.Generator,
    reach: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    size, length = 32, 256
    frames, labels = [], []
    for which in rng.choice(len(train), size, p=shares):
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
