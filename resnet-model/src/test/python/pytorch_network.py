#!/usr/bin/python3
"""What PyTorch computes with a whole network of torchvision, for TestPyTorchEquivalence.agreesOnAWholeNetwork.

    python3 pytorch_network.py resnet50 DIR [--batch 8] [--size 224] [--stride-in-1x1]     # PyTorch 1.13 and torchvision 0.14, or later
    mvn -pl resnet-model test -Dtest=TestPyTorchEquivalence -Dtest.jvm="-Xmx4g -Dpytorch.reference=DIR"

Computed in double precision, and once more in float, whose error is the yardstick: summary.json, "float32_error".
"""
import argparse, copy, json, os
import numpy as np, torch, torchvision
import torch.nn as nn, torch.nn.functional as F
from pytorch_cases import save

p = argparse.ArgumentParser()
p.add_argument("network"), p.add_argument("to")
p.add_argument("--batch", type=int, default=2), p.add_argument("--size", type=int, default=224)
p.add_argument("--stride-in-1x1", action="store_true")
a = p.parse_args()
CLASSES, STEPS = 1000, 3

torch.manual_seed(7)
net = getattr(torchvision.models, a.network)(num_classes=CLASSES)
for m in net.modules():
    if isinstance(m, nn.BatchNorm2d):
        nn.init.uniform_(m.weight, 0.5, 1.0), nn.init.normal_(m.bias, 0, 0.1)
        nn.init.normal_(m.running_mean, 0, 0.1), nn.init.uniform_(m.running_var, 0.5, 1.5)
    if a.stride_in_1x1 and isinstance(m, torchvision.models.resnet.Bottleneck):
        m.conv1.stride, m.conv2.stride = m.conv2.stride, (1, 1)
images, labels = torch.randn(a.batch, 3, a.size, a.size), torch.randint(0, CLASSES, (a.batch,))


def floats(state):
    return {k: v.clone() for k, v in state.items() if v.is_floating_point()}


def run(net, images):
    out = {"logits_eval": net.eval()(images).detach()}
    sgd = torch.optim.SGD(net.train().parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    for step in range(STEPS):
        sgd.zero_grad()
        logits = net(images)
        F.cross_entropy(logits, labels).backward()
        if step == 0:
            out["logits_train"] = logits.detach()
            out["gradients"] = {k: v.grad.clone() for k, v in net.named_parameters()}
        sgd.step()
    out["after_steps"] = floats(net.state_dict())
    out["momentum"] = {k: sgd.state[v]["momentum_buffer"] for k, v in net.named_parameters()}
    return out


def error(x, y):
    x, y = (torch.cat([t.double().flatten() for t in (v.values() if isinstance(v, dict) else [v])]) for v in (x, y))
    return ((x - y).norm() / y.norm()).item()


os.makedirs(a.to, exist_ok=True)
np.save(f"{a.to}/input.npy", images.numpy()), np.save(f"{a.to}/labels.npy", labels.numpy().astype("<i4"))
save(f"{a.to}/weights.safetensors", floats(net.state_dict()))
exact, single = run(copy.deepcopy(net).double(), images.double()), run(net, images)
for name, values in exact.items():
    if isinstance(values, dict):
        save(f"{a.to}/{name}.safetensors", values)
    else:
        np.save(f"{a.to}/{name}.npy", values.float().numpy())
errors = {name: error(single[name], exact[name]) for name in exact}
summary = {"network": a.network, "classes": CLASSES, "stride_in_1x1": a.stride_in_1x1, "steps": STEPS, "float32_error": errors}
json.dump(summary, open(f"{a.to}/summary.json", "w"), indent=1)
print(json.dumps(summary, indent=1))
