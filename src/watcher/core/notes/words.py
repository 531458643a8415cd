"""The words around the marks of an update, by language. Tables only: a new word is one more entry.

The labels themselves stand in `watcher.core.labels`.
"""

import re

# Words that may stand between a label and its time, or between label and text.
BETWEEN = (
    "again", "at", "on", "as of", "posted", "added", "of", "from", "the", "no", "time", "last",
    "vom", "am", "um", "von", "der", "des",
    "du", "le", "à", "a", "de", "des", "d[’']",
    "del", "el", "la", "las", "a las", "al", "día",
    "dell[’']", "del giorno", "delle", "dalle", "alle", "ore", "delle ore", "alle ore", "il",
    "às", "ás", "em", "do", "da", "dia",
    "om", "op", "van", "den", "klokken", "klokka", "klockan", "kl\\.?", "klo\\.?", "kello", "dnia", "z dnia",
    "z", "godz\\.?", "o godz\\.?", "o",
    "tarihi", "saat", "от", "в", "на", "с", "في", "بتاريخ", "الساعة", "は", "時刻", "時間", "时间", "日時", "于", "於",
)  # fmt: skip

# Ordinals before a label ("Second update", "Zweites Update"); stems, with endings allowed.
ORDINALS: tuple[str, ...] = (
    "first erste[nrs]? première? premier primer[ao]? prim[oa] primeir[ao] eerste första første ensimmäinen "
    "pierwsz[ay] "
    "ilk birinci перв(?:ое|ый|ая) 第一次 第一 첫 첫번째 첫_번째",
    "second zweite[nrs]? deuxième seconde segund[ao] second[oa] tweede andra andre anden toinen drug[ai]e? ikinci "
    "втор(?:ое|ой|ая) 第二次 第二 두_번째",
    "third dritte[nrs]? troisième tercer[ao]? terz[oa] terceir[ao] derde tredje kolmas trzeci[ae]? üçüncü "
    "трет(?:ье|ий|ья) 第三次 第三 세_번째",
    "fourth vierte[nrs]? quatrième cuart[ao] quart[oa] vierde fjärde fjerde neljäs czwart[ay] dördüncü "
    "четв[её]рт(?:ое|ый|ая) 第四次 第四 네_번째",
    "fifth fünfte[nrs]? cinquième quint[oa] vijfde femte viides piąt[ay] beşinci пят(?:ое|ый|ая) 第五次 第五",
    "sixth sechste[nrs]? sixième sext[oa] sest[oa] zesde sjätte sjette kuudes szóst[ay] altıncı шест(?:ое|ой|"
    "ая) 第六次",
    "seventh siebte[nrs]? septième séptim[oa] settim[oa] sétim[oa] zevende sjunde syvende seitsemäs yedinci "
    "седьм(?:ое|ой|ая) 第七次",
    "eighth achte[nrs]? huitième octav[oa] ottav[oa] oitav[oa] achtste åttonde ottende kahdeksas sekizinci 第八次",
    "ninth neunte[nrs]? neuvième noven[oa] non[oa] negende nionde niende yhdeksäs dokuzuncu 第九次",
    "tenth zehnte[nrs]? dixième décim[oa] decim[oa] tiende tionde kymmenes onuncu 第十次",
)
# Ordinals behind a label ("التحديث الثاني").
ORDINALS_BEHIND = ("الأول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع", "العاشر")
NUMBER_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
CJK_NUMBERS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]

# Nouns for the document itself ("This story was updated ...").
DOCUMENTS = (
    "article|story|post|piece|report|column|page|item|entry|essay|analysis|interview|review|headline|explainer|"
    "feature|blog post|news release|press release|release|alert|advisory|guide|tracker|transcript|newsletter|"
    "editorial|profile|obituary|dispatch|file|document|guidance|notice|list|timeline|live blog|liveblog|blog|caption|"
    "photo caption|graphic|chart|map|table"
)

# Headlines of pages about a product's versions: what is numbered there are releases.
PRODUCT = (
    r"(?:patch|release|version) notes|patch[- ]?day|service pack|(?:cumulative|kumulative[sn]?) update|feature "
    r"update|security update|"
    r"firmware|hotfix|\bKB\d{6,}|\b(?:update|version|build|release) \d+\.\d+|versionshinweise|patchnotizen|"
    r"notes de (?:version|mise à jour|patch)|notas (?:del parche|de (?:la )?versión|de atualização)|"
    r"note (?:di rilascio|"
    r"sulla patch)|opmerkingen bij de release|примечания к (?:выпуску|обновлению)|リリースノート|パッチノート|"
    r"更新プログラム|更新说明|版本说明|릴리스 노트|패치 ?노트"
)

# A paragraph with one of these is about something else: prompts, policies, self-advertisement.
NOT_A_NOTE = (
    r"personal data|personenbezogen|données personnelles|datos personales|dati personali|dados pessoais|"
    r"persoonsgegevens|"
    r"you have the right|right to (?:rectif|correct|withdraw)|sie haben das recht|recht auf|vous avez le droit|"
    r"derecho a|diritto di|direito de|your browser|update (?:it|now|your)|privacy (?:policy|notice)|terms (?:of|"
    r"and)\b|cookies?\b|subscribe|sign up|"
    r"newsletter|spot an? (?:error|mistake)|see an error|report (?:an? )?(?:error|correction)|suggest a correction|"
    r"request a correction|corrections policy|corrections@|write to|contact us|our app\b|(?:download|get) the app|"
    r"ihre[nm]? browser|datenschutz|nutzungsbedingungen|fehler (?:melden|gefunden|entdeckt)|schreiben sie|"
    r"votre navigateur|conditions d.utilisation|politique de confidentialité|signaler une erreur|"
    r"su navegador|tu navegador|condiciones de uso|política de privacidad|has encontrado un error|"
    r"il (?:tuo|suo) browser|termini (?:di|e)|informativa|segnala(?:re)? un errore|"
    r"seu navegador|termos de uso|encontrou (?:um|algum) erro|uw browser|je browser|voorwaarden|fout gezien|"
    r"din webbläsare|nettleser|selaimesi|przegląd|polityk|tarayıcı|gizlilik|ваш браузер|нашли ошибку|опечатк|متصفح|"
    r"ブラウザ|利用規約|プライバシー|浏览器|瀏覽器|隐私|隱私|브라우저|개인정보|약관|"
    r"third (?:article|part) in|part (?:one|two|three|\d+) of|in a series|first in a series|originally (?:ran|"
    r"appeared)"
)

# Calls to action and remarks that are no part of a note's text; cut off at the end of a summary.
CALLS = (
    r"(?:click|tap|jump|skip|scroll|head|go) (?:here|down|below|to)\b[^.!。]*(?:[.!。]|$)",
    r"(?:click here|jump to (?:the )?(?:details|update|section))\.?",
    r"(?:read|see|find|get) (?:more|(?:the )?(?:full|more) (?:details|story|update)|the details|"
    r"on)\b[^.!。]*(?:[.!。]|$)",
    r"(?:read|see|view) (?:our|the) (?:explanation|full (?:text|note|notice|story)|details)\b[^.!。]*(?:[.!。]|$)",
    r"more (?:information|details|here)\b[^.!。]*(?:[.!。]|$)", r"details (?:here|below|follow)\b[^.!。]*(?:[.!。]|$)",
    r"(?:the )?(?:original )?(?:article|story|post|text|report)(?: as (?:originally )?published)?\b[^.!。]*"
    r"\b(?:preserved|follows?|continues|remains|appears|is) ?(?:unchanged )?(?:below)?(?:[.!。]|$)",
    r"(?:mehr dazu|mehr (?:informationen|lesen)|hier klicken|klicken sie hier|weiterlesen|zum update|"
    r"weitere informationen)"
    r"\b[^.!。]*(?:[.!。]|$)",
    r"(?:der )?(?:ursprüngliche )?(?:artikel|text|beitrag)\b[^.!。]*\b(?:folgt|unten|bleibt)\b[^.!。]*(?:[.!。]|$)",
    r"(?:lire la suite|en savoir plus|cliquez ici|plus d.informations|plus de détails|voir (?:plus|"
    r"ci-dessous))\b[^.!。]*"
    r"(?:[.!。]|$)",
    r"(?:haga|haz|pulse|pincha) (?:clic )?aquí\b[^.!。]*(?:[.!。]|$)", r"(?:leer|ver|saber) más\b[^.!。]*(?:[.!。]|$)",
    r"más información\b[^.!。]*(?:[.!。]|$)", r"(?:clicca qui|leggi (?:tutto|di più|qui)|"
    r"maggiori informazioni)\b[^.!。]*(?:[.!。]|$)",
    r"(?:clique aqui|leia mais|saiba mais|mais informações)\b[^.!。]*(?:[.!。]|$)",
    r"(?:klik hier|lees (?:meer|verder)|meer informatie)\b[^.!。]*(?:[.!。]|$)",
    r"(?:klicka här|läs mer|mer information)\b[^.!。]*(?:[.!。]|$)", r"(?:klikk her|klik her|les mer|"
    r"læs mere)\b[^.!。]*(?:[.!。]|$)",
    r"(?:lue lisää|klikkaa tästä)\b[^.!。]*(?:[.!。]|$)", r"(?:kliknij tutaj|czytaj (?:więcej|dalej)|"
    r"więcej informacji)\b[^.!。]*(?:[.!。]|$)",
    r"(?:daha fazla bilgi|tıklayın|ayrıntılar için|devamı)\b[^.!。]*(?:[.!。]|$)", r"(?:подробнее|читать далее|"
    r"нажмите здесь|читайте)\b[^.!。]*(?:[.!。]|$)",
    r"(?:اضغط هنا|انقر هنا|اقرأ المزيد|لمزيد من)[^.!。]*(?:[.!。]|$)",
    r"(?:詳しくは|詳細は|続きは)[^。]*(?:。|$)",
    r"(?:点击这里|點擊這裡|查看详情|了解更多|阅读更多)[^。]*(?:。|$)",
    r"(?:자세한 내용은|자세히 보기|더 보기)[^.]*(?:[.]|$)",
)  # fmt: skip

# Headings and lines that end a section, or begin what is not the article's own: related stories, comments, authors.
ELSEWHERE = (
    r"comments?|reader comments|\d+ comments?|join the (?:conversation|discussion)|leave a (?:comment|reply)|"
    r"discussion|"
    r"related(?: (?:stories|articles|posts|coverage|reading|news|content|links|updates))?|more (?:stories|from|"
    r"on this|news|coverage)\b.*|"
    r"most (?:read|popular|viewed)|read (?:more|next|also)|see also|you may also like|recommended(?: for you)?|"
    r"trending(?: now)?|"
    r"latest (?:news|stories|updates|posts)|also on .*|further reading|sponsored|"
    r"kommentare?|leserkommentare|mehr zum thema|meistgelesen|verwandte (?:artikel|themen)|"
    r"das könnte sie auch interessieren|"
    r"lesen sie auch|weitere artikel|zum thema|"
    r"commentaires?|à lire aussi|sur le même sujet|les plus lus|articles (?:liés|similaires)|lire aussi|"
    r"comentarios|noticias relacionadas|te puede interesar|lo más (?:leído|visto)|artículos relacionados|más noticias|"
    r"commenti|leggi anche|articoli correlati|i più letti|comentários|leia (?:também|mais)|notícias relacionadas|"
    r"mais lidas|"
    r"reacties|lees ook|meest gelezen|gerelateerd.*|kommentarer|läs (?:också|mer|även)|mest läst|relaterat|"
    r"les også|læs også|"
    r"mest lest|mest læste|relaterte .*|kommentit|lue myös|luetuimmat|komentarze|czytaj (?:też|także|również)|"
    r"zobacz także|najczęściej czytane|"
    r"yorumlar|ilgili haberler|çok okunanlar|комментарии|читайте также|по теме|самое читаемое|"
    r"التعليقات|تعليقات|اقرأ أيضا.*|مواضيع ذات صلة|الأكثر قراءة|"
    r"コメント|関連記事|あわせて読みたい|人気記事|ランキング|相关(?:阅读|新闻|文章|報導|报道)|相關(?:閱讀|新聞|"
    r"文章)|延伸阅读|延伸閱讀|评论|評論|热门|댓글|관련 ?기사|많이 본 (?:뉴스|"
    r"기사)|인기 ?기사"
)
FOOTER = (
    r"about (?:the )?authors?|über (?:den autor|die autorin)|à propos de l.auteur|sobre (?:el autor|la autora|o "
    r"autor)|"
    r"(?:we are|this site is) reader.supported|external links may earn|all rights reserved|©|"
    r"\(?(?:reporting|additional reporting|writing|editing) by\b|tags?:|topics?:|filed under|share this|follow us|"
    r"この記事の著者|著者について|关于作者|關於作者|about us\b|contact us\b|read our corrections policy"
)

# What a note below a bare "Correction" says: such a word alone also heads clauses of contracts.
ADMITS = (
    r"\bwe (?:said|reported|wrote|gave|stated|misspelt|misspelled|got)\b|\bgave the wrong\b|\bwas (?:misstated|"
    r"misspelled|"
    r"misidentified|wrongly|incorrectly)|\bshould have (?:said|read|been)\b|"
    r"\b(?:hieß es|stand|schrieben wir|haben wir (?:geschrieben|berichtet)) (?:zunächst|zuvor|ursprünglich|"
    r"irrtümlich|fälschlich|"
    r"hier)|\b(?:zunächst|zuvor|ursprünglich|irrtümlich|fälschlicherweise) (?:hieß|stand|war|schrieben)|"
    r"\bnous (?:avons|avions) (?:écrit|indiqué)|\b(?:c[’']est )?par erreur que|\ba été (?:écrit|indiqué) par erreur|"
    r"\bse (?:dijo|decía|publicó|indicó) (?:por error|erróneamente|que)|\bpor error\b|\babbiamo scritto|\bper "
    r"errore\b|"
    r"\b(?:informou|informava|dizia|publicou) (?:incorretamente|erroneamente|que)|\bpor engano\b|"
    r"\b(?:eerder|aanvankelijk|abusievelijk) (?:stond|meldden|schreven)|\bstond (?:eerder|aanvankelijk|abusievelijk)|"
    r"\btidigare (?:stod|uppgavs|skrev)|\bstod (?:tidigare|felaktigt|först)|\bvi skrev\b|\bsto (?:det )?(?:tidligere|"
    r"feilaktig|først)|"
    r"\b(?:fremgik|stod|skrev) (?:det )?(?:tidligere|fejlagtigt|først|at)|\bdet fremgik\b|\b(?:kerrottiin|luki|"
    r"sanottiin|kirjoitettiin) "
    r"(?:aiemmin|ensin|virheellisesti)|\b(?:wcześniej|pierwotnie|błędnie|omyłkowo) (?:podaliśmy|napisaliśmy|podano)|"
    r"\b(?:daha önce|yanlışlıkla|sehven) |\b(?:ранее|ошибочно|неверно) (?:сообщалось|было|говорилось|указан[ао]?|"
    r"назван[ао]?)|"
    r"ورد (?:سابق|خطأ|في)|ذكرنا (?:سابق|خطأ)|والصحيح|والصواب|誤って|の誤り|正しくは|誤りでした|应为|應為|误为|誤為|"
    r"误写|誤植|误将|誤將|"
    r"맞습니다|(?:적었|보도했|전했|표기했)(?:으)?나|사실과 다르|바로잡"
)
# A later sentence of a note that says when it was mended.
MENDED = (
    r"(?:we (?:have )?(?:since )?(?:corrected|fixed|changed|updated)|(?:this|it|the (?:error|mistake|text|figure|"
    r"passage)) (?:was|has "
    r"been|were) (?:since )?(?:corrected|fixed|changed|updated|amended)|(?:(?:wir haben|das haben wir|dies haben "
    r"wir)|(?:das|dies|der "
    r"(?:fehler|text|absatz)|die stelle) (?:wurde|haben wir))\b[^!?]{0,80}(?:korrigiert|berichtigt|geändert|"
    r"angepasst|aktualisiert)|"
    r"(?:nous (?:l[’']avons|avons)|(?:l[’']erreur|le texte|cela) a été)\b[^!?]{0,60}(?:corrigé|rectifié|modifié)|"
    r"(?:lo (?:hemos )?|el "
    r"(?:error|texto) (?:fue|ha sido) )(?:corregi|rectific)|(?:l[’']errore|il testo) è stato (?:corretto|"
    r"rettificato)|(?:o (?:erro|texto) "
    r"foi) (?:corrigido|retificado)|(?:de fout|dit|dat) (?:is|werd)\b[^!?]{0,60}(?:hersteld|gecorrigeerd|aangepast)|"
    r"(?:felet|detta|"
    r"texten) (?:har|är|rättades)\b[^!?]{0,60}|(?:feilen|fejlen|dette) (?:er|ble|blev)\b[^!?]{0,60}(?:rettet|"
    r"korrigert|korrigeret)|"
    r"(?:virhe|asia) (?:on )?korjattu|(?:błąd|tekst) (?:został )?(?:poprawiono|poprawiony|skorygowano)|(?:hata|"
    r"metin) [^!?]{0,60}düzeltil|"
    r"ошибка (?:была )?исправлена)"
)
ADMITS_FOUND = re.compile(ADMITS, re.IGNORECASE)
MENDED_FOUND = re.compile(MENDED, re.IGNORECASE)

# Who else had a hand in the text: a line below it that is none of its own.
CREDITS = (
    r"\b(?:contributed (?:to this|to the|reporting|research)|contributed\.?$|assisted (?:with|in) (?:this|the) "
    r"(?:report|"
    r"story))|\b(?:mitarbeit|redaktionelle mitarbeit)\s?:|\ba contribué à (?:cet|ce)|\bont contribué à (?:cet|ce)|"
    r"\b(?:contribuyó|contribuyeron) (?:a|en|con) (?:este|esta)|\b(?:ha|hanno) contribuito a questo|\bcolaborou com|"
    r"\bcolaboraram com|\b(?:heeft|hebben) meegewerkt aan|^(?:reporting|editing|writing|additional reporting) by\b|"
    r"\bmet medewerking van\b"
)

# Headings over a page's own list of changes.
CHANGE_LISTS = (
    r"(?:see|show|view|hide) (?:all|previous) updates|updates? to this (?:page|guidance|publication|document|"
    r"article|story|post)|updates|all updates|"
    r"change ?log|changes(?: to this (?:page|document))?|"
    r"(?:(?:full|complete|detailed) )?(?:article|page|document|update|version|revision|edit|change|publication) "
    r"history"
    r"(?: \(\d+\))?|"
    r"(?:list of )?revisions|amendment history|amendments|updates log|update log|"
    r"history of (?:changes|updates)|what(?:’|')s changed|record of changes|document control|versions?|"
    r"correction log|corrections to this (?:article|page)|"
    r"änderungs(?:historie|verlauf|protokoll)|änderungen(?: an dieser seite)?|aktualisierungen|versionsgeschichte|"
    r"versionen|updates zu diesem artikel|chronik der änderungen|"
    r"historique(?: des (?:modifications|mises à jour|versions))?|mises à jour|journal des modifications|"
    r"historial(?: de (?:cambios|versiones|actualizaciones|modificaciones))?|actualizaciones|registro de cambios|"
    r"control de cambios|"
    r"cronologia (?:delle modifiche|degli aggiornamenti)|aggiornamenti|storico (?:delle modifiche|delle versioni)|"
    r"registro delle modifiche|"
    r"histórico(?: de (?:alterações|atualizações|versões))?|atualizações|"
    r"wijzigingen(?:logboek)?|wijzigingsgeschiedenis|updates van dit artikel|versiegeschiedenis|versie-?historie|"
    r"ändringshistorik|ändringslogg|uppdateringar|versionshistorik|endringslogg|endringshistorikk|oppdateringer|"
    r"versjonshistorikk|ændringslog|opdateringer|ændringshistorik|"
    r"muutoshistoria|päivitykset|versiohistoria|historia zmian|aktualizacje|rejestr zmian|lista zmian|historia wersji|"
    r"güncellemeler|değişiklik geçmişi|güncelleme geçmişi|sürüm geçmişi|история (?:изменений|обновлений|версий)|"
    r"обновления|изменения|"
    r"سجل (?:التغييرات|التحديثات|التعديلات)|التحديثات|تحديثات|更新履歴|改訂履歴|変更履歴|修正履歴|更新情報|"
    r"更新记录|更新紀錄|修订记录|修订历史|更新历史|"
    r"更新歷史|版本历史|变更记录|更新日志|업데이트 (?:내역|기록)|수정 ?(?:이력|내역)|변경 ?(?:이력|내역)|개정 ?이력"
)
FIRST_PUBLISHED = (
    r"(?:article |story |page |post |document )?(?:was )?(?:first|originally|initial(?:ly)?) (?:published|posted|"
    r"publication|release|version)\b.*|"
    r"published\.?|(?:page |document )?created\.?|first (?:version|release)\.?|publication\.?|veröffentlichung\.?|"
    r"publicación\.?|pubblicazione\.?|pubblicato\.?|publicação\.?|publicatie\.?|gepubliceerd\.?|publicerad\.?|"
    r"publisert\.?|"
    r"offentliggjort\.?|julkaistu\.?|opublikowano\.?|publikacja\.?|yayımlandı\.?|публикация\.?|게시\.?|등록\.?|"
    r"initial (?:release|publication|version)\.?|"
    r"erstveröffentlichung.*|erst(?:mals)? veröffentlicht.*|veröffentlicht\.?|première publication.*|"
    r"publication initiale.*|"
    r"primera publicación.*|publicación (?:inicial|original).*|publicado\.?|prima pubblicazione.*|"
    r"primeira publicação.*|publicação original.*|eerste publicatie.*|"
    r"eerst gepubliceerd.*|först publicerad.*|først publisert.*|første versjon.*|først offentliggjort.*|"
    r"ensijulkaisu.*|julkaistu ensimmäisen.*|"
    r"pierwsza publikacja.*|ilk yayın.*|первая публикация.*|опубликовано\.?|النشر الأول.*|نُشر لأول مرة.*|初版.*|"
    r"初出.*|掲載。?|初回公開.*|第1版.*|公開。?|新規公開.*|新規作成.*|"
    r"首次发布.*|首次發布.*|首次发表.*|发布。?|發布。?|발표|최초 ?(?:게시|공개|발행|등록).*"
)
LIVE = (
    r"\blive\b|live ?(?:blog|updates?|coverage|ticker)|as it happened|as it happens|minute by minute|rolling|"
    r"live-?ticker|\bticker\b|newsblog|en direct|direct\b|le direct|minute par minute|en vivo|en directo|"
    r"minuto a minuto|última hora|"
    r"in diretta|diretta|ao vivo|ao minuto|minuto a minuto|liveblog|direkte|direkterapport|live[- ]?uppdatering|"
    r"direktrapport|"
    r"seuranta|hetki hetkeltä|na żywo|relacja|canlı|dakika dakika|онлайн|трансляция|хроника|прямой эфир|مباشر|"
    r"لحظة بلحظة|"
    r"速報|実況|ライブ|タイムライン|直播|实时|實時|滚动|滾動|속보|생중계|실시간|라이브"
)
STATUS = (
    r"(?:this is an? )?(?:developing|breaking|evolving)(?: news)? story\b.*|developing\W*|"
    r"(?:please )?check back (?:for (?:more )?updates|later|soon)\b.*|more to (?:come|follow)\b.*|"
    r"more (?:details|information) (?:to follow|soon|will follow)\b.*|breaking(?: news)?\W*|"
    r"this (?:story|article|page|report|post) (?:is developing|is being updated|will be updated)\b.*|"
    r"(?:story )?developing(?: story)?[.…:! -]*(?:more to come|refresh|check back)?.{0,40}|"
    r"the updated release reads:?|the (?:corrected|full|complete) (?:release|version|text) (?:reads|follows)\b.*|"
    r"updates are at the end.*|"
    r"(?:dieser (?:artikel|text|beitrag)|die(?:se)? meldung) wird (?:laufend|fortlaufend|ständig|regelmäßig|weiter) "
    r"(?:aktualisiert|ergänzt)\b.*|mehr (?:in kürze|dazu in kürze|folgt)\b.*|weitere informationen (?:in kürze|"
    r"folgen)\b.*|eilmeldung\W*|"
    r"(?:plus d.informations|davantage d.informations|(?:plus de )?détails) (?:à venir|à suivre|suivent)\b.*|"
    r"(?:cet article|article) (?:est )?(?:en cours de (?:mise à jour|rédaction)|sera mis à jour)\b.*|"
    r"(?:noticia|información|historia) en (?:desarrollo|construcción|actualización)\b.*|en desarrollo\W*|"
    r"(?:habrá ampliación|seguirá ampliación|más información en breve)\b.*|"
    r"(?:notizia|articolo) in aggiornamento\b.*|in aggiornamento\W*|seguono aggiornamenti\b.*|"
    r"(?:notícia|matéria|texto|reportagem) em (?:atualização|desenvolvimento)\b.*|em (?:atualização|"
    r"desenvolvimento)\W*|mais informações em breve\b.*|"
    r"(?:dit (?:artikel|bericht)|dit nieuwsbericht) wordt (?:nog )?(?:aangevuld|bijgewerkt)\b.*|meer (?:volgt|"
    r"informatie volgt|details volgen)\b.*|later meer\W*|"
    r"(?:artikeln|texten|nyheten) uppdateras\b.*|mer information (?:följer|kommer)\b.*|"
    r"(?:saken|artikkelen|artiklen) (?:oppdateres|opdateres|blir oppdatert|bliver opdateret)\b.*|mer kommer\W*|"
    r"(?:juttua|uutista|artikkelia) (?:päivitetään|täydennetään)\b.*|"
    r"(?:tekst|artykuł|materiał) (?:jest )?(?:aktualizowany|w trakcie aktualizacji)\b.*|wkrótce więcej"
    r"(?: informacji)?\b.*|więcej informacji wkrótce\b.*|"
    r"(?:haber|bu haber) (?:güncelleniyor|güncellenecek\w*)\b.*|(?:ayrıntılar|detaylar) (?:geliyor|birazdan)\b.*|"
    r"(?:новость|материал|текст|статья) (?:дополняется|обновляется|будет (?:дополнен|обновл[её]н)\w*)\b.*|"
    r"подробности (?:позже|следуют)\b.*|"
    r"(?:التفاصيل|المزيد|تفاصيل أخرى) (?:بعد قليل|لاحق[اًا]+|قريب[اًا]+).*|يتبع\W*|خبر عاجل\W*|"
    r"(?:この記事は)?(?:随時更新|続報(?:あり|が入り次第)|詳細は(?:追って|続報で)|更新(?:中|されます)).{0,30}|"
    r"(?:持续更新|持續更新|更多消息|详情稍后|詳情稍後|滚动更新).{0,30}|"
    r"(?:자세한 (?:소식|내용)은? (?:곧|추후|이어)|계속 업데이트|속보입니다).{0,40}"
)
