"""train.py: trains cutnet on the samples that prepare.py wrote.

The schedule follows the part of the run that is over, so that it fits any duration.
"""

import argparse
import copy
import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

import network as cutnet
from augment import Batch
from augment import Batches
from augment import load_samples
from losses import total_loss

# The encoder starts from ImageNet weights, which large steps would spoil.
ENCODER_RATE = 0.4
LEAST_RATE = 1e-6
WARM_UP_STEPS = 150
WEIGHT_DECAY = 1e-2
LARGEST_GRADIENT = 5.0
AVERAGE_DECAY = 0.999
CHECKPOINT_AT = 0.6
SECONDS_BETWEEN_LINES = 15


def sides_at(progress: float) -> list[int]:
    """Image sides to take in turn, small ones first since they cost less."""
    if progress < 0.35:
        return [256, 320]
    if progress < 0.7:
        return [320, 384, 448]
    return [384, 448, 448, 512]


def rate_at(step: int, progress: float, highest: float) -> float:
    """Learning rate: a short rise by steps, and a cosine down to almost zero by progress."""
    rise = min(1.0, step / WARM_UP_STEPS)
    return highest * rise * (0.5 + 0.5 * math.cos(math.pi * progress)) + LEAST_RATE


class Trainer:
    """The network in training, its running average, and the optimizer.

    The average is what is saved: it is steadier than the weights of any one step.
    """

    def __init__(self, model: cutnet.CutNet, device: str, rate: float, layout: torch.memory_format):
        self.device = device
        self.layout = layout
        self.model = model.to(device).to(memory_format=layout).train()
        self.average = copy.deepcopy(self.model).eval()
        self.steps = 0
        self.samples = 0
        encoder, decoder = [], []
        for name, parameter in self.model.named_parameters():
            (encoder if name.startswith("enc.") else decoder).append(parameter)
        self.rates = [rate * ENCODER_RATE, rate]
        self.optimizer = torch.optim.AdamW(
            [{"params": encoder}, {"params": decoder}],
            weight_decay=WEIGHT_DECAY,
            fused=device == "cuda",
        )

    def step(self, batch: Batch, progress: float) -> Tensor:
        """Trains on a batch and returns the loss."""
        for group, highest in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate_at(self.steps, progress, highest)
        images = batch.images.contiguous(memory_format=self.layout)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            outputs = self.model(images)
        loss = total_loss(outputs, batch.labels, batch.weights)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.steps += 1
        self.samples += len(batch.images)
        self._update_average()
        return loss.detach()

    @torch.no_grad()
    def _update_average(self) -> None:
        # A short memory at first, so that the random start is soon forgotten.
        decay = min(AVERAGE_DECAY, (1 + self.steps) / (10 + self.steps))
        averages, values = list(self.average.parameters()), list(self.model.parameters())
        torch._foreach_lerp_(averages, values, 1 - decay)
        for average, value in zip(self.average.buffers(), self.model.buffers(), strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)

    def save(self, path: Path) -> None:
        """Writes the average as a checkpoint."""
        cutnet.save_checkpoint(self.average, path, self.steps, self.samples)


def new_model(options: argparse.Namespace) -> cutnet.CutNet:
    """Network that the run starts from."""
    if options.resume is not None:
        return cutnet.load_checkpoint(options.resume)
    model = cutnet.CutNet(variant=options.variant)
    if options.encoder is not None:
        missing = cutnet.load_encoder(model, options.encoder)
        print(f"encoder entries not in {options.encoder}: {len(missing)} {missing[:3]}")
    return model


def seconds_for_a_step(model: cutnet.CutNet, count: int, layout: torch.memory_format) -> float:
    """Time of a forward and backward pass on the GPU, at side 384."""
    trial = copy.deepcopy(model).cuda().to(memory_format=layout).train()
    images = torch.randn(count, 3, 384, 384, device="cuda").contiguous(memory_format=layout)
    started = 0.0
    for number in range(7):
        # The first passes choose kernels and allocate memory.
        if number == 3:
            torch.cuda.synchronize()
            started = time.monotonic()
        with torch.autocast("cuda", torch.bfloat16):
            outputs = trial(images)
        sum(output.float().mean() for output in outputs).backward()
    torch.cuda.synchronize()
    return (time.monotonic() - started) / 4


def best_layout(model: cutnet.CutNet, count: int, device: str) -> torch.memory_format:
    """Memory layout for the run: on a GPU the faster one by measurement."""
    if device == "cpu":
        return torch.channels_last
    layouts = (torch.contiguous_format, torch.channels_last)
    times = {layout: seconds_for_a_step(model, count, layout) for layout in layouts}
    torch.cuda.empty_cache()
    for layout, seconds in times.items():
        print(f"{seconds:.3f} s for a step at side 384 in {layout}")
    return min(times, key=times.__getitem__)


def train(options: argparse.Namespace) -> float:
    """Trains for the given time or number of steps; returns the last loss."""
    started = time.monotonic()
    torch.manual_seed(options.seed)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    samples = load_samples(options.samples, options.device)
    if not len(samples.subjects):
        raise SystemExit(f"{options.samples} has no image with a usable label")
    print(f"{len(samples.subjects)} subjects, {len(samples.backgrounds)} backgrounds", flush=True)
    batches = Batches(samples, options.device, options.seed)
    model = new_model(options)
    print(f"{cutnet.count_macs(model, 384) / 1e9:.2f} GMAC at side 384")
    layout = best_layout(model, options.batch, options.device)
    trainer = Trainer(model, options.device, options.rate, layout)
    options.out.mkdir(parents=True, exist_ok=True)

    loss = torch.tensor(math.nan)
    last_line = started
    is_saved = False
    while True:
        elapsed = time.monotonic() - started
        progress = trainer.steps / options.steps if options.steps else elapsed / options.seconds
        if progress >= 1:
            break
        sides = options.sides or sides_at(progress)
        side = sides[trainer.steps % len(sides)]
        loss = trainer.step(batches.draw(options.batch, side), progress)
        if elapsed + started - last_line > SECONDS_BETWEEN_LINES:
            last_line = elapsed + started
            print(f"{elapsed:.0f} s  step {trainer.steps}  loss {float(loss):.4f}", flush=True)
        if progress > CHECKPOINT_AT and not is_saved:
            is_saved = True
            trainer.save(options.out / "midway.pt")
    trainer.save(options.out / "cutnet.pt")
    print(f"{trainer.steps} steps, {trainer.samples} samples, last loss {float(loss):.4f}")
    return float(loss)


def side_list(text: str) -> list[int]:
    """Image sides from a comma-separated list."""
    sides = [int(word) for word in text.split(",")]
    if any(side < 32 or side % 32 for side in sides):
        raise argparse.ArgumentTypeError(f"{text}: a side must be a multiple of 32")
    return sides


def positive_int(text: str) -> int:
    """Whole number above zero."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be at least 1")
    return number


def positive_float(text: str) -> float:
    """Number above zero."""
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text}: must be above 0")
    return number


def main(arguments: Sequence[str] | None = None) -> float:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[2])
    add = parser.add_argument
    add("samples", type=Path, help="file that prepare.py wrote")
    add("out", type=Path, help="folder for midway.pt (at 60 %% of the run) and cutnet.pt")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--seconds", type=positive_float, help="duration, loading included")
    length.add_argument("--steps", type=positive_int, help="number of steps, instead of a duration")
    add("--device", choices=("cpu", "cuda"), default="cpu", help="default: cpu")
    add("--encoder", type=Path, help="ImageNet weights of the encoder; default: random weights")
    add("--resume", type=Path, help="checkpoint whose weights to start from; overrides --encoder")
    add("--variant", type=int, choices=(0, 1, 2), default=0, help="EfficientNet-Lite; default: 0")
    add("--batch", type=positive_int, default=64, help="samples in a step; default: 64")
    add("--rate", type=positive_float, default=1e-3, help="decoder's learning rate; default: 0.001")
    add("--sides", type=side_list, help="fixed image sides, such as 384,448; default: 256 to 512")
    add("--seed", type=int, default=7, help="start of the random numbers; default: 7")
    return train(parser.parse_args(arguments))


if __name__ == "__main__":
    main()
