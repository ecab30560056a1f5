"""`make mutants`: plant the faults of the table one at a time, and see which of them the tests don't find.

    python tests/mutants/run.py --only "optim|sgd"   those whose file or words a pattern finds
    python tests/mutants/run.py --named              only the tests that a fault names, not the whole suite behind them
    python tests/mutants/run.py --resume             without those that earlier runs have found
    python tests/mutants/run.py --jobs 2             so many at a time, each in a copy of the tree

A fault is found if a test is red, or hangs. Its own tests come first; those that these don't find have the whole suite.
Ctrl-C ends it at once: what is known is printed, and kept in `out/mutants.jsonl` for ``--resume``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 0.95
"""The share of faults that must be found."""
_LIMIT, _WHOLE_LIMIT = 600.0, 3600.0
"""Seconds that a fault's own tests may take, and the whole suite."""
_MEMORY = 8 << 30
"""Bytes of address space for a fault's own tests: a loop without an end often fills a list."""
_NO_FINDER = "tests/project/test_mutants.py"
"""It looks whether the faults can still be planted, and one that has been can't."""


@dataclass(frozen=True)
class Fault:
    """One entry of the table.

    Attributes:
        file: where it is planted, relative to the root.
        before, after: what stands there once, and what is put in its place.
        does: what then goes wrong.
        tests: the test files, or tests, that should find it.
        accepted: why no test can or need find it; "" for nearly all.
    """

    file: str
    before: str
    after: str
    does: str
    tests: tuple[str, ...]
    accepted: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.does}"

    def planted(self, source: str) -> str:
        """The text of its file with the fault; a ValueError if what it replaces isn't there just once."""
        found = source.count(self.before)
        if found != 1:
            raise ValueError(f"{self}: the text before is there {found} times, anchor it anew:\n{self.before}")
        return source.replace(self.before, self.after)

    @property
    def key(self) -> str:
        """By what it is known in a later run: the whole text of its file with the fault."""
        text = self.planted((ROOT / self.file).read_text(encoding="utf-8"))
        return hashlib.sha256(f"{self.file}\n{text}".encode()).hexdigest()


def table() -> list[Fault]:
    """All faults, from the files beside this one."""
    files = sorted(Path(__file__).parent.joinpath("faults").glob("*.toml"))
    entries = [entry for path in files for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]]
    return [Fault(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]


class Finders:
    """Which test found which fault, and which nobody found, in a file that grows line by line."""

    def __init__(self, path: Path, resume: bool) -> None:
        self._path = path
        path.parent.mkdir(exist_ok=True)
        if not (resume and path.exists()):
            path.write_text("")
        self._by: dict[str, str] = dict(map(json.loads, path.read_text(encoding="utf-8").splitlines()))

    def add(self, fault: Fault, by: str) -> None:
        self._by[fault.key] = by
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([fault.key, by]) + "\n")

    def of(self, fault: Fault) -> str | None:
        """Who found it, "" if nobody did, None if it has not been tried."""
        return self._by.get(fault.key)


class Copy:
    """A copy of the tree, in which one fault at a time is planted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        listing = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for name in filter(None, listing.stdout.split("\0")):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)

    @contextlib.contextmanager
    def having(self, fault: Fault) -> Iterator[None]:
        """Inside, the fault is planted."""
        path = self._folder / fault.file
        source, times = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(fault.planted(source), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(source, encoding="utf-8")
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as the compiled file has it

    def red(self, tests: Sequence[str], workers: str = "0") -> str:
        """Run these tests, or all, up to the first that is red: its name, or "hangs", or "" if all are green."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "-n", workers]
        self._process = process = subprocess.Popen(
            [*command, *(tests or [f"--ignore={_NO_FINDER}"])],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))) if tests else None,
            # What a fault compiles to must not be found again: its file may be as long and as new as another's.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self._folder)},
        )
        try:
            output, _ = process.communicate(timeout=_LIMIT if tests else _WHOLE_LIMIT)
        except subprocess.TimeoutExpired:
            return "hangs"
        finally:
            self.stop()
        if process.returncode == 0:
            return ""
        named = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", output, re.MULTILINE)
        return named[1] if named else f"pytest ended with {process.returncode}"

    def stop(self) -> None:
        """End what is running, with all processes that it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


class Copies:
    """As many copies as faults are tried at a time."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self._all = [Copy(folder / str(number)) for number in range(jobs)]
        self._pool = ThreadPoolExecutor(jobs)
        self._workers = "auto" if jobs == 1 else "0"
        self._idle: SimpleQueue[Copy] = SimpleQueue()
        for copy in self._all:
            self._idle.put(copy)

    def tried(self, faults: Sequence[Fault], whole: bool) -> Iterator[tuple[Fault, str]]:
        """The faults and who found them, in the order in which they end; by their own tests, or by all."""
        files = () if whole else sorted({test.partition("::")[0] for fault in faults for test in fault.tests})
        if red := self._all[0].red(files, "auto"):
            sys.exit(f"there is something wrong without any fault: {red}")

        def one(fault: Fault) -> str:
            copy = self._idle.get()
            try:
                with copy.having(fault):
                    return copy.red((), self._workers) if whole else copy.red(fault.tests)
            finally:
                self._idle.put(copy)

        waiting = {self._pool.submit(one, fault): fault for fault in faults}
        for done in as_completed(waiting):
            yield waiting[done], done.result()

    def __enter__(self) -> Copies:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for copy in self._all:
            copy.stop()
        self._pool.shutdown()


def search(faults: Sequence[Fault], finders: Finders, jobs: int, whole: bool) -> None:
    """Try the faults that nobody has found yet: with their own tests, then those that are left with the whole suite."""
    with tempfile.TemporaryDirectory(prefix="glassgrad-mutants-") as folder, Copies(Path(folder), jobs) as copies:
        for all_tests in (False, True)[: 1 + whole]:
            left = [fault for fault in faults if not finders.of(fault) and not (all_tests and fault.accepted)]
            found, name = copies.tried(left, all_tests) if left else (), "all tests" if all_tests else "own tests"
            for fault, by in tqdm(found, name, len(left), unit="fault"):
                finders.add(fault, by)
                if not by:
                    tqdm.write(f"survived {name}: {fault}")


def report(faults: Sequence[Fault], finders: Finders) -> bool:
    """Print what became of the faults, those that nobody found last; whether enough were found."""
    for fault in sorted(faults, key=lambda fault: (not finders.of(fault), str(fault))):
        by = finders.of(fault)
        outcome = "not tried" if by is None else "found    " if by else "SURVIVED "
        print(outcome, fault, f"<- {by}" if by else f"({fault.accepted})" if fault.accepted else "")
    found = sum(bool(finders.of(fault)) for fault in faults)
    print(f"\n{found} of {len(faults)} faults were found, {found / len(faults):.1%}; {ENOUGH:.0%} should be.")
    return found >= ENOUGH * len(faults)


def main() -> None:
    parser = argparse.ArgumentParser(description="Plant faults, and see whether the tests find them.")
    parser.add_argument("--only", metavar="PATTERN", default="", help="faults whose file or words this finds")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--named", action="store_true", help="only the tests that a fault names")
    parser.add_argument("--resume", action="store_true", help="without those that earlier runs have found")
    options = parser.parse_args()
    faults = [fault for fault in table() if re.search(options.only, str(fault))]
    if not faults:
        parser.error(f"there is no fault in whose file or words {options.only!r} is found")
    finders = Finders(ROOT / "out" / "mutants.jsonl", options.resume)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # which else would leave tests running
    with contextlib.suppress(KeyboardInterrupt):
        search(faults, finders, options.jobs, not options.named)
    sys.exit(0 if report(faults, finders) else 1)


if __name__ == "__main__":
    main()
