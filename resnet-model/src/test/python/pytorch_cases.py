#!/usr/bin/python3
"""Makes the small cases of TestPyTorchEquivalence: what PyTorch computes with narrow networks, in double precision.

    python3 pytorch_cases.py ../resources/pytorch        # PyTorch 1.13 or later; the files in the repository were made once

Each case is one safetensors file: "weights/..." with gammas, betas and statistics away from their starting values, "images" and
"labels"; "logits/inference" and "logits/training" (before softmax); "gradients/..." of the mean cross-entropy; and after three steps
of SGD (rate 0.1, momentum 0.9, decay 1e-4 on everything) on that batch "after/..." and "momentum/..." (PyTorch's, without the rate).
"""
import collections, copy, json, sys
import torch
import torch.nn as nn, torch.nn.functional as F

CLASSES = 5


class Block(nn.Module):
    """kernels and the convolution that strides, as in our Block; names are torchvision's."""

    def __init__(self, inputs, width, stride, kernels, striding, expansion, shortcut, before, first):
        super().__init__()
        self.before, self.first, self.count, channels = before, first, len(kernels), inputs
        outputs = width * expansion
        self.pad = None
        for i, k in enumerate(kernels, 1):
            out = outputs if i == len(kernels) else width
            conv = nn.Conv2d(channels, out, k, stride if i - 1 == striding else 1, k // 2, bias=False)
            setattr(self, f"conv{i}", conv)
            if not (before and first and i == 1):
                setattr(self, f"bn{i}", nn.BatchNorm2d(channels if before else out))
            channels = out
        if shortcut == "all" or (shortcut == "projected" and (stride > 1 or inputs != outputs)):
            parts = [nn.Conv2d(inputs, outputs, 1, stride, bias=False)] + ([] if before else [nn.BatchNorm2d(outputs)])
            self.downsample = nn.Sequential(*parts)
        elif shortcut == "padded" and (stride > 1 or inputs != outputs):
            half = (outputs - inputs) // 2
            self.pad = lambda x: F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, half, outputs - inputs - half))

    def beside(self, x, activated):
        if hasattr(self, "downsample"):
            return self.downsample(activated)
        return self.pad(activated) if self.pad else x

    def forward(self, x):
        if self.before:
            a = x if self.first else F.relu(self.bn1(x))
            y = self.conv1(a)
            for i in range(2, self.count + 1):
                y = getattr(self, f"conv{i}")(F.relu(getattr(self, f"bn{i}")(y)))
            return y + self.beside(x, a)
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = F.relu(y) if i < self.count else y
        return F.relu(y + self.beside(x, x))


class Net(nn.Module):
    def __init__(self, pooled, kernels, striding, expansion, shortcut, before, width=8):
        super().__init__()
        k = 7 if pooled else 3
        self.conv1 = nn.Conv2d(3, width, k, 2 if pooled else 1, k // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if pooled else nn.Identity()
        inputs = width
        for stage in (1, 2):
            w = width * stage
            block = Block(inputs, w, stage, kernels, striding, expansion, shortcut, before, stage == 1)
            setattr(self, f"layer{stage}", nn.Sequential(block))
            inputs = w * expansion
        self.norm = nn.BatchNorm2d(inputs) if before else None
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        if self.norm:
            x = F.relu(self.norm(x))
        return self.fc(x.mean((2, 3)))


CASES = {
    "basic-padded": (False, (3, 3), 0, 1, "padded", False),
    "basic-projected": (True, (3, 3), 0, 1, "projected", False),
    "bottleneck": (True, (1, 3, 1), 0, 4, "projected", False),
    "bottleneck-3x3": (True, (1, 3, 1), 1, 4, "all", False),
    "preact": (False, (3, 3), 0, 1, "projected", True),
}


def case(shape):
    torch.manual_seed(7)
    net = Net(*shape)
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.5, 1.0), nn.init.normal_(m.bias, 0, 0.1)
            nn.init.normal_(m.running_mean, 0, 0.1), nn.init.uniform_(m.running_var, 0.5, 1.5)
    x, y = torch.randn(6, 3, 20, 20), torch.arange(6) % CLASSES
    out = collections.OrderedDict(images=x, labels=y.float())
    floats = lambda state: {k: v for k, v in state.items() if v.is_floating_point()}
    out.update({"weights/" + k: v.clone() for k, v in floats(net.state_dict()).items()})
    net, x = net.double(), x.double()
    out["logits/inference"] = net.eval()(x)
    net.train()
    sgd = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    for step in range(3):
        sgd.zero_grad()
        z = net(x)
        F.cross_entropy(z, y).backward()
        if step == 0:
            out["logits/training"] = z
            out.update({"gradients/" + k: v.grad.clone() for k, v in net.named_parameters()})
        sgd.step()
    out.update({"after/" + k: v for k, v in floats(net.state_dict()).items()})
    out.update({"momentum/" + k: sgd.state[v]["momentum_buffer"] for k, v in net.named_parameters()})
    return out


def save(path, tensors):
    header, offset = {}, 0
    for name, t in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [offset, offset + 4 * t.numel()]}
        offset += 4 * t.numel()
    head = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(len(head).to_bytes(8, "little") + head)
        for t in tensors.values():
            f.write(t.detach().float().contiguous().numpy().astype("<f4").tobytes())


if __name__ == "__main__":
    for name, shape in CASES.items():
        save(f"{sys.argv[1]}/{name}.safetensors", case(shape))
