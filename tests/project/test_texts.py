"""What no file of the project may say."""

import re

import pytest

from tests.project.tree import ROOT, committed

# Written so that this file does not match itself.
FORBIDDEN = {
    "an absolute path of one machine": r"(?<![\w.~/-])/(?:[w]ork|[t]mp|[h]ome|[r]oot|[U]sers)/\w",
    "the host of a package registry": r"p[y]pi\.org|python[h]osted\.org|n[p]mjs\.(?:org|com)|crates\.i[o]"
    r"|proxy\.golang\.or[g]|deb\.debian\.or[g]|conda\.anaconda\.or[g]",
    "the number of an issue": r"(?i)\b(?:issue|issues|fixes|closes|pr) #\d+",
}


def forbidden(text: str) -> list[str]:
    return [
        f"{number}: {what}: {match[0]!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in FORBIDDEN.items()
        for match in re.finditer(pattern, line)
    ]


def test_no_text_names_machines_registries_or_issues() -> None:
    faults = []
    for path in committed():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            faults += [f"{path}:{fault}" for fault in forbidden(content.decode("utf-8"))]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("see /" + "work/main", 1),
        ('"/' + 'tmp/s/x.py"', 1),
        ("https://" + "pypi" + ".org/simple", 1),
        ("registry." + "npmjs" + ".org", 1),
        ("Fixes #" + "12", 1),
        ("color: #123456; /usr/bin/env; net" + "work/x; a/" + "tmp/b", 0),
    ],
)
def test_the_checker_of_texts_sees_planted_words(text: str, faults: int) -> None:
    assert len(forbidden(text)) == faults
