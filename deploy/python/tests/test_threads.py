"""Threads, forks, signals, and what is imported."""

import signal
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import cutout
from common import PHOTOS, native, run

COFFEE = PHOTOS / "coffee.png"


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


class Threads(unittest.TestCase):
    def test_many_threads_share_a_session(self):
        for session in (None, native()):
            with ThreadPoolExecutor(8) as pool:
                results = list(pool.map(lambda _: cutout.remove(COFFEE, session=session), range(24)))
            self.assertEqual(set(results), {run(COFFEE)})

    def test_other_threads_of_python_run_meanwhile(self):
        turns, done = 0, threading.Event()

        def work():
            cutout.remove(COFFEE, quality="best", session=native())
            done.set()

        thread = threading.Thread(target=work)
        thread.start()
        while not done.is_set():
            turns += 1
        thread.join()
        # Had the lock been held, there would have been a turn or two.
        self.assertGreater(turns, 100)

    def test_a_forked_process_makes_engines_of_its_own(self):
        code = """
import os, sys, warnings, cutout
warnings.simplefilter("ignore", DeprecationWarning)
sessions = [cutout.Session(engine=engine, workers=1) for engine in ("native", "wasm")]
before = [session.remove(sys.argv[1]) for session in sessions]
child = os.fork()
if child == 0:
    # A shell of its own: no test of this process goes on.
    os._exit(0 if [session.remove(sys.argv[1]) for session in sessions] == before else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
        done = python(code, COFFEE)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_interrupt_ends_the_wait_for_an_image(self):
        code = """
import signal, sys, threading, cutout
# Whoever runs tests in the background may have their processes ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
session = cutout.Session(engine="native", workers=1)
done, one = [], threading.Event()

def work():
    done.append(session.remove(sys.argv[1]))
    one.set()

for _ in range(40):
    threading.Thread(target=work, daemon=True).start()
# Behind the first image the others wait, and whoever comes now waits for all of them.
one.wait()
try:
    print("ready", flush=True)
    session.remove(sys.argv[1])
except KeyboardInterrupt:
    print("interrupted before the others" if len(done) < 40 else "late", flush=True)
"""
        command = [sys.executable, "-c", code, COFFEE]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), "ready\n")
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.stdout.read(), "interrupted before the others\n")
            self.assertEqual(process.wait(), 0)

    def test_neither_pillow_nor_numpy_is_imported(self):
        code = """
import io, sys, cutout, cutout.compat.rembg
session = cutout.Session(engine="native")
session.remove(sys.argv[1])
session.mask(open(sys.argv[1], "rb"))
cutout.compat.rembg.remove(open(sys.argv[1], "rb").read(), session=session, only_mask=True)
sys.exit(any(name in sys.modules for name in ("PIL", "numpy")))
"""
        done = python(code, COFFEE)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
