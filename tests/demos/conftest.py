"""The gallery, built once by its command with little work a lesson; in Korean from the same results."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Built(NamedTuple):
    """The folders of the two languages, and what each lesson made."""

    folders: dict[str, Path]
    lessons: dict[str, Any]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    from demos import LESSONS
    from demos.__main__ import main
    from demos.gallery import pages
    from demos.gallery.build import Gallery
    from demos.gallery.folder import Folder

    folders = {language: tmp_path_factory.mktemp("gallery") / language for language in ("en", "ko")}
    made: dict[str, Any] = {}
    make = Gallery.make
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gallery, "make", lambda self, name: made.setdefault(name, make(self, name)))
        assert main(["--out", str(folders["en"])], small=True) == 0
    assert list(made) == list(LESSONS)
    shutil.copytree(folders["en"], folders["ko"])
    for name, lesson in made.items():
        (folders["ko"] / f"{name}.html").write_text(pages.lesson_page(lesson, "ko"), encoding="utf-8")
    index = pages.index_page(Folder.open(folders["en"], "en").records, "ko")
    (folders["ko"] / "index.html").write_text(index, encoding="utf-8")
    return Built(folders, made)
