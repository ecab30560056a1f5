"""From Markdown and Python to HTML, with everything escaped that isn't ours."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

_SCROLLS = '<div class="scroll" tabindex="0">\n<table>', "</table>\n</div>"


@cache
def _markdown() -> MarkdownIt:
    """CommonMark with tables; HTML in it is shown as text, links of other kinds than web addresses are not made."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.inline.ruler.at("emphasis", _stars)
    return markdown


def _stars(state: StateInline, silent: bool) -> bool:
    """Emphasis by stars that stand at a word, whatever is on their other side: CommonMark's rules are made for words
    that are divided by spaces, and see no end in ``**손실함수(loss)**는``."""
    start = state.pos
    if silent or state.src[start] != "*":
        return False
    length = state.scanDelims(start, True).length
    before, after = state.src[start - 1 : start], state.src[start + length : start + length + 1]
    for _ in range(length):
        state.push("text", "", 0).content = "*"
        at = len(state.tokens) - 1
        opens, closes = bool(after.strip()), bool(before.strip())
        state.delimiters.append(Delimiter(ord("*"), length, at, end=-1, open=opens, close=closes))
    state.pos += length
    return True


def block(text: str) -> Markup:
    """Paragraphs, lists and tables. Headings rise by one level: what stands under ``###`` is a section of the page.

    >>> block("### Why\\n\\n`a < b`")
    Markup('<h2>Why</h2>\\n<p><code>a &lt; b</code></p>\\n')
    """
    tokens = _markdown().parse(text)
    for token in tokens:
        if token.type.startswith("heading"):
            token.tag = f"h{max(2, int(token.tag[1]) - 1)}"
    html = _markdown().renderer.render(tokens, _markdown().options, {})
    html = re.sub(r"<th([^>]*)></th>", r"<td\1></td>", html)  # the corner of a table is no heading
    return Markup(html.replace("<table>", _SCROLLS[0]).replace("</table>", _SCROLLS[1]))


def inline(text: str) -> Markup:
    """A line without paragraphs.

    >>> inline("**<b>** of `x`")
    Markup('<strong>&lt;b&gt;</strong> of <code>x</code>')
    >>> inline("**손실함수(loss)**는 2 * 3, (*a*)")
    Markup('<strong>손실함수(loss)</strong>는 2 * 3, (<em>a</em>)')
    """
    return Markup(_markdown().renderInline(text.strip()))


def python(source: str) -> Markup:
    """Code with a class for each kind of word, as Pygments names them; the colours stand in ``gallery.css``.

    >>> python("x = 1")
    Markup('<span class="n">x</span> <span class="o">=</span> <span class="mi">1</span>\\n')
    """
    return Markup(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))
