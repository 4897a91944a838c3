"""Languages as clinics write them (ISO 639-1 and 639-2 codes, English names) -> BCP 47 tags."""

import re

_TABLE = """
en eng english
es spa esp spanish espanol español castilian
fr fra fre french
de deu ger german
pt por portuguese
it ita italian
nl nld dut dutch
pl pol polish
ru rus russian
uk ukr ukrainian
ar ara arabic
fa fas per persian farsi
he heb hebrew
hi hin hindi
bn ben bengali
ur urd urdu
pa pan punjabi
gu guj gujarati
ta tam tamil
te tel telugu
ne nep nepali
zh zho chi chinese mandarin cantonese cmn yue
ja jpn japanese
ko kor korean
vi vie vietnamese
th tha thai
km khm khmer cambodian
lo lao laotian
my mya bur burmese
tl tgl tagalog
fil filipino
ht hat haitian creole haitiancreole
so som somali
am amh amharic
sw swa swahili
hy hye arm armenian
el ell gre greek
tr tur turkish
ro ron rum romanian
sq sqi alb albanian
hmn hmong
ase sgn asl americansignlanguage
"""
_TAG_OF = {word: line.split()[0] for line in _TABLE.strip().splitlines() for word in line.split()}
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?", re.IGNORECASE)
_ISO_639_1 = re.compile(r"[a-z]{2}", re.IGNORECASE)


def language_tag(text: str) -> str | None:
    """The BCP 47 tag ``text`` means (``eng`` -> ``en``, ``es_us`` -> ``es-US``), or None."""
    word = text.strip().casefold()
    known = _TAG_OF.get("".join(char for char in word if char.isalnum()))
    if known is not None:
        return known
    match = _TAG.fullmatch(text.strip())
    if match is None:
        return None
    base, script, region = match.groups()
    language = _TAG_OF.get(base.casefold(), base.casefold())
    if language not in _TAG_OF and not _ISO_639_1.fullmatch(language):
        return None
    parts = [language, script.title() if script else "", region.upper() if region else ""]
    return "-".join(part for part in parts if part)
