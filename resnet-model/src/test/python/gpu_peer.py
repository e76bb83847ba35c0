#!/usr/bin/env python3
"""PyTorch's images a second on this GPU, as SpeedCheck measures ours: whole steps on data that lies on the card.

    python3 gpu_peer.py FOLDER eager|compile WORK...     # WORK as resnet50-v1.5:256:bfloat16, with :infer for inference
    python3 gpu_peer.py FOLDER warm WORK...              # compiles only, so that a later "compile" finds it in Inductor's cache

A line of FOLDER/speed-peer.jsonl each. tf32: allowed everywhere; bfloat16: autocast with channels last. cudnn.benchmark is on.
"""
import gc, json, sys, time
import torch
import torch.nn.functional as F
from gpu_networks import network

WINDOWS, WINDOW_SECONDS = 5, 0.25


def measure(folder, mode, work):
    name, batch, precision, *infer = work.split(":")
    batch, side, classes = int(batch), 32 if name == "resnet20" else 224, 10 if name == "resnet20" else 1000
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "float32"
    torch._dynamo.reset()
    began = time.time()
    net = network(name).cuda()
    images = torch.randn(batch, 3, side, side, device="cuda")
    targets = torch.randint(0, classes, (batch,), device="cuda")
    if precision == "bfloat16":
        net, images = net.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)
    net.train(not infer)
    forward = net if mode == "eager" else torch.compile(net)

    def step():
        with torch.set_grad_enabled(not infer), torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
            out = forward(images)
            loss = None if infer else F.cross_entropy(out, targets)
        if not infer:
            sgd.zero_grad(set_to_none=True)
            loss.backward()
            sgd.step()

    def seconds(steps):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(steps):
            step()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / steps

    seconds(1 if mode == "warm" else 8)
    set_up = time.time() - began
    if mode != "warm":
        torch.cuda.reset_peak_memory_stats()
        steps = int(max(10, min(1000, WINDOW_SECONDS / seconds(3))))
        median = sorted(seconds(steps) for _ in range(WINDOWS))[WINDOWS // 2]
        row = {"work": work, "mode": mode, "imagesPerSecond": batch / median, "bytes": torch.cuda.max_memory_allocated()}
        with open(f"{folder}/speed-peer.jsonl", "a") as out:
            out.write(json.dumps(row) + "\n")
        print(f"{work} {mode}: {batch / median:.0f} images/s, {row['bytes'] / 2**30:.2f} GiB, ready after {set_up:.1f} s", flush=True)
    else:
        print(f"{work} compiled in {set_up:.1f} s", flush=True)


if __name__ == "__main__":
    folder, mode, *works = sys.argv[1:]
    print(torch.__version__, "cuDNN", torch.backends.cudnn.version(), torch.cuda.get_device_name(), flush=True)
    for work in works:
        try:
            measure(folder, mode, work)
        except Exception as refused:  # the next ones may do
            print(f"{work} {mode}: {type(refused).__name__}: {refused}", flush=True)
        gc.collect()
        torch.cuda.empty_cache()
