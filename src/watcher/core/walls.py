"""Pages that are not the page: consent walls, captchas, log-ins, paywalls, maintenance, soft 404s, cut-off bodies,
another language by geography, and texts of which nearly everything is suddenly gone.

A page is only suspected when most of what is known has vanished from it; words alone never make a wall, so an article
about captchas stays an article. The tables hold one line a kind and language; extend them there.
"""

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from watcher.core import doubt
from watcher.core.updates import loose
from watcher.model import Page

Event = Literal["page.walled", "page.gone", "drastic"]

# kind → (event, what a person is told, words by language)
WALLS: dict[str, tuple[Event, str, tuple[str, ...]]] = {
    "consent": (
        "page.walled",
        "a consent page stands before it",
        (
            r"we (?:value|respect) your privacy|before you continue|accept (?:all )?(?:the )?cookies"
            r"|manage (?:your )?(?:consent|preferences)|consent to the use",
            r"Zustimmung|Einwilligung|mit Werbung weiterlesen|Cookies (?:akzeptieren|zustimmen)"
            r"|Datenschutzeinstellungen",
            r"accepter (?:et continuer|les cookies)|vos choix|consentement|respect de votre vie privée",
            r"aceptar (?:y continuar|las cookies)|su privacidad|consentimiento",
            r"accetta (?:e continua|i cookie|tutti)|la tua privacy|consenso",
            r"aceitar (?:e continuar|os? cookies)|a sua privacidade",
            r"cookies accepteren|toestemming|uw privacy",
            r"godkänn (?:alla )?cookies|samtykke|hyväksy (?:kaikki )?evästeet|akceptuj(?:ę)? (?:wszystkie"
            r"|pliki)|çerez(?:leri)? kabul",
            r"принять (?:все )?(?:cookie|файлы)|قبول (?:جميع )?ملفات تعريف|Cookie(?:の使用)?に同意"
            r"|接受(?:所有)?\s*Cookie|쿠키.{0,6}동의",
        ),
    ),
    "captcha": (
        "page.walled",
        "it asks whether a human is there (captcha)",
        (
            r"are you (?:a )?(?:human|robot)|verify(?:ing)? (?:that )?you(?:'re| are) (?:a )?human|captcha"
            r"|unusual traffic|checking your browser|just a moment|enable javascript and cookies to continue"
            r"|access denied|request unsuccessful|automated (?:access|requests)|security check"
            r"|undeclared automated tool",
            r"bist du ein (?:Mensch|Roboter)|Sicherheitsüberprüfung|ungewöhnliche[nr]? (?:Datenverkehr"
            r"|Zugriff)|Zugriff verweigert",
            r"êtes-vous un (?:humain|robot)|vérification de sécurité|accès refusé|trafic inhabituel",
            r"no (?:eres|soy) un robot|verificación de seguridad|acceso denegado|non sono un robot"
            r"|accesso negato|não sou um robô|acesso negado",
            r"ik ben geen robot|toegang geweigerd|är du en människa|åtkomst nekad|nie jestem robotem"
            r"|odmowa dostępu|robot değilim|erişim engellendi",
            r"я не робот|доступ (?:запрещ[её]н|ограничен)|لست روبوت|تم رفض الوصول|ロボットではありません"
            r"|アクセスが拒否|人机验证|安全验证|访问被拒绝|로봇이 아닙니다|접근이 거부",
        ),
    ),
    "log-in": (
        "page.walled",
        "it asks for a log-in",
        (
            r"(?:log|sign) ?in to (?:continue|read|your account|view)|please (?:log|sign) ?in"
            r"|session (?:has )?expired|forgot(?:ten)? (?:your )?password|create (?:an|your) account",
            r"(?:bitte )?(?:melden Sie sich an|einloggen)|Anmeldung erforderlich|Passwort vergessen"
            r"|Sitzung (?:ist )?abgelaufen",
            r"connectez-vous|mot de passe oublié|session (?:a )?expirée?|identifiez-vous",
            r"inici(?:a|e) sesión|contraseña olvidada|olvid(?:ó|aste) (?:su|tu) contraseña"
            r"|accedi per continuare|password dimenticata|faça login|esqueceu (?:a )?senha",
            r"log in om verder|wachtwoord vergeten|logga in för|glömt lösenord|log ind for"
            r"|glemt (?:adgangskode|passord)|kirjaudu sisään|unohditko salasanan|zaloguj się|giriş yapın",
            r"войдите|забыли пароль|تسجيل الدخول|ログイン(?:して|が必要)|パスワードを(?:お忘れ|忘れ)"
            r"|请(?:先)?登录|忘记密码|로그인이 필요|비밀번호를 잊",
        ),
    ),
    "paywall": (
        "page.walled",
        "only subscribers see the rest",
        (
            r"subscribe (?:now )?to (?:continue|read|keep reading|unlock)|(?:this|the) (?:article|content"
            r"|story) is (?:for|reserved for|only (?:available )?(?:for|to)) (?:paying )?(?:subscribers"
            r"|members)|already a subscriber|you(?:'ve| have) (?:reached|read) your (?:monthly )?(?:limit"
            r"|last)|to continue reading|subscriber[- ]only",
            r"(?:jetzt )?weiterlesen mit|nur für Abonnenten|Sie haben bereits ein (?:Abo|Abonnement)"
            r"|Artikel freischalten|exklusiv für Abonnent",
            r"réservé aux abonnés|abonnez-vous pour|il vous reste|déjà abonné",
            r"(?:solo|exclusivo) para suscriptores|suscríbete para|contenuto riservato agli abbonati"
            r"|abbonati per|exclusivo para assinantes|assine para",
            r"alleen voor abonnees|word abonnee|för prenumeranter|kun for abonnenter|vain tilaajille"
            r"|tylko dla (?:abonentów|subskrybentów)|sadece aboneler",
            r"только для подписчиков|للمشتركين فقط|有料会員|会員限定|(?:仅限|订阅后|付费)(?:会员|阅读|用户)"
            r"|구독자 전용|유료회원",
        ),
    ),
    "maintenance": (
        "page.walled",
        "the site says that it is under maintenance",
        (
            r"(?:down|closed|undergoing) (?:for )?(?:scheduled )?maintenance|under maintenance"
            r"|temporarily unavailable|be(?:\s|')? ?back (?:soon|shortly)|service unavailable|we(?:'re"
            r"| are) (?:currently )?(?:updating|upgrading) our",
            r"Wartungsarbeiten|vorübergehend nicht (?:erreichbar|verfügbar)|en maintenance"
            r"|momentanément indisponible|en mantenimiento|temporalmente (?:no disponible|fuera)",
            r"in manutenzione|temporaneamente non disponibile|em manutenção|temporariamente indisponível"
            r"|onderhoud(?:swerkzaamheden)?|tijdelijk niet beschikbaar",
            r"underhåll(?:sarbete)?|vedligeholdelse|vedlikehold|huolto(?:katko)?|przerwa techniczna"
            r"|bakım (?:çalışması|nedeniyle)|техническ(?:ие|ое) (?:работы|обслуживание)|временно недоступ",
            r"تحت الصيانة|قيد الصيانة|メンテナンス中|ただいまメンテナンス|系统维护|正在维护|점검 ?중",
        ),
    ),
    "not found": (
        "page.gone",
        "the site says that there is no such page (although it answers 200)",
        (
            r"page (?:not found|cannot be found|no longer (?:exists|available)|does(?:n't| not) exist"
            r"|you (?:requested|are looking for))|404(?: error| not found)|(?m:^\W*404\W*$)|no longer available"
            r"|(?:article|story|content) (?:has been|was) (?:removed|deleted|taken down|unpublished)"
            r"|could ?n[o']t find (?:the|that|this) page",
            r"Seite (?:wurde )?nicht gefunden|existiert nicht(?: mehr)?|nicht mehr verfügbar"
            r"|page (?:introuvable|non trouvée)|n'existe (?:pas|plus)|cette page n'est plus",
            r"página no encontrada|no (?:se ha )?encontrad[oa]|ya no (?:está disponible|existe)"
            r"|pagina non trovata|non esiste più|página não encontrada|não existe mais",
            r"pagina niet gevonden|bestaat niet meer|sidan (?:kunde inte hittas|hittades inte|finns inte)"
            r"|siden (?:blev|ble) ikke fundet|siden finnes ikke|sivua ei löyty|nie znaleziono strony"
            r"|strona nie istnieje|sayfa bulunamadı",
            r"страница не найдена|не существует|الصفحة غير موجودة|لم يتم العثور|ページが見つかりません"
            r"|お探しのページ|页面不存在|找不到(?:该|此|您)|页面未找到|페이지를 찾을 수 없",
        ),
    ),
}  # fmt: skip
_WALLS = {
    kind: (event, words, re.compile("|".join(f"(?:{line})" for line in lines), re.IGNORECASE))
    for kind, (event, words, lines) in WALLS.items()
}

EDITED = 60.0  # likeness (0 to 100) from which a block is a known one, edited
MOST_LIKENED = 4000  # pairs of blocks that are likened
KEPT_WALL = 0.5  # a wall shows less than this share of what is known
KEPT_CUT = 0.7  # a cut-off body too
KEPT_DRASTIC = 0.15
KEPT_NOTHING = 0.02  # together with another headline: another page
LEAST_KNOWN = 200  # characters of known text below which nothing is drastic
HEAD = 3000  # characters in which a wall says what it is


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a page is not believed to be the page: the event it would be told as, and what in words."""

    event: Event
    words: str


def _texts(page: Page) -> list[str]:
    return [loose(block.text) for block in page.blocks if block.role in ("text", "note") and block.text]


def kept(known: Page, page: Page) -> float:
    """Give the share (0 to 1) of the known text, in characters, that stands on the page, unchanged or edited."""
    old, new = _texts(known), _texts(page)
    total = sum(map(len, old))
    if not total:
        return 1.0
    there, known_texts = set(new), set(old)
    left = [text for text in old if text not in there]
    share = float(total - sum(map(len, left)))
    others = [text for text in new if text not in known_texts]
    if len(left) * len(others) <= MOST_LIKENED:  # a page that is not the page has few blocks, or none that is alike
        for text in left:
            likeness = max((fuzz.ratio(text, other, score_cutoff=EDITED) for other in others), default=0.0)
            share += len(text) * likeness / 100
    return share / total


def _cut_off(html: str) -> bool:
    """Say whether the markup ends before its end."""
    tail = html[-2000:].lower()
    return "<html" in html[:4000].lower() and "</html" not in tail and "</body" not in tail


def suspect(known: Page, page: Page, html: str) -> Suspicion | None:
    """Judge a reading of a page against the last good one; `html` is its decoded body. None: it is the page."""
    old = _texts(known)
    size = sum(map(len, old))
    share = kept(known, page)
    if not old:
        return None
    said = "\n".join([page.title or "", *_texts(page)])
    before = "\n".join([known.title or "", *old])
    if share < 1 and len(said) < len(before) and doubt.breaks_off(html):
        return Suspicion("drastic", "the page ends in the middle")
    if share >= KEPT_CUT:
        return None
    if share < KEPT_WALL or len(said) < len(before) * KEPT_WALL:
        short = said[:HEAD]
        another = loose(known.headline) != loose(page.headline) or len(said) < len(before) * KEPT_WALL
        if another and len(said) <= HEAD:
            # What a wall says may stand outside the content; so do the log-in forms and banners of every good page.
            short = f"{said}\n{' '.join(re.sub(r'<[^>]{0,500}>', ' ', html[:200_000]).split())}"[: 4 * HEAD]
        for event, words, pattern in _WALLS.values():
            if pattern.search(short) and not pattern.search(before) and len(said) < max(len(before) * 0.8, 1500):
                return Suspicion(event, words)
    if _cut_off(html) and len(said) < len(before):
        return Suspicion("drastic", "the page ends in the middle")
    if _other_language(known, page) and share < KEPT_DRASTIC:
        return Suspicion("drastic", f"it came in another language ({page.language})")
    if share < KEPT_DRASTIC and size >= LEAST_KNOWN and len(said) < len(before) * KEPT_WALL:
        return Suspicion("drastic", "nearly all of its text is gone")
    if share < KEPT_NOTHING and size >= LEAST_KNOWN and loose(known.headline) != loose(page.headline):
        return Suspicion("drastic", "another page came in its place")
    return None


def _other_language(known: Page, page: Page) -> bool:
    old, new = known.language, page.language
    return bool(old and new) and (old or "").split("-")[0].lower() != (new or "").split("-")[0].lower()


def says(words: str) -> str | None:
    """Name the kind of wall (see `WALLS`) whose words stand in a text; None: of none. Says nothing of what is known."""
    return next((kind for kind, (_, _, pattern) in _WALLS.items() if pattern.search(words[: 4 * HEAD])), None)
