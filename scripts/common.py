# SPDX-License-Identifier: GPL-2.0-only
"""What the Python scripts share: directories, git, and the patch file format.

A patch file is a mail header (From, Date, Subject), an empty line, the commit
message, a line "---", one line "new-file: PATH" for each file that the commit
adds, a line "entry: MAINTAINERS" if it adds the entry that this repository's
MAINTAINERS holds, and a git diff of the files that were there before. This
repository has new files as they are at the end of the series: where later
patches have hunks for one, it is added as it is without them.
"""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
OUT = TOP / "out"
TREE = OUT / "linux"
PATCHES = TOP / "patches"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pkvm-smmuv3"
MAINTAINERS = TOP / "MAINTAINERS"
ENTRY = "entry: MAINTAINERS\n"
NEW_FILE_DIRS = ("arch", "drivers", "include", "Documentation", "tools")

# Last composed head, and the base below it, in out/linux
COMPOSED = "refs/pkvm/composed"
BASE = "refs/pkvm/base"

# Neither the user's git configuration nor a hook that runs us may change what is written.
GIT_ENV = {**{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
           "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
COMMITTER = {"GIT_COMMITTER_NAME": "pkvm-smmuv3",
             "GIT_COMMITTER_EMAIL": "pkvm-smmuv3@localhost",
             "GIT_COMMITTER_DATE": "2026-01-01T00:00:00+0000"}


def die(message):
    sys.exit(f"{Path(sys.argv[0]).name}: {message}")


def lock_file(path):
    """Wait for the lock PATH; it is held until the returned file is closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = open(path, "w", encoding="ascii")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def try_git(*args, cwd=TREE, env=None, data=None):
    """Run git; return the finished process, output as bytes."""
    return subprocess.run(["git", "-c", "core.abbrev=12", "-c", "safe.directory=*", *args],
                          cwd=cwd, input=data, env={**GIT_ENV, **COMMITTER, **(env or {})},
                          capture_output=True, check=False)


def git(*args, strip=True, **kwargs):
    """Run git, which must not fail; return its output as text."""
    done = try_git(*args, **kwargs)
    if done.returncode:
        die(f"git {args[0]}: {done.stderr.decode(errors='replace').strip()}")
    text = done.stdout.decode(errors="surrogateescape")
    return text.strip() if strip else text


def rev(name):
    """The commit that NAME stands for in out/linux, or None."""
    done = try_git("rev-parse", "-q", "--verify", f"{name}^{{commit}}")
    return done.stdout.decode().strip() or None


class Patch:
    """One commit of the series, as patches/NNNN-subject.patch holds it."""

    def __init__(self, author, date, subject, body, new_files, diff, entry=False):
        self.author, self.date, self.subject = author, date, subject
        self.body, self.new_files, self.diff = body, new_files, diff
        self.entry = entry

    @classmethod
    def read(cls, path):
        text = path.read_bytes().decode(errors="surrogateescape")
        head, _, rest = text.partition("\n\n")
        fields = dict(re.findall(r"^([A-Za-z]+): (.*)$", head, re.M))
        for name in ("From", "Date", "Subject"):
            if name not in fields:
                die(f"{path.name}: no '{name}:' line in its header")
        if not re.fullmatch(r".+ <[^<>]+>", fields["From"]):
            die(f"{path.name}: 'From:' is not 'Name <address>'")
        body, found, rest = ("\n" + rest).partition("\n---\n")
        if not found:
            die(f"{path.name}: no line '---' after the commit message")
        listed = re.match(rf"(?:new-file: .+\n)*(?:{ENTRY})?", rest).group()
        diff = rest[len(listed):].lstrip("\n")
        if diff and not diff.startswith("diff --git "):
            die(f"{path.name}: neither 'new-file:' nor 'diff --git': {diff.splitlines()[0]}")
        return cls(fields["From"], fields["Date"], fields["Subject"], body.strip("\n"),
                   re.findall("new-file: (.+)\n", listed), diff, listed.endswith(ENTRY))

    def text(self):
        body = self.body + "\n" if self.body else ""
        listed = "".join(f"new-file: {name}\n" for name in self.new_files)
        listed += ENTRY if self.entry else ""
        return (f"From: {self.author}\nDate: {self.date}\nSubject: {self.subject}\n\n"
                f"{body}---\n{listed}{self.diff}")

    def edited(self):
        """The files that the diff changes."""
        return re.findall(r"^diff --git a/(\S+) b/", self.diff, re.M)

    def message(self):
        return f"{self.subject}\n\n{self.body}".strip("\n") + "\n"


def with_entry(text, entry):
    """The kernel's MAINTAINERS, TEXT, with ENTRY where the alphabet has it."""
    heading = entry.partition("\n")[0]
    parts = text.split("\n\n")
    headings = [part.partition("\n")[0] for part in parts]
    for number in range(1, len(parts)):
        if headings[number - 1] < heading < headings[number] \
                and re.match(r".*\n[A-Z]:\t", parts[number]):
            return "\n\n".join([*parts[:number], entry.strip("\n"), *parts[number:]])
    return die(f"MAINTAINERS has no place for '{heading}'")


def patch_files():
    return sorted(PATCHES.glob("[0-9][0-9][0-9][0-9]-*.patch"))
