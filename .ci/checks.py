"""Counts checks, for the scripts beside this one: each outcome is shown as it comes, and a line of counts closes."""

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(name, holds, seen=""):
    """Counts one check; `seen` says what was found where it does not hold."""
    counts["passed" if holds else "failed"] += 1
    print(f"ok: {name}" if holds else f"FAILED: {name}{seen and f': {seen}'}", flush=True)


def sound(name, problem):
    """Counts one check; `problem` is a text, or nothing where all is well."""
    check(name, not problem, problem)


def skip(text):
    """Counts what cannot be checked here."""
    counts["skipped"] += 1
    print(f"skip: {text}", flush=True)


def close():
    """Shows the counts; the exit code."""
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 1 if counts["failed"] else 0
