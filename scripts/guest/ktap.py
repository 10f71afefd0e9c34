# SPDX-License-Identifier: GPL-2.0-only
"""Read KTAP, as kselftests and KUnit print it, and count its leaf test points."""

import re
from dataclasses import dataclass

RESULT = re.compile(r"^(\s*)(ok|not ok) (\d+)\s*(?:- )?(.*?)(?:\s+# (SKIP|XFAIL|TODO)\s*(.*))?$")
PLAN = re.compile(r"^(\s*)1\.\.(\d+)(?:\s+# SKIP\s*(.*))?$")
# Kernel log lines have a time stamp, and a console "<6>" or none before it.
STAMP = re.compile(r"^(?:<\d+>)?\[\s*\d+\.\d+\] ?")


@dataclass
class Point:
    name: str
    passed: bool
    skipped: str = None     # the reason, if the test was skipped
    why: str = ""

    def line(self, number):
        text = f"{'ok' if self.passed else 'not ok'} {number} {self.name}"
        if self.skipped is not None:
            text += f" # SKIP {self.skipped}"
        return text + (f"\n# {self.why}" if self.why and not self.passed else "")


def parse(text, prefix):
    """The leaf points of TEXT; a plan that is not kept is a failed point."""
    points, planned, count, depth_of = [], {}, {}, []
    failed = None           # the point whose reason the next line may tell
    for line in text.splitlines():
        line = STAMP.sub("", line)
        if failed and line.startswith("# "):
            failed.why = line[2:]
        failed = None
        if "Bail out!" in line:
            points.append(Point(f"{prefix} completes", False, why=line.strip()))
        plan = PLAN.match(line)
        if plan:
            depth = len(plan[1])
            planned[depth], count[depth] = int(plan[2]), 0
            if plan[3] is not None and not int(plan[2]):
                points.append(Point(prefix, True, skipped=plan[3]))
        result = RESULT.match(line)
        if not result:
            continue
        depth, passed, name = len(result[1]), result[2] == "ok", result[4]
        children = [d for d in depth_of if d > depth]
        for inner in [d for d in planned if d > depth]:
            if count[inner] != planned[inner]:
                points.append(Point(f"{prefix} {name} keeps its plan", False,
                                    why=f"{count[inner]} of {planned[inner]} results"))
            del planned[inner], count[inner]
        if depth in count:
            count[depth] += 1
        depth_of = [d for d in depth_of if d <= depth] + [depth]
        if children:
            if not passed and all(point.passed for point in points):
                points.append(Point(f"{prefix} {name}", False, why="but none of its parts failed"))
            continue
        reason = (result[6] or "no reason given") if result[5] == "SKIP" else None
        points.append(Point(f"{prefix} {name}", passed, skipped=reason))
        failed = None if passed else points[-1]
    for depth, number in planned.items():
        if count[depth] != number:
            points.append(Point(f"{prefix} keeps its plan", False,
                                why=f"{count[depth]} of {number} results"))
    if not points:
        points.append(Point(f"{prefix} has results", False, why="no KTAP in the log"))
    return points


def write(path, points):
    lines = ["TAP version 13", f"1..{len(points)}"]
    lines += [point.line(number) for number, point in enumerate(points, 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
