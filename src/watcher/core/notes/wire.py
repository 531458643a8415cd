"""How agencies, press-release wires and filers mark a new version: headline prefixes, slugs, advisory lines."""

import re
from dataclasses import dataclass

from watcher.model import NoteKind

# (pattern of a headline, kind); groups `n` (number) and `h` (the rest of the headline) where there are such.
HEADLINES: tuple[tuple[str, NoteKind], ...] = (
    (r"(?:RPT|REPEAT|REFILE)[- ](?:CORRECTED|CORRECTION)\s?[-:]\s?(?P<h>.+)", "correction"),
    (r"(?:CORRECTED|CORRECTION)(?: \(OFFICIAL\))?[- ](?:RPT-|REFILE-|EXCLUSIVE-)?(?:UPDATE|WRAPUP|"
     r"LEAD) (?P<n>\d{1,2})\s?[-–:]\s?(?P<h>.+)", "correction"),
    (r"(?:CORRECTED|CORRECTION|CORRECTS)(?: \(OFFICIAL\))?\s?[-–]\s?(?P<h>.+)", "correction"),
    (r"(?:(?:RPT|REPEAT|REFILE|EXCLUSIVE|ANALYSIS|INSIGHT|POLL|SOCCER|FOREX|GLOBAL MARKETS|US STOCKS)-)*(?:UPDATE|"
     r"WRAPUP|LEAD) ?(?P<n>\d{1,2})\s?[-–]\s?(?P<h>.+)", "writethru"),
    (r"(?:RPT|REPEAT|REFILE)\s?[-–:]\s?(?P<h>.+)", "writethru"),
    (r"UPDATE ?(?P<n>\d{1,2}): (?P<h>(?=.).+)", "writethru"),
    (r"(?:STORY WITHDRAWN|WITHDRAWAL|KILL|STORY KILLED|WITHDRAWN)\s?[:–-]\s?.+", "retraction"),
    (r"CORRECT(?:ING|ION) and REPLACING(?: and ADDING MULTIMEDIA)?[:,]? (?P<h>.+)", "correction"),
    (r"/?C O R R E C T I O N\s?(?:--|[:–—-])\s?(?P<h>.+?)/?", "correction"),
    (r"(?:REPLACEMENT|Replacement)\s?[:–-]\s?(?P<h>.+)", "correction"),
    (r"(?:CLARIFICATION ANNOUNCEMENT|Clarification Announcement)(?:\s?[-–—:]\s?|\s|$)(?P<h>.*)", "clarification"),
    (r"(?P<h>.+?)\s?[-–—:|]\s?(?:CLARIFICATION ANNOUNCEMENT|Clarification Announcement)", "clarification"),
    (r"(?:UPDATE|UPDATING) (?:and|AND) (?:REPLACING|replacing)[:,]? (?P<h>.+)", "correction"),
    (r"\((?P<n>\d{1,2})(?:st|nd|rd|th) (?:LD|Ld|Lead|LEAD|URGENT)(?:-Writethru)?\)\s?(?P<h>.+)", "writethru"),
    (r"\((?:LEAD|LD|Lead)\)\s?(?P<h>.+)", "writethru"),
    (r"[(\[](?:종합)(?:(?P<n>\d{1,2})보)?[)\]]\s?(?P<h>.+)", "writethru"),
    (r"(?P<h>.+?)\s?[(\[](?:종합)(?:(?P<n>\d{1,2})보)?[)\]]", "writethru"),
    (r"(?P<h>.+?)\s?[(\[](?P<n>\d{1,2})보[)\]]", "writethru"),
    (r"\(?(?P<n>\d)\. (?:Zusammenfassung|ZUSAMMENFASSUNG|Zsf\.?)(?:\s?[-–:]|\))\s?(?P<h>.+)", "writethru"),
    (r"(?:ZUSAMMENFASSUNG|Zusammenfassung|ROUNDUP|GESAMT-ROUNDUP|WDH|AKTUALISIERUNG|"
     r"LEAD)[ /]?(?P<n>\d)?(?:/[A-Z]+)?\s?[-–:]\s?(?P<h>.+)", "writethru"),
    (r"(?P<h>.+?)\s?\((?:Ampl\.?|Ampliación|AMPLIACIÓN|AMPL\.?)(?: ?(?P<n>\d))?\)", "writethru"),
    (r"\((?:Ampl\.?|AMPLIACIÓN|AMPL\.?)(?: ?(?P<n>\d))?\)\s?(?P<h>.+)", "writethru"),
    (r"\(?(?:ACTUALIS[EÉ]E?|LEAD|PAPIER GENERAL|SYNTHESE)(?: (?P<n>\d))?\)?(?:\s?[-–:]|(?<=\)))\s?(?P<h>.+)",
     "writethru"),
    (r"(?P<h>.+?),? \(?(?P<n>\d{1,2})(?:st|nd|rd|th) (?:Ld|LD|Lead|Write-?thru)(?:-Write-?thru)?\)?", "writethru"),
)  # fmt: skip
# Slugs: a line of its own.
SLUG = re.compile(
    r"[A-Z]{2}[\w\-–—,.:&’' ]{2,80}?,? (?P<n>\d{1,2})(?:st|nd|rd|th) (?:Ld|Lead)(?:-Write-?thru)?\.?|"
    r"\(?(?P<m>\d{1,2})(?:st|nd|rd|th) (?:Ld|LD)(?:-Writethru)?\)?"
)
_VERBS = (
    r"Adds?|ADDS?|Updates|UPDATES|Update(?= with)|Updating|Recasts?|RECASTS?|Refiles?|REFILES?|Releads?|"
    r"RELEADS|Rewrites?|"
    r"Repeats?|Writes? through|Fixes|FIXES|Removes|"
    r"Restores|Tops|Inserts|Includes|Changes|Edits|RESTORES|"
    r"Neu|NEU|Ergänzt|Aktualisiert|Ajoute|Actualise|Actualisée?|Complète|Actualiza|Añade|Agrega|Amplía|Atualiza|"
    r"Acrescenta|Aggiunge|Aggiorna|Voegt toe|"
    r"Lägger till|Legger til|Tilføjer|Dodaje|Добавлен[аоы]?|Добавляет|Обновляет"
)
_FIXES = (
    r"Corrects?|CORRECTS?|Correcting|Berichtigt|Korrigiert|Corrige|Corregge|Rettifica|Rectifie|Исправляет|"
    r"Исправлен[аоы]?"
)
ADVISORY = re.compile(
    rf"[(\[](?:(?:ATTN|EDS|Eds|Ed)[:.]? )?(?:(?P<fix>{_FIXES})|(?P<clear>Clarifies|CLARIFIES)|"
    rf"(?P<add>{_VERBS}))(?=[\s:,])(?P<rest>[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*)[)\]]"
)
EDS = re.compile(r"(?:Eds?|EDS|EDITORS|Editors|ATTN|Attn)[.:]{1,2}\s?(?P<s>[A-Z].+)")
WITHDRAWN = re.compile(
    r"[(\[]?(?:This|The) (?:[A-Z]\w{2,8}\.? \d{1,2},? (?:\d{4} )?)?(?:story|article|item|report|press release|release|"
    r"headline)(?:,? (?:headlined|slugged|titled|entitled|with the headline) (?:[“\"'‘][^“”\"]{3,200}[”\"'’]|"
    r"[\w/-]+),?)?"
    r"(?:,? (?:issued|published|sent|moved) [^.]{3,60}?,?)? (?:has been|was|is being|is) "
    r"(?:withdrawn|killed|retracted)\b(?P<rest>.*)|"
    r"\(?(?:STORY|Story) (?:WITHDRAWN|withdrawn|killed)\b.*", re.DOTALL
)  # fmt: skip
REPAIR = re.compile(
    r"\bshould (?:read|have read)\b|\bis being (?:replaced|corrected|reissued)\b|we are advised by the company that|"
    r"following amendments? ha(?:s|ve) been made to the|replaces the .{0,40}(?:release|announcement)|"
    r"in the (?:news )?release,? .{0,120}(?:advised|corrected)|(?:please )?replaces? the (?:\w+ )?(?:release|"
    r"announcement)|"
    r"(?:following|attached) (?:corrected|amended) (?:version|release|announcement)|has been (?:corrected|"
    r"amended) (?:to|as)",
    re.I,
)
DATELINE = re.compile(r"^[A-ZÀ-Þ][A-ZÀ-Þ .’'/-]{2,40}(?:,? [A-Z][\w.]{2,9} \d{1,2})?,? \([^()]{2,30}\) ?[-–—]{1,2} ")
CLARIFIES = re.compile(r"\b(?:wish(?:es)?|would like|hereby|want(?:s)?) (?:to )?clarif(?:y|ies)\b", re.I)
WIRELINE = re.compile(
    r"^[A-ZÀ-Þ][\w .,'’/&-]{1,60}?--?\((?:[^()]{2,30})\)--\s?|^.{0,80}?/(?:PRNewswire|[A-Z][\w]+)/\s?--\s?"
)
FILING = re.compile(r"\b(?:FORM|Form|SCHEDULE|Schedule|SC)\s(?:[\w-]+\s?)?[\w-]+/A\b|^[\dA-Z][\w -]{1,12}/A\b")
AMENDMENT = re.compile(
    r"\bAmendment No\.?\s?(?P<n>\d{1,3})\b|\bAmendment Number (?P<m>\d{1,3})\b|\((?P<o>\d{1,2})(?:st|nd|rd|"
    r"th) amendment\)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Version:
    """What a wire mark says: `headline` is the rest, `named` whether that counts as the note's heading."""

    kind: NoteKind
    number: int | None
    headline: str
    named: bool


_HEADLINES = tuple((re.compile(pattern + r"$", re.DOTALL), kind) for pattern, kind in HEADLINES)


def headline(title: str) -> Version | None:
    """The wire mark of a headline, or None."""
    for pattern, kind in _HEADLINES:
        found = pattern.match(title[:400])
        if found:
            groups = found.groupdict()
            number = int(groups["n"]) if groups.get("n") else None
            rest = (groups.get("h") or "").strip()
            return Version(kind, number, rest or title, bool(rest))
    return None


def advisory(text: str) -> tuple[NoteKind, str, str] | None:
    """An advisory line at the start of a text: kind, its words without brackets, what follows it."""
    found = ADVISORY.match(text)
    if not found or len(found[0]) > 500:
        return None
    kind: NoteKind = "correction" if found["fix"] else "clarification" if found["clear"] else "writethru"
    inner = re.sub(r"^(?:ATTN|EDS|Eds|Ed)[:.]? ", "", found[0][1:-1].strip())
    return kind, re.sub(r"^(?:Neu|NEU|neu): ", "", inner), text[found.end() :].strip()
