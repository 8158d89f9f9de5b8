"""Regular expressions: DuckDB's are RE2's, Spark's are Java's."""

from __future__ import annotations

import re

_POSIX = {
    "alnum": "Alnum",
    "alpha": "Alpha",
    "ascii": "ASCII",
    "blank": "Blank",
    "cntrl": "Cntrl",
    "digit": "Digit",
    "graph": "Graph",
    "lower": "Lower",
    "print": "Print",
    "punct": "Punct",
    "space": "Space",
    "upper": "Upper",
    "xdigit": "XDigit",
}


def java_pattern(pattern: str, options: str = "", whole: bool = False) -> str:
    """
    The pattern that finds in Java what this one finds in RE2.

    Raises ValueError for what RE2 has and Java has not.
    """
    unknown = set(options) - set("cims")
    if unknown:
        raise ValueError(f"the options {options!r} of a regular expression; known are c, i, m, s")
    lines = "m" in options or re.match(r"\(\?[a-z]*m", pattern) is not None
    out: list[str] = []
    i = 0
    in_class = False
    while i < len(pattern):
        c = pattern[i]
        if c == "\\":
            if pattern[i : i + 2] == "\\C":
                raise ValueError("\\C, a single byte, in a regular expression")
            out.append(pattern[i : i + 2])
            i += 2
            continue
        if in_class:
            posix = re.match(r"\[:(\^?)([a-z]+):\]", pattern[i:])
            if posix is not None and posix[2] in _POSIX:
                out.append(f"\\{'P' if posix[1] else 'p'}{{{_POSIX[posix[2]]}}}")
                i += len(posix[0])
                continue
            # In Java these would nest classes and cut them.
            out.append("\\" + c if c in "[&" else c)
            in_class = c != "]"
        elif c == "[":
            start = re.match(r"\[\^?\]?", pattern[i:])
            assert start is not None
            out.append(start[0].replace("]", "\\]"))
            in_class = True
            i += len(start[0])
            continue
        elif c == "$" and not lines:
            # Java's `$` takes a line break at the end for no text.
            out.append("\\z")
        elif pattern.startswith("(?P<", i):
            out.append("(?<")
            i += 4
            continue
        else:
            out.append(c)
        i += 1
    # `d`: only \n breaks a line. `u`: letters beyond ASCII have cases, too.
    flags = "d" + "".join(sorted(set(options) & set("ims"))) + ("u" if "i" in options or "(?i" in pattern else "")
    found = "".join(out)
    return f"(?{flags})" + (f"\\A(?:{found})\\z" if whole else found)


def java_replacement(replacement: str) -> str:
    """`\\1` stands for a group in RE2, `$1` in Java."""
    return re.sub(
        r"\\(.)|\$", lambda m: "\\$" if m[0] == "$" else f"${m[1]}" if m[1].isdigit() else f"\\{m[1]}", replacement
    )
