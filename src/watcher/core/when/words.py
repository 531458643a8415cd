"""The words of dates and times, by language: months, weekdays, zones, relative times, hints before a clock time.

Tables only: a new word is one more entry. Words are matched without regard to case; zone abbreviations exactly.
"""


def _words(line: str) -> list[str]:
    return line.split()


# One line a month: names and abbreviations in the languages publishers were seen to use, genitives included.
MONTHS: tuple[str, ...] = (
    "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari tammikuuta tammikuu stycznia "
    "styczeń ocak oca января январь янв يناير كانون-الثاني",
    "february feb febr februar februari feber février févr fév febrero febbraio fevereiro fev helmikuuta helmikuu "
    "lutego luty lut şubat şub февраля февраль фев февр فبراير شباط",
    "march mar märz mrz mär mars marzo março maart mrt marts maaliskuuta maaliskuu marca marzec mart марта март мар "
    "مارس آذار",
    "april apr avril avr abril abr aprile huhtikuuta huhtikuu kwietnia kwiecień kwi nisan nis апреля апрель апр "
    "أبريل ابريل نيسان إبريل",
    "may mai mayo maggio mag maio mei maj toukokuuta toukokuu maja mayıs мая май مايو أيار",
    "june jun juni juin junio giugno giu junho kesäkuuta kesäkuu czerwca czerwiec cze haziran haz июня июнь июн "
    "يونيو حزيران",
    "july jul juli juillet juil julio luglio lug julho heinäkuuta heinäkuu lipca lipiec lip temmuz tem июля июль июл "
    "يوليو تموز",
    "august aug août agosto ago augustus augusti elokuuta elokuu sierpnia sierpień sie ağustos ağu августа август авг "
    "أغسطس آب",
    "september sept sep septembre septiembre setiembre settembre set setembro syyskuuta syyskuu września wrzesień wrz "
    "eylül eyl сентября сентябрь сен сент سبتمبر أيلول",
    "october oct oktober okt octobre octubre ottobre ott outubro out lokakuuta lokakuu października październik paź "
    "ekim eki октября октябрь окт أكتوبر اكتوبر تشرين-الأول",
    "november nov novembre noviembre novembro marraskuuta marraskuu listopada listopad lis kasım kas ноября ноябрь "
    "ноя нояб نوفمبر تشرين-الثاني",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des joulukuuta joulukuu grudnia "
    "grudzień gru aralık ara декабря декабрь дек ديسمبر كانون-الأول",
)

# Thai months, long and short; their years are of the Buddhist era as a rule.
THAI_MONTHS: tuple[str, ...] = (
    "มกราคม ม.ค.",
    "กุมภาพันธ์ ก.พ.",
    "มีนาคม มี.ค.",
    "เมษายน เม.ย.",
    "พฤษภาคม พ.ค.",
    "มิถุนายน มิ.ย.",
    "กรกฎาคม ก.ค.",
    "สิงหาคม ส.ค.",
    "กันยายน ก.ย.",
    "ตุลาคม ต.ค.",
    "พฤศจิกายน พ.ย.",
    "ธันวาคม ธ.ค.",
)

# Years to add to the year of an era; of the Republic (Taiwan), and to take from one of the Buddhist era.
REPUBLIC, BUDDHIST = 1911, 543
ERAS: dict[str, int] = {
    "令和": 2018, "平成": 1988, "昭和": 1925, "r": 2018,
    "民國": REPUBLIC, "民国": REPUBLIC, "中華民國": REPUBLIC,
}  # fmt: skip

# Months of the Islamic calendar: such a date is read only where the same day stands beside it in the common calendar,
# since it begins by the sighting of the moon.
HIJRI = (
    r"محرم|المحرم|صفر|ربيع (?:ال)?(?:أول|اول|أوّل|آخر|الثاني|الآخر|ثاني)|جماد[ىي] (?:ال)?(?:أولى|اولى|أول|آخرة|الآخرة|"
    r"ثانية|الثانية)|رجب|"
    r"شعبان|رمضان|شو[اّ]*ل|ذو القعدة|ذي القعدة|ذو الحجة|ذي الحجة"
)

# One line a weekday, Monday first.
WEEKDAYS: tuple[str, ...] = (
    "monday montag lundi lunes lunedì segunda-feira maandag måndag mandag maanantaina poniedziałek pazartesi "
    "понедельник الاثنين الإثنين 月曜日 星期一 周一 월요일",
    "tuesday dienstag mardi martes martedì terça-feira dinsdag tisdag tirsdag tiistaina wtorek salı вторник الثلاثاء "
    "火曜日 星期二 周二 화요일",
    "wednesday mittwoch mercredi miércoles mercoledì quarta-feira woensdag onsdag keskiviikkona środa çarşamba среда "
    "среду الأربعاء 水曜日 星期三 周三 수요일",
    "thursday donnerstag jeudi jueves giovedì quinta-feira donderdag torsdag torstaina czwartek perşembe четверг "
    "الخميس 木曜日 星期四 周四 목요일",
    "friday freitag vendredi viernes venerdì sexta-feira vrijdag fredag perjantaina piątek cuma пятница пятницу "
    "الجمعة 金曜日 星期五 周五 금요일",
    "saturday samstag sonnabend samedi sábado sabato zaterdag lördag lørdag lauantaina sobota cumartesi суббота "
    "субботу السبت 土曜日 星期六 周六 토요일",
    "sunday sonntag dimanche domingo domenica zondag söndag søndag sunnuntaina niedziela pazar воскресенье الأحد "
    "日曜日 星期日 周日 일요일",
)

# Short weekday names: only believed before a date or a clock time, and never needed to find the date.
WEEKDAYS_SHORT = (
    "mon tue tues wed thu thur thurs fri sat sun mo di mi do fr sa so lun mar mer mié jeu jue ven vie sam sáb dim dom "
    "gio sab seg ter qua qui sex ma wo vr za zo mån tis ons tor fre lör sön man tir lør søn ke to pe la su "
    "pon wt śr czw pt sob niedz пн вт ср чт пт сб вс"
)

# English short names name a day where a clock time follows ("Wed., 9 a.m.").
WEEKDAYS_SHORT_ENGLISH: tuple[str, ...] = ("mon", "tue tues", "wed weds", "thu thur thurs", "fri", "sat", "sun")

# Days before today, in words; believed only beside a clock time.
DAYS: dict[str, int] = {
    **dict.fromkeys(
        _words(
            "today heute aujourd'hui aujourd’hui hoy oggi hoje vandaag idag i-dag tänään dziś dzisiaj "
            "bugün сегодня اليوم 今日 本日 今天 오늘 tonight"
        ),
        0,
    ),
    **dict.fromkeys(
        _words("yesterday gestern hier ayer ieri ontem gisteren igår i-går eilen wczoraj dün вчера أمس 昨日 昨天 어제"),
        1,
    ),
}

# Zones that follow the date (summer or winter), and names said in full.
REGIONS: dict[str, str] = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
    "AKT": "America/Anchorage",
    "AT": "America/Halifax",
    "Eastern": "America/New_York",
    "Central": "America/Chicago",
    "Mountain": "America/Denver",
    "Pacific": "America/Los_Angeles",
    "UK time": "Europe/London",
    "London time": "Europe/London",
    "Irish time": "Europe/Dublin",
    "New York time": "America/New_York",
    "Brussels time": "Europe/Brussels",
    "Paris time": "Europe/Paris",
    "heure de Paris": "Europe/Paris",
    "hora peninsular": "Europe/Madrid",
    "hora de Brasília": "America/Sao_Paulo",
    "horário de Brasília": "America/Sao_Paulo",
    "Hong Kong time": "Asia/Hong_Kong",
    "Beijing time": "Asia/Shanghai",
    "Tokyo time": "Asia/Tokyo",
    "по московскому времени": "Europe/Moscow",
    "по Москве": "Europe/Moscow",
    "بتوقيت مكة المكرمة": "Asia/Riyadh",
    "بتوقيت مكة": "Asia/Riyadh",
    "日本時間": "Asia/Tokyo",
    "北京时间": "Asia/Shanghai",
    "北京時間": "Asia/Shanghai",
    "香港時間": "Asia/Hong_Kong",
    "한국시간": "Asia/Seoul",
    "한국 시간": "Asia/Seoul",
}

# Abbreviations with one meaning: minutes east of UTC.
OFFSETS: dict[str, int] = {
    "GMT": 0,
    "UTC": 0,
    "Z": 0,
    "EST": -300,
    "EDT": -240,
    "CST": -360,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
    "AKST": -540,
    "AKDT": -480,
    "HST": -600,
    "AST": -240,
    "ADT": -180,
    "NST": -210,
    "NDT": -150,
    "BRT": -180,
    "ART": -180,
    "CLT": -240,
    "WET": 0,
    "WEST": 60,
    "BST": 60,
    "CET": 60,
    "CEST": 120,
    "MEZ": 60,
    "MESZ": 120,
    "HNEC": 60,
    "EET": 120,
    "EEST": 180,
    "SAST": 120,
    "CAT": 120,
    "WAT": 60,
    "EAT": 180,
    "TRT": 180,
    "TSİ": 180,
    "MSK": 180,
    "МСК": 180,
    "мск": 180,
    "GST": 240,
    "PKT": 300,
    "IST": 330,
    "NPT": 345,
    "ICT": 420,
    "WIB": 420,
    "HKT": 480,
    "SGT": 480,
    "MYT": 480,
    "PHT": 480,
    "AWST": 480,
    "JST": 540,
    "KST": 540,
    "ACST": 570,
    "ACDT": 630,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "Eastern Standard Time": -300,
    "Eastern Daylight Time": -240,
    "Central Standard Time": -360,
    "Central Daylight Time": -300,
    "Mountain Standard Time": -420,
    "Mountain Daylight Time": -360,
    "Pacific Standard Time": -480,
    "Pacific Daylight Time": -420,
    "British Summer Time": 60,
    "Central European Time": 60,
    "Central European Summer Time": 120,
}

# Abbreviations whose meaning depends on where the page is from: (abbreviation, zone prefix of the page, minutes).
LOCAL_OFFSETS: tuple[tuple[str, str, str], ...] = (
    ("IST", "Europe/Dublin", "Europe/Dublin"),
    ("IST", "Asia/Jerusalem", "Asia/Jerusalem"),
    ("IST", "Asia/Tel_Aviv", "Asia/Jerusalem"),
    ("CST", "Asia/Shanghai", "Asia/Shanghai"),
    ("CST", "Asia/Taipei", "Asia/Taipei"),
    ("CST", "Asia/Hong_Kong", "Asia/Shanghai"),
    ("BST", "Asia/Dhaka", "Asia/Dhaka"),
    ("AST", "Asia/Riyadh", "Asia/Riyadh"),
)

# Zones that tell how a printed date is ordered when the locale does not.
MONTH_FIRST_ZONES = frozenset(
    _words("ET CT MT PT AKT Eastern Central Mountain Pacific EST EDT CST CDT MST MDT PST PDT")
)

# Words before a clock time that has no colon ("ore 15.30", "kl 12", "klo 12.17").
CUES = (
    "alle ore|dalle ore|delle ore|ore|alle|kl\\.?|klockan|klokken|klokka|klo|kello|saat|o godz\\.?|"
    "o godzinie|godz\\.?|a las|às|"
    "ás|à|um|at|om|o|"
    "в|الساعة|den|gegen|vers|เวลา"
)

# "2 hours ago": (before the number, (minutes, hours, days, weeks), after the unit); units as patterns.
AGO: tuple[tuple[str, tuple[str, str, str, str], str], ...] = (
    ("", ("min(?:ute)?s?\\.?", "(?:hours?|hrs?|h)", "(?:days?|d)", "weeks?"), "ago"),
    ("vor", ("Min(?:uten?|\\.)", "(?:Stunden?|Std\\.?)", "Tag(?:en)?", "Wochen?"), ""),
    ("il y a", ("min(?:utes?)?", "(?:heures?|h)", "jours?", "semaines?"), ""),
    ("hace", ("min(?:utos?)?", "horas?", "días?", "semanas?"), ""),
    ("há", ("min(?:utos?)?", "horas?", "dias?", "semanas?"), ""),
    ("", ("minut[oi]", "or[ae]", "giorn[oi]", "settiman[ae]"), "fa"),
    ("", ("minu(?:ten|ut)", "(?:uur|uren)", "dag(?:en)?", "we(?:ken|ek)"), "geleden"),
    ("för", ("minut(?:er)?", "timm(?:e|ar)", "dag(?:ar)?", "veck(?:a|or)"), "sedan"),
    ("for", ("minutt?(?:er)?", "timer?", "dag(?:er?)?", "uker?"), "siden"),
    ("", ("minuutti?a?", "tuntia?", "päivä[äa]?", "viikkoa?"), "sitten"),
    ("", ("min(?:ut[yęa]?)?\\.?", "(?:godzin[yęa]?|godz\\.)", "(?:dni|dzień)", "tygodni[ea]?"), "temu"),
    ("", ("(?:dakika|dk)", "saat", "gün", "hafta"), "önce"),
    ("", ("мин(?:ут[уы]?)?\\.?", "час(?:а|ов)?", "(?:дн(?:я|ей)|день)", "недел[юиь]"), "назад"),
    ("منذ", ("(?:دقيقة|دقائق)", "(?:ساعة|ساعات)", "(?:يوم|أيام)", "(?:أسبوع|أسابيع)"), ""),
    ("قبل", ("(?:دقيقة|دقائق)", "(?:ساعة|ساعات)", "(?:يوم|أيام)", "(?:أسبوع|أسابيع)"), ""),
    ("", ("分", "時間", "日", "週間"), "前"),
    ("", ("(?:分钟|分鐘)", "(?:小时|小時)", "天", "(?:周|週)"), "前"),
    ("", ("분", "시간", "일", "주"), "전"),
)
# Times ago whose number is in the word for the unit: (unit, how many).
AGO_WHOLE: dict[str, tuple[str, int]] = {
    f"{before} {word}": unit
    for before in ("قبل", "منذ")
    for word, unit in {
        "دقيقة": ("minutes", 1), "دقيقتين": ("minutes", 2), "ساعة": ("hours", 1), "ساعتين": ("hours", 2),
        "يوم": ("days", 1), "يومين": ("days", 2), "أسبوع": ("weeks", 1), "أسبوعين": ("weeks", 2),
    }.items()
} | {
    "minutę temu": ("minutes", 1), "godzinę temu": ("hours", 1), "dzień temu": ("days", 1),
    "минуту назад": ("minutes", 1), "час назад": ("hours", 1), "день назад": ("days", 1),
    "minuutti sitten": ("minutes", 1), "tunti sitten": ("hours", 1), "päivä sitten": ("days", 1),
}  # fmt: skip
# No time ago.
NOW = (
    "just now|gerade eben|soeben|à l[’']instant|ahora mismo|hace un momento|proprio ora|agora mesmo|"
    "zojuist|nyss|akkurat nå|lige nu|juuri nyt|przed chwilą|az önce|şimdi|только что|الآن|たった今|刚刚|剛剛|"
    "방금(?: 전)?"
)
AGO_NUMBERS: dict[str, int] = {
    **dict.fromkeys(
        _words("a an one eine einem einer une un una uno um uma een en ett et jeden bir"),
        1,
    ),
    **{word: n for n, word in enumerate(_words("two three four five six seven eight nine ten"), 2)},
}

# Half of the day, by word: hours to add to an hour below twelve (12 itself becomes 0 in the first half).
HALVES: dict[str, int] = {
    **dict.fromkeys(
        _words("am a.m. a.m a. 午前 上午 凌晨 早上 清晨 오전 새벽 صباحا صباحًا صباحاً ص"),
        0,
    ),
    **dict.fromkeys(
        _words("pm p.m. p.m p. 午後 下午 晚上 晚间 晚間 傍晚 中午 오후 저녁 밤 مساء مساءً م"),
        12,
    ),
}

# Regions that print the month first in all-numeric dates; all others print the day first.
MONTH_FIRST_LOCALES = frozenset({"en-us", "en-ph", "es-us", "en-pr", "es-pr"})
MONTH_FIRST_DOMAINS = {"us": "en-US", "gov": "en-US", "mil": "en-US", "edu": "en-US", "ph": "en-PH", "pr": "en-PR"}
# Countries whose domains are used everywhere, and Canada, where both orders are.
DOMAINS_OF_NO_COUNTRY = frozenset(
    {"io", "co", "ai", "tv", "me", "cc", "fm", "gg", "sh", "to", "ly", "ws", "la", "nu", "ca"}
)
YEAR_FIRST_LANGUAGES = frozenset({"ja", "zh", "ko", "hu"})  # a bare "2/21" is month, day
