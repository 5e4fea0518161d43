"""Looks for words that the project does not use, in the files that git tracks. The list is words.toml, beside this file.

Run as a program, it prints each use with the term to use instead and ends with code 1 if there is any; with `--count`, it prints the number of uses by
folder, also of folders that are not checked yet.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("words.toml")


@dataclass(frozen=True)
class Use:
    """A use of a word: the file (relative to the project), the line number (from 1; 0: the name of the file), the words as found, the term instead."""

    file: str
    line: int
    text: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: '{self.text}': use {self.instead}"


def read_list(path: Path = LIST) -> dict:
    """Returns the list: unchecked (patterns of paths), word (pattern, instead), exception (file, text, reason).

    Raises KeyError when an entry lacks one of these.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    for word in content["word"]:
        word["expression"] = re.compile(rf"(?<![a-z]){as_words(word['pattern'])}(?![a-z])", re.IGNORECASE)
        word["instead"]
    for exception in content.get("exception", []):
        if not exception["reason"].strip():
            raise KeyError(f"The exception '{exception['text']}' in {exception['file']} has no reason.")
    return content


def as_words(pattern: str) -> str:
    """Returns the pattern with spaces that also match what separates words in names (underscore, hyphen) and between lines of a comment."""
    return "(?:" + pattern.replace(" ", r"[\s_#*-]+") + ")"


def tracked_files() -> list[str]:
    """Returns the text files that git tracks, as paths relative to the project."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return [name for name in names.split("\0") if name and (PROJECT / name).is_file()]


def matches(file: str, patterns: list[str]) -> bool:
    """Returns whether a path matches one of the patterns; `*` matches any characters, slashes included."""
    return any(fnmatchcase(file, pattern) for pattern in patterns)


def uses_in(file: str, text: str, words: list[dict]) -> list[Use]:
    """Returns the uses in the name and the text of one file, by line. An expression may continue on the next line."""
    found = []
    for word in words:
        found += [Use(file, 0, use.group().lower(), word["instead"]) for use in word["expression"].finditer(file)]
        found += [
            Use(
                file,
                text.count("\n", 0, use.start()) + 1,
                " ".join(re.split(r"[\s#*-]+", use.group().lower())),
                word["instead"],
            )
            for use in word["expression"].finditer(text)
        ]
    return sorted(found, key=lambda use: use.line)


def all_uses(content: dict) -> list[Use]:
    """Returns every use in the tracked files, except in unchecked ones. Exceptions are not taken out."""
    found = []
    for file in tracked_files():
        if not matches(file, content["unchecked"]):
            try:
                text = (PROJECT / file).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            found += uses_in(file, text, content["word"])
    return found


def is_excepted(use: Use, content: dict) -> bool:
    """Returns whether an exception allows the use."""
    return any(
        fnmatchcase(use.file, exception["file"]) and use.text == exception["text"]
        for exception in content.get("exception", [])
    )


def faults(content: dict) -> list[Use]:
    """Returns the uses that are faults: not excepted, and in a file that is checked."""
    return [use for use in all_uses(content) if not is_excepted(use, content)]


def main(argv: list[str] | None = None) -> int:
    """Prints the uses. Returns the exit code: 1 if a file that is checked has one, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", action="store_true", help="number of uses by folder")
    content = read_list()
    if parser.parse_args(argv).count:
        counts = Counter(str(Path(use.file).parent) for use in all_uses(content) if not is_excepted(use, content))
        for folder, count in sorted(counts.items()):
            print(f"{count:5} {folder}")
        return 0
    found = faults(content)
    print("\n".join(map(str, found)), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
