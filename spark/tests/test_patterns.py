"""RE2's regular expressions in Java's words."""

from __future__ import annotations

import pytest

from ingot_spark.patterns import java_pattern, java_replacement


@pytest.mark.parametrize(
    ("re2", "java"),
    [
        ("^a.c$", r"(?d)^a.c\z"),
        (r"a\$b", r"(?d)a\$b"),
        ("(?m)^a$", "(?d)(?m)^a$"),
        ("[[:alpha:]&[]+", r"(?d)[\p{Alpha}\&\[]+"),
        ("[[:^digit:]]", r"(?d)[\P{Digit}]"),
        ("[]a]", r"(?d)[\]a]"),
        ("[^]$]", r"(?d)[^\]$]"),
        ("(?P<year>[0-9]{4})", "(?d)(?<year>[0-9]{4})"),
        ("(?i)straße", "(?du)(?i)straße"),
    ],
)
def test_a_pattern_finds_the_same(re2: str, java: str) -> None:
    assert java_pattern(re2) == java


def test_options_and_whole_matches() -> None:
    assert java_pattern("a|b", "i") == "(?diu)a|b"
    assert java_pattern("a|b", whole=True) == r"(?d)\A(?:a|b)\z"


def test_what_java_has_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="single byte"):
        java_pattern(r"\C")
    with pytest.raises(ValueError, match="known are c, i, m, s"):
        java_pattern("a", "l")


def test_groups_in_replacements() -> None:
    assert java_replacement(r"<\1> $5 \\") == r"<$1> \$5 \\"
