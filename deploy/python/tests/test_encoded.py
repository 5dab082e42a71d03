"""Bytes, paths and files: the bytes of `cutout run`."""

import io
import unittest

import cutout
from common import PHOTOS, native, run

COFFEE = PHOTOS / "coffee.png"


class Encoded(unittest.TestCase):
    def test_bytes_paths_and_files_give_the_bytes_of_the_program(self):
        content = COFFEE.read_bytes()
        expected = run(COFFEE)
        for session in (None, native()):
            cases = [content, bytearray(content), memoryview(content), str(COFFEE), COFFEE]
            for image in cases:
                result = cutout.remove(image, session=session)
                self.assertIs(type(result), bytes)
                self.assertEqual(result, expected, (type(image), session))
            file = cutout.remove(io.BytesIO(content), session=session)
            self.assertIs(type(file), io.BytesIO)
            self.assertEqual(file.read(), expected)

    def test_each_option_is_the_flag_of_the_program(self):
        cases = [
            (dict(mask_only=True), ["--mask"], "png"),
            (dict(background="#81d4fa", crop="5%"), ["--background", "81d4fa", "--crop=5%"], "png"),
            (dict(background=(129, 212, 250), crop=7), ["--background", "81d4fa", "--crop=7px"], "png"),
            (dict(background=(129, 212, 250, 128)), ["--background", "81d4fa80"], "png"),
            (dict(background=str(PHOTOS / "rocket.jpg")), ["--background", PHOTOS / "rocket.jpg"], "png"),
            (dict(background=PHOTOS / "rocket.jpg"), ["--background", PHOTOS / "rocket.jpg"], "png"),
            (dict(background=(PHOTOS / "rocket.jpg").read_bytes()), ["--background", PHOTOS / "rocket.jpg"], "png"),
            (dict(crop=True, max_side=200), ["--crop", "--max-side", "200"], "png"),
            (dict(quality="fast"), ["--quality", "fast"], "png"),
            (dict(quality="best"), ["--quality", "best"], "png"),
            (dict(compat="rembg"), ["--compat", "rembg"], "png"),
            (dict(png="small", max_side=200), ["--png", "small", "--max-side", "200"], "png"),
            (dict(format="webp", webp_quality=80), ["--webp-quality", "80"], "webp"),
            (dict(format="jpg", jpeg_quality=70), ["--jpeg-quality", "70"], "jpg"),
            (dict(format="jpeg"), [], "jpg"),
        ]
        for options, flags, format in cases:
            made = cutout.remove(COFFEE, session=native(), **options)
            self.assertEqual(made, run(COFFEE, *flags, "--engine", "native", format=format), options)

    def test_a_mask_is_the_result_of_mask_only(self):
        self.assertEqual(cutout.mask(COFFEE, session=native()), run(COFFEE, "--mask"))
        self.assertEqual(
            cutout.mask(COFFEE, session=native(), max_side=100, format="webp"),
            run(COFFEE, "--mask", "--max-side", "100", format="webp"),
        )

    def test_many_come_in_order_and_not_before_they_are_asked_for(self):
        photos = sorted(PHOTOS.iterdir())
        expected = [run(photo) for photo in photos]
        taken = []

        def images():
            for photo in photos * 3:
                taken.append(photo)
                yield photo

        results = cutout.remove_many(images(), workers=2, session=native())
        self.assertEqual(taken, [])
        self.assertEqual(next(results), expected[0])
        self.assertLessEqual(len(taken), 4)
        self.assertEqual(list(results), (expected * 3)[1:])
        endless = cutout.remove_many(iter(lambda: COFFEE, None), session=native())
        self.assertEqual(next(endless), run(COFFEE))
        endless.close()

    def test_many_go_on_behind_a_refused_image_where_that_is_asked_for(self):
        images = [COFFEE, b"no image", COFFEE]
        results = list(cutout.remove_many(images, errors="return", session=native()))
        self.assertEqual(results[::2], [run(COFFEE)] * 2)
        self.assertEqual(results[1].kind, "unsupported-format")
        with self.assertRaises(cutout.InvalidImageError):
            list(cutout.remove_many(images, session=native()))
        with self.assertRaises(ValueError):
            cutout.remove_many(images, errors="ignore")

    def test_many_read_an_image_before_the_next_is_asked_for(self):
        content = COFFEE.read_bytes()

        def images():
            for _ in range(6):
                with io.BytesIO(content) as file:
                    yield file
            reused = bytearray(content)
            for _ in range(6):
                yield reused
                reused[:] = b"no image"
                reused[:] = content

        results = [getattr(result, "getvalue", lambda: result)() for result in cutout.remove_many(images(), workers=2, session=native())]
        self.assertEqual(results, [run(COFFEE)] * 12)

    def test_many_give_a_path_that_cannot_be_read_in_its_place(self):
        results = list(cutout.remove_many(["nowhere.png", COFFEE], errors="return", session=native()))
        self.assertIsInstance(results[0], FileNotFoundError)
        self.assertEqual(results[1], run(COFFEE))

    def test_many_take_one_worker_at_least(self):
        for workers in (0, -1):
            with self.assertRaises(cutout.UsageError):
                cutout.remove_many([COFFEE], workers=workers, session=native())
            with self.assertRaises(cutout.UsageError):
                cutout.Session(workers=workers)

    def test_a_file_that_gives_less_than_it_is_asked_for_is_read_to_its_end(self):
        for type_ in (bytes, bytearray, memoryview):

            class Short(io.BytesIO):
                def read(self, size=-1):
                    return type_(super().read(min(size, 1000)))

            self.assertEqual(cutout.remove(Short(COFFEE.read_bytes()), session=native()).getvalue(), run(COFFEE))


if __name__ == "__main__":
    unittest.main()
