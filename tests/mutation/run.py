"""How many of the mutants of the core headers the tests notice: a mutation run. What the mutants are says mutants.py.

On Debian 12, in a checkout, after `sudo apt-get install -y clang-19 python3-clang-19 catch2 libboost1.81-dev libfmt-dev`:

  /usr/bin/python3 tests/mutation/run.py build-mutation

It takes a few hours on two processors. For each mutant those tests are run that reach it, the quickest first, until one
fails, crashes, or takes ten times as long as without. What was noticed, and which test did not notice it, is written
down in the folder and not run again. So it can be interrupted, and goes on where it was after tests were added; for a
new beginning, remove the folder. What nobody notices goes to survivors.md, where the reasons that somebody wrote stay;
those without one are printed.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import mutants as headers

ROOT = Path(__file__).resolve().parents[2]
SURVIVORS = Path(__file__).with_name("survivors.md")
INTRODUCTION = """# Mutants that no test notices

Made by `tests/mutation/run.py`, which says how; only the reasons are written by hand.

"""


class Mutation:
    def __init__(self, work, jobs, longest):
        self.work = work.resolve()
        self.jobs = jobs
        self.longest = longest
        self.include = ROOT / "include" / "tiercache"
        # A mutant is known to the programs by its place in this list.
        self.mutants = headers.find(self.include)
        # Those that do not compile.
        left_out = self.noted("left_out")
        self.left_out = {i for i, key in enumerate(self.keys()) if key in left_out}
        self.tests = [
            *sorted((ROOT / "tests/unit").glob("*.cpp")),
            *sorted((ROOT / "tests/schedules").glob("*.cpp")),
            *sorted((ROOT / "tests/model").glob("*.cpp")),
            *sorted((ROOT / "tests/stress").glob("*.cpp")),
        ]

    def each(self, function, things):
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            return list(pool.map(function, things))

    def program(self, test):
        return self.work / test.parent.name / test.stem

    # Building.

    def is_built(self, source, target):
        """Tells whether a program is newer than all that it is made of."""
        parts = [source, *(self.work / "include").rglob("*.hpp"), *(ROOT / "tests").glob("support/*.hpp"),
                 *source.parent.glob("*.hpp")]
        return os.access(target, os.X_OK) and target.stat().st_mtime > max(part.stat().st_mtime for part in parts)

    def compile(self, source, *arguments):
        """Returns what the compiler says, if it fails."""
        # As in CMakeLists.txt: these look inside.
        looks = ["-fno-access-control"] if "/model/" in str(source) or source.stem.startswith("insides_") else []
        result = subprocess.run(
            ["clang++-19", "-std=c++20", "-O1", "-w", "-ferror-limit=0", *looks, f"-I{self.work}/include",
             "-include", "tiercache/mutants.hpp", f"-I{ROOT}/tests/support", f"-I{ROOT}/tests/model", source,
             *arguments], capture_output=True, text=True)
        return f"{source}\n{result.stderr}" if result.returncode != 0 else ""

    def compile_all(self, sources, arguments):
        """Compiles; a mutant that does not compile is left out."""
        left = sources
        while left:
            headers.write(self.include, self.mutants, self.left_out, self.work / "include")
            said = self.each(lambda source: self.compile(source, *arguments(source)), left)
            complaints = "".join(said)
            left = [source for source, its in zip(left, said) if its]
            before = len(self.left_out)
            # An error may be seen where a template is instantiated and made where a note points to.
            for kind in ("error", "note"):
                places = set(re.findall(rf"{self.work}/include/(\S+?):(\d+):\d+: {kind}", complaints))
                if len(self.left_out) == before:
                    self.left_out |= {i for i, m in enumerate(self.mutants) if places & m.places()}
            if left and len(self.left_out) == before:
                sys.exit(f"this does not compile:\n{complaints[:3000]}")
        # Else the headers would be written, and all be compiled anew, the next time.
        keys = self.keys()
        (self.work / "left_out").write_text("".join(f"{keys[i]}\n" for i in sorted(self.left_out)))

    def build(self):
        for folder in ("include", "unit", "schedules", "model", "stress"):
            (self.work / folder).mkdir(parents=True, exist_ok=True)
        self.compile_all([ROOT / "tests/guards/whole_interface.cpp"], lambda source: ["-fsyntax-only"])
        main, counting = (self.work / "main.o", self.work / "counting.o")
        self.compile_all([ROOT / "tests/support/catch_main.cpp"], lambda source: ["-c", "-o", main])
        self.compile_all([ROOT / "tests/support/counted_new.cpp"], lambda source: ["-c", "-o", counting])
        old = [test for test in self.tests if not self.is_built(test, self.program(test))]
        # Each is a program of its own, and counts allocations, which one file does for all of tests/unit.
        self.compile_all(old, lambda source: [
            main, *([] if "counted_new.hpp" in source.read_text() else [counting]), "-pthread", "-lfmt", "-o",
            self.program(source)])

    # Running.

    def run(self, test, limit, **environment):
        """Returns whether a test passes, and after how many seconds."""
        start = time.monotonic()
        try:
            result = subprocess.run([self.program(test), "--abort"], env=os.environ | environment, timeout=limit,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return result.returncode == 0, time.monotonic() - start
        except subprocess.TimeoutExpired:
            return False, limit

    def measure(self):
        """Finds out which mutants each test reaches, and how long it takes."""
        self.seconds, self.reached = {}, {}

        def measure(test):
            file = self.work / f"{test.stem}.reached"
            reached = bytes(len(self.mutants))
            # Threads go now this way, now that; and one that fails now and then would notice everything.
            for i in range(10):
                passes, seconds = self.run(test, 600, TIERCACHE_REACHED=str(file))
                if not passes:
                    sys.exit(f"{test} fails without any mutant")
                reached = bytes(map(max, reached, file.read_bytes()))
                if i == 0:
                    self.seconds[test] = seconds
                if seconds > 1:
                    break
            self.reached[test] = reached

        self.each(measure, self.tests)
        self.tests = sorted((t for t in self.tests if self.seconds[t] <= self.longest), key=self.seconds.get)

    def note(self, file, line):
        with (self.work / file).open("a") as its:
            its.write(line + "\n")

    def noted(self, file):
        path = self.work / file
        return set(path.read_text().splitlines()) if path.exists() else set()

    def is_noticed(self, number, key, passed):
        for test in self.tests:
            name = f"{key} {test.stem} {self.program(test).stat().st_mtime_ns}"
            if not self.reached[test][number] or name in passed:
                continue
            if not self.run(test, 5 + 10 * self.seconds[test], TIERCACHE_MUTANT=str(number))[0]:
                return True
            self.note("passed", name)
        return False

    def keys(self):
        """Names each mutant so that it is known again when others are added."""
        count = collections.Counter()
        keys = []
        for mutant in self.mutants:
            key = mutant.key()
            count[key] += 1
            keys.append(f"{key} {count[key]}")
        return keys

    def survivors(self, numbers):
        """Runs these mutants; returns those that nobody notices."""
        before, passed = self.noted("noticed"), self.noted("passed")
        keys = self.keys()
        left = [number for number in numbers if keys[number] not in before]
        start = time.monotonic()
        done = 0

        def run(number):
            nonlocal done
            noticed = self.is_noticed(number, keys[number], passed)
            if noticed:
                self.note("noticed", keys[number])
            done += 1
            if done % 50 == 0:
                print(f"{done} of {len(left)} mutants, {time.monotonic() - start:.0f} s", flush=True)
            return noticed

        return [number for number, noticed in zip(left, self.each(run, left)) if not noticed]

    def report(self, run, survivors):
        kept = dict(re.findall(r"^\| (`.*?` \| .*? \| `.*`) \| (.*) \|$", SURVIVORS.read_text(), re.MULTILINE)
                    ) if SURVIVORS.exists() else {}
        share = 100 * (len(run) - len(survivors)) / len(run)
        text = INTRODUCTION + (
            f"Of {len(self.mutants) - len(self.left_out)} mutants {len(run)} were run, "
            f"and {len(run) - len(survivors)} were noticed: {share:.1f} %.\n\n"
            "| header | what is done | to | why nobody notices |\n|---|---|---|---|\n")
        for number in survivors:
            key = self.mutants[number].key()
            reason = kept.get(key, "not looked into yet")
            if key not in kept:
                print(f"no reason: {self.mutants[number].header}:{self.mutants[number].line} {key}")
            text += f"| {key} | {reason} |\n"
        SURVIVORS.write_text(text)
        print(f"{share:.1f} % of {len(run)} mutants are noticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="a folder for what is built")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--longest", type=float, default=60, help="leave out tests that take more seconds")
    parser.add_argument("--every", type=int, default=1, help="run only every so many-th mutant")
    parser.add_argument("--only", default="", help="run only mutants whose header matches this; report nothing")
    arguments = parser.parse_args()
    mutation = Mutation(arguments.work, arguments.jobs, arguments.longest)
    mutation.build()
    mutation.measure()
    run = [i for i, m in enumerate(mutation.mutants)
           if i % arguments.every == 0 and i not in mutation.left_out and re.search(arguments.only, m.header)]
    survivors = mutation.survivors(run)
    if arguments.only:
        for number in survivors:
            print(f"{mutation.mutants[number].header}:{mutation.mutants[number].line} {mutation.mutants[number].key()}")
    else:
        mutation.report(run, survivors)


if __name__ == "__main__":
    main()
