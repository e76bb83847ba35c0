#!/usr/bin/env python3
"""Compares what our GPU steps compute with PyTorch in double precision, and with PyTorch's own error in the same number format.

    python3 gpu_networks.py FOLDER        # with the NETWORK-BATCH-PRECISION.safetensors that NetworkDump left there

A line of FOLDER/findings.jsonl for each of: log probabilities of inference, gradients, weights after three steps. In float32 ours may
be off by 1e-4 or twice what PyTorch is, in tf32 and bfloat16 by twice what PyTorch is. Runs on the GPU where there is one.
"""
import copy, glob, json, os, struct, sys, time
import torch, torchvision
import torch.nn as nn, torch.nn.functional as F

RATE, MOMENTUM, DECAY, STEPS = 0.05, 0.9, 1e-4, 3
CLASSES = {"resnet20": 10}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class PaddedBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.stride, self.pad = stride, (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.pad, self.pad)))


class CifarNetwork(nn.Module):
    """Of 6n + 2 layers, with shortcuts without parameters."""

    def __init__(self, n):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        inputs = 16
        for stage, width in enumerate((16, 32, 64), 1):
            blocks = []
            for i in range(n):
                blocks.append(PaddedBlock(inputs, width, 2 if i == 0 and stage > 1 else 1))
                inputs = width
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def network(name):
    if name == "resnet20":
        return CifarNetwork(3)
    return getattr(torchvision.models, name.replace("-v1.5", ""))()  # torchvision's bottlenecks are the v1.5


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    length = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, t in json.loads(data[8 : 8 + length]).items():
        begin, end = t["data_offsets"]
        values = torch.frombuffer(bytearray(data[8 + length + begin : 8 + length + end]), dtype=torch.float32)
        tensors[name] = values.reshape(t["shape"])
    return tensors


def under(tensors, prefix):
    return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}


def compute(net, tensors, dtype, precision):
    """Log probabilities, gradients, and weights after the steps, all in double on the CPU."""
    net = copy.deepcopy(net).to(DEVICE, dtype)
    images, targets = tensors["images"].to(DEVICE, dtype), tensors["targets"].argmax(1).to(DEVICE)
    exact = dtype == torch.float64
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32" and not exact
    if precision == "bfloat16" and not exact:
        net, images = net.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)

    def forward():
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=precision == "bfloat16" and not exact):
            return net(images)

    home = lambda state: {k: v.detach().double().cpu().clone() for k, v in state}
    net.eval()
    with torch.no_grad():
        # The mean does not matter, and what is left of it is no sum of roundings.
        logs = F.log_softmax(forward().double(), 1).cpu()
    sgd = torch.optim.SGD(net.train().parameters(), RATE, momentum=MOMENTUM, weight_decay=DECAY)
    for step in range(STEPS):
        sgd.zero_grad()
        F.cross_entropy(forward().to(torch.float64 if exact else torch.float32), targets).backward()
        if step == 0:
            gradients = home((k, v.grad) for k, v in net.named_parameters())
        sgd.step()
    after = home((k, v) for k, v in net.state_dict().items() if v.is_floating_point())
    return logs, gradients, after


def error(found, exact):
    """Of vectors, by their norms; NaN if there is any."""
    flat = lambda values: torch.cat([v.double().flatten() for v in values])
    keys = exact.keys()
    f, e = flat(found[k] for k in keys), flat(exact[k] for k in keys)
    return ((f - e).norm() / e.norm()).item()


def worst(found, same_mode, exact):
    of = lambda x, k: ((x[k].double() - exact[k]).norm() / exact[k].norm().clamp(min=1e-30)).item()
    k = max(exact, key=lambda k: of(found, k) / (of(same_mode, k) + 1e-12))
    return f"worst beside PyTorch's: {k} {of(found, k):.1e} and {of(same_mode, k):.1e}"


def compare(path, findings):
    name, batch, precision = os.path.basename(path)[: -len(".safetensors")].rsplit("-", 2)
    tensors = read(path)
    net = network(name)
    names = {k for k, _ in net.named_parameters()} | {k for k, v in net.state_dict().items() if v.is_floating_point()}
    start = under(tensors, "start/")
    assert names == set(start), names ^ set(start)
    net.load_state_dict(start, strict=False)
    began = time.time()
    logs64, gradients64, after64 = compute(net, tensors, torch.float64, precision)
    logs, gradients, after = compute(net, tensors, torch.float32, precision)
    parameters = list(gradients64)
    moved = lambda state: {k: state[k].double() - start[k].double() for k in parameters}
    statistics = lambda state: {k: state[k].double() for k in state if "running" in k}
    ours_after = under(tensors, "after/")
    ours_logs = tensors["probabilities"].double().log()
    rows = [
        ("log probabilities", {"": ours_logs}, {"": logs}, {"": logs64}),
        ("gradient", under(tensors, "gradient/"), gradients, gradients64),
        ("three steps", moved(ours_after), moved(after), moved(after64)),
        ("running statistics after them", statistics(ours_after), statistics(after), statistics(after64)),
    ]
    for what, ours, same_mode, exact in rows:
        our, their = error(ours, exact), error(same_mode, exact)
        bound = max(1e-4, 2 * their) if precision == "float32" else 2 * their
        detail = f"error {our:.2e}, PyTorch's {their:.2e}"
        if len(exact) > 1:
            detail += "; " + worst(ours, same_mode, exact)
        outcome = "passed" if our <= bound else "failed"
        if DEVICE == "cpu" and precision != "float32":
            outcome = "said"  # PyTorch's error here is not that of a card in this format
        row = {"part": "networks", "check": f"{name}, batch {batch}, {precision}: {what}", "outcome": outcome, "detail": detail}
        findings.write(json.dumps(row, separators=(",", ":")) + "\n")
        findings.flush()
        print(f"{row['check']}: {row['outcome']}, {detail}", flush=True)
    print(f"  {time.time() - began:.1f} s", flush=True)


if __name__ == "__main__":
    folder = sys.argv[1]
    with open(f"{folder}/findings.jsonl", "a") as findings:
        for path in sorted(glob.glob(f"{folder}/*.safetensors"), key=os.path.getsize):
            compare(path, findings)
            os.rename(path, path + ".compared")
