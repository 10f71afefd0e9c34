# SPDX-License-Identifier: GPL-2.0-only
"""Read the tables of a documentation page."""

import re


def tables(text):
    """Every simple table of a page: its header and its rows, cells joined to one line."""
    border = r"^=+(?:  ?=+)+\n"
    for match in re.finditer(rf"({border})((?:.+\n)+?){border}((?:(?!=).*\n)+?){border}$",
                             text, re.M):
        starts = [found.start() for found in re.finditer("=+", match[1])]
        spans = list(zip(starts, [*starts[1:], None]))
        rows = []
        for line in match[2].splitlines() + match[3].splitlines():
            cells = [line[start:end].strip() for start, end in spans]
            if cells[0] or not rows:
                rows.append(cells)
            else:
                rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1], cells)]
        yield rows[0], rows[1:]
