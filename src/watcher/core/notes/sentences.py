"""Sentences that say a text was changed: "This story was updated on Jan. 5 at 9:20 a.m. EST to add a link".

One row a language: the document and its verb, what joins the content, and how an earlier version is spoken of.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from watcher.core import when
from watcher.core.notes import words
from watcher.core.when import Look
from watcher.model import Moment, NoteKind


def _split(line: str) -> tuple[str, ...]:
    return tuple(line.split())


class Row(NamedTuple):
    """One language. `start`: the document up to the verb's helper; `verbs` in the groups update and correction;
    `joins`: words before what was changed; `earlier`: speaking of an earlier version."""

    start: str
    update: str
    correction: str
    joins: str
    earlier: str


ROWS: tuple[Row, ...] = (
    Row(
        rf"(?:The (?:article|story|post|headline)|(?:This|The above|The headline (?:of|on|to|for) this|"
        rf"A headline on this|A previous headline on this) "
        rf"(?:\w+ )?(?:{words.DOCUMENTS})(?:[’']s (?:headline|text|summary|caption))?)(?:, [^,]{{3,80}},)? "
        r"(?:was|has been|has since been|is|were|have been)",
        r"updated|edited|revised|changed|modified|expanded|altered|amended|republished|supplemented",
        r"corrected|fixed",
        r"in order to|so as to|to|with|after|because|following|by|since|for",
        rf"(?:[Aa]n?|[Tt]he|[Oo]ur) (?:earlier|previous|prior|original|initial|older) (?:version|edition|draft|"
        rf"headline|photo caption|caption|"
        rf"photograph) (?:of|on|to|for|with|in) (?:this|the|our) (?:\w+ )?(?:{words.DOCUMENTS})|"
        rf"[Tt]his (?:{words.DOCUMENTS}) (?:originally|previously|initially|incorrectly|mistakenly|misstated|"
        rf"misidentified|misspelled)",
    ),
    Row(
        r"We(?:[’']ve| have)?(?: since)?",
        rf"(?:updated|revised|changed|amended|edited)(?= (?:this|the|our) (?:\w+ )?(?:{words.DOCUMENTS})\b)",
        rf"corrected(?= (?:this|the|our) (?:\w+ )?(?:{words.DOCUMENTS})\b)",
        r"in order to|so as to|to|with|after|because|following|by|for",
        r"[Ww]e (?:originally|previously|initially|incorrectly|mistakenly) (?:said|reported|wrote|stated)",
    ),
    Row(
        r"(?:Dieser|Der|Diese|Die|Wir haben (?:diesen|den)|In diesem) (?:Artikel|Beitrag|Text|Bericht|Meldung|"
        r"Überschrift|Nachricht)"
        r"(?: wurde| ist| haben wir| hatten wir| wird)?",
        r"aktualisiert|ergänzt|erweitert|überarbeitet|geändert|angepasst|hinzugefügt",
        r"korrigiert|berichtigt|richtiggestellt",
        r"um|mit|nachdem|damit|weil|aufgrund",
        r"(?:in|In) einer (?:früheren|ersten|vorherigen|älteren|ursprünglichen) (?:Version|Fassung)|"
        r"(?:Eine|eine) (?:frühere|vorherige|erste|ältere) (?:Version|Fassung) (?:dieses|des) (?:Artikels|Textes|"
        r"Beitrags|Berichts)|"
        r"In der (?:ursprünglichen|ersten|früheren) (?:Version|Fassung)",
    ),
    Row(
        r"(?:(?:Cet|L[’']|Le présent|Notre) ?(?:article|papier)|Article|(?:Ce|Le) (?:texte|papier|billet)|"
        r"(?:Cette|La) (?:dépêche|page))"
        r"(?: a été| est)?",
        r"mise? à jour|actualisée?|modifiée?|complétée?|enrichie?",
        r"corrigée?|rectifiée?",
        r"avec|pour|afin de|afin d[’']|par|après|suite à|à la suite de",
        r"(?:[Uu]ne|[Dd]ans une|[Ll]a) (?:version|première version) (?:précédente|antérieure|initiale|de cet)|"
        r"une première version de",
    ),
    Row(
        r"(?:(?:Este|El) (?:artículo|texto|reportaje|contenido)|Artículo|Noticia|(?:Esta|La) (?:noticia|"
        r"información|nota|pieza|historia|página))"
        r"(?: ha sido| fue| se ha| se)?",
        r"actualiz(?:ad[oa]|ó)|modific(?:ad[oa]|ó)|ampliad[oa]|editad[oa]",
        r"corregid[oa]|corrigió|rectificad[oa]",
        r"con|para|tras|después de|por|debido a",
        r"(?:[Uu]na|[Ll]a) (?:primera |anterior )?versión (?:anterior|previa|inicial|original|de (?:este|esta))|"
        r"[Uu]na versión anterior",
    ),
    Row(
        r"(?:(?:Questo|L[’'])\s?articolo|Articolo|Notizia|(?:Questa|La) (?:notizia|pagina)|(?:Il|Questo) (?:testo|"
        r"pezzo))"
        r"(?: è stat[oa]| è)?",
        r"aggiornat[oa]|modificat[oa]|integrat[oa]",
        r"corrett[oa]|rettificat[oa]",
        r"con|per|dopo|a seguito",
        r"(?:[Uu]na|[Ll]a|[Ii]n una|[Nn]ella) (?:precedente|prima|versione) (?:versione|precedente)",
    ),
    Row(
        r"(?:(?:Este|O|Esse) (?:artigo|texto|conteúdo)|(?:Esta|A|Essa) (?:notícia|matéria|reportagem|página|nota)|"
        r"Notícia|Matéria|Artigo|"
        r"Reportagem|Texto)(?: foi| está)?",
        r"atualizad[oa]|actualizad[oa]|modificad[oa]|alterad[oa]|editad[oa]|ampliad[oa]",
        r"corrigid[oa]|retificad[oa]",
        r"com|para|após|depois de|por",
        r"versão (?:anterior|inicial|original) (?:deste|desta|da|do)|[Uu]ma versão anterior|[Nn]uma versão anterior",
    ),
    Row(
        r"(?:Dit|Het|De) (?:artikel|bericht|stuk|verhaal|tekst)(?: is| werd| hebben we)?",
        r"bijgewerkt|aangepast|aangevuld|geactualiseerd|geüpdatet|gewijzigd|uitgebreid",
        r"gecorrigeerd|verbeterd|hersteld|gerectificeerd",
        r"met|om|nadat|na|omdat|naar aanleiding van",
        r"(?:[Ii]n een|[Ee]en) eerdere versie|[Ii]n de eerste versie|[Aa]anvankelijk stond in dit",
    ),
    Row(
        r"(?:Artikeln|Texten|Den här (?:artikeln|texten)|Denna (?:artikel|text)|Nyheten)(?: har| är)?",
        r"uppdaterats|uppdaterades|uppdaterad|kompletterats|kompletterades|kompletterad|ändrats|ändrades|ändrad|"
        r"redigerats",
        r"rättats|rättades|rättad|korrigerats|korrigerades|korrigerad",
        r"med|för att|efter|sedan|då",
        r"(?:[Ii] en|[Ee]n) tidigare version|[Ii] en (?:första|ursprunglig) version",
    ),
    Row(
        r"(?:Artikkelen|Saken|Teksten|Denne (?:saken|artikkelen|artikel|historie)|Saka|Artiklen|Historien)(?: er| ble|"
        r" blei| vart| blev| har)?(?: blitt| blevet| vorte)?",
        r"oppdatert|opdateret|opdateredes|endret|ændret|utvidet|suppleret|tilføjet",
        r"rettet|korrigert|korrigeret|berigtiget",
        r"med|for å|for at|etter at|etter|efter at|efter|fordi|så",
        r"(?:[Ii] en|[Ee]n) tidligere (?:versjon|version|utgave|udgave)",
    ),
    Row(
        r"(?:Juttua|Juttu|Artikkelia|Artikkeli|Tekstiä|Uutista|Uutinen)(?: on| oli)?",
        r"päivitetty|päivitettiin|täydennetty|täydennettiin|muokattu|muokattiin|muutettu|muutettiin",
        r"korjattu|korjattiin|oikaistu|oikaistiin",
        r"lisäämällä|jotta|koska|lisätty",
        r"(?:[Jj]utun|[Aa]rtikkelin|[Uu]utisen)? ?(?:aiemmassa|aikaisemmassa|alkuperäisessä) (?:versiossa|"
        r"jutussa)|[Jj]utussa (?:luki|kerrottiin|sanottiin) (?:aiemmin|virheellisesti)",
    ),
    Row(
        r"(?:(?:Ten )?(?:[Aa]rtykuł|[Tt]ekst|[Mm]ateriał)|[Tt]a informacja)(?: został| był)?",
        r"zaktualizowan[yoa]|zaktualizowaliśmy|uzupełnion[yoa]|zmienion[yoa]|rozszerzon[yoa]",
        r"poprawion[yoa]|poprawiliśmy|skorygowan[yoa]|sprostowan[yoa]",
        r"o|aby|w celu|po|z powodu|dodając",
        r"[Ww]e? (?:wcześniejszej|poprzedniej|pierwotnej|pierwszej) wersji|[Ww]cześniejsza wersja (?:artykułu|"
        r"tekstu|tego)|[Pp]oprzednia wersja",
    ),
    Row(
        r"(?:Bu|İlgili|Söz konusu)? ?(?:[Hh]aber|[Yy]azı|[Mm]akale|[Mm]etin)(?:i|miz|de|nin)?,?",
        r"güncellendi|güncellenmiştir|güncellenmiş|genişletildi",
        r"düzeltildi|düzeltilmiştir",
        r"için|sonra|nedeniyle",
        r"(?:[Hh]aberin|[Yy]azının|[Mm]akalenin|[Mm]etnin) (?:önceki|ilk|daha önceki|eski) (?:sürüm|versiyon|hali|"
        r"hâli)\w*",
    ),
    Row(
        r"(?:Этот|Эта|Данный|Данная)? ?(?:[Мм]атериал|[Сс]татья|[Тт]екст|[Нн]овость|[Зз]аметка|"
        r"[Пп]убликация)(?: был[аио]?)?",
        r"обновл[её]н[аоы]?|дополнен[аоы]?|изменен[аоы]?|отредактирован[аоы]?|обновил[аи]сь|обновился",
        r"исправлен[аоы]?|уточнен[аоы]?",
        r"чтобы|после|в связи с|из-за|с учётом|с учетом",
        r"[Вв] (?:предыдущей|ранней|первоначальной|более ранней|прежней|первой) (?:версии|редакции)|"
        r"[Пп]редыдущая версия|[Бб]олее ранняя версия",
    ),
    Row(
        r"(?:تم|جرى|جرت)",
        r"تحديث|تعديل|إضافة",
        r"تصحيح|تصويب",
        r"لإضافة|بإضافة|ليشمل|لتشمل|ليعكس|لتعكس|بعد|مع",
        r"(?:نسخة|صيغة|في نسخة|النسخة|في صيغة) (?:سابقة|السابقة|أولى) (?:من)?",
    ),
)
# "We have updated this article": one row for all, by who speaks, the verb, and the document behind it.
_OURS = r"(?:cet|cette|ce|notre|este|esta|el|la|questo|questa|l[’']|den här|denna|denne)"
_OUR_DOCUMENTS = (
    r"(?:article|artículo|texto|noticia|nota|articolo|pezzo|notizia|artikeln|texten|artiklen|artikkelen|artikel|saken)"
)
ROWS += (
    Row(
        r"Nous avons|Hemos|Abbiamo|We hebben|Vi har|Wir haben",
        rf"(?:mis à jour|modifié|complété|actualisé|actualizado|modificado|ampliado|aggiornato|modificato|integrato|"
        rf"uppdaterat|"
        rf"kompletterat|ändrat|oppdatert|endret|opdateret|ændret)(?= (?:{_OURS}\s?)?{_OUR_DOCUMENTS})|"
        rf"(?<=artikel )(?:bijgewerkt|aangevuld|aangepast)|(?<=bericht )(?:bijgewerkt|aangevuld|aangepast)",
        rf"(?:corrigé|rectifié|corregido|rectificado|corretto|rettificato|rättat|korrigerat|rettet|korrigert|"
        rf"korrigeret)"
        rf"(?= (?:{_OURS}\s?)?{_OUR_DOCUMENTS})|(?<=artikel )gecorrigeerd|(?<=bericht )gecorrigeerd",
        r"afin de|pour|avec|para|con|per|dopo|tras|med|for å|for at|för att|om|met",
        r"[Nn]ous (?:avions|avons) (?:d[’']abord |initialement )?(?:écrit|indiqué)",
    ),
)
# Scripts without word limits: the document, then anywhere in the sentence the verb.
_JA = r"(?:本|この|当|同)(?:記事|稿|ページ|文書|リリース)[^。]{0,80}"
_JA_DID = r"(?:しました|いたしました|されました|します|した|済み|し、)"
_ZH = r"(?:本|此)(?:文|稿|报道|報道|報導|新闻|新聞|页面|頁面)(?:章)?[^。]{0,60}"
_KO = r"(?:이|본|해당) ?(?:기사|글|보도|문서)(?:는|은|가|를|을|의|에서|에)?[^.]{0,80}"
_KO_DID = r"(?:했|하였|됐|되었|습니다|았|합니다)"
PLAIN: tuple[tuple[str, NoteKind], ...] = (
    (rf"{_JA}(?:撤回|取り消)(?:し|され|いたし|ます|ました)", "retraction"),
    (
        r"(?:本|此)(?:文|稿|报道|報道|報導|新闻|新聞|公告)(?:章)?(?:现|現)?(?:已|被)[^。]{0,20}(?:撤回|撤稿|撤下)",
        "retraction",
    ),
    (
        r"(?:이|본|해당) ?(?:기사|글|보도)(?:는|를|은)(?:(?![가-힣](?:은|는|이|가)\s)[^.]){0,60}(?:철회|취소)"
        + _KO_DID,
        "retraction",
    ),
    (rf"{_JA}(?:訂正|修正|お詫び){_JA_DID}", "correction"),
    (r"(?:初出時|掲載当初|公開当初|記事公開時|当初の?記事)[^。]{0,160}", "correction"),
    (rf"{_JA}(?:更新|追記|加筆|差し替え|改訂){_JA_DID}", "update"),
    (rf"{_ZH}(?:更正|勘误|勘誤|订正|訂正)", "correction"),
    (rf"{_ZH}(?:更新|修改|修订|修訂|补充|補充)", "update"),
    (
        r"(?:此前|之前|较早|早前|先前|較早)的?(?:版本|报道|報道|報導)[^。]{0,20}(?:误|誤|错|錯|称|稱|写|寫|指)",
        "correction",
    ),
    (rf"{_KO}(?:정정|바로잡){_KO_DID}", "correction"),
    (rf"{_KO}(?:수정|업데이트|보완|갱신|추가){_KO_DID}", "update"),
    (r"(?:이전|앞선|초기|최초) (?:버전|기사|보도)(?:에서|에는)?[^.]{0,60}(?:잘못|오류|사실과)", "correction"),
)
CORRECTIVE = re.compile(
    r"\b(?:correct(?:s|ed|ing|ion)?\b|misstat|misspel|misidentif|misattribut|erroneous|incorrect|inaccura|wrong|"
    r"\berrors?\b|mistake|typo|"
    r"not, |should have (?:said|read)|fix(?:es|ed)? (?:an?|the) )|falsch|irrtümlich|fehlerhaft|Fehler|korrig|"
    r"berichtig|erron|erreur|corrig|rectifi|"
    r"error|incorrect|corrig|rectific|equivocad|sbagliat|errat[oa]|errore|corre[gt]|incorret|erro\b|fout|onjuist|"
    r"gecorrig|felaktig|rätta|feil|fejl|rette|"
    r"virhe|korjat|błęd|popraw|yanlış|hata|düzelt|ошиб|неверн|исправ|خطأ|تصحيح|誤|訂正|错误|錯誤|更正|有误|잘못|"
    r"오류|정정",
    re.IGNORECASE,
)
CLARIFYING = re.compile(
    r"\bclarif|make clear|made clear|klarstell|klarzustellen|präzisier|clarifi|précis|aclar|chiarir|precisar|"
    r"esclarec|verduidelijk|förtydlig|presiser|"
    r"præciser|tarkent|selvent|doprecyz|wyjaśni|açıklığa|уточн|разъясн|توضيح|澄清|明確",
    re.IGNORECASE,
)
_REVISED = re.compile(
    r", not |\bnot, as\b|rather than|instead of|has been (?:revised|corrected)|have been corrected|regret", re.I
)
_DENY = re.compile(words.NOT_A_NOTE, re.IGNORECASE)
_AGAIN = re.compile(
    r",? (?:and|und|et|y|e|en|och|og) (?:again|erneut|de nouveau|de nuevo|di nuovo|novamente|opnieuw|igen|igjen)\b",
    re.I,
)
_OBJECT = re.compile(rf"\s(?:this|the|our) (?:\w+ )?(?:{words.DOCUMENTS})\b")
_NOW = re.compile(rf"This (?:{words.DOCUMENTS}) now (?:includes|reflects|contains|says)\b", re.I)
_BETWEEN = re.compile(
    rf"[\s,;:()\[\]]*(?:(?:{'|'.join(sorted(words.BETWEEN, key=len, reverse=True))})(?=[\s\d])\s*)?", re.IGNORECASE
)
# That a document was withdrawn, in other languages: the document, a helping verb, the verb.
GONE: tuple[tuple[str, str, str], ...] = (
    (
        r"(?:Dieser?|Diese|Der|Die) (?:Artikel|Beitrag|Text|Bericht|Meldung|Mitteilung|Studie|Arbeit|Leitlinie|"
        r"Nachricht)",
        " (?:wurde|ist|wird)",
        "zurückgezogen|widerrufen",
    ),
    (
        r"(?:(?:Cet|L[’'])\s?article|Ce (?:communiqué|texte|document|billet|rapport)|Cette (?:dépêche|page|"
        r"publication|étude|note))",
        " (?:a été|est)",
        "retirée?|rétractée?|dépubliée?",
    ),
    (
        r"Este (?:artículo|comunicado|texto|documento|informe)|Esta (?:noticia|nota|página|publicación|información)",
        " (?:ha sido|fue|queda)",
        "retirad[oa]|retractad[oa]|anulad[oa]",
    ),
    (
        r"Questo (?:articolo|comunicato|testo|documento)|Questa (?:notizia|pagina|pubblicazione)",
        " (?:è stat[oa]|è)",
        "ritirat[oa]|ritrattat[oa]",
    ),
    (
        r"Este (?:artigo|comunicado|texto|documento)|Esta (?:notícia|matéria|página|publicação|reportagem)",
        " (?:foi|está)",
        "retirad[oa]|retratad[oa]|despublicad[oa]",
    ),
    (
        r"(?:Dit|Deze) (?:artikel|bericht|stuk|document|publicatie|richtlijn)",
        " (?:is|werd)",
        "ingetrokken|teruggetrokken",
    ),
    (
        r"(?:Artikeln|Texten|Den här (?:artikeln|texten)|Meddelandet|Rapporten)",
        " (?:har|är)",
        "dragits tillbaka|tillbakadragen|återkallats|återkallad",
    ),
    (
        r"(?:Artikkelen|Artiklen|Saken|Denne (?:artikkelen|artikel|saken|meldingen)|Meldingen|Meddelelsen)",
        " (?:er|ble|blev)(?: blitt| blevet)?",
        "trukket(?: tilbake| tilbage)?|tilbakekalt|tilbagekaldt",
    ),
    (
        r"(?:Juttu|Artikkeli|Tiedote|Tutkimus|Tämä (?:juttu|artikkeli|tiedote))",
        " on",
        "vedetty (?:pois|takaisin)|peruttu",
    ),
    (
        r"(?:(?:Ten )?(?:Artykuł|Komunikat|Tekst|Materiał|Raport)|Ta (?:publikacja|informacja))",
        " (?:został|zostaje|jest)a?",
        "wycofan[yae]|anulowan[yae]",
    ),
    (r"Bu (?:haber|makale|yazı|duyuru|açıklama)", "", r"(?:yayından kaldırıl|geri çekil)\w+"),
    (
        r"(?:Эта|Этот|Данная|Данный)? ?(?:[Мм]атериал|[Сс]татья|[Нн]овость|[Пп]убликация|[Сс]ообщение)",
        " (?:был[аио]?)",
        "отозван[ао]?|снят[ао]? с публикации|аннулирован[ао]?",
    ),
    (r"(?:تم|جرى)", "", "سحب (?:هذا|هذه) (?:المقال|الخبر|البيان|التقرير|الدراسة)"),
)
_GONE = re.compile(
    rf"(?:This|The) (?:{words.DOCUMENTS}) (?:was|has been|is) (?:retracted|withdrawn|removed|taken down|"
    rf"pulled)\b(?P<rest>.*)|"
    + "|".join(
        rf"(?:{documents})(?:{helper})?(?: (?:[^.!?]|\.(?= ?\d)){{1,60}}?)? (?:{verbs})(?!\w)"
        for documents, helper, verbs in GONE
    ),
    re.DOTALL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What one such sentence says."""

    kind: NoteKind
    moment: Moment | None
    summary: str | None
    whole: bool = False  # the summary is the whole text: it speaks of an earlier version


# The words between document and verb: one sentence, whose dates and hours may hold full stops.
_MID = r"(?:[^.!?]|(?<=\d)\.|\.(?=[a-z\d])|(?<=[ap]\.m)\.|(?<=\b[A-Z][a-z][a-z])\.|(?<=\bSept)\.){0,160}?"


def _pattern(row: Row) -> re.Pattern[str]:
    verbs = rf"(?:(?P<correction>{row.correction})|(?P<update>{row.update}))(?!\w)"
    return re.compile(rf"(?:{row.start})(?P<mid>{_MID})(?<!\w){verbs}(?P<rest>.*)$", re.DOTALL)


_BEGINS = re.compile("|".join(f"(?:{row.start})" for row in ROWS))  # no row matches what does not begin like one
_ROWS = tuple((_pattern(row), re.compile(rf"(?:{row.joins})(?=[\s])\s?", re.IGNORECASE)) for row in ROWS)
# A text without one of these cannot match _EARLIER: a cheap look before the dear one.
_STEMS = _split(
    "version versión versão versione versie versjon versiossa versi edition draft headline caption "
    "photograph originally previously initially incorrectly mistakenly misstated misidentified misspelled "
    "fassung precedente prima jutussa utgave udgave wersj sürüm hali hâli верси редакци نسخة صيغة النسخة "
    "aanvankelijk"
)
_EARLIER = re.compile("|".join(f"(?:{row.earlier})" for row in ROWS))
# what somebody else is quoted with; a note's own quotations are shorter than a sentence
_QUOTED = re.compile(r"“[^”]{40,}(?:”|$)|„[^“”]{40,}(?:[“”]|$)|«[^»]{40,}(?:»|$)|(?<!\w)\"[^\"]{40,}(?:\"|$)")
_SENTENCES = re.compile(r"(?<=[^\W\d_][.!?]) (?=[^\W\d_])")  # a full stop behind a number may be a date's
_PLAIN = tuple((re.compile(pattern), kind) for pattern, kind in PLAIN)


def kind_of(text: str, otherwise: NoteKind = "update") -> NoteKind:
    """What a note about a text is, by its content: correction, clarification or, failing both, `otherwise`."""
    if _EARLIER.search(text) or CORRECTIVE.search(text) or _REVISED.search(text):
        return "clarification" if CLARIFYING.search(text) and not CORRECTIVE.search(text) else "correction"
    return "clarification" if CLARIFYING.search(text) else otherwise


def earlier(text: str) -> bool:
    """Whether a text speaks of its own earlier version near its start."""
    head = _QUOTED.sub(" ", text[:400])[:200]
    low = head.lower()
    return any(stem in low for stem in _STEMS) and _EARLIER.search(head) is not None


def revised(text: str) -> bool:
    """Whether a text says what it now has instead of something else."""
    return _REVISED.search(text) is not None


def read(text: str, look: Look) -> tuple[Said, ...]:
    """What a line says of its own text being changed; () where it says nothing of the kind."""
    said = _said(text, look) if len(text) <= 1500 else ()
    return said if said and not _DENY.search(text) else ()


def admits(text: str) -> bool:
    """Whether a text under a label such as "Correction" speaks of what was said before, or wrongly."""
    return words.ADMITS_FOUND.search(text[:600]) is not None


def stated(text: str, look: Look) -> Moment | None:
    """The time that a later sentence of a note gives for the change ("... The text was corrected on May 5.")."""
    for sentence in _SENTENCES.split(text[:1500])[1:8]:
        said = _said(sentence, look)
        if said and said[0].moment:
            return said[0].moment
        if len(sentence) <= 160 and words.MENDED_FOUND.match(sentence):
            return when.parse(sentence, look)
    return None


def _said(text: str, look: Look) -> tuple[Said, ...]:
    gone = _GONE.match(text)
    if gone:
        return (Said("retraction", when.parse(text[:160], look), text, whole=True),)
    for pattern, joins in _ROWS if _BEGINS.match(text) else ():
        found = pattern.match(text)
        if found:
            return _notes(found, joins, text, look)
    if _NOW.match(text):
        return (Said(kind_of(text), None, text),)
    for pattern, kind in _PLAIN if any(char > "\u3000" for char in text[:60]) else ():
        found = pattern.search(text[:300])
        if found and found.start() < 60:
            return (Said(kind, when.parse(text[:200], look), text, whole=True),)
    if earlier(text):
        return (Said(kind_of(text, "correction"), None, text, whole=True),)
    return ()


def _notes(found: re.Match[str], joins: re.Pattern[str], text: str, look: Look) -> tuple[Said, ...]:
    verb: NoteKind = "correction" if found["correction"] else "update"
    amended = (found["update"] or "").lower() == "amended"
    pieces = _AGAIN.split(found["rest"], maxsplit=3)
    moment, inner = _middle(found["mid"], joins, look)
    out = []
    for n, piece in enumerate(pieces):
        own, summary = _content(piece, joins, look)
        if n == 0:
            own, summary = own or moment, summary or inner
        if earlier(text) or amended:
            kind = "correction" if verb == "correction" or amended else kind_of(text, verb)
            if earlier(text) and n == 0 and (not summary or earlier(piece)):
                return (Said(kind, own, text, whole=True),)
        else:
            kind = verb if verb == "correction" else kind_of(summary or "", verb)
        out.append(Said(kind, own, summary))
    return tuple(out)


def _middle(mid: str, joins: re.Pattern[str], look: Look) -> tuple[Moment | None, str | None]:
    """Time and content between the document and a verb that comes last."""
    found = when.find(mid, look)
    rest = mid
    if found:
        rest = mid[: found.start] + " " + mid[found.end :]
    for join in joins.finditer(rest):
        if join.start() and rest[join.start() - 1].isalnum():
            continue
        content = rest[join.end() :].strip(" ,")
        if len(content) >= 4:
            return (found.moment if found else None), content
    return (found.moment if found else None), None


def _content(rest: str, joins: re.Pattern[str], look: Look) -> tuple[Moment | None, str | None]:
    """Time and content behind the verb."""
    moment: Moment | None = None
    named = _OBJECT.match(rest)
    at = named.end() if named else 0
    for _ in range(6):
        gap = _BETWEEN.match(rest, at)
        start = gap.end() if gap else at
        found = when.match(rest, look, start) if moment is None else None
        if not found:
            break
        moment, at = found.moment, found.end
    text = rest[at:].lstrip(" ,;:()").rstrip(" )]）")
    join = joins.match(text)
    if join:
        content = text[join.end() :].strip()
        return moment, content or None
    if moment is None and (late := when.find(rest[:120], look)) and late.start < 40 and not late.relative:
        return late.moment, rest[late.end :].strip(" .,:)") or None
    text = text.strip(" .")
    return moment, text or None
