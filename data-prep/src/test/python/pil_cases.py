#!/usr/bin/env python3
"""Makes the pictures that TestPilEquivalence reads: files of every kind, and what PIL (9.4 made those in the repository) sees in them.

    pil_cases.py OUT                        those of src/test/resources/pil; needs cjpeg of libjpeg-turbo
    pil_cases.py --cuts OUT                 those of spark-trainer/src/test/resources/cuts, from its cuts.tsv
    pil_cases.py --photographs FOLDER OUT   for -Dpil.reference=OUT: photographs, whole, and a part of each scaled to 224
"""
import argparse, io, pathlib, random, struct, subprocess, zlib
import numpy as np
from PIL import Image, ImageCms, ImageOps


def scene(width, height):
    """Something with edges, slopes and strong colours, and a little grain."""
    y, x = np.mgrid[0:height, 0:width] / min(width, height)
    red = 127 + 120 * np.sin(5 * x + 2 * y)
    green = 127 + 100 * np.cos(4 * y - x)
    blue = 255 * np.clip(1 - (x - 0.6) ** 2 * 6 - (y - 0.5) ** 2 * 9, 0, 1)
    ball = (x - 0.35) ** 2 + (y - 0.4) ** 2 < 0.05
    picture = np.stack([np.where(ball, 230, red), np.where(ball, 40, green), np.where(ball, 30, blue)], axis=2)
    grain = np.random.default_rng(1).normal(0, 3, picture.shape)
    return Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8))


def jpeg(picture, **options):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def cjpeg(picture, *options):
    ppm = io.BytesIO()
    picture.save(ppm, "PPM")
    return subprocess.run(["cjpeg", "-quality", "90", *options], input=ppm.getvalue(), capture_output=True, check=True).stdout


def with_segment(data, marker, content):
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + data[2:]


def ycck(picture):
    """PIL writes no YCCK, but CMYK with Adobe's segment: the same with other numbers in it, and the segment saying so."""
    key = ImageOps.invert(picture.convert("L")).point(lambda v: v // 4)
    y, cb, cr = picture.convert("YCbCr").split()
    cmyk = Image.merge("CMYK", [ImageOps.invert(p) for p in (y, cb, cr)] + [key])
    data = bytearray(jpeg(cmyk))
    at = data.index(b"Adobe")
    assert data[at + 11] == 0
    data[at + 11] = 2
    return bytes(data)


def profile_of_exchanged_colours():
    """Of sRGB, but that red and blue change places: applied, it could not be missed. PIL and torchvision do not."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


def png(samples, depth, colour):
    """A PNG that PIL cannot write: samples (height, width, channels) of 16 bits."""
    height, width, _ = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def saved(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def cases():
    picture = scene(61, 47)
    yield "444.jpg", jpeg(picture, subsampling=0)
    yield "422.jpg", jpeg(picture, subsampling=1)
    yield "420.jpg", jpeg(picture, subsampling=2)
    yield "440.jpg", cjpeg(picture, "-sample", "1x2")
    yield "411.jpg", cjpeg(picture, "-sample", "4x1")
    yield "progressive.jpg", jpeg(picture, progressive=True)
    yield "grey-2x2.jpg", cjpeg(picture, "-grayscale", "-sample", "2x2")
    yield "colour-2x1.jpg", cjpeg(picture, "-sample", "2x2,2x1,1x1")
    yield "restart.jpg", cjpeg(picture, "-restart", "1")
    yield "grey.jpg", jpeg(picture.convert("L"))
    yield "rgb.jpg", cjpeg(picture, "-rgb")
    yield "adobe.jpg", with_segment(jpeg(picture), 0xEE, b"Adobe\0\x64\0\0\0\0\x01")
    yield "cmyk.jpg", jpeg(picture.convert("CMYK"))
    yield "ycck.jpg", ycck(picture)
    yield "profile.jpg", jpeg(picture, icc_profile=profile_of_exchanged_colours())
    yield "adobe-profile.jpg", with_segment(jpeg(picture, icc_profile=profile_of_exchanged_colours()), 0xEE, b"Adobe\0\x64\0\0\0\0\x01")
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"orientation-{orientation}.jpg", jpeg(picture, exif=exif)
    alpha = Image.linear_gradient("L").resize(picture.size)
    yield "rgba.png", saved(Image.merge("RGBA", (*picture.split(), alpha)), "PNG")
    yield "grey-alpha.png", saved(Image.merge("LA", (picture.convert("L"), alpha)), "PNG")
    yield "palette.png", saved(picture.quantize(32), "PNG", transparency=3)
    yield "bits.png", saved(picture.convert("1"), "PNG")
    yield "png-named.JPEG", saved(picture, "PNG")
    yield "gif-named.JPEG", saved(picture.quantize(64), "GIF", save_all=True, append_images=[ImageOps.mirror(picture).quantize(64)])
    yield "webp-named.JPEG", saved(picture, "WEBP", quality=90)
    yield "profile.webp", saved(picture, "WEBP", lossless=True, icc_profile=profile_of_exchanged_colours())
    yield "lossless.webp", saved(picture, "WEBP", lossless=True)
    yield "alpha.webp", saved(Image.merge("RGBA", (*picture.split(), alpha)), "WEBP", quality=90)


def deep_cases():
    """16 bits a sample, of which PIL keeps the upper byte of colours, and spoils grey."""
    colours = np.asarray(scene(61, 47)).astype(np.uint16)
    grain = np.random.default_rng(2).integers(0, 256, colours.shape, dtype=np.uint16)
    yield "rgb-16.png", png(colours * 256 + grain, 16, 2), colours
    yield "grey-16.png", png((colours * 256 + grain)[:, :, :1], 16, 0), np.repeat(colours[:, :, :1], 3, axis=2)


def seen(data):
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")


def write(out, name, data, expected):
    (out / name).write_bytes(data)
    expected.save(out / (name + ".expected.png"), optimize=True)


def write_cases(out):
    for name, data in cases():
        write(out, name, data, seen(data))
    for name, data, expected in deep_cases():
        write(out, name, data, Image.fromarray(expected.astype(np.uint8)))


def write_cuts(out):
    """What PIL makes of a larger scene: the parts in cuts.tsv, which TestGoldenImages wrote, and what testing sees."""
    picture = scene(160, 120)
    picture.save(out / "scene.png", optimize=True)
    small = picture.resize((32, 32), Image.BILINEAR)
    small.save(out / "small.png", optimize=True)
    for line in (out / "cuts.tsv").read_text().splitlines():
        name, seed, x, y, width, height, mirrored, side = line.split("\t")
        x, y, width, height, side = float(x), float(y), float(width), float(height), int(side)
        if name == "pad-and-shift":
            padded = Image.new("RGB", (40, 40))
            padded.paste(small, (4, 4))
            part = padded.crop((4 + x, 4 + y, 4 + x + side, 4 + y + side))
        elif name == "random-area":
            part = picture.crop((x, y, x + width, y + height)).resize((side, side), Image.BILINEAR)
        else:
            part = picture.resize((side, side), Image.BILINEAR, (x, y, x + width, y + height))
        (ImageOps.mirror(part) if mirrored == "true" else part).save(out / f"{name}-{seed}.png", optimize=True)
    scaled = picture.resize((64, 48), Image.BILINEAR)
    corners = [(0, 0), (24, 0), (0, 8), (24, 8), (12, 4)]
    crops = [scaled.crop((x, y, x + 40, y + 40)) for x, y in corners]
    scales = [picture.resize((4 * side // 3, side), Image.BILINEAR) for side in (36, 48, 150)]
    mirrored = [ImageOps.mirror(crops[i]) for i in (1, 0, 3, 2, 4)]  # the crops of the mirror image
    for name, views in (("ten-crop", crops + mirrored),
                        ("multi-scale", [v for view in scales for v in (view, ImageOps.mirror(view))])):
        for i, view in enumerate(views):
            view.save(out / f"{name}-{i}.png", optimize=True)


def write_photographs(folder, out):
    draw = random.Random(1)
    for file in sorted(f for f in folder.rglob("*") if f.suffix.lower() in (".jpg", ".jpeg")):
        data = file.read_bytes()
        picture = seen(data)
        write(out, file.name, data, picture)
        side = min(picture.size) * draw.uniform(0.3, 0.9)
        left, top = (draw.uniform(0, length - side) for length in picture.size)
        box = (left, top, left + side, top + side)
        picture.resize((224, 224), Image.BILINEAR, box).save(out / (file.name + ".part.png"))
        (out / (file.name + ".box")).write_text("\t".join(map(repr, (left, top, side, side))))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--photographs", type=pathlib.Path)
    p.add_argument("--cuts", action="store_true")
    p.add_argument("out", type=pathlib.Path)
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    if a.photographs:
        write_photographs(a.photographs, a.out)
    elif a.cuts:
        write_cuts(a.out)
    else:
        write_cases(a.out)


main()
