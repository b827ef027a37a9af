"""What can be changed in the core headers, one small thing at a time, and the headers with all of it in them.

A mutant is a piece of a function's body that means something else while its number is the active one:

  a < b          ->  (tiercache_mutant(7) ? (a <= b) : (a < b))
  if (is_full()) ->  if (tiercache_mutant(8) != bool(is_full()))
  waiters_.add() ->  { if (!tiercache_mutant(9)) waiters_.add(); }

So all mutants are compiled at once, and chosen when a test is run. What is decided by the compiler (if constexpr,
requires, static_assert, noexcept, constants) stays as it is; so do memory orders, which no test on one machine can tell
apart. Which tests notice a mutant is the business of run.py.
"""

import re
from clang import cindex
from dataclasses import dataclass
from pathlib import Path

Kind = cindex.CursorKind

# Not the core: what is opt-in, and what only says things.
LEFT_OUT = re.compile(r"/(asio[^/]*|fmt|testing|version)\.hpp$")

OTHER_OPERATOR = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<",
    "+=": "-=", "-=": "+=", "<<=": ">>=", ">>=": "<<=", "&=": "|=", "|=": "&=",
}

PRELUDE = """#pragma once
#include <cstdio>
#include <cstdlib>
#include <type_traits>
/// Which mutant is active, and which are reached; this is not part of tiercache.
struct TiercacheMutants {
  static inline const int active = [] {
    const char* const number = std::getenv("TIERCACHE_MUTANT");
    return number == nullptr ? -1 : std::atoi(number);
  }();
  static inline unsigned char reached[%d] = {};
  static inline const bool writes_at_exit = [] {
    if (std::getenv("TIERCACHE_REACHED") != nullptr) {
      std::atexit([] {
        std::FILE* const file = std::fopen(std::getenv("TIERCACHE_REACHED"), "wb");
        std::fwrite(reached, 1, sizeof reached, file);
        std::fclose(file);
      });
    }
    return true;
  }();
};
[[gnu::no_sanitize("thread")]] constexpr bool tiercache_mutant(int number) noexcept {
  if (std::is_constant_evaluated()) return false;
  TiercacheMutants::reached[number] = 1;
  return TiercacheMutants::active == number;
}
"""


@dataclass(frozen=True)
class Mutant:
    """One change. It is known by where it is and what it does, not by its number, which changes with the headers."""

    header: str
    line: int
    offset: int
    end: int
    what: str
    original: str

    def key(self):
        """How it stands in a table."""
        return f"`{self.header}` | {self.what} | `{' '.join(self.original.split())}`".replace("||", "\\|\\|")

    def places(self):
        """The lines that it is on, as a compiler names them."""
        return {(self.header, str(self.line + i)) for i in range(self.original.count("\n") + 1)}


class Finder:
    """Finds the mutants of one header."""

    def __init__(self, header, text):
        self.header = header
        self.text = text
        self.found = []

    def source(self, cursor):
        return self.text[cursor.extent.start.offset : cursor.extent.end.offset]

    def add(self, cursor, what):
        start, end = cursor.extent.start, cursor.extent.end
        original = self.text[start.offset : end.offset]
        # A macro's extents are not those of what it stands for.
        if "TIERCACHE_" in original or any(original.count(a) != original.count(b) for a, b in ("()", "{}", "[]")):
            return
        self.found.append(Mutant(self.header, start.line, start.offset, end.offset, what, original))

    def operator_of(self, cursor):
        left, right = list(cursor.get_children())
        return self.text[left.extent.end.offset : right.extent.start.offset].strip()

    def add_condition(self, cursor):
        while cursor.kind in (Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR):
            children = list(cursor.get_children())
            if len(children) != 1 or self.source(children[0]).strip() != self.source(cursor).strip("() \n"):
                break
            cursor = children[0]
        if self.is_binary(cursor) and self.operator_of(cursor) in OTHER_OPERATOR | {"&&": "", "||": ""}:
            return  # its parts are mutants
        if cursor.kind.is_expression():
            self.add(cursor, "negate")

    def is_binary(self, cursor):
        return cursor.kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR) and len(
            list(cursor.get_children())) == 2

    def add_statement(self, cursor):
        deletable = cursor.kind.is_expression() and cursor.kind != Kind.CXX_THROW_EXPR
        if deletable and not self.source(cursor).startswith(("static_cast<void>", "throw", "co_return", "co_yield")):
            self.add(cursor, "delete")

    def visit(self, cursor):
        """Goes through a function's body."""
        children = list(cursor.get_children())
        if cursor.kind == Kind.STATIC_ASSERT or self.source(cursor).startswith("requires"):
            return
        if cursor.kind == Kind.DECL_STMT and re.match(r"(static\s+)?constexpr|static\s+const|using", self.source(cursor)):
            return
        if cursor.kind == Kind.IF_STMT:
            declares = [c for c in children if c.kind == Kind.VAR_DECL]
            is_constexpr = re.match(r"if\s+constexpr", self.source(cursor)) is not None
            condition = next(i for i, c in enumerate(children) if c.kind.is_expression())
            if not is_constexpr and not declares:
                self.add_condition(children[condition])
            for child in children[condition + 1 :]:
                self.add_statement(child)
            if is_constexpr:
                children = children[condition + 1 :]
        if cursor.kind == Kind.CONDITIONAL_OPERATOR and len(children) == 3:
            self.add_condition(children[0])
        if cursor.kind == Kind.COMPOUND_STMT:
            for child in children:
                self.add_statement(child)
        if cursor.kind in (Kind.FOR_STMT, Kind.WHILE_STMT, Kind.CXX_FOR_RANGE_STMT) and children:
            self.add_statement(children[-1])
        if self.is_binary(cursor):
            operator = self.operator_of(cursor)
            if operator in ("&&", "||"):
                for child in children:
                    self.add(child, "true" if operator == "&&" else "false")
            elif operator in OTHER_OPERATOR:
                self.add(cursor, f"{operator} -> {OTHER_OPERATOR[operator]}")
        if cursor.kind == Kind.RETURN_STMT and re.fullmatch(r"return\s+(true|false)", self.source(cursor)):
            self.add(children[0], "negate")
        for child in children:
            self.visit(child)


def find(root):
    """Returns the mutants of the core headers under `root`, which is include/tiercache."""
    include = root.parent
    unit = cindex.Index.create().parse(
        "all.cpp", ["-std=c++20", f"-I{include}"], [("all.cpp", "#include <tiercache/tiercache.hpp>\n")])
    errors = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
    if errors:
        raise SystemExit(f"the headers do not compile: {errors[0]}")
    finders = {}
    for cursor in unit.cursor.get_children():
        if cursor.location.file is not None:
            _walk(cursor, include, finders)
    found = {}
    for finder in finders.values():
        for mutant in finder.found:
            found[mutant.header, mutant.offset, mutant.end, mutant.what] = mutant
    return sorted(found.values(), key=lambda m: (m.header, m.offset, -m.end, m.what != "delete", m.what))


def _walk(cursor, include, finders):
    file = cursor.location.file
    if file is None or not file.name.startswith(str(include / "tiercache")) or LEFT_OUT.search(file.name):
        return
    if cursor.kind == Kind.COMPOUND_STMT:
        header = str(Path(file.name).relative_to(include))
        if header not in finders:
            finders[header] = Finder(header, Path(file.name).read_bytes().decode("ascii"))
        head = finders[header].text[: cursor.extent.start.offset]
        if "consteval" not in re.split(r"[;{}]", head)[-1]:
            finders[header].visit(cursor)
        return
    for child in cursor.get_children():
        _walk(child, include, finders)


def _mutated(text, at, mutants, number):
    """The text of `at`, a range, with these mutants in it, all of which lie in the range."""
    result, place = [], at[0]
    outer = None
    for mutant in mutants:
        if outer is not None and mutant.offset < outer.end:
            continue
        outer = mutant
        inner = [m for m in mutants if m is not mutant and m.offset >= mutant.offset and m.end <= mutant.end]
        body = _mutated(text, (mutant.offset, mutant.end), inner, number)
        name = f"tiercache_mutant({number[mutant]})"
        end = mutant.end
        if mutant.what == "delete":
            end = text.index(";", mutant.end) + 1
            body = f"{{ if (!{name}) {body}; }}"
        elif mutant.what == "negate":
            body = f"({name} != bool({body}))"
        elif mutant.what == "true":
            body = f"({name} || ({body}))"
        elif mutant.what == "false":
            body = f"(!{name} && ({body}))"
        else:
            before, after = mutant.what.split(" -> ")
            first = mutant.original
            split = _operator_at(first, before)
            other = " ".join((first[:split] + after + first[split + len(before) :]).split())
            body = f"({name} ? ({other}) : ({body}))"
        result += [text[place : mutant.offset], body]
        place = end
    return "".join(result) + text[place : at[1]]


def _operator_at(text, operator):
    """The place of an operator that is the outermost one of an expression: the last one outside of all parentheses."""
    depth, places = 0, []
    for i, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and text[i - 1 : i + len(operator) + 1] == f" {operator} ":
            places.append(i)
    return places[-1] if places else text.index(operator)


def write(root, mutants, left_out, to):
    """Writes all headers under `root` to the folder `to`, with these mutants in them but for some; a mutant's number is
    its place in the list. Whatever includes one has to include mutants.hpp before."""
    number = {mutant: i for i, mutant in enumerate(mutants)}
    for path in root.rglob("*.hpp"):
        header = str(path.relative_to(root.parent))
        text = path.read_bytes().decode("ascii")
        its = [m for i, m in enumerate(mutants) if m.header == header and i not in left_out]
        mutated = _mutated(text, (0, len(text)), its, number)
        _write(to / header, mutated)
    _write(to / "tiercache" / "mutants.hpp", PRELUDE % max(1, len(mutants)))


def _write(file, text):
    """Writes a file, and leaves it alone if it is that already: what was compiled with it is good still then."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or file.read_text() != text:
        file.write_text(text)
