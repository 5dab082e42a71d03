"""rembg's functions: its documented examples with one changed line, and its results where it is installed."""

import importlib.util
import io
import os
import shutil
import tempfile
import unittest
from functools import cache
from pathlib import Path

import numpy
from PIL import Image

import cutout
from common import PHOTOS, ROOT, within
from cutout.compat.rembg import new_session, remove

PNGS = sorted(PHOTOS.glob("*.png"))
MASKS = ROOT / "fixtures/masks/u2netp"

# Of "Usage as a library" in rembg's README, 2.0.86: each with `from rembg` in place of the module here. cv2 is a stand-in of the same
# calls, by Pillow.
EXAMPLES = {
    "bytes": """
from rembg import remove

with open('input.png', 'rb') as i:
    with open('output.png', 'wb') as o:
        input = i.read()
        output = remove(input)
        o.write(output)
""",
    "a PIL image": """
from rembg import remove
from PIL import Image

input = Image.open('input.png')
output = remove(input)
output.save('output.png')
""",
    "a NumPy array": """
from rembg import remove
import cv2

input = cv2.imread('input.png')
output = remove(input)
cv2.imwrite('output.png', output)
""",
    "forced bytes": """
from rembg import remove

with open('input.png', 'rb') as i:
    with open('output.png', 'wb') as o:
        input = i.read()
        output = remove(input, force_return_bytes=True)
        o.write(output)
""",
    "batch": """
from pathlib import Path
from rembg import remove, new_session

session = new_session()

for file in Path('path/to/folder').glob('*.png'):
    input_path = str(file)
    output_path = str(file.parent / (file.stem + ".out.png"))

    with open(input_path, 'rb') as i:
        with open(output_path, 'wb') as o:
            input = i.read()
            output = remove(input, session=session)
            o.write(output)
""",
}


@cache
def u2netp() -> cutout.Session:
    return new_session("u2netp", providers=["CPUExecutionProvider"], engine="native")


def array(encoded: bytes) -> numpy.ndarray:
    return numpy.asarray(Image.open(io.BytesIO(encoded)))


class Cv2:
    """cv2's two functions: blue, green and red in place of red, green and blue."""

    @staticmethod
    def imread(path: str) -> numpy.ndarray:
        return numpy.asarray(Image.open(path).convert("RGB"))[..., ::-1].copy()

    @staticmethod
    def imwrite(path: str, image: numpy.ndarray) -> None:
        Image.fromarray(image[..., [2, 1, 0, 3]]).save(path)


class Rembg(unittest.TestCase):
    def assert_near(self, found, expected, levels: int, case, share: float = 0.0):
        """Equal within `levels`, but for a `share` of the values."""
        found, expected = (numpy.asarray(image).astype(int) for image in (found, expected))
        self.assertEqual(found.shape, expected.shape, case)
        far = (abs(found - expected) > levels).mean()
        self.assertLessEqual(far, share, case)

    def test_the_examples_of_its_readme_run_with_one_changed_line(self):
        for name, example in EXAMPLES.items():
            changed = example.replace("from rembg import", "from cutout.compat.rembg import")
            lines = [old != new for old, new in zip(example.splitlines(), changed.splitlines())]
            self.assertEqual(sum(lines), 1)
            with tempfile.TemporaryDirectory() as folder, within(folder):
                shutil.copy(PNGS[0], "input.png")
                os.makedirs("path/to/folder")
                shutil.copy(PNGS[0], "path/to/folder/a.png")
                code = changed.replace("import cv2", "")
                exec(compile(code, name, "exec"), {"cv2": Cv2})
                output = Path("path/to/folder/a.out.png" if name == "batch" else "output.png")
                with Image.open("input.png") as image, Image.open(output) as result:
                    self.assertEqual((result.mode, result.size), ("RGBA", image.size))
                    self.assertEqual(result.getextrema()[3], (0, 255))

    def test_masks_of_u2netp_are_those_of_rembgs_recipe(self):
        for photo in PNGS:
            expected = Image.open(MASKS / photo.name)
            for image in (photo.read_bytes(), Image.open(photo), numpy.asarray(Image.open(photo))):
                mask = remove(image, session=u2netp(), only_mask=True)
                mask = array(mask) if isinstance(mask, bytes) else mask
                self.assert_near(mask, expected, 2, photo.name, 0.001)

    def test_arguments_mean_what_they_mean_to_rembg(self):
        image = Image.open(PNGS[0])
        mask = remove(image, session=u2netp(), only_mask=True)
        plain = pillows(image, mask)
        self.assert_near(remove(image, session=u2netp()), plain, 1, "plain")
        for colour in ((255, 255, 255), (10, 200, 30, 255), (10, 200, 30, 100)):
            behind = Image.alpha_composite(Image.new("RGBA", image.size, colour), plain)
            self.assert_near(remove(image, session=u2netp(), bgcolor=colour), behind, 2, colour)
        found = remove(image, session=u2netp(), putalpha=True)
        expected = image.copy()
        expected.putalpha(mask)
        self.assert_near(found, expected, 0, "putalpha")
        self.assert_near(
            remove(image, session=u2netp(), only_mask=True, bgcolor=(1, 2, 3, 255), putalpha=True), mask, 0, "mask"
        )
        smooth = remove(image, session=u2netp(), only_mask=True, post_process_mask=True)
        self.assertEqual({value for _, value in smooth.getcolors()}, {0, 255})
        found = remove(image, session=u2netp(), post_process_mask=True)
        self.assert_near(found, pillows(image, smooth), 0, "post_process_mask")
        file = remove(image, session=u2netp(), force_return_bytes=True)
        self.assert_near(array(file), plain, 1, "force_return_bytes")
        file = remove(numpy.asarray(image), session=u2netp(), post_process_mask=True, force_return_bytes=True)
        self.assert_near(array(file), found, 0, "both")
        fine = remove(image, session=u2netp(), decontaminate=True)
        self.assert_near(fine, cutout.remove(image, session=u2netp()), 0, "decontaminate")

    def test_what_is_not_done_is_refused_as_a_value_error(self):
        image = PNGS[0].read_bytes()
        cases = [
            (lambda: remove(image, alpha_matting=True), "alpha_matting"),
            (lambda: remove(image, vitmatte=True), "vitmatte"),
            (lambda: remove(image, input_points=[]), "input_points"),
            (lambda: remove("photo.png"), "is not supported"),
            (lambda: remove(None), "is not supported"),
            (lambda: new_session("bria-rmbg"), "bria-rmbg"),
        ]
        for act, text in cases:
            with self.assertRaisesRegex(ValueError, text):
                act()

    @unittest.skipUnless(importlib.util.find_spec("rembg"), "rembg is not here")
    def test_results_are_those_of_rembg_beside(self):
        import rembg

        theirs = rembg.new_session("u2netp")
        cases = [
            dict(),
            dict(only_mask=True),
            dict(post_process_mask=True),
            dict(only_mask=True, post_process_mask=True),
            dict(bgcolor=(255, 255, 255, 255)),
            dict(bgcolor=(10, 200, 30, 100)),
            dict(putalpha=True),
            dict(putalpha=True, post_process_mask=True, bgcolor=(1, 2, 3, 255)),
        ]
        for photo in PNGS:
            opened = Image.open(photo)
            turned = opened.copy()
            exif = Image.Exif()
            exif[0x0112] = 6
            file = io.BytesIO()
            turned.save(file, "PNG", exif=exif)
            clear = opened.convert("RGBA")
            clear.putalpha(Image.linear_gradient("L").resize(opened.size))
            images = [photo.read_bytes(), opened, numpy.asarray(opened), Image.open(file), clear]
            for number, image in enumerate(images if photo == PNGS[-1] else images[:1]):
                for options in cases:
                    case = (photo.name, number, options)
                    expected = rembg.remove(image, session=theirs, **options)
                    found = remove(image, session=u2netp(), **options)
                    self.assertIs(type(found), type(expected), case)
                    if isinstance(expected, bytes):
                        # A file of ours has no alpha where nothing shines through.
                        found, expected = (
                            Image.open(io.BytesIO(file)).convert("L" if "only_mask" in options else "RGBA")
                            for file in (found, expected)
                        )
                    if isinstance(expected, Image.Image):
                        self.assertEqual(found.mode, expected.mode, case)
                    # A mask that is cut at a level turns at it. A photo that lies on its side is one that the network
                    # doubts: what sums are rounded to shows.
                    levels = 16 if image is images[3] else 2
                    self.assert_near(found, expected, levels, case, 0.002)


def pillows(image: Image.Image, mask: Image.Image) -> Image.Image:
    """rembg's cut-out."""
    return Image.composite(image, Image.new("RGBA", image.size, 0), mask)


if __name__ == "__main__":
    unittest.main()
