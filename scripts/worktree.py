# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree beside out/linux, with its objects, and a build directory."""

import subprocess

from common import OUT, TOP, git


class Worktree:
    def __init__(self, name):
        self.tree, self.build = OUT / name / "linux", OUT / name / "build"
        if not (self.tree / ".git").exists():
            git("clone", "-q", "-s", "-n", str(OUT / "linux"), str(self.tree), cwd=OUT)

    def checkout(self, commit):
        git("checkout", "-q", "-f", "--detach", commit, cwd=self.tree)

    def run(self, script, *arguments):
        """Run a script that takes "-s TREE BUILD"; what went wrong, if anything."""
        script, *options = script.split()
        done = subprocess.run([TOP / "scripts" / script, *options, "-s", self.tree, self.build,
                               *arguments], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout.splitlines() if done.returncode else []

    def make(self, variant, *targets):
        """Configure and build; what went wrong, if anything."""
        return self.run("config", variant) or self.run("kbuild -q", *targets)
