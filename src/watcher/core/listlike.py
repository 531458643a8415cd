"""Whether a page is a list: rows with dates and links that hold most of what it says, and no article around them.

Asked once, when a source without a kind is met. An article must never be taken for a list, so that what is not clearly
one stays an article; `kind = "listing"` says so where this does not see it.
"""

import re

from watcher.core import rows
from watcher.core.content import prepare
from watcher.core.head import read_head
from watcher.core.markup import parse

_MOST = 2_000_000  # characters that decide
_LEAST_ROWS = 8
_SHARE = 0.7  # of the rows, dated and linked
_ROW, _PROSE = 500, 150  # characters: of a row at most, of a paragraph at least
_ARTICLE = re.compile(r'"@type"\s*:\s*\[?\s*"(?:\w*Article|BlogPosting|Report|LiveBlogPosting)"')
_NOT_ROWS = re.compile(r"reference|footnote|comment|related|sidebar|menu|nav\b", re.IGNORECASE)


def is_list(html: str) -> bool:
    """Say whether a page is clearly a list. Never raises."""
    tree = parse(html[:_MOST])
    if any(_ARTICLE.search(script) for script in read_head(tree).scripts):
        return False
    prepare(tree)
    found = rows.find(tree)
    if found is None:
        return False
    spot, records, score = found
    if len(records) < _LEAST_ROWS or score < 2 * len(records) or _NOT_ROWS.search(spot.path):
        return False
    inside: set[int] = set()
    texts, linked = [], 0
    for record in records:
        own = [node for node in record.nodes if node.is_element_node]
        texts.append(" ".join(" ".join((node.text(deep=True, separator=" ") or "").split()) for node in own))
        linked += any(node.tag == "a" or node.css_first("a[href]") is not None for node in own)
        inside.update(p.mem_id for node in own for p in (node, *node.css("p")))
    said = sum(map(len, texts))
    dated = sum(rows.DATE.search(text[:3_000]) is not None for text in texts)
    paragraphs = (len(p.text(deep=True) or "") for p in tree.css("p") if p.mem_id not in inside)
    prose = sum(length for length in paragraphs if length > _PROSE)
    return min(dated, linked) >= _SHARE * len(records) and said <= _ROW * len(records) and prose <= 0.4 * said
