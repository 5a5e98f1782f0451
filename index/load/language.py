"""Which language a text is in, told by its script and its commonest words. A guess for the reading report, not for anything that is decided."""

import re
from collections import Counter

SAMPLE = 6_000  # Characters.
LETTER = re.compile(r"[^\W\d_]")
LEAST_WORDS = 16
LEAST_SHARE = 0.12  # Of the words: running prose has 25 to 40 in a hundred of these, another language's a few.
WORD = re.compile(r"[^\W\d_]{2,}")  # One letter is a variable, a label, or a word of too many languages.
COMMON = {
    "en": "the of and to in is that for it with as was on are be by this at from or which have not his they were but had an",
    "de": "der die und den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei",
    "fr": "le la les de des et en un une du dans qui que est pour pas par plus sur au ne se sont avec il ce cette aux ou été",
    "es": "el la los las de y en que un una del se por con para es al lo como más su fue son sus no este entre ha",
    "it": "il la di che e un una per in del della è non con si da le dei al nel alla sono gli più anche come ha dal",
    "pt": "o a os as de e do da em que um uma para com não por mais no na se dos foi ao das como é pela são seu",
    "nl": "de het een en van in op dat is te voor met zijn aan niet er die om ook als bij door naar uit wordt maar werd",
    "sv": "och i att det som en på är av för med den till inte har de ett om han men var sig från så vi kan när",
    "da": "og i at det som en på er af for med den til ikke har de et om han men var sig fra så vi kan når blev",
    "nb": "og i å det som en på er av for med den til ikke har de et om han men var seg fra så vi kan når ble",
    "fi": "ja on ei että se hän oli joka mutta kun ovat myös niin sen kuin tai jos ole jonka sekä vain mukaan",
    "pl": "w i na z do się nie że to jest o jak po od za przez dla co ale są by tym może przy oraz tego był",
    "cs": "a v se na je že s z do o i to k ve pro za by jako ale po jsou od při který jeho není nebo byl",
    "hu": "a az és hogy nem is egy ez meg de volt csak mint már ha azt még vagy lehet kell között szerint",
    "ro": "de și în la cu pe care nu din o un este pentru a că se mai sau prin fi sunt fost după al ale",
    "tr": "ve bir bu için ile de da olarak daha çok olan gibi kadar sonra ne ya değil her en ise",
    "id": "yang dan di dengan untuk dari pada dalam ini itu tidak adalah ke oleh akan sebagai juga atau telah",
    "vi": "và của là các có được cho trong một không với những người này khi đã từ ra để về",
}
"""Two-letter codes of ISO 639-1 with the commonest words that tell one language from the others."""
SCRIPTS = (
    ("ja", "\u3040", "\u30ff"), ("ko", "\uac00", "\ud7af"), ("zh", "\u4e00", "\u9fff"), ("th", "\u0e00", "\u0e7f"), ("el", "\u0370", "\u03ff"),
    ("he", "\u0590", "\u05ff"), ("ar", "\u0600", "\u06ff"), ("hi", "\u0900", "\u097f"), ("ru", "\u0400", "\u04ff"),
)  # fmt: skip
"""The commonest language of a script; a text with a tenth in it is in that: Japanese before Chinese, whose letters it has too."""
UKRAINIAN = "іїєґ"


def language_of(text: str, least_words: int = LEAST_WORDS) -> str:
    """A two-letter code of ISO 639-1; empty where the text is too short or in none that is known."""
    sample = text[:SAMPLE].lower()
    letters = len(LETTER.findall(sample))
    for code, _, _ in SCRIPTS:
        if 10 * len(_IN_SCRIPT[code].findall(sample)) > max(letters, LEAST_WORDS):
            return "uk" if code == "ru" and sum(map(sample.count, UKRAINIAN)) * 50 > letters else code
    words = Counter(WORD.findall(sample))
    total = words.total()
    if total < least_words:
        return ""
    shares = {code: sum(words[word] for word in common) / total for code, common in _COMMON.items()}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= LEAST_SHARE else ""


_COMMON = {code: frozenset(WORD.findall(words)) for code, words in COMMON.items()}
_IN_SCRIPT = {code: re.compile(f"[{first}-{last}]") for code, first, last in SCRIPTS}
