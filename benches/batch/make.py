"""Makes a folder of images from fixtures/photos: many sizes and formats, 3 % of them broken. Same count, same files.

Usage: make.py FOLDER COUNT
"""

import io
import random
import sys
from pathlib import Path

from PIL import Image, ImageOps

PHOTOS = sorted((Path(__file__).parents[2] / "fixtures/photos").iterdir())
FORMATS = [("jpg", "JPEG", 12), ("png", "PNG", 4), ("webp", "WEBP", 2), ("bmp", "BMP", 1), ("gif", "GIF", 1), ("tiff", "TIFF", 1)]
BROKEN = ["cut", "empty", "noise", "text"]


def variant(rng, photos):
    photo = rng.choice(photos)
    width, height = photo.size
    w, h = rng.uniform(0.6, 1) * width, rng.uniform(0.6, 1) * height
    left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
    photo = photo.crop((int(left), int(top), int(left + w), int(top + h)))
    if rng.random() < 0.5:
        photo = ImageOps.mirror(photo)
    side = int(2 ** rng.uniform(6, 11))  # 64 to 2,048 pixels
    scale = side / max(photo.size)
    return photo.resize((max(1, int(photo.width * scale)), max(1, int(photo.height * scale))))


def broken(rng, data, how):
    match how:
        case "cut":
            return data[: len(data) // 3]
        case "empty":
            return b""
        case "noise":
            return rng.randbytes(4096)
        case "text":
            return b"This is no picture.\n"


def main(folder, count):
    rng = random.Random(2026)
    photos = [Image.open(photo).convert("RGB") for photo in PHOTOS]
    area = made = 0
    for number in range(count):
        name, kind, _ = rng.choices(FORMATS, [weight for *_, weight in FORMATS])[0]
        image = variant(rng, photos)
        data = io.BytesIO()
        image.save(data, kind)
        data = data.getvalue()
        if number % 100 in (7, 40, 77):
            data = broken(rng, data, rng.choice(BROKEN))
        else:
            area, made = area + image.width * image.height, made + 1
        path = folder / f"{number % 10}" / f"{number:05}.{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return area / made


if __name__ == "__main__":
    mean = main(Path(sys.argv[1]), int(sys.argv[2]))
    print(f"{sys.argv[2]} images, {mean / 1e6:.2f} megapixels on average")
