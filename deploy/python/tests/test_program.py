"""The program `cutout` of the package."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from common import PHOTOS, PROGRAM, run

COFFEE = PHOTOS / "coffee.png"
OURS = [sys.executable, "-m", "cutout"]


def call(*arguments: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*OURS, *map(str, arguments)], capture_output=True, **options)


class Program(unittest.TestCase):
    def test_it_says_and_writes_what_the_program_does(self):
        with tempfile.TemporaryDirectory() as folder:
            cases = [
                ["--version"],
                ["--help"],
                ["run", "--help"],
                ["completions", "bash"],
                [],
                ["run"],
                ["run", "nowhere.png", "-o", f"{folder}/a.png"],
                ["run", COFFEE, "-o", f"{folder}/a.gif"],
                ["batch", folder, "-o", f"{folder}/out"],
                ["run", COFFEE, "-o", "-"],
            ]
            for case in cases:
                expected = subprocess.run([PROGRAM, *map(str, case)], capture_output=True)
                found = call(*case)
                self.assertEqual(
                    (found.returncode, found.stdout, found.stderr),
                    (expected.returncode, expected.stdout, expected.stderr),
                    case,
                )

    def test_standard_streams_are_its_own(self):
        done = call("run", "-", "-o", "-", input=COFFEE.read_bytes())
        self.assertEqual((done.returncode, done.stdout), (0, run(COFFEE)))

    def test_names_that_are_no_text_reach_it(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(os.fsencode(folder), b"caf\xe9.png")
            Path(os.fsdecode(name)).write_bytes(COFFEE.read_bytes())
            output = os.path.join(os.fsencode(folder), b"r\xe9sultat.png")
            done = subprocess.run([*OURS, "run", name, "-o", output])
            self.assertEqual(done.returncode, 0)
            self.assertEqual(Path(os.fsdecode(output)).read_bytes(), run(COFFEE))

    def test_an_interrupt_ends_it_as_it_ends_the_program(self):
        codes = []
        for program in ([PROGRAM], OURS):
            command = [*program, "serve", "--addr", "127.0.0.1:0", "--workers", "1"]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
                while "127.0.0.1" not in process.stderr.readline():
                    pass
                process.send_signal(signal.SIGINT)
                process.stderr.read()
                codes.append(process.wait())
        self.assertEqual(codes, [0, 0])

    def test_the_module_refuses_to_measure_itself(self):
        done = call("bench")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"use the script: cutout bench", done.stderr)

    def test_a_reader_that_goes_away_ends_it_without_a_traceback(self):
        with subprocess.Popen([*OURS, "completions", "bash"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertNotIn(b"Traceback", process.stderr.read())


if __name__ == "__main__":
    unittest.main()
