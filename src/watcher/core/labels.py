"""The words by which publishers mark an update: labels by language, and what opens a note wherever it stands.

A leaf of the core: furniture, content and the grammar of notes read the same table. A new word is one more entry.

Labels are patterns, tried without regard to case; where the script has capitals, the first letter must be one. A label
is a `noun` ("Update", which may carry a number), a `past` form ("Updated", which needs a time or a colon), a `dated`
one ("Last update", which widgets carry too: it needs a time and a text) or an `editor`'s note, whose kind is in its
sentence.
"""

import re
from typing import Literal, NamedTuple

from watcher.model import NoteKind


class Label(NamedTuple):
    """One group of label words: what it says, how it behaves, the words as patterns."""

    kind: NoteKind
    form: Literal["noun", "past", "editor", "dated"]
    words: tuple[str, ...]


LABELS: tuple[Label, ...] = (
    Label(
        "update",
        "noun",
        (
            "update", "upd\\.?", "late update", "breaking update", "news update",  # en
            "aktualisierung", "nachtrag", "ergänzung", "zusatz",
            "nachtrag der redaktion",  # de
            "mise à jour", "m[àa]j", "actualisation", "ajout", "complément", "post-scriptum",  # fr
            "actualización", "actualizacion", "ampliación", "añadido", "adenda",  # es
            "aggiornamento", "agg\\.", "aggiunta", "integrazione", "postilla",  # it
            "atualização", "atualizacao", "actualização", "adendo", "adenda", "acréscimo", "aditamento",  # pt
            "bijwerking", "aanvulling", "naschrift", "toevoeging", "actualisering", "nagekomen bericht",  # nl
            "uppdatering(?:en)?", "tillägg", "komplettering", "efterskrift",  # sv
            "oppdatering(?:en|a)?", "opdatering(?:en)?", "tillegg", "tilføjelse", "tilføyelse", "supplering",
            "etterskrift",  # no, da
            "päivitys", "lisäys", "täydennys", "jälkikirjoitus",  # fi
            "aktualizacja", "uzupełnienie", "dopisek", "dopisek redakcji", "postscriptum",  # pl
            "güncelleme", "ekleme", "ek bilgi",  # tr
            "обновление", "апдейт", "дополнение", "апд\\.?", "добавление", "постскриптум",  # ru
            "تحديث", "التحديث", "إضافة", "إلحاق", "استدراك", "ملحق", "تحديث جديد", "تحديث عاجل",  # ar
            "更新", "追記", "アップデート", "続報", "補遺", "再追記", "追補", "追加情報", "付記",  # ja, zh
            "最新更新", "补充", "補充", "最新进展", "最新進展", "又及", "附记", "附記", "补记", "補記",
            "补充说明", "后续", "後續",  # zh
            "업데이트", "추가", "추신", "갱신", "덧붙임", "보완", "추가 업데이트",  # ko
            "eta", "edit", "edited to add", "addendum", "addenda", "postscript", "post script", "p\\.\\s?s\\.",
            "ps(?=\\s?[(:])",
        ),
    ),
    Label(
        "update",
        "past",
        (
            "updated", "revised", "edited", "expanded", "last updated", "added",
            "aktualisiert", "zuletzt aktualisiert", "ergänzt", "geändert", "hinzugefügt", "nachgetragen",
            "letztmals aktualisiert",
            "(?:article )?mis à jour", "mise à jour(?= (?:le|il y a) )", "(?:article )?actualisée?",
            "modifiée?", "complétée?",
            "(?:article )?(?:modifié|complété|enrichi)", "ajoutée?",
            "actualizad[oa]", "ampliad[oa]", "modificad[oa]", "añadid[oa]",
            "aggiornat[oa]", "integrat[oa]", "aggiunt[oa]", "articolo aggiornato",
            "atualizad[oa]", "ampliad[oa]", "acrescentad[oa]", "adicionad[oa]",
            "bijgewerkt", "geüpdatet", "ge-update", "aangepast", "aangevuld", "toegevoegd",
            "(?:voor het )?laatst bijgewerkt",
            "uppdaterad", "uppdaterat", "kompletterad", "(?:senast|sist) uppdaterad", "tillagt",
            "oppdatert", "opdateret", "(?:sist|senest|sidst) (?:oppdatert|opdateret)", "lagt til", "tilføjet",
            "päivitetty", "täydennetty", "muokattu", "viimeksi päivitetty",
            "(?:juttua|uutista|artikkelia) (?:on )?(?:päivitetty|täydennetty|muokattu)",
            "zaktualizowano", "aktualizowano", "uzupełniono", "ostatnio zaktualizowano", "dodano",
            "güncellendi", "eklendi", "(?:son )?güncellenme(?: tarihi)?", "haber güncellendi",
            "обновлено", "дополнено", "обновлён", "обновлен", "добавлено",
            "(?:материал|статья|новость|текст) (?:обновл[её]н[аоы]?|дополнен[аоы]?)",
            "حُدّث", "حدث", "مُحدَّث", "محدث", "(?:تم|جرى) التحديث", "أُضيف",
            "更新済み?", "加筆", "已更新",
            "수정", "업데이트됨", "수정됨", "최종 수정",
        ),
    ),
    Label(
        "update",
        "dated",
        (
            "last update", "latest update", "newest update", "letztes update", "neuestes update",
            "letzte aktualisierung", "dernière mise à jour", "última actualización", "ultimo aggiornamento",
            "última atualização", "laatste update", "senaste uppdatering", "siste oppdatering", "seneste opdatering",
            "viimeisin päivitys", "ostatnia aktualizacja", "son güncelleme", "последнее обновление", "آخر تحديث",
            "最終更新", "마지막 업데이트", "änderung", "modification", "modificación", "modifica",
            "modificação", "wijziging",
            "ändring", "endring", "ændring", "muutos", "zmiana", "değişiklik", "изменение", "ek", "最后更新",
            "最後更新",
        ),
    ),
    Label(
        "correction",
        "noun",
        (
            "corrections? (?:and|&) amplifications?", "corrections? (?:and|&) clarifications?", "correction notice",
            "correction", "corrigendum", "erratum",
            "(?:a|this|the) correction (?:was|has been) (?:made|added|posted)", "corrigenda",
            "correction made", "correction of errors", "correx", "for the record",
            "we regret the error",
            "korrektur(?:hinweis)?", "berichtigung", "richtigstellung", "korrektur-hinweis", "korrigenda",
            "fehlerkorrektur", "redaktionelle korrektur", "korrektur der redaktion", "nachträgliche korrektur",
            "rectificatif", "rectification", "correctif", "mise au point", "correction de la rédaction",
            "fe de erratas", "fe de errores", "corrección", "correccion", "rectificación", "rectificacion",
            "fe de errata", "nota de corrección", "subsanación",
            "errata corrige", "rettifica", "correzione",
            "errata", "errámos", "erramos", "correção", "correcção", "retificação", "nota de correção", "erro nosso",
            "correctie", "rectificatie", "verbetering", "herstel", "rechtzetting", "erratum",
            "correcties? en aanvulling(?:en)?",
            "rättelse(?:n)?", "korrigering", "rättning", "beriktigande", "rättelser", "rättelse och förtydligande",
            "rettelse", "retting", "korreksjon", "oppretting", "korrektion", "berigtigelse", "beriktigelse",
            "oikaisu", "korjaus", "virheen oikaisu", "oikaisuja", "korjauksia",
            "sprostowanie", "korekta", "poprawka", "errata", "korekta redakcyjna",
            "düzeltme", "tashih", "tekzip", "düzeltme ve özür", "düzeltme notu", "özür ve düzeltme",
            "исправление", "поправка", "опровержение", "исправления", "поправка редакции", "опечатка",
            "تصحيح", "تصويب", "تصحيح خطأ", "اعتذار وتصحيح", "تصحيح واعتذار", "تصحيح وتوضيح", "تنويه وتصحيح",
            "訂正", "修正", "訂正のお知らせ", "お詫び", "お詫びと訂正", "おわびと訂正", "訂正とお詫び",
            "訂正とおわび", "おわび", "訂正記事", "正誤", "誤記訂正",
            "更正", "勘误", "更正说明", "更正說明", "更正啟事", "勘誤", "订正", "更正启事", "更正声明",
            "更正及致歉", "更正与致歉", "致歉", "更正與致歉",
            "정정", "정정보도", "정정합니다", "고침", "정정 보도", "바로잡습니다", "바로잡음", "오류 정정",
            "오류 수정", "바로잡기", "고칩니다",
            "정정 및 사과", "정정·사과",
        ),
    ),
    Label(
        "correction",
        "past",
        (
            "corrected", "korrigiert", "berichtigt", "corrigée?", "rectifiée?", "corregid[oa]", "rectificad[oa]",
            "corrett[oa]", "rettificat[oa]", "corrigid[oa]", "retificad[oa]", "gecorrigeerd", "rättad", "rättat",
            "korrigerad", "rettet", "korrigert", "korrigeret", "korjattu", "oikaistu", "poprawiono", "sprostowano",
            "düzeltildi", "исправлено",
        ),
    ),
    Label(
        "clarification",
        "noun",
        (
            "clarification", "klarstellung", "präzisierung", "précision", "aclaración", "aclaracion",
            "precisión", "précisions", "nota aclaratoria", "puntualización", "matización", "puntualizzazione",
            "clarificação", "nota de esclarecimento",
            "precisazione", "chiarimento", "esclarecimento", "verduidelijking", "förtydligande", "presisering",
            "præcisering", "klargøring", "täsmennys", "selvennys", "tarkennus", "wyjaśnienie",
            "doprecyzowanie", "klargörande", "avklaring", "oppklaring", "tydeliggjøring", "uddybning",
            "uściślenie", "sprecyzowanie",
            "açıklık", "açıklama notu", "уточнение", "разъяснение", "توضيح", "إيضاح", "補足", "澄清", "해명",
            "пояснение", "بيان توضيحي", "補足説明", "澄清说明", "보충 설명",
        ),
    ),
    Label(
        "clarification", "past", ("clarified", "klargestellt", "präzisiert", "clarifiée?", "aclarad[oa]", "уточнено"),
    ),
    Label(
        "retraction",
        "noun",
        (
            "retraction notice", "retraction", "notice of retraction", "withdrawal notice", "withdrawal",
            "expression of concern", "editorial expression of concern",
            "widerruf", "rückzug des artikels", "rétractation", "retractación", "retracción", "ritrattazione",
            "retratação", "intrekking", "tillbakadragande", "tilbaketrekking", "tilbagetrækning", "peruutus",
            "wycofanie", "geri çekme", "ретракция", "отзыв статьи", "سحب المقال", "سحب",
            "撤回", "記事取り消し", "記事の取り消し", "取り消し", "撤稿", "撤稿声明", "철회", "기사 철회",
            "기사 취소", "記事の?取り?下げ", "取り下げ",
            "記事の?削除", "撤稿启事", "撤回声明", "기사 삭제",
        ),
    ),
    Label(
        "retraction",
        "past",
        (
            "retracted", "withdrawn", "story withdrawn", "article withdrawn", "story killed", "zurückgezogen",
            "rétracté", "(?:article|texte|communiqué|dépêche|étude) (?:retirée?|dépubliée?|supprimée?)",
            "retirad[oa]",
            "(?:artículo|texto|matéria|artigo|reportagem|notícia|noticia|nota) retirad[oa](?: do ar)?",
            "(?:articolo|testo|comunicato) (?:ritirato|rimosso)",
            "artikel (?:ingetrokken|zurückgezogen|teruggetrokken)",
            "(?:artikeln|artikkelen|artiklen|saken) (?:är |er )?(?:tillbakadragen|trukket(?: tilbake| tilbage)?)",
            "(?:juttu|artikkeli|uutinen) (?:on )?(?:poistettu|vedetty (?:pois|takaisin)|peruttu)",
            "(?:artykuł|tekst|materiał) wycofan[yo]", "haber (?:geri çekildi|yayından kaldırıldı)",
            "(?:статья|материал|новость|публикация|сообщение) (?:отозван[ао]?|снят[ао]? с публикации)",
            "(?:تم سحب|سُحب|سحب) (?:هذا )?(?:المقال|الخبر|التقرير)", "retractad[oa]", "ritirat[oa]",
            "ritrattat[oa]", "ingetrokken",
            "tillbakadragen", "återkallad", "trukket tilbake", "trukket tilbage", "vedetty takaisin", "wycofan[oy]",
            "geri çekildi", "отозвано", "отозвана",
        ),
    ),
    Label("amendment", "past", ("amended",)),
    Label(
        "update",
        "editor",
        (
            "(?:an? )?editor[’'`]?s[’'`]? note", "ed\\.? note", "editorial note", "publisher[’'`]s note",
            "(?:a )?note to (?:our )?readers", "ed\\.",
            "anmerkung der redaktion", "hinweis der redaktion", "anm\\. ?d\\. ?red\\.?",
            "redaktioneller hinweis", "redaktionshinweis", "redaktionelle anmerkung", "anm\\. d\\. redaktion",
            "hinweis an (?:die|unsere) leser(?:innen und leser)?", "transparenzhinweis",
            "hinweis in eigener sache", "anmerkung",
            "in eigener sache", "hinweis",
            "note de la rédaction", "ndlr", "note de la rédac", "n\\.d\\.l\\.r\\.?", "nota bene",
            "note de l[’']éditeur", "note aux lecteurs", "n\\. d\\. l\\. r\\.",
            "nota de (?:la )?redacción", "nota del editor", "nota de los editores", "nota a los lectores",
            "nota de edición", "n\\. de r\\.", "n\\. del e\\.",
            "nota editorial", "nota de la r\\.", "n\\. de la r\\.",
            "nota della redazione", "nota redazionale", "nota di redazione", "nota dell[’']editore",
            "nota ai lettori", "nota del direttore", "n\\.?d\\.?r\\.?",
            "nota d[ae] reda[cç]{1,2}ão", "nota do editor", "nota aos leitores", "nota da edição",
            "noot van de redactie", "opmerking (?:van de )?redactie", "noot redactie", "redactie", "redactioneel",
            "van de redactie", "redactionele noot", "noot v\\.? ?d\\.? ?red\\.?",
            "redaktionens (?:kommentar|anmärkning|not)", "red\\.? anm\\.?", "not från redaktionen",
            "redaktionell (?:kommentar|anmärkning)", "från redaktionen",
            "redaksjonens (?:kommentar|merknad)", "redaktionens (?:bemærkning|note)",
            "redaksjonell (?:merknad|note|kommentar)", "redaktionel (?:note|bemærkning)",
            "red\\. ?(?:anm|bem)\\.?", "fra redaksjonen", "fra redaktionen", "red\\.",
            "toimituksen (?:huomautus|huomio)", "toimitukselta", "toimituksen (?:kommentti|lisäys)",
            "toim\\. huom\\.?",
            "od redakcji", "nota (?:od )?redakcji", "uwaga redakcji", "od redaktora", "przypis redakcji",
            "editörün notu", "editör notu", "yayın notu", "editörün açıklaması", "editörden",
            "redaksiyon(?:un)? notu", "yazı işleri notu",
            "от редакции", "примечание редакции", "от редактора", "примечание редактора",
            "прим(?:ечание)?\\.? ?ред(?:\\.|акции)?", "комментарий редакции",
            "ملاحظة (?:من )?المحرر", "ملاحظة من التحرير", "ملحوظة (?:من )?المحرر", "ملاحظة تحريرية",
            "من المحرر", "تنويه(?: من المحرر)?",
            "編集部注", "編集部より", "おことわり", "お断り", "編集部から", "編集部訂正",
            "編集部からのお知らせ", "編集者注", "編集部追記",
            "編注", "編集注", "编者注", "编者按", "说明", "說明", "附注", "附註", "编辑注", "编辑按",
            "编辑部注", "編輯部註", "編輯註",
            "編者注", "編者按", "編者註", "编注",
            "편집자 ?주", "알려드립니다", "편집자 ?주석", "편집자 ?註", "알립니다", "편집자 ?메모",
            "편집국에서", "독자 여러분께",
        ),
    ),
)  # fmt: skip


# How lines begin that speak of their own text, and further words above a note.
_OPENINGS = (
    "(?:for the record|edit|zusatz|추가|補充|补充|herstel|complément|integrazione|ek|anmerkung|redactie)"
    "(?=\\s?[:：(（\\]】])",
    "updates", "corrections", "amendment", "latest updates?", "breaking update",
    "(?:this|the above) (?:article|story|post|page|guidance|version|report|piece|column|headline)",
    "(?:an|our) (?:earlier|previous|original|initial) version", "(?:a|the) (?:previous|original|earlier) version",
    "the (?:article|story|headline|post) (?:has|was)",
    "an? (?:photo )?(?:caption|headline) (?:accompanying|on|with|in)", "not(?=:)",
    "(?:due to|because of) (?:an?|our) (?:editing )?error",
    "we (?:have )?(?:updated|corrected|amended|revised)", "we (?:originally|previously|initially|incorrectly)",
    "(?:dieser|der) (?:artikel|beitrag|text|bericht) (?:wurde|ist)",
    "(?:in )?einer? (?:früheren?|ersten?|vorherigen?)",
    "in der (?:ursprünglichen|ersten|früheren)", "wir hatten", "wir haben (?:diesen|den|die)", "anders als",
    "(?:cet|l[’'])\\s?article (?:a été|est)", "(?:dans )?une (?:première )?version", "contrairement à ce",
    "nous avions", "article (?:mis|actualisé|corrigé|modifié|complété)",
    "(?:este|el) (?:artículo|texto)", "(?:esta|la) (?:noticia|información|nota) (?:ha sido|fue|se)",
    "(?:en )?una versión",
    "(?:noticia|nota|artículo) (?:actualizad|corregid|modificad)[oa]", "(?:questo|l[’'])\\s?articolo è",
    "(?:in )?una (?:prima|precedente) versione",
    "articolo (?:aggiornato|corretto|modificato)", "(?:esta|este) (?:reportagem|matéria|notícia|texto|artigo)",
    "uma versão", "(?:diferentemente|ao contrário) do que",
    "(?:notícia|matéria|texto|reportagem) (?:atualizad|corrigid)[oa]", "dit (?:artikel|bericht|stuk)",
    "(?:in )?een eerdere versie",
    "(?:artikeln|texten|artiklen|artikkelen|saken|teksten) (?:har|är|er|ble|blev|uppdaterades|rättades)",
    "i en tidigare version", "i en tidligere (?:versjon|version|utgave|udgave)",
    "[\\w-]{2,20} (?:skrev|meldte) (?:først|tidligere|feilaktig|fejlagtigt|oprindeligt|opprinnelig)",

    "(?:juttua|juttuun|jutussa|uutista|uutiseen|artikkelia|artikkeliin) (?:on )?(?:päivitetty|lisätty|"
    "korjattu|täydennetty|muokattu|luki|kerrottiin)",
    "jutun aiemmassa",
    "(?:artykuł|tekst|materiał) (?:został |został)?(?:zaktualizowan|uzupełnion|poprawion|skorygowan)\\w*",
    "(?:w|we) (?:poprzedniej|wcześniejszej|pierwotnej|pierwszej) wersji",
    "(?:bu )?(?:haber|yazı|makale),? [^!?]{0,80}(?:güncellen|düzeltil)\\w+",
    "(?:bu )?(?:haberin|yazının|makalenin) (?:önceki|ilk|eski)",

    "(?:материал|статья|текст|новость|публикация) (?:был[аио]? )?(?:обновл|дополнен|исправлен|"
    "измен[её]н|отредактир)\\w*",
    "в (?:предыдущей|первоначальной|ранней|первой|более ранней) версии",
    "(?:تم|جرى) (?:تحديث|تعديل|تصحيح|التحديث)", "(?:ذكرت|تضمنت|أوردت) نسخة سابقة", "ورد في نسخة",
)  # fmt: skip
# Words that open so many other lines that alone, in a margin, they are no sign of a note.
_COMMON = frozenset({
    "edit", "edited", "revised", "added", "expanded", "withdrawal", "for the record", "zusatz", "anmerkung",
    "redactie",
    "red\\.", "ed\\.", "추가", "ek", "補充", "补充", "herstel", "verbetering", "complément", "integrazione",
    "nota bene",
})  # fmt: skip
_WORDS = sorted(
    {word for label in LABELS for word in label.words if word not in _COMMON} | set(_OPENINGS), key=len, reverse=True
)
_CJK = re.compile(r"[\u3040-\ud7af]")
_SPOKEN = "|".join(word for word in _WORDS if not _CJK.search(word))
_UNSPACED = "|".join(word for word in _WORDS if _CJK.search(word))
_OPENS = re.compile(
    r"[\W_]*(?:\d{1,2}(?:st|nd|rd|th|\.)?\s|first\s|second\s|third\s|latest\s|breaking\s)?"
    rf"(?:(?:{_SPOKEN})(?!\w)|(?:{_UNSPACED}))"
)  # tried on small letters: branches that begin with a plain letter are then passed over at once
# a date before the label, or the document before a verb that comes last
_OPENS_UNSPACED = re.compile(
    rf"[\W_]*(?:[\d年月日時点时點分:：.\s午前後后上下오전후시분년월일()（）木火水金土月]{{4,30}}[\s)）、にに,]*(?:{_UNSPACED})|"
    r"[※＊][^。]{0,80}(?:訂正|修正|追記|更新|加筆)(?:し|いたし|した)|(?:この|本|当)記事|(?:初出時|掲載当初|公開当初|当初の?記事|記事中)|本文|本(?:文|稿|报道|報道)|此前(?:版本|报道)|"
    r"(?:이|본|해당) ?기사|기사 (?:초판|본문)|애초 기사)"
)


def opens_note(text: str) -> bool:
    """Say whether a line begins with words by which publishers mark updates and corrections."""
    head = text[:160].lower()
    return _OPENS.match(head) is not None or (
        any(char > "\u3000" for char in head[:40]) and _OPENS_UNSPACED.match(head) is not None
    )
