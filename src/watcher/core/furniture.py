"""Lines that are no text of an article: counters, relative times, adverts, share and follow prompts, as tables.

Narrow on purpose: a line counts as furniture only when the whole of it, at most 80 characters long, is one of the
forms below. A sentence never is, whatever numbers, dates, money or negations it holds. Also here, because the tables
need it: `normalise`, which every text of a page goes through, and the digests of a block.
"""

import re
import unicodedata

import xxhash

LONGEST = 80

# zero-width characters, joiners that publishers use as watermarks, directional marks, soft hyphen, BOM
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x180E, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_CONTROL = dict.fromkeys([*range(0, 9), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0)])
_DROPPED = _INVISIBLE | _CONTROL


def normalise(text: str) -> str:
    """Give a text its one form: NFC, any white space as one space, no invisible characters, stripped. Idempotent.

    Zero-width joiners stay, since they change how Indic scripts and emoji are read. (Unicode Standard Annex #15.)
    """
    if text.isascii():
        if text.isprintable():
            return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
        return " ".join(text.translate(_DROPPED).split())
    return " ".join(unicodedata.normalize("NFC", text.translate(_DROPPED)).split())


def block_digest(text: str) -> str:
    """Name a block by its normalised text: 16 hex digits."""
    return xxhash.xxh3_64_hexdigest(normalise(text).encode("utf-8", "surrogatepass"))


_DIGITS = re.compile(r"\d[\d.,:  ]*")


def shape_digest(text: str) -> str:
    """Name a short line by its words alone: the same for "Shared 385 times" and "Shared 388 times"; "#" and 16 hex digits."""
    return "#" + block_digest(_DIGITS.sub("0 ", text))


# --- the tables -----------------------------------------------------------------------------------------------------

_NUMBER = (
    r"(?:\d{1,6}|\d{1,3}(?:[.,'’\s]\d{3}){1,2}|\d{1,4}[.,]\d{1,2})\s?(?:k|m|mio|mil|mln|tsd|tis|тыс|万|萬|천|만)?\.?\+?"
)

_COUNTED = """
comment comments view views share shares like likes read reads reply replies follower followers reaction reactions retweet
retweets play plays download downloads subscriber subscribers clap claps response responses pageviews impressions
kommentar kommentare kommentaren kommentarer aufrufe abonnenten antworten leser mal_geteilt mal_gelesen
commentaire commentaires vues partages abonnés lectures réactions réponses
comentario comentarios vistas visitas compartidos seguidores reacciones respuestas lecturas visualizaciones
commento commenti visualizzazioni condivisioni letture
comentário comentários visualizações compartilhamentos leituras seguidores
reactie reacties weergaven keer_gedeeld keer_bekeken volgers
visningar delningar läsningar svar visninger delinger
kommentti kommenttia kommentit jakoa
komentarz komentarze komentarzy wyświetleń odsłon udostępnień
yorum görüntülenme paylaşım okunma beğeni
комментарий комментария комментариев просмотров просмотра просмотр
件のコメント コメント 回視聴 回表示 いいね シェア 条评论 條評論 评论 評論 次浏览 次阅读 阅读 人阅读 浏览 分享 点赞 댓글 조회 좋아요 공유
تعليق تعليقات مشاهدة مشاهدات مشاركة
""".split()

_UNITS = """
s sec secs second seconds min mins minute minutes h hr hrs hour hours d day days week weeks month months year years
sekunde sekunden minuten stunde stunden tag tagen tage woche wochen monat monaten monate jahr jahren std
seconde secondes heure heures jour jours semaine semaines mois an ans
segundo segundos minuto minutos hora horas día días dia dias semana semanas mes meses año años ano anos mês
secondo secondi minuti ora ore giorno giorni settimana settimane mese mesi anno anni
seconden minuut uur uren dag dagen weken maand maanden jaar
sekund sekunder minut minuter timme timmar tim dagar vecka veckor månad månader år minutter time timer dage dager uke uker
sekuntia minuuttia tuntia tunti päivää viikkoa
sekund sekundy minuty godzin godziny godzinę dni dzień tygodni tygodnie miesięcy
saniye dakika saat gün hafta ay yıl
секунд секунды секунду минут минуты минуту час часа часов день дня дней недель недели неделю месяц месяца месяцев
""".split()

_LABELS = """
updated|last updated|last update|last modified|published|posted|modified|refreshed|aktualisiert|zuletzt aktualisiert|veröffentlicht
mis à jour|mise à jour|dernière mise à jour|publié|actualisé|actualizado|última actualización|publicado|aggiornato|ultimo aggiornamento|pubblicato
atualizado|última atualização|bijgewerkt|laatste update|gepubliceerd|uppdaterad|senast uppdaterad|publicerad|oppdatert|opdateret|publisert
päivitetty|julkaistu|zaktualizowano|aktualizacja|opublikowano|güncelleme|son güncelleme|обновлено|опубликовано|更新|最終更新|更新于|更新於|수정|업데이트
""".replace("\n", "|").strip("|")

_PROMPTS = """
advertisement|advertising|advertisements|ad|sponsored|sponsored content|promoted|paid content|paid post|anzeige|werbung|publicité|publicidad|pubblicità|publicidade
advertentie|annons|annonse|annonce|mainos|mainos alkaa|mainos päättyy|reklama|reklam|реклама|広告|pr|广告|廣告|광고|إعلان
advertisement - scroll to continue|scroll to continue|scroll to continue with content|story continues below advertisement|story continues below|article continues below
article continues below advertisement|article continues after advertisement|continue reading below|continue reading the main story|continue reading|keep reading
skip advertisement|skip past newsletter promotion|after newsletter promotion|skip to main content|skip to content|skip to navigation|back to top|to top|go to top|nach oben
share|share this|share this article|share this story|share this post|share this page|share article|share on facebook|share on twitter|share on x|share on linkedin
share on whatsapp|share via email|share on reddit|share full article|tweet|tweet this|pin it|pin|email|e-mail|email this|email this article|print|print this page|print article|copy link
link copied|copy url|facebook|twitter|linkedin|whatsapp|reddit|pinterest|telegram|flipboard|messenger|instagram|youtube|tiktok|mastodon|bluesky|threads|save|save article|save for later
bookmark|gift this article|listen|listen to this article|listen to article|teilen|artikel teilen|drucken|merken|per e-mail teilen|auf facebook teilen|auf twitter teilen|partager
partager cet article|partager sur facebook|partager sur twitter|imprimer|envoyer par e-mail|compartir|compartir en facebook|compartir en twitter|imprimir|condividi|stampa|compartilhar|compartilhe
delen|deel dit artikel|dela|del|jaa|udostępnij|paylaş|поделиться|シェア|シェアする|ツイート|分享|分享到|공유|공유하기|مشاركة|مشاركة المقال
follow|follow us|follow us on facebook|follow us on twitter|follow us on instagram|follow us on google news|folgen|folgen sie uns|suivez-nous|suivre|síguenos|seguici|siga-nos|volg ons
subscribe|subscribe now|subscribe today|subscribe to our newsletter|subscribe to newsletter|subscribe for free|sign up|sign up now|sign up for our newsletter|newsletter|newsletters
join our newsletter|get our newsletter|abonnieren|jetzt abonnieren|newsletter abonnieren|s'abonner|je m'abonne|abonnez-vous|suscríbete|suscribirse|iscriviti|abbonati|assine|inscreva-se
log in|login|sign in|register|create account|create an account|my account|already a subscriber? log in|anmelden|einloggen|se connecter|connexion|iniciar sesión|accedi|entrar
read more|read more...|learn more|see more|show more|load more|view more|more|more...|mehr|mehr lesen|weiterlesen|mehr anzeigen|lire la suite|lire plus|en savoir plus|voir plus|leer más|ver más
leggi tutto|leggi di più|leia mais|lees meer|läs mer|les mer|læs mere|lue lisää|czytaj więcej|devamını oku|читать далее|続きを読む|もっと見る|阅读全文|查看更多|더 보기|اقرأ المزيد
comment|comments|leave a comment|leave a reply|post a comment|add a comment|add comment|view comments|show comments|see comments|read comments|join the conversation|no comments yet
comments are closed|no comments|no comment|one comment|no replies|no responses|kommentare|kommentieren|kommentar schreiben|commenter|commentaires|laisser un commentaire|comentarios|comentar|deja un comentario|commenti|commenta|comentários|reacties
related|related articles|related stories|related posts|related news|related content|related topics|related coverage|recommended|recommended for you|you may also like|you might also like|more from
most popular|most read|most viewed|trending|trending now|popular now|more stories|more news|top stories|latest news|what to read next|editors' picks|read next|up next|don't miss
mehr zum thema|das könnte sie auch interessieren|meistgelesen|verwandte artikel|à lire aussi|lire aussi|sur le même sujet|les plus lus|te puede interesar|lo más leído|más leídas|noticias relacionadas
leggi anche|potrebbe interessarti|leia também|veja também|mais lidas|lees ook|meest gelezen|läs också|mest läst|les også|lue myös|czytaj także|zobacz także|ilgili haberler|читайте также|関連記事|相关新闻
related: |previous|next|previous article|next article|previous post|next post|close|dismiss|cancel|submit|search|menu|home|loading|loading...|accept|accept all|accept cookies|decline|reject all|cookie settings
""".replace("\n", "|").strip("|")


def _any(words: list[str]) -> str:
    return "|".join(sorted((re.escape(word.replace("_", " ")) for word in words), key=len, reverse=True))


_LABEL = rf"(?:(?:{_LABELS})\s?:?\s?)?"
_UNIT = rf"(?:{_any(list(dict.fromkeys(_UNITS)))})\.?"
_SPAN = rf"(?:\d{{1,3}}|an?|one|eine[rnm]?|une?|uno?|una|ett|en|jeden|bir)\s?{_UNIT}(?:(?:,|\sand|\sund|\set|\sy|\se)?\s\d{{1,2}}\s?{_UNIT})?"
_COUNT = rf"{_NUMBER}\s?(?:{_any(list(dict.fromkeys(_COUNTED)))})|(?:{_any(list(dict.fromkeys(_COUNTED)))})\s?[:·(]?\s?{_NUMBER}\)?"

_FORMS = (
    # counters
    rf"(?:{_COUNT})(?:\s?[·|•/,-]?\s?(?:{_COUNT}))*",
    rf"(?:shared|viewed|read|liked|downloaded|geteilt|gelesen|partagé|compartido|condiviso|gedeeld|delad)\s{_NUMBER}\s?(?:times?|mal|fois|veces|volte|keer|gånger)",
    rf"{_NUMBER}\s?(?:times?|mal|fois|veces|volte|keer|gånger)\s(?:shared|viewed|read|geteilt|gelesen|partagé|lu|compartido|gedeeld|gelezen|delad)",
    rf"{_NUMBER}\s(?:people|others|users|readers)\s(?:like|liked|shared|are reading|are viewing|reacted to)(?:\s(?:this|this article|this post|this now|now))?",
    # relative times
    rf"{_LABEL}(?:about\s|over\s|almost\s|less than\s)?{_SPAN}\s(?:ago|atrás|fa|geleden|sedan|siden|sitten|temu|önce|назад)",
    rf"{_LABEL}(?:vor|il y a|hace|há|för|for|منذ)\s(?:etwa\s|environ\s|unos\s|cerca de\s)?{_SPAN}(?:\s(?:sedan|siden))?",
    rf"{_LABEL}(?:just now|moments ago|a moment ago|gerade eben|à l['’]instant|ahora mismo|たった今|刚刚|剛剛|방금)",
    rf"{_LABEL}約?\d{{1,3}}\s?(?:秒|分|分钟|分鐘|時間|小时|小時|日|天|週間|周|か月|ヶ月|个月|個月|年|초|분|시간|일|주|개월|년)\s?(?:前|전)(?:に?更新)?",
    rf"{_LABEL}منذ\s\d{{0,3}}\s?(?:ثانية|ثوان|دقيقة|دقائق|ساعة|ساعات|يوم|أيام)",
    # reading times
    r"(?:approx\.?\s|about\s|~\s?)?\d{1,3}[\s-]?(?:min|mins|minute|minutes)\.?\s(?:read|listen|watch|reading time|de lecture|de lectura|di lettura|de leitura|lesezeit|leestijd|lästid|lesetid|okuma)",
    r"(?:reading time|time to read|estimated reading time|read time|lesezeit|lesedauer|temps de lecture|tiempo de lectura|tempo di lettura|tempo de leitura|leestijd|lästid|lesetid|lukuaika|czas czytania|время чтения)\s?:?\s?"
    r"(?:ca\.?\s|about\s|environ\s|~\s?)?\d{1,3}\s?(?:min|mins|minute|minutes|minuten|minutos|minuti|minuter|minutter|min\.|мин|минут|минуты)\.?",
    r"(?:lectura de|lecture)\s\d{1,3}\s?min\.?|(?:読了時間|阅读时间|閱讀時間)[::]?\s?約?\d{1,3}\s?(?:分|分钟|分鐘)",
    # prompts
    rf"(?:{'|'.join(map(re.escape, _PROMPTS.split('|')))})\s?[:›»→>↓…]?",
    r"(?:follow|folge|suivez|sigue|segui|volg)\s@?[\w.]{1,40}\s(?:on|auf|sur|en|su|op)\s(?:twitter|x|facebook|instagram|linkedin|mastodon|bluesky|threads|youtube)",
    r"(?:share|teilen|partager|compartir)\s(?:this\s\w+\s)?(?:on|via|auf|sur|en)\s(?:twitter|x|facebook|linkedin|whatsapp|reddit|email|telegram)(?:\s\(opens? in (?:a )?new (?:window|tab)\))?",
    r"click to (?:share|print|email|e-mail)\b[\w\s().-]{0,60}",
)
_FURNITURE = re.compile("|".join(f"(?:{form})" for form in _FORMS), re.IGNORECASE)


def is_furniture(text: str) -> bool:
    """Say whether a line is a counter, a relative time, an advert's mark or a prompt, and nothing else."""
    if not text or len(text) > LONGEST:
        return False
    return _FURNITURE.fullmatch(text.strip(" |·•-–—\t\n")) is not None


# Words that open an update note: such a line is never furniture, wherever it stands (a footer, an aside, a stamp).
_NOTE_WORDS = """
update|updates|updated|correction|corrections|corrected|clarification|clarified|editor['’]s note|editors['’] note|editorial note|retraction|retracted|amendment|amended|addendum
erratum|errata|withdrawn|this (?:article|story|post|page|guidance|version|report)|an earlier version|a previous version|the (?:article|story|headline) (?:has|was)|eta|edited to add
aktualisierung|aktualisiert|korrektur|berichtigung|nachtrag|anmerkung der redaktion|hinweis|mise à jour|màj|actualisé|rectificatif|précision|correctif|une version
actualización|actualizado|corrección|fe de erratas|aclaración|rectificación|nota del editor|aggiornamento|aggiornato|errata corrige|rettifica|correzione|atualização|atualizado|correção|nota da redação
bijgewerkt|correctie|rectificatie|uppdatering|uppdaterad|rättelse|oppdatering|oppdatert|opdatering|opdateret|rettelse|päivitys|päivitetty|oikaisu|aktualizacja|sprostowanie|güncelleme|düzeltme
обновление|обновлено|upd|исправление|уточнение|تحديث|تصحيح|更新|追記|訂正|編集部注|更正|编者注|編者按|업데이트|수정|정정
""".replace("\n", "|").strip("|")
_NOTE = re.compile(
    rf"[\W_]*(?:\d{{1,2}}(?:st|nd|rd|th)?\s|first\s|second\s|third\s|latest\s|breaking\s)?(?:{_NOTE_WORDS})(?!\w)",
    re.IGNORECASE,
)
_CJK_NOTE = re.compile(r"[\W_]*(?:更新|追記|訂正|編集部注|更正|编者注|編者按|업데이트|수정|정정)")


def opens_note(text: str) -> bool:
    """Say whether a line begins with a word by which publishers mark updates and corrections."""
    return _NOTE.match(text) is not None or _CJK_NOTE.match(text) is not None
