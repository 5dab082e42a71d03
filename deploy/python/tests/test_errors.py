"""Errors: their classes, kinds and texts."""

import io
import pickle
import tempfile
import unittest
import warnings
from pathlib import Path

import cutout
from common import PHOTOS, ROOT, blank, native
from cutout import _cutout, _errors

COFFEE = PHOTOS / "coffee.png"


class Errors(unittest.TestCase):
    def test_each_kind_has_a_class_and_stands_in_the_docs(self):
        page = (ROOT / "docs/python.md").read_text()
        for kind, _ in _cutout.kinds():
            error = _errors.of_kind(kind, "text")
            self.assertIsNot(type(error), cutout.CutoutError, kind)
            self.assertEqual((error.kind, str(error)), (kind, "text"))
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), again.kind, str(again)), (type(error), kind, "text"))
            self.assertIn(f"`{kind}`", page)
        self.assertEqual({kind for kind, _ in _cutout.kinds()}, set(_errors._CLASSES))

    def test_refusals_say_their_kind_and_the_option(self):
        small = cutout.Session(engine="native", max_pixels=0.01, workers=1)
        late = cutout.Session(engine="native", timeout=0.001, workers=1)
        narrow = cutout.Session(engine="native", max_memory=16, workers=1)
        remove = cutout.remove
        with tempfile.NamedTemporaryFile(suffix=".onnx") as model:
            model.write((ROOT / "fixtures/tiny/foreign.onnx").read_bytes())
            model.flush()
            cases = [
                (lambda: remove(b"no image", session=native()), cutout.InvalidImageError, ValueError, "unsupported-format", ""),
                (lambda: remove(COFFEE.read_bytes()[:900], session=native()), cutout.InvalidImageError, ValueError, "undecodable", ""),
                (lambda: remove(COFFEE, session=small), cutout.ImageTooLargeError, ValueError, "too-many-pixels", ""),
                (lambda: remove(COFFEE, session=late), cutout.ImageTimeoutError, TimeoutError, "timeout", "raise timeout"),
                (lambda: remove(blank(3000, 2000), session=narrow), cutout.ImageMemoryError, MemoryError, "out-of-memory", "raise max_memory"),
                (lambda: remove(COFFEE, quality="top"), cutout.UsageError, ValueError, "usage", "fast, good, best"),
                (lambda: remove(COFFEE, background="colourless"), cutout.UsageError, ValueError, "usage", "background"),
                (lambda: remove(COFFEE, background=(1, 2, 300)), cutout.UsageError, ValueError, "usage", "0 to 255"),
                (lambda: remove(COFFEE, crop="80%"), cutout.UsageError, ValueError, "usage", "crop"),
                (lambda: remove(COFFEE, jpeg_quality=50), cutout.UsageError, ValueError, "usage", "jpeg_quality"),
                (lambda: remove(COFFEE, mask_only=True, background="red"), cutout.UsageError, ValueError, "usage", "background"),
                (lambda: cutout.Session("nobody"), cutout.UsageError, ValueError, "usage", "nobody"),
                (lambda: cutout.Session(workers=0), cutout.UsageError, ValueError, "usage", "workers"),
                (lambda: cutout.Session(timeout=0), cutout.UsageError, ValueError, "usage", "timeout"),
                (lambda: cutout.Session(max_memory=1), cutout.UsageError, ValueError, "usage", "max_memory"),
                (lambda: cutout.Session(model.name, engine="native"), cutout.ModelError, cutout.CutoutError, "model", "family"),
                (lambda: cutout.Session("nowhere/model.onnx"), cutout.FileError, OSError, "io", "nowhere"),
            ]
            for act, class_, base, kind, text in cases:
                with self.assertRaises(class_, msg=kind) as caught:
                    act()
                error = caught.exception
                self.assertIsInstance(error, (base,))
                self.assertIsInstance(error, cutout.CutoutError)
                self.assertEqual(error.kind, kind, error)
                self.assertIn(text, str(error))
                self.assertNotIn("--", str(error))

    def test_names_of_files_stay_as_they_are(self):
        for path in ("nowhere/a--timeout.onnx", "nowhere/--engines/model.onnx", "no --where/model.onnx"):
            with self.assertRaises(cutout.FileError) as caught:
                cutout.Session(path)
            self.assertIn(path, str(caught.exception))

    def test_what_is_no_image_of_python_is_an_error_of_python(self):
        for image in (None, 7, [b""]):
            with self.assertRaises(TypeError):
                cutout.remove(image, session=native())
        with self.assertRaises(TypeError):
            cutout.remove(io.StringIO("text"), session=native())
        with self.assertRaises(FileNotFoundError):
            cutout.remove(Path("nowhere.png"), session=native())

    def test_a_session_works_after_an_error(self):
        session = cutout.Session(engine="native", workers=1)
        expected = session.remove(COFFEE)
        for _ in range(3):
            with self.assertRaises(cutout.InvalidImageError):
                session.remove(b"no image")
            self.assertEqual(session.remove(COFFEE), expected)

    def test_an_image_without_a_subject_warns(self):
        with open(ROOT / "fixtures/photos/coffee.png", "rb") as photo, warnings.catch_warnings():
            warnings.simplefilter("error")
            cutout.remove(photo, session=native())
        calls = [
            lambda: cutout.remove(blank(8, 8), session=native()),
            lambda: native().mask(blank(8, 8)),
            lambda: list(cutout.remove_many([blank(8, 8)], session=native())),
        ]
        for call in calls:
            with self.assertWarns(cutout.NoForegroundWarning) as caught:
                call()
            self.assertEqual(caught.filename, __file__)


if __name__ == "__main__":
    unittest.main()
