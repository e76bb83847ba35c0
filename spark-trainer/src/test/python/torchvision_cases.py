#!/usr/bin/env python3
"""Makes what TestTorchvisionEquivalence reads: what torchvision (0.14, with PIL 9.4, made those in the repository) shows of pictures in testing.

    torchvision_cases.py OUT    those of src/test/resources/torchvision

sizes.tsv: width, height, shorter side and crop; then width and height of Resize(shorter), left and top of CenterCrop(crop), and left and
top of the tenth view of TenCrop(crop), before it is mirrored. The pictures are of a formula, which TestTorchvisionEquivalence has too; views of one
size stand below each other in one PNG.
"""
import pathlib, random, sys
import numpy as np
from PIL import Image, ImageOps
from torchvision.transforms import CenterCrop, Resize, TenCrop

SIZES = [(909, 768), (413, 580), (500, 338), (256, 256), (255, 400), (1000, 30), (30, 1000), (3, 100), (20, 17), (21, 34), (31, 33)]
LARGE = [(909, 768), (413, 580), (500, 338), (21, 17)]
SCALES = (9, 22)


def picture(width, height):
    """Slopes and edges that grow with the picture, in integers."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = x * 1024 // min(width, height), y * 1024 // min(width, height)
    red = abs((u * 3 + v) // 2 % 510 - 255)
    green = 27 + 200 * ((u // 96 + v // 128) % 2)
    blue = abs((v * 2 + u) % 510 - 255)
    return Image.fromarray(np.stack([red, green, blue], axis=2).astype(np.uint8))


def places(width, height):
    """A picture whose pixels say where they stand."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray((y * 65536 + x).astype(np.int32), "I")


def left_top(crop):
    y, x = divmod(crop.getpixel((0, 0)), 65536)
    return x, y


def sizes():
    """Every parity and aspect; halves that are rounded down and up; and whatever chance adds."""
    draw = random.Random(1)
    cases = [(w, h, 256, 224) for w, h in SIZES]
    cases += [(w, h, 256, 224) for w in range(97, 102) for h in range(98, 103)]
    cases += [(w, 64, 64, 31) for w in range(64, 72)] + [(64, h, 64, 32) for h in range(64, 72)]
    for _ in range(100):
        crop = draw.randint(1, 320)
        cases.append((draw.randint(1, 700), draw.randint(1, 700), crop + draw.randint(0, 64), crop))
    for width, height, shorter, crop in cases:
        if max(width, height) <= 40 * min(width, height):
            yield width, height, shorter, crop


def row(width, height, shorter, crop):
    scaled = Resize(shorter)(Image.new("L", (width, height))).size
    centre = left_top(CenterCrop(crop)(places(*scaled)))
    tenth = left_top(ImageOps.mirror(TenCrop(crop)(places(*scaled))[9]))
    return (width, height, shorter, crop, *scaled, *centre, *tenth)


def stacked(views):
    return Image.fromarray(np.concatenate([np.asarray(view) for view in views]))


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    (out / "sizes.tsv").write_text("".join("\t".join(map(str, row(*case))) + "\n" for case in sizes()))
    for width, height in LARGE:
        view = CenterCrop(224)(Resize(256)(picture(width, height)))
        view.save(out / f"one-crop-{width}x{height}.png", optimize=True)
    for width, height in SIZES:
        seen = picture(width, height)
        stacked(TenCrop(27)(Resize(32)(seen))).save(out / f"ten-crop-{width}x{height}.png", optimize=True)
        for scale in SCALES if max(width, height) < 4 * min(width, height) else SCALES[:1]:
            view = Resize(scale)(seen)
            stacked([view, ImageOps.mirror(view)]).save(out / f"multi-scale-{scale}-{width}x{height}.png", optimize=True)


main(pathlib.Path(sys.argv[1]))
