"""A view as HTML for mail: one column, inline styles, dark and light, readable at 320 pixels, nothing loaded.

Every value goes through `Markup.format`, which escapes it, in attributes too. Mail clients drop style sheets, so each
element carries its light style inline and a class by which clients that know `prefers-color-scheme` get the dark one.
"""

from markupsafe import Markup

from watcher.core.message_view import Edit, Part, Row, View

FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans',sans-serif"
MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"

# Of each element: the layout with its light colours, and what changes in the dark.
_STYLES = {
    "page": (
        f"margin:0;padding:0;background:#f2f4f7;font-family:{FONT};color:#101828",
        "background:#0c111d;color:#f2f4f7",
    ),
    "wrap": ("max-width:640px;margin:0 auto;padding:16px 12px 32px", ""),
    "head": ("padding:4px 4px 12px;font-size:13px;line-height:18px;color:#475467", "color:#98a2b3"),
    "card": (
        "background:#ffffff;border:1px solid #e4e7ec;border-radius:12px;margin:0 0 12px;overflow:hidden",
        "background:#161b26;border-color:#333741",
    ),
    "inner": ("padding:18px 20px 20px", ""),
    "title": (
        "margin:10px 0 0;font-size:21px;line-height:28px;font-weight:650;color:#101828;overflow-wrap:anywhere",
        "color:#f5f5f6",
    ),
    "where": ("margin:4px 0 0;font-size:14px;line-height:20px;color:#475467;overflow-wrap:anywhere", "color:#98a2b3"),
    "link": ("color:#1849a9;text-decoration:underline", "color:#84caff"),
    "entry": ("color:#1849a9;text-decoration:none", "color:#84caff"),
    "plain": ("color:inherit;text-decoration:none", ""),
    "text": (
        "margin:14px 0 0;font-size:16px;line-height:25px;color:#1d2939;overflow-wrap:anywhere",
        "color:#e4e7ec",
    ),
    "lead": (
        "margin:20px 0 -6px;font-size:16px;line-height:24px;font-weight:650;color:#101828;overflow-wrap:anywhere",
        "color:#f5f5f6",
    ),
    "edit": (
        "margin:14px 0 0;padding:12px 14px;background:#f9fafb;border-radius:8px;font-size:16px;line-height:26px;"
        "color:#344054;overflow-wrap:anywhere",
        "background:#0c111d;color:#cecfd2",
    ),
    "ins": (
        "background:#d1fadf;color:#05603a;text-decoration:underline;text-decoration-thickness:1px;"
        "text-underline-offset:3px;border-radius:3px;padding:1px 2px",
        "background:#054f31;color:#a6f4c5",
    ),
    "del": (
        "background:#fee4e2;color:#912018;text-decoration:line-through;border-radius:3px;padding:1px 2px",
        "background:#55160c;color:#fecdca",
    ),
    "diff": (
        f"margin:14px 0 0;padding:12px 14px;background:#f9fafb;border-radius:8px;font:13px/20px {MONO};"
        "color:#344054;white-space:pre-wrap;overflow-wrap:anywhere",
        "background:#0c111d;color:#cecfd2",
    ),
    "remark": (
        "margin:14px 0 0;padding:9px 12px;background:#fffaeb;border-left:3px solid #dc6803;border-radius:0 6px 6px 0;"
        "font-size:14px;line-height:20px;color:#7a2e0e",
        "background:#2b1a0b;border-color:#f79009;color:#fedf89",
    ),
    "facts": (
        "margin:16px 0 0;border-collapse:collapse;font-size:14px;line-height:20px;color:#344054",
        "color:#cecfd2",
    ),
    "name": ("padding:2px 14px 2px 0;vertical-align:top;color:#667085;white-space:nowrap", "color:#98a2b3"),
    "value": ("padding:2px 0;vertical-align:top;overflow-wrap:anywhere", ""),
    "button": (
        "display:inline-block;margin:18px 10px 0 0;padding:9px 16px;border:1px solid #1849a9;border-radius:8px;"
        "font-size:15px;line-height:20px;font-weight:600;color:#1849a9;text-decoration:none",
        "border-color:#84caff;color:#84caff",
    ),
    "row": ("padding:13px 0;border-top:1px solid #e4e7ec", "border-color:#333741"),
    "rowtitle": ("font-size:16px;line-height:23px;font-weight:600;overflow-wrap:anywhere", ""),
    "small": ("margin:2px 0 0;font-size:13px;line-height:19px;color:#667085;overflow-wrap:anywhere", "color:#98a2b3"),
    "links": (
        "margin:14px 0 0;font-size:13px;line-height:19px;color:#667085;overflow-wrap:anywhere",
        "color:#98a2b3",
    ),
    "foot": ("padding:8px 4px 0;font-size:12px;line-height:18px;color:#667085;overflow-wrap:anywhere", "color:#85888e"),
    "code": (f"font-family:{MONO}", ""),
}
# tone: (bar and badge ground, badge text) light; the same dark
_TONES = {
    "critical": ("#b42318", "#ffffff", "#f97066", "#1f0a07"),
    "notice": ("#175cd3", "#ffffff", "#53b1fd", "#06182c"),
    "info": ("#475467", "#ffffff", "#98a2b3", "#0c111d"),
    "good": ("#067647", "#ffffff", "#47cd89", "#04170e"),
}


def html_of(view: View) -> str:
    """Lay a view out as a whole HTML document."""
    cards = []
    for number, part in enumerate(view.parts):
        again = bool(number) and view.parts[number - 1].url == part.url
        cards.append(_card(part, button=not again))
    notices = [_tag("p", "remark", notice, auto=True) for notice in view.notices]
    rows = _rows(view) if view.rows else Markup("")
    more = _tag("p", "where", view.more) if view.more else Markup("")
    return str(
        Markup(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
            "<title>{}</title><style>{}</style></head>\n<body {}>{}<div {}>\n{}{}\n{}{}{}{}\n</div></body></html>\n"
        ).format(
            view.subject,
            _SHEET,
            _a("page"),
            _preview(view),
            _a("wrap"),
            _head(view),
            Markup("").join(notices) + _gap(bool(notices)),
            Markup("\n").join(cards),
            rows,
            more,
            _foot(view),
        )
    )


def edit_html(edit: Edit) -> Markup:
    """Write one paragraph of a word diff with `<ins>` and `<del>`, styled inline."""
    pieces = [_plain(text) if op == "=" else _mark("ins" if op == "+" else "del", text) for op, text in edit]
    return Markup("").join(pieces)


def _plain(text: str) -> Markup:
    return Markup("{}").format(text)


def _mark(tag: str, text: str) -> Markup:
    inner = text.strip()
    if not inner:
        return Markup("{}").format(text)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return Markup("{}<{} {}>{}</{}>{}").format(text[:start], tag, _a(tag), inner, tag, text[end:])


def _preview(view: View) -> Markup:
    part = view.parts[0] if view.parts else None
    said = (part.summary or " ".join(part.body[:1]) or part.title) if part else (view.rows_title or view.subject)
    return Markup('<div style="display:none;max-height:0;overflow:hidden">{}</div>').format(said[:140])


def _head(view: View) -> Markup:
    name = _link(view.source, view.source_url, "link") if view.source_url else _plain(view.source)
    return Markup("<div {}>{}</div>").format(_a("head", auto=True), name)


def _card(part: Part, *, button: bool) -> Markup:
    return Markup("<div {}><div {}></div><div {}>{}{}{}{}{}{}{}</div></div>").format(
        _a("card"),
        _bar(part.tone),
        _a("inner"),
        _badge(part.label, part.tone),
        _tag("h1", "title", _link(part.title, part.url, "plain") if part.url else part.title, auto=True),
        _tag("p", "where", part.where, auto=True) if part.where else "",
        Markup("").join(_tag("p", "remark", remark, auto=True) for remark in part.remarks),
        _words(part),
        _facts(part.facts),
        Markup("<div><a {} {}>Open the page</a></div>").format(_href(part.url), _a("button"))
        if part.url and button
        else "",
    )


def _words(part: Part) -> Markup:
    pieces = [_tag("p", "text", part.summary, auto=True)] if part.summary else []
    pieces += [_tag("h2", "lead", part.heading, auto=True)] if part.heading else []
    pieces += [_tag("p", "text", paragraph, auto=True) for paragraph in part.body]
    for name, before, after in part.fields:
        edit = Markup("<b>{}</b>: {} {}").format(name.capitalize(), _mark("del", before), _mark("ins", after))
        pieces.append(_tag("p", "edit", edit, auto=True))
    pieces += [_tag("p", "edit", edit_html(edit), auto=True) for edit in part.edits]
    if part.lines:
        pieces.append(_tag("div", "diff", Markup("\n").join(map(_line, part.lines)), auto=True))
    if part.links:
        links = Markup("<br>").join(_link(url, url, "link") for url in part.links)
        pieces.append(_tag("p", "links", Markup("Links in it:<br>{}").format(links)))
    return Markup("").join(pieces)


def _line(line: str) -> Markup:
    if line.startswith("+") and not line.startswith("+++"):
        return Markup("<span {}>{}</span>").format(_a("ins"), line)
    if line.startswith("-") and not line.startswith("---"):
        return Markup("<span {}>{}</span>").format(_a("del"), line)
    return _plain(line)


def _apart(value: str) -> str | Markup:
    """What a publisher printed, set apart, so that text from right to left leaves the order of ours as it is."""
    ours, mark, printed = value.partition("“")
    return (
        Markup('{}“<span dir="auto">{}</span>”').format(ours, printed[:-1]) if mark and printed.endswith("”") else value
    )


def _facts(facts: tuple[tuple[str, str], ...]) -> Markup:
    if not facts:
        return Markup("")
    rows = [
        Markup("<tr><td {}>{}</td><td {}>{}</td></tr>").format(_a("name"), name, _a("value", auto=True), _apart(value))
        for name, value in facts
    ]
    return Markup('<table role="presentation" cellpadding="0" cellspacing="0" {}>{}</table>').format(
        _a("facts"), Markup("").join(rows)
    )


def _rows(view: View) -> Markup:
    tone = "good" if view.severity == "info" else view.severity
    rows = Markup("").join(map(_row, view.rows))
    return Markup("<div {}><div {}></div><div {}>{}<div style='height:10px'></div>{}</div></div>").format(
        _a("card"), _bar(tone), _a("inner"), _badge(view.rows_title, tone), rows
    )


def _row(row: Row) -> Markup:
    title = _link(row.title, row.url, "entry") if row.url else _plain(row.title)
    return Markup("<div {}><div {}>{}</div>{}{}</div>").format(
        _a("row"),
        _a("rowtitle", auto=True),
        title,
        _tag("p", "small", row.facts) if row.facts else "",
        _tag("p", "small", row.summary, auto=True) if row.summary else "",
    )


def _foot(view: View) -> Markup:
    link = Markup("{}<br>").format(_link("Open this alert in Watcher", view.link, "link")) if view.link else ""
    lines = Markup("<br>").join(_plain(line) for line in view.footer)
    return Markup("<div {}>{}{}</div>").format(_a("foot"), link, lines)


def _bar(tone: str) -> Markup:
    return Markup('class="w-bar-{}" style="height:4px;background:{}"').format(tone, _TONES[tone][0])


def _badge(label: str, tone: str) -> Markup:
    ground, ink = _TONES[tone][:2]
    return Markup(
        '<span class="w-badge-{}" style="display:inline-block;padding:3px 9px;border-radius:6px;background:{};color:{};'
        'font-size:13px;line-height:18px;font-weight:700">{}</span>'
    ).format(tone, ground, ink, label)


def _gap(shown: bool) -> Markup:
    return Markup('<div style="height:12px"></div>') if shown else Markup("")


def _tag(tag: str, style: str, content: str | Markup, *, auto: bool = False) -> Markup:
    return Markup("<{} {}>{}</{}>").format(tag, _a(style, auto=auto), content, tag)


def _link(text: str, url: str | None, style: str) -> Markup:
    return Markup("<a {} {}>{}</a>").format(_href(url), _a(style), text)


def _href(url: str | None) -> Markup:
    return Markup('href="{}" rel="noopener noreferrer nofollow"').format(url or "")


def _a(name: str, *, auto: bool = False) -> Markup:
    """The class and inline style of an element; `auto` lets its own first letters decide the direction of reading."""
    direction = Markup(' dir="auto"') if auto else ""
    return Markup('class="w-{}" style="{}"{}').format(name, _STYLES[name][0], direction)


def _sheet() -> str:
    rules = [f".w-{name}{{{_important(dark)}}}" for name, (_, dark) in _STYLES.items() if dark]
    for tone, (_, _, ground, ink) in _TONES.items():
        rules.append(f".w-bar-{tone}{{{_important(f'background:{ground}')}}}")
        rules.append(f".w-badge-{tone}{{{_important(f'background:{ground};color:{ink}')}}}")
    return (
        ":root{color-scheme:light dark}@media (prefers-color-scheme:dark){" + "".join(rules) + "}"
        "@media (max-width:480px){.w-inner{padding:14px 14px 16px!important}.w-title{font-size:19px!important;"
        "line-height:26px!important}.w-name{white-space:normal!important}}"
    )


def _important(style: str) -> str:
    return ";".join(f"{rule}!important" for rule in style.split(";"))


_SHEET = _sheet()
