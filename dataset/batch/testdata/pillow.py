"""Checksums of what Pillow makes of two images: every operation of RandAugment and AutoAugment, and bicubic resizing of rectangles.

Written to pillow.json: the images (24 x 24, RGB and grey) in base64, and for each case its function, its numbers and the CRC-32 of the result.

usage: python3 pillow.py        needs pillow and numpy; made with pillow 13.0.0
"""
import base64, json, pathlib, zlib
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

SIZE, GREY = 24, 128
y, x = np.mgrid[:SIZE, :SIZE]
noise = np.random.default_rng(1).normal(0, 14, (SIZE, SIZE, 3))
rgb = np.stack([30 + 8 * x, 210 - 7 * y + 3 * x, 128 + 70 * np.sin(x * y / 20)], -1) + noise
IMAGES = {"RGB": Image.fromarray(rgb.clip(9, 241).astype(np.uint8)), "L": Image.fromarray((rgb[..., 2] * .8 + 20).clip(5, 250).astype(np.uint8))}


def affine(image, *matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST, fillcolor=fill(image))


def fill(image):
    return (GREY,) * len(image.getbands()) if image.mode == "RGB" else GREY


def cutout(image, cx, cy, pad):
    image = image.copy()
    image.paste(fill(image), (max(0, cx - pad), max(0, cy - pad), min(SIZE, cx + pad), min(SIZE, cy + pad)))
    return image


FUNCTIONS = {
    "autoContrast": ImageOps.autocontrast, "equalize": ImageOps.equalize, "invert": ImageOps.invert, "posterize": ImageOps.posterize, "solarize": ImageOps.solarize,
    "solarizeAdd": lambda image, addition: image.point([min(255, v + addition) if v < 128 else v for v in range(256)] * len(image.getbands())),
    "color": lambda image, f: ImageEnhance.Color(image).enhance(f), "contrast": lambda image, f: ImageEnhance.Contrast(image).enhance(f),
    "brightness": lambda image, f: ImageEnhance.Brightness(image).enhance(f), "sharpness": lambda image, f: ImageEnhance.Sharpness(image).enhance(f),
    "rotate": lambda image, degrees: image.rotate(degrees, Image.Resampling.NEAREST, fillcolor=fill(image)),
    "shearX": lambda image, by: affine(image, 1, by, 0, 0, 1, 0), "shearY": lambda image, by: affine(image, 1, 0, 0, by, 1, 0),
    "translate": lambda image, dx, dy: affine(image, 1, 0, dx, 0, 1, dy), "cutout": cutout,
    "resize": lambda image, left, top, width, height, size: image.crop((left, top, left + width, top + height)).resize((size, size), Image.Resampling.BICUBIC),
}
NUMBERS = {
    "autoContrast": [()], "equalize": [()], "invert": [()], "posterize": [(1,), (2,), (4,), (8,)], "solarize": [(0,), (77,), (128,), (256,)],
    "solarizeAdd": [(0,), (33,), (110,)], "rotate": [(30,), (-30,), (11.4,), (-3,)], "shearX": [(.3,), (-.3,), (.09,)], "shearY": [(.3,), (-.12,)],
    "translate": [(10.7, 0), (-10.7, 0), (0, 4.3), (0, -26.8)], "cutout": [(3, 20, 4), (12, 12, 0), (23, 0, 5)],
    "resize": [(0, 0, 24, 24, 7), (3, 5, 11, 14, 9), (2, 1, 9, 7, 24), (0, 4, 24, 18, 24), (5, 5, 1, 1, 4), (1, 1, 21, 21, 31)],
} | {name: [(.1,), (.64,), (1.0,), (1.9,), (5.14,)] for name in ["color", "contrast", "brightness", "sharpness"]}

cases = [{"image": mode, "function": name, "numbers": numbers, "crc32": zlib.crc32(FUNCTIONS[name](image, *numbers).tobytes())}
         for mode, image in IMAGES.items() for name in FUNCTIONS for numbers in NUMBERS[name]]
images = {mode: base64.b64encode(image.tobytes()).decode() for mode, image in IMAGES.items()}
lines = ",\n".join(json.dumps(case) for case in cases)
pathlib.Path(__file__).with_suffix(".json").write_text(f'{{"images": {json.dumps(images)},\n"cases": [\n{lines}\n]}}\n')
