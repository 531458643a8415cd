"""Sentences and adverts of the noisy site (noisy.py), in English, Chinese and Arabic."""

import random


def _lines(table: str) -> list[str]:
    return [line.strip() for line in table.strip().splitlines()]


_WHO = _lines(
    """
    The authority
    The ministry
    A federal court
    The harbour board
    The regulator
    The appeals panel
    Meridian
    The union
    The insurer
    A parliamentary committee
    The exchange
    The port operator
    """
)
_DID = _lines(
    """
    rejected
    published
    withdrew
    amended
    confirmed
    postponed
    questioned
    approved
    suspended
    reviewed
    extended
    criticised
    """
)
_WHAT = _lines(
    """
    the licence for the northern terminal
    a list of excluded suppliers
    the tariff schedule
    its annual report on crane safety
    an order against seven firms
    the tender for dredging
    the settlement with creditors
    new limits on night shifts
    the map of protected wetlands
    its guidance on export controls
    the merger of two freight lines
    a subpoena for shipping records
    """
)
_WHEN = _lines(
    """
    on Monday
    after a hearing
    without giving reasons
    late in the evening
    against the advice of experts
    for the second time
    in a unanimous vote
    despite protests
    as planned
    under seal
    """
)
_PITCHES = _lines(
    """
    Thousands of homeowners already switched to our mattresses and never looked back.
    Doctors are stunned: hearing aids for under twenty dollars a month.
    Learn Danish in your lunch break, cancel whenever you like.
    Seniors in your town get stair lifts at half price until Sunday.
    Why everybody talks about garden sheds this spring.
    Stop overpaying: compare forty offers for solar panels in two minutes.
    Order meal kits today and the courier brings them before breakfast.
    Rated best in class by reviewers, these winter tyres sell out every week.
    What nobody tells you about running shoes after fifty.
    Made by hand in a small valley: coffee machines with a lifetime guarantee.
    Your neighbour pays half. Ask how, and move your insurance before Friday.
    Grandma was right about goose fat, says a survey of many households.
    No contract, no fees, no paperwork: phone plans the easy way.
    A sleepy startup turned pet food upside down and banks are nervous.
    Forget everything you knew about frying pans, chefs insist.
    One simple trick keeps mosquitoes off your porch all summer long.
    Earn interest while you sleep, starting with a single penny.
    Your dentist hopes you never discover this brush.
    Sail the fjords next autumn; cabins with balcony going fast.
    Turn old gold into cash by post, insured and free of charge.
    Gamers cannot stop playing this castle builder.
    Finally a lawn mower that thinks for itself.
    Genealogists found her ancestor in nine minutes; try it on yours.
    Windows draughty? A visit costs nothing and the kettle is on us.
    Pay for three nights, stay four, anywhere in the mountains.
    Knee pain? A retired coach shares what worked at last.
    """
)
_ZH_WHO = _lines(
    """
    监管机构
    商务部
    联邦法院
    港务局
    上诉庭
    工会
    保险公司
    议会委员会
    """
)
_ZH_DID = _lines(
    """
    驳回了
    公布了
    撤回了
    修订了
    确认了
    推迟了
    批准了
    暂停了
    """
)
_ZH_WHAT = _lines(
    """
    北码头的经营许可
    被排除供应商名单
    关税表的最新版本
    起重机安全年度报告
    针对七家公司的命令
    疏浚工程的招标
    夜班时间的新限制
    出口管制指南
    """
)
_AR_WHO = _lines(
    """
    الهيئة
    الوزارة
    المحكمة الاتحادية
    مجلس الميناء
    لجنة الاستئناف
    النقابة
    شركة التأمين
    """
)
_AR_DID = _lines(
    """
    رفضت
    نشرت
    سحبت
    عدلت
    أكدت
    أجلت
    وافقت على
    علقت
    """
)
_AR_WHAT = _lines(
    """
    رخصة المحطة الشمالية
    قائمة الموردين المستبعدين
    جدول التعرفة الجديد
    تقرير السلامة السنوي
    أمرا ضد سبع شركات
    مناقصة أعمال التجريف
    حدود العمل الليلي
    """
)
NAMES = ("ana", "bo", "cy", "dee", "eli", "fay", "gus", "hal")


def sentence(dice: random.Random, layout: str = "clean") -> str:
    if layout == "chinese":
        return (
            dice.choice(_ZH_WHO)
            + dice.choice(_ZH_DID)
            + dice.choice(_ZH_WHAT)
            + f"，第{dice.randrange(10, 99)}号文件。"
        )
    if layout == "arabic":
        said = f"{dice.choice(_AR_WHO)} {dice.choice(_AR_DID)} {dice.choice(_AR_WHAT)}"
        return f"{said} في الملف رقم {dice.randrange(10, 99)}."
    return f"{dice.choice(_WHO)} {dice.choice(_DID)} {dice.choice(_WHAT)} {dice.choice(_WHEN)}."


def pitch(dice: random.Random) -> str:
    return dice.choice(_PITCHES)
