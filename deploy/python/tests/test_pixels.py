"""Images of Pillow and arrays of numpy: the pixels of `cutout run`."""

import io
import unittest

import numpy
from PIL import Image, ImageCms

import cutout
from common import PHOTOS, native, run
from cutout.compat import rembg

PNGS = sorted(PHOTOS.glob("*.png"))


def pixels(encoded: bytes) -> numpy.ndarray:
    return numpy.asarray(Image.open(io.BytesIO(encoded)))


def png(image: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


class Pixels(unittest.TestCase):
    def assert_equal(self, found, expected: numpy.ndarray, case):
        found = numpy.asarray(found)
        self.assertEqual((found.shape, found.dtype), (expected.shape, expected.dtype), case)
        self.assertTrue(numpy.array_equal(found, expected), case)

    def test_pillow_and_numpy_give_the_pixels_of_the_program(self):
        options = [
            (dict(), []),
            (dict(crop="5%"), ["--crop=5%"]),
            (dict(quality="fast", max_side=150), ["--quality", "fast", "--max-side", "150"]),
            (dict(compat="rembg"), ["--compat", "rembg"]),
        ]
        for photo in PNGS:
            image = Image.open(photo)
            for options_, flags in options:
                for session, engine in ((None, "wasm"), (native(), "native")):
                    case = (photo.name, options_, engine)
                    expected = pixels(run(photo, *flags, "--engine", engine))
                    found = cutout.remove(image, session=session, **options_)
                    self.assertEqual(found.mode, "RGBA")
                    self.assert_equal(found, expected, case)
                    self.assert_equal(cutout.remove(numpy.asarray(image), session=session, **options_), expected, case)
                    expected = pixels(run(photo, "--mask", *flags, "--engine", engine))
                    found = cutout.mask(image, session=session, **options_)
                    self.assertEqual(found.mode, "L")
                    self.assert_equal(found, expected, case)
                    self.assert_equal(cutout.mask(numpy.asarray(image), session=session, **options_), expected, case)

    def test_a_background_is_put_behind_pixels_too(self):
        photo, behind = PHOTOS / "coffee.png", PHOTOS / "astronaut.png"
        expected = pixels(run(photo, "--background", str(behind)))
        for background in (behind, Image.open(behind), numpy.asarray(Image.open(behind))):
            found = cutout.remove(Image.open(photo), background=background, session=native())
            self.assert_equal(numpy.asarray(found)[..., :3], expected[..., :3], type(background))

    def test_every_mode_is_as_its_file(self):
        image = Image.open(PHOTOS / "coffee.png")
        half = image.convert("RGBA")
        half.putalpha(Image.linear_gradient("L").resize(image.size))
        grey16 = Image.fromarray(numpy.asarray(image.convert("L")).astype(numpy.uint16) * 257)
        cases = [
            image.convert("L"),
            image.convert("1"),
            image.convert("P"),
            half,
            half.convert("LA"),
            half.quantize(64),
            grey16,
        ]
        for image in cases:
            expected = cutout.remove(png(image), session=native())
            if image.mode.startswith("I;16"):
                expected = png(Image.open(io.BytesIO(expected)))
            self.assert_equal(cutout.remove(image, session=native()), pixels(expected), image.mode)

    def test_profile_and_density_are_kept_where_colours_are(self):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        rocket = Image.open(PHOTOS / "rocket.jpg")
        self.assertIn("icc_profile", rocket.info)
        image = Image.open(PHOTOS / "coffee.png")
        image.info.update(icc_profile=profile, dpi=(300, 300))
        found = cutout.remove(image, session=native())
        self.assertEqual((found.info["icc_profile"], found.info["dpi"]), (profile, (300, 300)))
        self.assertNotIn("icc_profile", cutout.remove(image, session=native(), background="white").info)
        self.assertNotIn("icc_profile", cutout.mask(image, session=native()).info)
        padded = Image.merge("RGBX", (*image.split()[:3], Image.new("L", image.size)))
        padded.info["icc_profile"] = profile
        self.assertEqual(cutout.remove(padded, session=native()).info["icc_profile"], profile)
        # The network is shown sRGB, so a wide profile must reach it.
        lossless = png(rocket, icc_profile=rocket.info["icc_profile"])
        expected = pixels(cutout.mask(lossless, session=native()))
        self.assert_equal(cutout.mask(rocket, session=native()), expected, "profile")

    def test_an_image_that_is_turned_by_exif_comes_out_upright(self):
        image = Image.open(PHOTOS / "chelsea.png")
        for orientation in range(1, 9):
            exif = Image.Exif()
            exif[0x0112] = orientation
            file = png(image, exif=exif)
            found = cutout.remove(Image.open(io.BytesIO(file)), session=native())
            self.assert_equal(found, pixels(cutout.remove(file, session=native())), orientation)
            self.assertEqual(found.getexif().get(0x0112, 1), 1)

    def test_a_tiff_is_turned_once_whether_it_is_loaded_or_not(self):
        image = Image.open(PHOTOS / "chelsea.png")
        for orientation in range(1, 9):
            for loads in (False, True):
                exif = Image.Exif()
                exif[0x0112] = orientation
                file = io.BytesIO()
                image.save(file, "TIFF", exif=exif)
                expected = pixels(cutout.remove(file.getvalue(), session=native()))
                turned = Image.open(file)
                if loads:
                    turned.load()
                self.assert_equal(cutout.remove(turned, session=native()), expected, (orientation, loads))

    def test_broken_exif_is_passed_over(self):
        image = Image.open(PHOTOS / "chelsea.png")
        expected = numpy.asarray(cutout.remove(image, session=native()))
        for exif in (b"Exif\0\0broken", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0six\0"):
            broken = image.copy()
            broken.info["exif"] = exif
            self.assert_equal(cutout.remove(broken, session=native()), expected, exif)

    def test_each_mode_of_pillow_is_taken_or_refused_by_kind(self):
        image = Image.open(PHOTOS / "coffee.png").convert("RGB")
        half = image.copy()
        half.putalpha(Image.linear_gradient("L").resize(image.size))
        exact = numpy.asarray(image.convert("L")).astype(numpy.uint16) * 257 - numpy.uint16(3) * (numpy.asarray(image.convert("L")) > 0)
        grey = Image.fromarray(exact)
        big = Image.frombytes("I;16B", image.size, exact.astype(">u2").tobytes())
        keyed = grey.copy()
        keyed.info["transparency"] = int(exact[0, 0])
        clear = image.quantize(64)
        clear.info["transparency"] = 3
        hidden = image.copy()
        hidden.info["transparency"] = image.getpixel((0, 0))
        lab = Image.merge("LAB", (image.convert("L"), *[Image.new("L", image.size, 128)] * 2))
        # The image, and an image whose PNG holds the same.
        cases = [
            (grey, grey),
            (big, grey),
            (keyed, keyed),
            (clear, clear.convert("RGBA")),
            (hidden, hidden.convert("RGBA")),
            (image.quantize(64), image.quantize(64).convert("RGB")),
            (half.convert("LA"), half.convert("LA")),
            (half.convert("LA").convert("La"), half.convert("LA").convert("La").convert("LA")),
            (half.convert("RGBa"), half.convert("RGBa").convert("RGBA")),
            (half.convert("LA").convert("PA"), half.convert("LA").convert("PA").convert("RGBA")),
            (image.convert("RGBX"), image),
            (image.convert("YCbCr"), image.convert("YCbCr").convert("RGB")),
            (image.convert("HSV"), image.convert("HSV").convert("RGB")),
            (image.convert("1"), image.convert("1").convert("L")),
            (lab, lab.convert("RGB")),
        ]
        for given, plain in cases:
            case = (given.mode, given.info.get("transparency"))
            options = {"transparency": plain.info["transparency"]} if plain is keyed else {}
            expected = cutout.remove(png(plain, **options), session=native())
            # Pillow shows 16-bit results with their upper 8 bits, and results in pixels are rounded.
            if given.mode.startswith("I;16"):
                found = numpy.asarray(cutout.remove(given, session=native())).astype(int)
                self.assertLessEqual(abs(found - numpy.asarray(Image.open(io.BytesIO(expected)).convert("RGBA"))).max(), 1, case)
            else:
                self.assert_equal(cutout.remove(given, session=native()), pixels(expected), case)
        self.assertEqual(cutout.remove(image.convert("CMYK"), session=native()).size, image.size)
        for refused in (image.convert("L").convert("I"), image.convert("L").convert("F")):
            with self.assertRaises(cutout.UsageError, msg=refused.mode) as caught:
                cutout.remove(refused, session=native())
            self.assertIn(refused.mode, str(caught.exception))

    def test_options_of_files_are_refused_for_pixels(self):
        image = Image.open(PHOTOS / "coffee.png")
        for pixels_ in (image, numpy.asarray(image)):
            for option in (dict(format="webp"), dict(format="png"), dict(png="small"), dict(webp_quality=80), dict(jpeg_quality=70)):
                with self.assertRaisesRegex(cutout.UsageError, f"{next(iter(option))}: the result is pixels"):
                    cutout.remove(pixels_, session=native(), **option)

    def test_arrays_of_any_layout_in_memory_are_taken_and_others_refused(self):
        array = numpy.asarray(Image.open(PHOTOS / "chelsea.png"))
        expected = cutout.remove(array, session=native())
        self.assertTrue(expected.flags.writeable)
        for same in (numpy.asfortranarray(array), numpy.dstack([array, array])[..., :3], array[::-1][::-1]):
            self.assert_equal(cutout.remove(same, session=native()), expected, same.strides)
        grey = numpy.asarray(Image.open(PHOTOS / "chelsea.png").convert("L"))
        self.assert_equal(
            cutout.remove(grey[..., None], session=native()), cutout.remove(grey, session=native()), "one channel"
        )
        for wrong in (array.astype(float), array[..., :2], array[0, 0], array[:0], array[None]):
            with self.assertRaisesRegex(cutout.UsageError, "height × width"):
                cutout.remove(wrong, session=native())
        with self.assertRaises(cutout.UsageError):
            cutout.remove(array, webp_quality=80, session=native())

    def test_an_array_may_be_larger_than_an_encoded_image(self):
        session = cutout.Session(engine="native", max_bytes=1, workers=1)
        array = numpy.asarray(Image.open(PHOTOS / "coffee.png").resize((1200, 800)))
        self.assertEqual(session.remove(array).shape, (800, 1200, 4))
        with self.assertRaises(cutout.ImageTooLargeError):
            session.remove(png(Image.effect_noise((1200, 1200), 100)))
        noise = Image.effect_noise((1200, 1200), 100).convert("RGB")
        small = Image.open(PHOTOS / "coffee.png")
        # Each is bounded by what it is, whatever it comes with.
        self.assertIsInstance(session.remove(PHOTOS / "coffee.png", background=noise), bytes)
        self.assertEqual(Image.open(io.BytesIO(rembg.remove(noise, session=session, force_return_bytes=True))).size, noise.size)
        with self.assertRaises(cutout.ImageTooLargeError):
            session.remove(small, background=png(noise))
        with self.assertRaises(cutout.ImageTooLargeError):
            session.remove(png(noise), background=small)


if __name__ == "__main__":
    unittest.main()
