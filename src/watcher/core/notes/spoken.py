"""How sentences say that their own text was changed, language by language. Tables only; `sentences` reads them."""

import re
from typing import NamedTuple

from watcher.core.notes import words
from watcher.model import NoteKind


class Row(NamedTuple):
    """One language. `start`: the document up to the verb's helper; `verbs` in the groups update and correction;
    `joins`: words before what was changed; `earlier`: speaking of an earlier version."""

    start: str
    update: str
    correction: str
    joins: str
    earlier: str
    last: bool = False  # the verb comes last, and nothing need join what was changed


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
        r"(?:Dieser|Der|Diese|Die|Dieses|Wir haben (?:diesen|den|diese)|In diesem|Unser|Unsere) (?:Artikel|"
        r"Beitrag|Text|"
        r"Bericht|Meldung|Überschrift|Nachricht|Interview|Stück|Seite|Fassung|Version)"
        r"(?: wurde| ist| haben wir| hatten wir| wird)?",
        r"aktualisiert|ergänzt|erweitert|überarbeitet|geändert|angepasst|hinzugefügt",
        r"korrigiert|berichtigt|richtiggestellt",
        r"um|mit|nachdem|damit|weil|aufgrund",
        r"(?:in|In) einer (?:früheren|ersten|vorherigen|älteren|ursprünglichen) (?:Version|Fassung)|"
        r"(?:Eine|eine) (?:frühere|vorherige|erste|ältere) (?:Version|Fassung) (?:dieses|des|der|dieser) (?:Artikels|"
        r"Textes|Beitrags|Berichts|Meldung)|"
        r"In der (?:ursprünglichen|ersten|früheren) (?:Version|Fassung)",
    ),
    Row(
        r"(?:(?:Cet|L[’']|Le présent|Notre) ?(?:article|papier)|Article|Texte|Papier|(?:Ce|Le|"
        r"Notre) (?:texte|papier|billet|titre|"
        r"chapô|communiqué)|(?:Cette|La) (?:dépêche|page|publication|information|brève))"
        r"(?: a été| est)?",
        r"mise? à jour|actualisée?|modifiée?|complétée?|enrichie?|éditée?|amendée?",
        r"corrigée?|rectifiée?",
        r"avec|pour|afin de|afin d[’']|par|après|suite à|à la suite de",
        r"(?:[Uu]ne|[Dd]ans une|[Ll]a) (?:version|première version) (?:précédente|antérieure|initiale|de cet)|"
        r"une première version de",
    ),
    Row(
        r"(?:(?:Este|El) (?:artículo|texto|reportaje|contenido)|Artículo|Noticia|Nota|Texto|Información|"
        r"(?:Esta|La) (?:noticia|"
        r"información|nota|pieza|historia|página|crónica))"
        r"(?: ha sido| fue| se ha| se)?",
        r"actualiz(?:ad[oa]|ó)|modific(?:ad[oa]|ó)|ampliad[oa]|editad[oa]",
        r"corregid[oa]|corrigió|rectificad[oa]",
        r"con|para|tras|después de|por|debido a",
        r"(?:[Uu]na|[Ll]a) (?:primera |anterior )?versión (?:anterior|previa|inicial|original|de (?:este|esta))|"
        r"[Uu]na versión anterior",
    ),
    Row(
        r"(?:(?:Questo|L[’'])\s?articolo|Articolo|Notizia|Testo|Pezzo|(?:Questa|La) (?:notizia|pagina|nota)|"
        r"(?:Il|Questo) (?:testo|"
        r"pezzo))"
        r"(?: è stat[oa]| è)?",
        r"aggiornat[oa]|modificat[oa]|integrat[oa]|ampliat[oa]|rivist[oa]",
        r"corrett[oa]|rettificat[oa]",
        r"con|per|dopo|a seguito",
        r"(?:[Uu]na|[Ll]a|[Ii]n una|[Nn]ella) (?:precedente|prima|versione) (?:versione|precedente|stesura)",
    ),
    Row(
        r"(?:(?:Este|O|Esse) (?:artigo|texto|conteúdo)|(?:Esta|A|Essa) (?:notícia|matéria|reportagem|página|nota)|"
        r"Notícia|Matéria|Artigo|"
        r"Reportagem|Texto|Conteúdo|Nota|Post|Publicação)(?: foi| está)?",
        r"atualizad[oa]|actualizad[oa]|modificad[oa]|alterad[oa]|editad[oa]|ampliad[oa]",
        r"corrigid[oa]|retificad[oa]",
        r"com|para|após|depois de|por",
        r"versão (?:anterior|inicial|original) (?:deste|desta|da|do)|[Uu]ma versão anterior|[Nn]uma versão anterior",
    ),
    Row(
        r"(?:Dit|Het|De|Deze) (?:artikel|bericht|stuk|verhaal|tekst|nieuwsbericht|kop|pagina)(?: is| werd|"
        r" hebben we)?",
        r"bijgewerkt|aangepast|aangevuld|geactualiseerd|geüpdatet|gewijzigd|uitgebreid",
        r"gecorrigeerd|verbeterd|hersteld|gerectificeerd",
        r"met|om|nadat|na|omdat|naar aanleiding van",
        r"(?:[Ii]n een|[Ee]en) eerdere versie|[Ii]n de eerste versie|[Aa]anvankelijk stond in dit",
    ),
    Row(
        r"(?:Artikeln|Texten|Rubriken|Inlägget|Den här (?:artikeln|texten)|Denna (?:artikel|text)|"
        r"Nyheten)(?: har| är)?",
        r"uppdaterats|uppdaterades|uppdaterad|kompletterats|kompletterades|kompletterad|ändrats|ändrades|ändrad|"
        r"redigerats",
        r"rättats|rättades|rättad|korrigerats|korrigerades|korrigerad",
        r"med|för att|efter|sedan|då",
        r"(?:[Ii] en|[Ee]n) tidigare version|[Ii] en (?:första|ursprunglig) version",
    ),
    Row(
        r"(?:Artikkelen|Saken|Teksten|Denne (?:saken|artikkelen|artikel|historie)|Saka|Artiklen|Historien|"
        r"Overskriften|Tittelen|Rubrikken|"
        r"Nyheten|Nyheden|Meldingen)(?: er| ble| blei| vart| blev| har)?(?: blitt| blevet| vorte)?",
        r"oppdatert|opdateret|opdateredes|endret|ændret|utvidet|udvidet|suppleret|supplert|tilføjet|"
        r"redigert|redigeret",
        r"rettet|korrigert|korrigeret|berigtiget",
        r"med|for å|for at|etter at|etter|efter at|efter|fordi|så",
        r"(?:[Ii] en|[Ee]n) tidligere (?:versjon|version|utgave|udgave)",
    ),
    Row(
        r"(?:Juttuun|Uutiseen|Artikkeliin|Tekstiin)(?: on| oli)?",
        r"lisätty|lisättiin|täydennetty|päivitetty",
        r"korjattu|korjattiin",
        r"(?!)",
        r"[Jj]utun (?:ensimmäisessä|alkuperäisessä) versiossa",
    ),
    Row(
        r"(?:Juttua|Juttu|Otsikkoa|Otsikko|Artikkelia|Artikkeli|Tekstiä|Uutista|Uutinen)(?: on| oli)?",
        r"päivitetty|päivitettiin|täydennetty|täydennettiin|muokattu|muokattiin|muutettu|muutettiin",
        r"korjattu|korjattiin|oikaistu|oikaistiin",
        r"lisäämällä|jotta|koska|lisätty",
        r"(?:[Jj]utun|[Aa]rtikkelin|[Uu]utisen)? ?(?:aiemmassa|aikaisemmassa|alkuperäisessä) (?:versiossa|"
        r"jutussa)|[Jj]utussa (?:luki|kerrottiin|sanottiin) (?:aiemmin|virheellisesti)",
    ),
    Row(
        r"(?:(?:Ten |Niniejszy )?(?:[Aa]rtykuł|[Tt]ekst|[Mm]ateriał|[Tt]ytuł)|(?:[Tt]a |"
        r"[Tt]ę )?[Ii]nformacj[aę]|[Dd]epesz[aę])"
        r"(?: została?| była?)?",
        r"zaktualizowan[yoa]|zaktualizowaliśmy|uzupełnion[yoa]|uzupełniliśmy|zmienion[yoa]|rozszerzon[yoa]",
        r"poprawion[yoa]|poprawiliśmy|skorygowan[yoa]|sprostowan[yoa]",
        r"o|aby|w celu|po|z powodu|dodając",
        r"[Ww]e? (?:wcześniejszej|poprzedniej|pierwotnej|pierwszej) wersji|[Ww]cześniejsza wersja (?:artykułu|"
        r"tekstu|tego)|[Pp]oprzednia wersja",
    ),
    Row(
        r"(?:Bu|İlgili|Söz konusu)? ?(?:[Hh]aber|[Yy]azı|[Mm]akale|[Mm]etin|[Bb]aşlık)(?:e|a|i|miz|de|nin)?,?",
        r"güncellendi|güncellenmiştir|güncellenmiş|genişletildi|eklendi|eklenmiştir|değiştirildi|değiştirilmiştir",
        r"düzeltildi|düzeltilmiştir",
        r"için|sonra|nedeniyle",
        r"(?:[Hh]aberin|[Yy]azının|[Mm]akalenin|[Mm]etnin) (?:önceki|ilk|daha önceki|eski) (?:sürüm|versiyon|hali|"
        r"hâli)\w*",
        last=True,
    ),
    Row(
        r"(?:Этот|Эта|Данный|Данная)? ?(?:[Мм]атериал|[Сс]татья|[Тт]екст|[Нн]овость|[Зз]аметка|"
        r"[Пп]убликация|[Зз]аголовок|[Сс]ообщение)(?: был[аио]?)?",
        r"обновл[её]н[аоы]?|дополнен[аоы]?|изменен[аоы]?|отредактирован[аоы]?|обновил[аи]сь|обновился",
        r"исправлен[аоы]?|уточнен[аоы]?",
        r"чтобы|после|в связи с|из-за|с учётом|с учетом",
        r"[Вв] (?:предыдущей|ранней|первоначальной|более ранней|прежней|первой) (?:версии|редакции)|"
        r"[Пп]редыдущая версия|[Бб]олее ранняя версия",
    ),
    Row(
        r"(?:تم|جرى|جرت|قمنا ب)",
        r"(?:ال)?تحديث|(?:ال)?تعديل|إضافة",
        r"تصحيح|تصويب",
        r"لإضافة|بإضافة|ليشمل|لتشمل|ليعكس|لتعكس|بعد|مع",
        r"(?:نسخة|صيغة|في نسخة|النسخة|في صيغة) (?:سابقة|السابقة|أولى) (?:من)?",
    ),
)
# What was added, and to which text, where the verb comes last or the text is the object.
ROWS += (
    Row(
        r"(?:In|Zu) (?:diesem|diesen|dem|den) (?:Artikel|Beitrag|Text|Bericht)(?:s)?(?: wurden?| haben wir|"
        r" ist| sind)",
        r"ergänzt|hinzugefügt|nachgetragen|eingefügt|aktualisiert",
        r"korrigiert|berichtigt",
        r"nachträglich",
        r"(?!)",
        last=True,
    ),
    Row(
        r"Aan dit (?:artikel|bericht|stuk) (?:is|zijn|werd|werden|hebben we)",
        r"toegevoegd",
        r"(?!)",
        r"alsnog",
        r"(?!)",
        last=True,
    ),
    Row(
        r"Do (?:tekstu|artykułu|materiału|depeszy)(?: została?| zostały)?",
        r"dodano|dodaliśmy|dodan[yaeo]|dopisano",
        r"(?!)",
        r"(?!)",
        r"(?!)",
    ),
    Row(
        r"В (?:текст|материал|статью|новость|заметку)(?: был[аио]?)?",
        r"добавлен[аоы]?|внесен[аоы]?|внесён|добавили",
        r"(?!)",
        r"(?!)",
        r"(?!)",
    ),
    Row(r"Se (?:ha|han)", r"actualizad[oa]|añadid[oa]|modificad[oa]|ampliad[oa]", r"corregid[oa]", r"con|para|tras",
        r"(?!)"),
)  # fmt: skip
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
    (
        r"^[※＊*（(]?\s?(?:記事中|本文中?|見出し|写真説明|図表?中?|文中|一部|掲載した|"
        r"上記)[^。]{0,80}(?:誤り|誤って|誤植|訂正|修正)[^。]{0,20}"
        r"(?:した|ました|ます|です)(?=[。（(]|$)",
        "correction",
    ),
    (r"^[※＊*（(]?\s?(?:当初|はじめ)、[^。]{0,120}(?:誤り|誤って|誤記)", "correction"),
    (r"^[※＊*（(]\s?[^。]{0,80}(?:訂正|修正)(?:しました|いたしました|した|します|いたします)", "correction"),
    (r"^[※＊*（(]\s?[^。]{0,80}(?:追記|更新|加筆|追加)(?:しました|いたしました|した)", "update"),
    (r"^(?:記事|見出し|本文|内容)を[^。]{0,40}(?:追記|更新|加筆|差し替え)(?:しました|いたしました)", "update"),
    (rf"{_ZH}(?:更正|勘误|勘誤|订正|訂正)", "correction"),
    (
        r"^(?:（|\()?(?:本(?:报|報|网|網|台|刊)|我们|我們|编辑部|編輯部)?(?:此前|之前|早前|先前|原文|文中|"
        r"标题|標題|图注|正文|较早时)"
        r"[^。]{0,80}(?:有误|有誤|错误|錯誤|误作|误写|误称|误报|誤作|誤稱)",
        "correction",
    ),
    (r"^(?:标题|標題|正文|图注|文中)[^。]{0,30}(?:已|现已|現已)[^。]{0,10}(?:更正|订正|勘正)", "correction"),
    (r"^(?:标题|標題|正文|图注|文中)[^。]{0,30}(?:已|现已|現已)[^。]{0,10}(?:修改|更新|补充|補充)", "update"),
    (rf"{_ZH}(?:更新|修改|修订|修訂|补充|補充)", "update"),
    (
        r"(?:此前|之前|较早|早前|先前|較早)的?(?:版本|报道|報道|報導)[^。]{0,20}(?:误|誤|错|錯|称|稱|写|寫|指)",
        "correction",
    ),
    (rf"{_KO}(?:정정|바로잡){_KO_DID}", "correction"),
    (
        r"^(?:[(（※*]\s?)?(?:기사 (?:초판|본문|최초본|제목)|애초 기사|당초 기사|본지|본보|본사|위 기사|"
        r"제목)[^.]{0,120}"
        r"(?:바로잡습|정정합|잘못 (?:표기|보도|기재|전|썼)|사실과 다)",
        "correction",
    ),
    (rf"{_KO}(?:수정|업데이트|보완|갱신|추가){_KO_DID}", "update"),
    (r"(?:이전|앞선|초기|최초) (?:버전|기사|보도)(?:에서|에는)?[^.]{0,60}(?:잘못|오류|사실과)", "correction"),
)
# How a note begins that owns up to what it said before; it counts where it also says that this was set right.
OWNED = (
    r"(?:Wir|Die Redaktion) (?:hatten|haben|hatte|hat) (?:zunächst|zuerst|ursprünglich|irrtümlich(?:erweise)?|"
    r"fälschlich(?:erweise)?|hier) |Wir haben (?:das|dies|den Fehler|die Stelle|die Passage|den Text|den Absatz|"
    r"den Titel|die Überschrift|die Angaben?|die Zahl(?:en)?|den Namen)\b|(?:Zunächst|Ursprünglich|Zuvor) (?:hieß es "
    r"(?:hier|an dieser|in diesem)|stand (?:hier|an dieser|in diesem)|hatten wir)|(?:Anders als|"
    r"Entgegen)[^.]{0,60}\b(?:wir|"
    r"unsere\w?|in (?:diesem|einer früheren|der ersten))|(?:Im|In diesem|In dem|In unserem) (?:Text|Artikel|Beitrag|"
    r"Bericht) (?:hieß|stand|war|haben|hatten|hatte)|(?:Durch|Aufgrund|Wegen) eine[sr] (?:redaktionellen|"
    r"Übertragungsfehlers)|"
    r"Contrairement à ce que nous|Nous avons (?:écrit|indiqué|publié|corrigé|rectifié)|Nous avions|"
    r"Une erreur s[’']est "
    r"glissée|(?:Suite à|À la suite d[’'])\s?une erreur de (?:la|notre) rédaction|Dans (?:cet|notre) article|"
    r"(?:Por (?:un )?error|Debido a un error)(?: de (?:edición|redacción))?,? (?:publicamos|indicamos|informamos|"
    r"se (?:publicó|indicó|dijo|atribuyó)|en (?:esta|una))|(?:A diferencia|Al contrario) de lo (?:publicado|que "
    r"publicamos|que se)|En (?:esta (?:noticia|información|nota)|este (?:artículo|texto)|"
    r"un primer momento publicamos)|"
    r"Habíamos|Publicamos|Hemos (?:publicado|escrito|corregido|informado)|"
    r"Per (?:un )?errore (?:abbiamo|avevamo|in (?:questo|un))|(?:A differenza di|Contrariamente a) quanto (?:scritto|"
    r"riportato|pubblicato|avevamo)|In un primo momento (?:avevamo|abbiamo|in questo)|Avevamo|Abbiamo (?:scritto|"
    r"pubblicato|riportato|corretto)|In questo articolo|"
    r"Por (?:um )?erro (?:nosso|de edição|da redação|publicamos|informamos)|(?:Diferentemente|Ao contrário) do (?:que "
    r"(?:informa|publica|dizi|afirma|foi)|publicado|informado)|Inicialmente,? (?:publicamos|informamos|"
    r"est[ea])|Havíamos|"
    r"Publicamos|Informamos|O texto (?:informava|dizia|trazia)|"
    r"(?:We|Wij) (?:schreven|meldden)|(?:We|Wij) hebben (?:dit|dat|de fout|de tekst|het artikel)\b|"
    r"Anders dan (?:we|wij|"
    r"eerder (?:gemeld|stond)|hier)|In tegenstelling tot (?:wat (?:we|wij|hier)|een eerdere)|Eerder (?:stond hier|"
    r"schreven we|meldden we|stond in dit)|Abusievelijk (?:stond|meldden|schreven)|In dit (?:artikel|"
    r"bericht) (?:stond|is|"
    r"werd)|"
    r"Vi (?:skrev|uppgav)|Vi har (?:skrivit|rättat|korrigerat|angett|uppgett)|Tidigare (?:stod|angavs|skrev vi)|Till "
    r"skillnad från vad (?:vi|som)|På grund av ett (?:redaktionellt|skriv)|I (?:artikeln|texten) (?:stod|angavs|har|"
    r"skrev)|Det stod (?:tidigare|först|felaktigt)|"
    r"\w{2,20} (?:skrev|meldte|oppga) (?:først|tidligere|feilaktig|fejlagtigt|oprindeligt|opprinnelig)|"
    r"D[eat][tr] (?:sto|"
    r"stod|fremgik) (?:det )?(?:tidligere|først|feilaktig|fejlagtigt|oprindeligt|i (?:saken|artik))|"
    r"Tidligere (?:sto|stod|"
    r"fremgik|skrev) (?:det|der|her|vi)\b|Først (?:sto|stod|skrev) (?:det|der|vi)|I (?:motsetning|"
    r"modsætning) til (?:hva|"
    r"hvad) (?:vi|som|"
    r"der)|I (?:artikkelen|artiklen|saken|teksten) (?:sto|stod|fremgik|skrev|er|var)|På grun[dn] a[vf] en "
    r"(?:redaksjonell|redaktionel|skrive)|"
    r"(?:Jutussa|Uutisessa|Artikkelissa|Otsikossa|Tekstissä) |Aiemmin (?:jutussa|uutisessa|artikkelissa|"
    r"kerroimme|tässä)|"
    r"Kerroimme|Kirjoitimme|Toisin kuin (?:jutussa|kerroimme|aiemmin (?:kerroimme|uutisoimme|kirjoitimme))|"
    r"Jutun (?:aie|"
    r"aikai|alkup|ens|otsik)|"
    r"(?:Wcześniej|Pierwotnie|Początkowo|Błędnie|Omyłkowo) (?:błędnie |omyłkowo )?(?:podaliśmy|napisaliśmy|"
    r"informowaliśmy|pisaliśmy)|Wbrew temu, co (?:podaliśmy|napisaliśmy)|W (?:tekście|artykule|tytule) (?:błędnie|"
    r"podaliśmy|napisaliśmy|znalazł|omyłkowo)|Z powodu błędu redak|"
    r"(?:Haberde|Haberimizde|Yazıda|Haberin) |(?:Daha önce|İlk olarak|Yanlışlıkla|"
    r"Sehven)[^.]{0,80}(?:yazdık|yazmıştık|"
    r"duyurduk|duyurmuştuk|haberimizde)|"
    r"(?:Ранее|Первоначально|Изначально) (?:мы |в (?:тексте|материале|статье|новости|заметке))|Мы (?:ошибочно|неверно|"
    r"неправильно|ранее|исправили)|Редакция (?:приносит|исправила|ошиблась|ошибочно)|В (?:тексте|материале|статье|"
    r"заметке|заголовке|новости) (?:был|ошибочно|неверно|мы|содерж|говорилось|указ)|Вопреки (?:тому, что мы|нашему)|"
    r"(?:По ошибке|Из-за ошибки) (?:мы|редак|в (?:тексте|материале))|"
    r"(?:ذكرنا|نشرنا|أوردنا)|ورد (?:خطأ |سهوا )?في (?:هذا|المقال|الخبر|التقرير|نسخة|النسخة)|"
    r"وقع خطأ في (?:هذا|نشر|الخبر|"
    r"المقال|العنوان)|جاء في (?:نسخة|النسخة|هذا)|تضمنت? (?:نسخة|النسخة|هذا)|خلافا لما (?:ورد|ذكرنا|نشر)|"
    r"Contrary to (?:what we|an earlier)|(?:Owing to|Due to|Because of) (?:an? |our )?(?:editing|production|reporting|"
    r"editorial|transcription) (?:error|mistake)|Earlier we|We (?:misstated|misspelled|misspelt|misidentified)\b"
)
# The text it speaks of; without such a word a note that owns up counts only behind the article's last paragraph.
OWN_TEXT = (
    r"artikel|artikkel|artikl|beitrag|\bbericht|überschrift|\btext|\btexte\b|\btitre\b|article|artículo|"
    r"\btexto|noticia|"
    r"información|\bnota\b|articolo|\btesto|titolo|notícia|matéria|reportagem|\bstuk\b|\btekst|rubrik|"
    r"overskrift|tittel|"
    r"\bsaken\b|juttu|jutu|uutise|otsiko|artykuł|haber|yazı|материал|\bтекст|стать|новост|заголов|المقال|الخبر|"
    r"التقرير|نسخة|النسخة|النص|version|versión|versione|versão|versjon|fassung|story|headline|caption|nous écriv|"
    r"nous avons écrit|nous avions écrit"
)
# Words of somebody who is quoted: what they say of themselves is no note.
ATTRIBUTED = (
    r"\b(?:said|says|told|sagte?|erklärte|a-t-(?:il|elle) (?:dit|déclaré|affirmé)|dit-(?:il|elle)|dijo|dice|"
    r"explicó|disse|diz|ha detto|afferma|zegt|zei|säger|sade|"
    r"sier|siger|sagde|sanoo|sanoi|mówi|powiedział\w*|dedi|söyledi|сказал\w*|говорит|заявил\w*|قال|قالت|وأضاف)(?!\w)|"
    r"と述べ|と話し|と語っ|말했다|밝혔다|설명했다|전했다"
)
RIGHTED = (
    r"\b(?:wurde|haben|ist|sind|das|dies)\b[^.]{0,60}(?:korrigiert|berichtigt|richtiggestellt)|(?:den|"
    r"dieser|diesen) Fehler|"
    r"um Entschuldigung|zu entschuldigen|(?:ist|war) (?:falsch|nicht korrekt)|"
    r"(?:nachträglich|inzwischen|entsprechend) (?:korrigiert|geändert|angepasst|aktualisiert|berichtigt)|"
    r"(?:présentons|prions)[^.]{0,40}(?:excus)|avec nos excuses|(?:a été|avons) (?:corrigé|rectifié)|(?:par|"
    r"cette) erreur|"
    r"pedimos (?:disculpas|perdón|desculpas)|lamentamos|(?:ha sido|hemos|fue) (?:corregid|rectificad)|por error|"
    r"ce ne scusiamo|ci scusiamo|è stato (?:corretto|rettificato)|abbiamo (?:corretto|rettificato)|per errore|"
    r"foi corrigid|(?:o|este) erro|texto foi|por engano|incorretamente|"
    r"(?:is|hebben we|dit is) (?:inmiddels )?(?:aangepast|gecorrigeerd|hersteld|verbeterd)|onze excuses|"
    r"ten onrechte|onjuist|"
    r"(?:har|är) (?:nu )?(?:rättats|korrigerats|rättat|rättad|ändrats)|beklagar|felaktig|"
    r"(?:er|ble|blev) (?:nå |nu )?(?:rettet|korrigert|korrigeret|endret|ændret)|beklager|feilaktig|"
    r"fejlagtig|(?:ikke|ikkje) (?:riktig|"
    r"korrekt|rigtigt)|"
    r"virheellisesti|(?:on|tieto) (?:nyt )?korjattu|pahoittelemme|väärin|"
    r"przepraszamy|błędnie|pomyłk|poprawi(?:liśmy|ono)|sprostow|"
    r"özür dileriz|düzeltildi|düzeltilmiştir|düzeltiriz|yanlış|hatalı|"
    r"исправл|ошибочн|приносим извинения|приносит извинения|неверно|опечатка|неточност|"
    r"نعتذر|والصحيح|والصواب|خطأ|تم التصحيح|جرى تصحيح|"
    r"\b(?:we (?:regret|apologi[sz]e)|has been (?:corrected|fixed)|was corrected|have corrected|misstated|"
    r"misspell|misspelt|"
    r"misidentified|incorrectly|mistakenly|wrongly)\b"
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
    (r"(?:Bu )?(?:[Hh]aber|[Mm]akale|[Yy]azı|[Dd]uyuru|[Aa]çıklama)", "", r"(?:yayından kaldırıl|geri çekil)\w+"),
    (
        r"(?:Эта|Этот|Данная|Данный)? ?(?:[Мм]атериал|[Сс]татья|[Нн]овость|[Пп]убликация|[Сс]ообщение)",
        " (?:был[аио]?)",
        "отозван[ао]?|снят[ао]? с публикации|аннулирован[ао]?",
    ),
    (r"(?:سُحب|سحب) (?:هذا )?(?:المقال|الخبر|البيان|التقرير)", "", "لأن|بعد|بسبب"),
    (r"(?:تم|جرى)", "", "سحب (?:هذا|هذه) (?:المقال|الخبر|البيان|التقرير|الدراسة)"),
)
