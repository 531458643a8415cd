"""Lines that are no text of an article: counters, relative times, adverts, share and follow prompts, as tables.

Narrow on purpose: a line counts as furniture only when the whole of it, at most 80 characters long, is one of the
forms below. A sentence never is, whatever numbers, dates, money or negations it holds. Also here, because the tables
need it: `normalise`, which every text of a page goes through, and the digests of a block.
"""

import re
import unicodedata

import xxhash

from watcher.core.tables import any_of, entries, words
from watcher.core.when.words import MONTHS, WEEKDAYS

LONGEST = 80

# zero-width characters, joiners that publishers use as watermarks, directional marks, soft hyphen, BOM
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x180E, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_CONTROL = dict.fromkeys([*range(9), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0)])
_DROPPED = _INVISIBLE | _CONTROL


def normalise(text: str) -> str:
    """Give a text its one form: NFC, any white space as one space, no invisible characters, stripped. Idempotent.

    Zero-width joiners stay, since they change how Indic scripts and emoji are read. (Unicode Standard Annex #15.)
    """
    text = " ".join(text.split())
    if text.isprintable():  # nothing invisible in it
        return text if text.isascii() or unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
    return " ".join(unicodedata.normalize("NFC", text.translate(_DROPPED)).split())


def block_digest(text: str) -> str:
    """Name a block by its normalised text: 16 hex digits."""
    return xxhash.xxh3_64_hexdigest(normalise(text).encode("utf-8", "surrogatepass"))


_DIGITS = re.compile(r"\d[\d.,:  ]*")


def shape_digest(text: str) -> str:
    """Name a short line by its words alone: the same for "385 views" and "388 views"; "#" and 16 hex digits."""
    return "#" + block_digest(_DIGITS.sub("0 ", text))


# --- the tables -----------------------------------------------------------------------------------------------------

_NUMBER = (
    r"(?:\d{1,6}|\d{1,3}(?:[.,'’\s]\d{3}){1,2}|\d{1,4}[.,]\d{1,2})\s?(?:k|m|mio|mil|mln|tsd|tis|тыс|万|萬|천|"
    r"만)?\.?\+?"
)

_COUNTED = words(
    """
    comment comments view views share shares like likes read reads reply replies follower followers reaction
    reactions retweet retweets play plays download downloads subscriber subscribers clap claps response responses
    pageviews impressions reader readers viewer viewers visit visits visitor visitors hit hits
    kommentar kommentare kommentaren kommentarer aufrufe abonnenten antworten leser
    mal_geteilt mal_gelesen commentaire commentaires vues partages abonnés lectures réactions réponses comentario
    comentarios vistas visitas compartidos seguidores reacciones respuestas lecturas visualizaciones commento
    commenti visualizzazioni condivisioni letture comentário comentários visualizações compartilhamentos leituras
    reactie reacties weergaven keer_gedeeld keer_bekeken volgers visningar delningar läsningar svar visninger
    delinger kommentti kommenttia kommentit jakoa komentarz komentarze komentarzy wyświetleń odsłon udostępnień
    yorum görüntülenme paylaşım okunma beğeni комментарий комментария комментариев просмотров просмотра просмотр
    件のコメント コメント 回視聴 回表示 いいね シェア 条评论 條評論 评论 評論 次浏览 次阅读 阅读 人阅读 浏览 分享
    点赞 댓글 조회 좋아요 공유 تعليق تعليقات مشاهدة مشاهدات مشاركة
    """
)

_UNITS = words(
    """
    s sec secs second seconds min mins minute minutes h hr hrs hour hours d day days week weeks month months year
    years sekunde sekunden minuten stunde stunden tag tagen tage woche wochen monat monaten monate jahr jahren std
    seconde secondes heure heures jour jours semaine semaines mois an ans segundo segundos minuto minutos hora horas
    día días dia dias semana semanas mes meses año años ano anos mês secondo secondi minuti ora ore giorno giorni
    settimana settimane mese mesi anno anni seconden minuut uur uren dag dagen weken maand maanden jaar sekund
    sekunder minut minuter timme timmar tim dagar vecka veckor månad månader år minutter time timer dage dager uke
    uker sekuntia minuuttia tuntia tunti päivää viikkoa sekundy minuty godzin godziny godzinę dni dzień tygodni
    tygodnie miesięcy saniye dakika saat gün hafta ay yıl секунд секунды секунду минут минуты минуту час часа часов
    день дня дней недель недели неделю месяц месяца месяцев
    """
)

_LABELS = entries(
    """
    updated|last updated|last update|last modified|published|posted|modified|refreshed|aktualisiert
    zuletzt aktualisiert|veröffentlicht|mis à jour|mise à jour|dernière mise à jour|publié|actualisé|actualizado
    última actualización|publicado|aggiornato|ultimo aggiornamento|pubblicato|atualizado|última atualização
    bijgewerkt|laatste update|gepubliceerd|uppdaterad|senast uppdaterad|publicerad|oppdatert|opdateret|publisert
    päivitetty|julkaistu|zaktualizowano|aktualizacja|opublikowano|güncelleme|son güncelleme|обновлено|опубликовано
    更新|最終更新|更新于|更新於|수정|업데이트
    """
)

_PROMPTS = entries(
    """
    advertisement|advertising|advertisements|sponsored|sponsored content|paid content|paid post|anzeige|werbung
    publicité|publicidad|pubblicità|publicidade|advertentie|annons|annonse|mainos|mainos alkaa|mainos päättyy
    реклама|広告|广告|廣告|광고|إعلان|advertisement - scroll to continue|scroll to continue
    scroll to continue with content|story continues below advertisement|story continues below
    article continues below|article continues below advertisement|article continues after advertisement
    continue reading below|continue reading the main story|continue reading|keep reading|skip advertisement
    skip past newsletter promotion|after newsletter promotion|skip to main content|skip to content
    skip to navigation|back to top|to top|go to top|nach oben|share|share this|share this article|share this story
    share this post|share this page|share article|share on facebook|share on twitter|share on x|share on linkedin
    share on whatsapp|share via email|share on reddit|share full article|tweet|tweet this|pin it|email this
    email this article|print this page|print article|copy link|link copied|copy url|save article|save for later
    gift this article|listen to this article|listen to article|teilen|artikel teilen|per e-mail teilen
    auf facebook teilen|auf twitter teilen|partager|partager cet article|partager sur facebook|partager sur twitter
    envoyer par e-mail|compartir|compartir en facebook|compartir en twitter|condividi|compartilhar|compartilhe
    deel dit artikel|udostępnij|paylaş|поделиться|シェア|シェアする|ツイート|分享到|공유하기|مشاركة|مشاركة المقال
    follow|follow us|follow us on facebook|follow us on twitter|follow us on instagram|follow us on google news
    folgen|folgen sie uns|suivez-nous|suivre|síguenos|seguici|siga-nos|volg ons|subscribe|subscribe now
    subscribe today|subscribe to our newsletter|subscribe to newsletter|subscribe for free|sign up|sign up now
    sign up for our newsletter|newsletter|newsletters|join our newsletter|get our newsletter|abonnieren
    jetzt abonnieren|newsletter abonnieren|s'abonner|je m'abonne|abonnez-vous|suscríbete|suscribirse|iscriviti
    abbonati|assine|inscreva-se|log in|login|sign in|create account|create an account|my account
    already a subscriber? log in|anmelden|einloggen|se connecter|connexion|iniciar sesión|read more|read more...
    learn more|see more|show more|load more|view more|mehr lesen|weiterlesen|mehr anzeigen|lire la suite|lire plus
    en savoir plus|voir plus|leer más|ver más|leggi tutto|leggi di più|leia mais|lees meer|läs mer|les mer|læs mere
    lue lisää|czytaj więcej|devamını oku|читать далее|続きを読む|もっと見る|阅读全文|查看更多|더 보기|اقرأ المزيد
    comments|leave a comment|leave a reply|post a comment|add a comment|add comment|view comments|show comments
    see comments|read comments|join the conversation|no comments yet|comments are closed|no comments|one comment
    no replies|no responses|kommentare|kommentieren|kommentar schreiben|commenter|commentaires
    laisser un commentaire|comentarios|comentar|deja un comentario|commenti|comentários|reacties|related
    related articles|related stories|related posts|related news|related content|related topics|related coverage
    recommended|recommended for you|you may also like|you might also like|more from|most popular|most read
    most viewed|trending|trending now|popular now|more stories|more news|top stories|latest news|what to read next
    editors' picks|read next|up next|don't miss|mehr zum thema|das könnte sie auch interessieren|meistgelesen
    verwandte artikel|à lire aussi|lire aussi|sur le même sujet|les plus lus|te puede interesar|lo más leído
    más leídas|noticias relacionadas|leggi anche|potrebbe interessarti|leia também|veja também|mais lidas|lees ook
    meest gelezen|läs också|mest läst|les også|lue myös|czytaj także|zobacz także|ilgili haberler|читайте также
    関連記事|相关新闻|previous article|next article|previous post|next post|loading...|accept all|accept cookies
    reject all|cookie settings
    """
)

# words that are prompts only where they are a link and nothing else: an article may name them
_BUTTONS = entries(
    """
    ad|promoted|annonce|reklama|reklam|pr|pin|email|e-mail|print|facebook|twitter|linkedin|whatsapp|reddit
    pinterest|telegram|flipboard|messenger|instagram|youtube|tiktok|mastodon|bluesky|threads|save|bookmark
    listen|drucken|merken|imprimer|imprimir|stampa|delen|dela|del|jaa|分享|공유|register|accedi|entrar|more
    more...|mehr|previous|next|close|dismiss|cancel|submit|search|menu|home|loading|accept|decline
    """
)


_LABEL = rf"(?:(?:{any_of(_LABELS)})\s?:?\s?)?"
_UNIT = rf"(?:{any_of(_UNITS)})\.?"
_ONE = r"(?:\d{1,3}|an?|one|eine[rnm]?|une?|uno?|una|ett|en|jeden|bir)"
_SPAN = rf"{_ONE}\s?{_UNIT}(?:(?:,|\s(?:and|und|et|y|e))?\s\d{{1,2}}\s?{_UNIT})?"
_COUNTED_WORD = any_of(word.replace("_", " ") for word in _COUNTED)
_COUNT = rf"(?:{_NUMBER}\s?(?:{_COUNTED_WORD})|(?:{_COUNTED_WORD})\s?[:(]\s?{_NUMBER}\)?)"
_TIMES = r"(?:times?|mal|fois|veces|volte|keer|gånger)"
_DONE = (
    r"(?:shared|viewed|read|liked|downloaded|geteilt|gelesen|partagé|lu|compartido|condiviso|gedeeld|gelezen|"
    r"delad)"
)
_CJK_UNIT = "(?:秒|分|分钟|分鐘|時間|小时|小時|日|天|週間|周|か月|ヶ月|个月|個月|年|초|분|시간|일|주|개월|년)"
_MINUTES = r"\d{1,3}\s?(?:min|mins|minute|minutes|minuten|minutos|minuti|minuter|minutter|мин|минут|минуты)\.?"
_NETWORK = (
    r"(?:twitter|x|facebook|instagram|linkedin|mastodon|bluesky|threads|youtube|whatsapp|reddit|e-?mail|telegram)"
)

_FORMS = (
    # counters
    rf"{_COUNT}(?:\s?[·|•/,-]?\s?{_COUNT})*",
    rf"{_DONE}\s{_NUMBER}\s?{_TIMES}",
    rf"{_NUMBER}\s?{_TIMES}\s{_DONE}",
    rf"{_NUMBER}\s(?:people|others|users|readers)\s(?:like|liked|shared|are reading|are viewing|reacted to)"
    r"(?:\s(?:this|this article|this post|this now|now))?",
    # relative times
    rf"{_LABEL}(?:about\s|over\s|almost\s|less than\s)?{_SPAN}"
    r"\s(?:ago|atrás|fa|geleden|sedan|siden|sitten|temu|önce|назад)",
    rf"{_LABEL}(?:vor|il y a|hace|há|منذ)\s(?:etwa\s|environ\s|unos\s|cerca de\s)?{_SPAN}",
    rf"{_LABEL}(?:för|for)\s{_SPAN}\s(?:sedan|siden)",
    rf"{_LABEL}(?:just now|moments ago|a moment ago|gerade eben|à l['’]instant|ahora mismo|たった今|刚刚|剛剛|방금)",
    rf"{_LABEL}約?\d{{1,3}}\s?{_CJK_UNIT}\s?(?:前|전)(?:に?更新)?",
    rf"{_LABEL}منذ\s\d{{0,3}}\s?(?:ثانية|ثوان|دقيقة|دقائق|ساعة|ساعات|يوم|أيام)",
    # reading times
    r"(?:approx\.?\s|about\s|~\s?)?\d{1,3}[\s-]?(?:min|mins|minute|minutes)\.?\s(?:read|listen|watch|reading time|"
    r"de lecture|de lectura|di lettura|de leitura|lesezeit|leestijd|lästid|lesetid|okuma)",
    r"(?:reading time|time to read|estimated reading time|read time|lesezeit|lesedauer|temps de lecture|lectura de|"
    r"tiempo de lectura|tempo di lettura|tempo de leitura|leestijd|lästid|lesetid|lukuaika|czas czytania|время чтения)"
    rf"\s?:?\s?(?:ca\.?\s|about\s|environ\s|~\s?)?{_MINUTES}",
    r"(?:読了時間|阅读时间|閱讀時間)[::]?\s?約?\d{1,3}\s?(?:分|分钟|分鐘)",
    # prompts
    rf"(?:follow|folge|suivez|sigue|segui|volg)\s@?[\w.]{{1,40}}\s(?:on|auf|sur|en|su|op)\s{_NETWORK}",
    rf"(?:share|teilen|partager|compartir)\s(?:this\s\w+\s)?(?:on|via|auf|sur|en)\s{_NETWORK}"
    r"(?:\s\(opens? in (?:a )?new (?:window|tab)\))?",
    r"click to (?:share|print|email|e-mail)\b[\w\s().-]{0,60}",
)
# The clock of a page: a weekday, the date and the time of day, or a date and a time to the second, and nothing else.
_DAY = rf"(?:{any_of(words(' '.join(WEEKDAYS)))})"
_MONTH = rf"(?:{any_of(words(' '.join(MONTHS)))})\.?"
_FULL_DATE = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th|er|[.º])?\s(?:de\s|of\s)?{_MONTH},?\s(?:de\s)?\d{{4}}|{_MONTH}\s\d{{1,2}}(?:st|nd|"
    rf"rd|th)?,?"
    r"\s\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|"
    r"\d{4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일])"
)
_JOINT = (
    r"[\s,|·•–—()-]{0,4}(?:(?:at|um|à|kl\.?|klo|kello|ore|alle ore|às|a las|om|o godz\.?|saat|в|den|the|il|le|"
    r"el)\s){0,2}"
)
_HOUR = r"\d{1,2}\s?[:.h]\s?\d{2}"
_CLOCK_LINE = re.compile(
    rf"(?:{_DAY}{_JOINT}{_FULL_DATE}{_JOINT}{_HOUR}(?::\d{{2}})?|"
    rf"{_FULL_DATE}[(\s]*{_DAY}\)?{_JOINT}{_HOUR}(?::\d{{2}})?|"
    rf"{_FULL_DATE}{_JOINT}{_HOUR}:\d{{2}})\s?(?:[ap]\.?m\.?|Uhr|h|uur)?(?:\s\(?[A-Z]{{2,4}}\)?)?",
    re.IGNORECASE,
)
# Prompts to renew the reader's own browser or application, which a page adds above its text.
_BROWSER = re.compile(
    r"(?:please |kindly )?(?:update|upgrade|refresh|switch) (?:to )?(?:your|a (?:modern|newer|supported)) (?:web "
    r")?(?:browser|app)\b.*|"
    r"(?:your|this) (?:web )?browser (?:is|may be|appears to be|version is) (?:out of date|outdated|not|no longer|"
    r"unsupported|too old)\b.*|"
    r"(?:bitte )?(?:aktualisieren sie|aktualisiere) (?:bitte )?(?:ihren|deinen) browser\b.*|(?:ihr|dein) browser "
    r"(?:ist|wird) "
    r"(?:veraltet|nicht|zu alt)\b.*|(?:veuillez )?mett(?:re|ez) à jour votre navigateur\b.*|votre navigateur (?:est|"
    r"n[’']est) .*|"
    r"(?:por favor,? )?actuali(?:ce|za) (?:su|tu) navegador\b.*|(?:su|tu) navegador (?:está|no) .*|aggiorna il "
    r"(?:tuo )?browser\b.*|"
    r"il (?:tuo|suo) browser (?:è|non) .*|(?:por favor,? )?atualize (?:o )?seu navegador\b.*|seu navegador (?:está|"
    r"não) .*|"
    r"(?:werk|update) (?:je|uw) browser\b.*|(?:je|uw) browser is .*|uppdatera din webbläsare\b.*|din webbläsare är .*|"
    r"oppdater nettleseren din\b.*|opdater din browser\b.*|päivitä selaimesi\b.*|selaimesi on .*|zaktualizuj "
    r"(?:swoją )?przeglądarkę\b.*|"
    r"(?:lütfen )?tarayıcınızı güncelle.*|(?:пожалуйста, )?обновите (?:ваш )?браузер\b.*|ваш браузер (?:устарел|не).*|"
    r"(?:يرجى )?(?:تحديث|حدّث) (?:ال)?متصفح.*|(?:お使いの)?ブラウザ(?:ー)?(?:を|が)(?:最新|更新|アップデート|古).*|"
    r"(?:请|請)(?:更新|升级|升級)(?:您的|你的)?(?:浏览器|瀏覽器).*|"
    r"(?:您的|你的)(?:浏览器|瀏覽器)(?:版本)?(?:过低|過低|已过时|已過時).*|(?:사용 중인 )?브라우저(?:를|가) (?:최신|"
    r"업데이트|오래).*",
    re.IGNORECASE,
)  # fmt: skip
_PROMPT_LINES = frozenset(prompt.strip().casefold().rstrip(" :").removesuffix("...") for prompt in _PROMPTS)
_LAST_WORDS = words(
    """
    ago atrás fa geleden sedan siden sitten temu önce назад now eben l'instant l’instant mismo たった今 刚刚
    剛剛 방금 twitter x facebook instagram linkedin mastodon bluesky threads youtube whatsapp reddit email
    telegram
    """
)
_FIRST_WORDS = words(
    "il hace há vor för for منذ click share teilen partager compartir follow folge suivez sigue segui volg"
)
_FURNITURE = re.compile("|".join(f"(?:{form})" for form in _FORMS), re.IGNORECASE)


def is_button(text: str) -> bool:
    """Say whether a link's text, standing alone, is a button: a network's name, "Print", "More"."""
    return text.casefold().strip(" :›»→>↓….") in _BUTTONS


def is_furniture(text: str) -> bool:
    """Say whether a line is a counter, a relative time, an advert's mark or a prompt, and nothing else."""
    if not text or len(text) > LONGEST:
        return False
    line = text.strip(" |·•-–—\t\n")
    plain = line.casefold().rstrip(" :›»→>↓…").removesuffix("...")
    if plain in _PROMPT_LINES or _BROWSER.fullmatch(line):
        return True
    # most short lines are headings and names: the forms are tried only where one of their fixed words can stand
    if not any(map(str.isdigit, line)):
        said = plain.split(" ")
        if said[0] not in _FIRST_WORDS and said[-1] not in _LAST_WORDS:
            return False
    return _FURNITURE.fullmatch(line) is not None or _CLOCK_LINE.fullmatch(line) is not None
