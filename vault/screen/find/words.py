"""Number words and announcing phrases as data: English, Spanish, German, French.

Every word is written folded: lower case, without accents (vault.screen.find.digits folds a text before it looks here).
A further language is further rows, no further code.
"""

import re


def _table(rows: str) -> dict[str, int]:
    """Read "word number word number ..."."""
    cells = rows.split()
    return {word: int(value) for word, value in zip(cells[::2], cells[1::2], strict=True)}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# English, where "oh" is how a zero is read out; then Spanish, German and French ("six" is English too).
UNITS = _table(
    "zero 0 oh 0 nought 0 naught 0 aught 0 nil 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 "
    "niner 9 fower 4 fife 5 cero 0 uno 1 una 1 dos 2 tres 3 cuatro 4 cinco 5 seis 6 siete 7 ocho 8 nueve 9 "
    "null 0 eins 1 zwei 2 zwo 2 drei 3 vier 4 funf 5 fuenf 5 sechs 6 sieben 7 acht 8 neun 9 un 1 une 1 "
    "deux 2 trois 3 quatre 4 cinq 5 sept 7 huit 8 neuf 9 "
)
TEENS = _table(
    "ten 10 eleven 11 twelve 12 thirteen 13 fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 "
    "nineteen 19 diez 10 once 11 doce 12 trece 13 catorce 14 quince 15 dieciseis 16 diecisiete 17 "
    "dieciocho 18 diecinueve 19 zehn 10 elf 11 zwolf 12 zwoelf 12 dreizehn 13 vierzehn 14 funfzehn 15 "
    "fuenfzehn 15 sechzehn 16 siebzehn 17 achtzehn 18 neunzehn 19 dix 10 onze 11 douze 12 treize 13 "
    "quatorze 14 quinze 15 seize 16 "
)
TENS = _table(
    "twenty 20 thirty 30 forty 40 fourty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90 veinte 20 "
    "treinta 30 cuarenta 40 cincuenta 50 sesenta 60 setenta 70 ochenta 80 noventa 90 zwanzig 20 dreissig 30 dreisig 30 "
    "vierzig 40 funfzig 50 fuenfzig 50 sechzig 60 siebzig 70 achtzig 80 neunzig 90 vingt 20 vingts 20 "
    "trente 30 quarante 40 cinquante 50 soixante 60 septante 70 huitante 80 octante 80 nonante 90 "
)
TWENTIES = {"vingt", "vingts"}  # French "quatre vingt" is eighty, not four and twenty
BASES = TWENTIES | {"soixante"}  # to which French adds ten to nineteen
# Powers of ten.
SCALES = _table("hundred 2 hundert 2 cent 2 thousand 3 mil 3 tausend 3 mille 3 ")
# Spanish names the hundreds with one word.
HUNDREDS = _table(
    "cien 100 ciento 100 doscientos 200 doscientas 200 trescientos 300 trescientas 300 cuatrocientos 400 "
    "cuatrocientas 400 quinientos 500 quinientas 500 seiscientos 600 seiscientas 600 setecientos 700 setecientas 700 "
    "ochocientos 800 ochocientas 800 novecientos 900 novecientas 900 "
)
TIMES = _table(
    "double 2 dbl 2 triple 3 treble 3 quadruple 4 quad 4 doble 2 cuadruple 4 doppel 2 doppelt 2 dreifach 3 vierfach 4 "
    "zweimal 2 dreimal 3 viermal 4 "
)
# What is heard alike, and written so by who types what is said; digits only amid digits that are said.
HOMOPHONES = _table("won 1 wun 1 to 2 too 2 tu 2 tree 3 for 4 fore 4 ate 8 ait 8 zerro 0 ")
# "foru", "eigth": number words with two letters in the other order, which are digits where homophones are.
HOMOPHONES |= {
    typed: value
    for word, value in UNITS.items()
    for at in range(len(word) - 1)
    if len(word) >= 4  # noqa: PLR2004 - of shorter ones too many words are made
    and (typed := word[:at] + word[at + 1] + word[at] + word[at + 2 :]) not in UNITS | TEENS | TENS
}
OF = {"times", "veces", "fois", "mal"}  # "four times one"
PLURALS = _table(
    "zeros 0 zeroes 0 ohs 0 noughts 0 ones 1 twos 2 threes 3 fours 4 fives 5 sixes 6 sevens 7 eights 8 "
    "nines 9 ceros 0 unos 1 nullen 0 einsen 1 "
)
JOINS = {"and", "y", "et", "und"}

_STEMS = {1: "ein", 2: "zwei", 3: "drei", 4: "vier", 5: "funf", 6: "sechs", 7: "sieben", 8: "acht", 9: "neun"}
# "dreisig" is what folding leaves of a sharp s.
_GERMAN_TENS = ("zwanzig", "dreissig", "dreisig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_UP_TO_99 = (
    {stem: value for value, stem in _STEMS.items()}
    | {"eins": 1, "zwo": 2}
    | {word: value for word, value in TEENS.items() if word.endswith(("zehn", "elf", "zwolf"))}
    | {ten: TENS[ten] for ten in _GERMAN_TENS}
    | {f"{stem}und{ten}": TENS[ten] + unit for unit, stem in _STEMS.items() for ten in _GERMAN_TENS}
)
COMPOUNDS = {word: value for word, value in _UP_TO_99.items() if "und" in word} | _table(
    "veintiuno 21 veintiun 21 veintidos 22 veintitres 23 veinticuatro 24 veinticinco 25 veintiseis 26 veintisiete 27 "
    "veintiocho 28 veintinueve 29"
)
_GERMAN = re.compile(r"(?:([a-z]{0,18})tausend)?(?:und)?(?:([a-z]{0,10})hundert)?(?:und)?([a-z]{0,18})")


def german_number(word: str) -> int | None:
    """Return the value of a German number written as one word with hundreds or thousands, or None."""
    found = _GERMAN.fullmatch(word) if "hundert" in word or "tausend" in word else None
    if found is None:
        return None
    value = 0
    for part, scale in zip(found.groups(), (1000, 100, 1), strict=True):
        if part is None or (scale == 1 and not part):
            continue
        count = _UP_TO_99.get(part) if part else 1
        if count is None or (scale == 100 and count > 19):  # noqa: PLR2004 - elfhundert
            return None
        value += count * scale
    return value


NUMBER_WORDS = frozenset({*UNITS, *TEENS, *TENS, *HUNDREDS, *SCALES, *TIMES, *OF, *PLURALS, *COMPOUNDS})
# "fouroneoneone": number words written without a space between, the longest first.
GLUED = re.compile("|".join(sorted({*UNITS, *TEENS, *TENS, *TIMES, *COMPOUNDS}, key=lambda word: (-len(word), word))))

GLUED_PARTS = frozenset({*UNITS, *TEENS, *TENS, *TIMES, *COMPOUNDS, "ein", "und", "hundert", "tausend"})

# Words beside a small number that make it a count ("the next four digits", "one moment"), not part of a number.
COUNTED_BEFORE = _set(
    "first next last final other remaining another previous no any this that which primeros ultimos siguientes "
    "ersten letzten nachsten premiers derniers prochains"
)
COUNTED_AFTER = _set(
    "digit digits number numbers more of second seconds sec secs moment minute minutes min time times card cards "
    "group groups set sets day days week weeks month months year years hour hours item items letters characters "
    "percent pounds dollars euros cifras digitos numeros ziffern zahlen stellen chiffres numeros"
)
ORDINALS = frozenset({"st", "nd", "rd", "th"})

# What tells that the talk is about a card: digits split by talk are then joined more freely.
CARD_TALK = re.compile(
    r"card|\bvisa\b|master ?card|amex|american express|discover|diners|maestro|union ?pay|rupay|\bjcb\b|debit|credit|"
    r"\bpan\b|long number|payment|\bpay(?:ing)?\b|cvv|cvc|security code|expir|digits|tarjeta|karte|\bcarte\b|numero|"
    r"kreditk|zahlung|paiement|\bpago\b"
)
# What asks for a card's number or announces it: parts of any size are then taken for it.
NUMBER_TALK = re.compile(
    r"card ?(?:number|no\b|nr\b|num\b|digits)|(?:long|full|whole|entire|complete) number|\bpan\b|"
    r"\b(?:card|visa|mastercard|amex) (?:is|it is|it's|it starts|starts|begins|goes)\b|"
    r"(?:numbers?|digits) (?:on|of|from) (?:the|your|my) (?:card|front)|(?:tarjeta|karte|carte) (?:es|ist|est)\b|"
    r"numero de (?:la |su |tu |mi |votre |ta |ma )?(?:tarjeta|carte)|kartennummer|"
    r"nummer (?:der|ihrer|meiner) \w{0,8}karte"
)
# What names numbers of other kinds.
OTHER_TALK = re.compile(
    r"\b(?:order|tracking|parcel|invoice|ticket|imei|serial|phone|tel|call|ring|account|iban|flat|room|size|ending|"
    r"ends (?:in|with)|"
    r"points|contract|vertrag\w*|contrato?|door|promo|seguimiento|suivi|shipment|paket|iccid|isbn|ean|zip|postcode|street|road|items?|pieces|price|bestellung|sendung|rechnung|telefon\w*|kundennummer|stuck|"
    r"strasse|pedido|telefono|factura|unidades|calle|commande|colis|facture|telephone|articles?|rue|endung|termina|finissant)\b|"
    r"[$\xa4#]|\b(?:eur|usd|gbp)\b"
)
CODE_TALK = re.compile(
    r"\bcvv2?\b|\bcvc2?\b|\bcsc\b|\bcvn2?\b|\bcid\b|\bcvd\b|\bcav2?\b|cvv|cvc|\bccv2?\b|\bcvx2?\b|\bcard id\b|"
    r"\bcsv[ -]?(?:code|number|num|no\b|digits?)|"
    r"\b(?:three|four|3|4)[ -]?(?:digit|number|figure)s? (?:security )?code\b|"
    r"(?:code|digits?|numbers?|figures?|three|four|3|4) (?:\w+ )?"
    r"(?:next to|beside|by|behind|after) (?:the|your) signature|"
    r"\bon the (?:back|reverse|rear)\b[^a-z0-9]{0,3}(?:the )?(?:three|four|3|4) (?:digits|numbers|figures)\b|"
    r"\b(?:drei|vier|3|4|letzten) (?:ziffern|zahlen|stellen|nummern) "
    r"(?:hinten|(?:auf|von|an) (?:der|ihrer|deiner) (?:karten)?(?:ruckseite|rueckseite|vorderseite))|"
    r"\b(?:tres|cuatro|3|4|ultimos) (?:numeros|digitos|cifras) "
    r"(?:de |del |en |por |que hay )?(?:la parte de |el |al )?(?:atras|detras|reverso|dorso)\b|"
    r"\b(?:trois|quatre|3|4|derniers) chiffres (?:(?:de|du|au|a l'?|sur le) ?)?(?:derriere|dos|verso|arriere)\b"
    r"(?! la virgule)|"
    r"\bpictogramme\b|"
    r"\bcv[ -]?(?:code|number|num|no)\b|\bmy (?:three|3)[ -]?digits? (?:thing|code|number|one)\b|"
    r"card (?:verification|validation|identification)|"
    r"(?:security|secret|verification|validation) (?:code|number|digits?|value|no\b)|securitycode|"
    r"(?:three|four|3|4|last)[ -]?(?:digits?|numbers?|figures?)(?: (?:security|verification))?(?: code)?"
    r"(?: that are| which are)? (?:on|at|from) the (?:back|reverse|front|rear|signature|flip)|"
    r"(?:code|digits?|numbers?|three|four|3|4) on the (?:back|reverse|front|rear|signature)|signature strip|"
    r"codigo de (?:seguridad|verificacion)|prufziffer|pruefziffer|prufnummer|pruefnummer|sicherheitscode|"
    r"kartenpruf|cryptogramme|code de (?:securite|verification)"
)
LONGER_CODE = re.compile(r"[^0-9]{0,12}[0-9]{5,8}(?![0-9])")  # "your verification code is 482913": no card's
# Words that announce a security code only where a card number is near.
WEAK_CODE_TALK = re.compile(
    r"\bcodes?\b|\bpin\b|\bcodigo\b|\bclave\b|\bkode\b|\bgeheimzahl\b|\bkennzahl\b|\b(?:back|reverse|ruckseite|reverso|dos)\b"
)
# The name of a field that holds a security code when a card number stands in the fields beside it.
CODE_NAME = re.compile(
    r"(?:card )?(?:code|verification|verify|security|secret|check|pin)(?: (?:code|value|no|number))?"
)
# Codes of other kinds, which announce nothing: of doors, places, goods and errors; and "back" that is no card's.
OTHER_CODE_TALK = re.compile(
    r"\b(?:door|gate|entry|access|building|lift|alarm|zip|post(?:al)?|area|dial(?:ling|ing)?|country|sort|swift|promo|"
    r"discount|voucher|coupon|gift|error|status|product|item|bar|qr|dress|source|booking|order|tracking|tur|haus|"
    r"fehler|gutschein|rabatt) ?-?codes?\b|\b(?:tur|haus|fehler|gutschein|rabatt|zugangs)codes?\b|"
    r"\bcode (?:postal|promo|porte|d'entree|d'acces|erreur|de la porte)\b|"
    r"\bcodigo (?:postal|promocional|de la puerta|de acceso|de error|de descuento)\b|"
    r"\b(?:come|came|call|get|be|send|go|went|write) back\b|\bback (?:to|in|at|on|from|soon|then|door)\b"
)
EXPIRY_TALK = re.compile(
    r"\bexp(?:iry|ires?|iration|iring|\.)?\b|valid (?:thru|through|until|till|to)|good (?:thru|through|until)|"
    r"\bmm ?/ ?yy|caduc|vencimiento|gultig bis|gueltig bis|ablaufdatum|verfall|expire"
)
# The name of a field that holds a month or a year, of an expiry date when a card number stands in the fields beside it.
MONTH_NAME = re.compile(r"(?:card )?(?:month|mm|mes|monat|mois)")
YEAR_NAME = re.compile(r"(?:card )?(?:year|yy|yyyy|jahr|annee)")
# Words made of nothing but letters that resemble digits; beside a number they are words all the same.
NO_LOOKALIKES = _set("is so si il ill lo los sol lol sos bis lis sis bill oil boil soil silo solo boss loss bliss")
# What a person says when the digits just given were wrong.
CORRECTION = re.compile(r"\b(?:sorry|no|correction|mean|actually|rather|scratch|wrong|oops|perdon|nein|pardon|wait)\b")
MAY_CORRECT = re.compile(CORRECTION.pattern.replace(r"\b", ""))  # also where digits are glued to it
