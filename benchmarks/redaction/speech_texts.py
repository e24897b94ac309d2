"""What is said in calls besides digits: how a reading begins, what comes between groups, and plain talk."""

import gzip
import re
from pathlib import Path
from random import Random
from typing import Final

LEADS: Final = {
    "en": (
        "okay so my card number is",
        "sure it's",
        "the number on the front is",
        "yes I have my credit card here",
        "can you take a Visa card",
        "could you read me the long number across the front please",
        "I'll pay with Mastercard",
        "alright let me get my purse, here it is",
        "and what is the card number please",
        "the account is",
    ),
    "es": (
        "vale, el número de mi tarjeta es",
        "sí, apunte por favor",
        "el número que pone delante es",
        "tengo aquí mi tarjeta de crédito",
        "¿me puede dar el número de la tarjeta por favor?",
        "quiero pagar con Visa",
        "un momento que busco la cartera, aquí está",
        "claro, es el",
    ),
    "fr": (
        "alors le numéro de ma carte c'est le",
        "oui, vous notez",
        "j'ai ma carte bancaire sous les yeux",
        "pouvez-vous me donner le numéro de la carte s'il vous plaît",
        "je vais payer par carte Visa",
        "attendez je cherche mon portefeuille, voilà",
        "bien sûr, c'est le",
        "le numéro qui est devant c'est",
    ),
    "de": (
        "also die Kartennummer lautet",
        "ja, haben Sie etwas zu schreiben",
        "die Nummer auf der Vorderseite ist",
        "ich habe meine Kreditkarte hier",
        "können Sie mir bitte die Kartennummer durchgeben",
        "ich möchte mit Visa bezahlen",
        "einen Moment, ich hole mein Portemonnaie, so, da ist sie",
        "klar, das ist die",
    ),
}
FILLERS: Final = {
    "en": ("um", "uh", "hang on", "okay", "yeah", "mhm", "let me see", "go on", "got that", "right", "and then"),
    "es": ("eh", "a ver", "sí", "vale", "mmm", "espere", "siga", "de acuerdo", "y luego"),
    "fr": ("euh", "oui", "d'accord", "attendez", "alors", "ensuite", "très bien", "je vous écoute"),
    "de": ("äh", "ja", "okay", "Moment", "genau", "und dann", "weiter bitte", "hm", "gut"),
}
CORRECTIONS: Final = {
    "en": ("no sorry", "wait, that's wrong, again", "sorry I meant"),
    "es": ("no, perdón", "espere, me he equivocado, otra vez", "quiero decir"),
    "fr": ("non pardon", "attendez, je me suis trompé, je reprends", "je voulais dire"),
    "de": ("nein, Entschuldigung", "Moment, das war falsch, noch mal", "ich meine"),
}
EXPIRY: Final = {
    "en": ("and the expiry date is", "expires", "valid until", "when does it expire"),
    "es": ("caduca en", "y la fecha de caducidad es", "válida hasta"),
    "fr": ("elle expire le", "et la date d'expiration c'est", "valable jusqu'au"),
    "de": ("gültig bis", "und das Ablaufdatum ist", "sie läuft ab"),
}
CODE: Final = {
    "en": ("and the security code on the back", "the CVV is", "and the last three on the signature strip are"),
    "es": ("y el código de seguridad de detrás es", "el CVV es", "los números del reverso son"),
    "fr": ("et le cryptogramme au dos", "le code de sécurité c'est le", "les derniers chiffres au dos sont"),
    "de": ("und die Prüfnummer auf der Rückseite ist", "der Sicherheitscode lautet", "hinten steht"),
}
MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
TALK: Final = {
    "en": (
        "I won the argument, to be honest, and I ate the rest of it for lunch",
        "thanks for calling, how can I help you today",
        "I'm afraid the delivery is going to be late again, the van broke down",
        "would you like to hear about our new tariff before we go on",
        "for heaven's sake, I've been waiting for ages and nobody told me anything",
        "sex and age are no longer on the form, you can leave that blank",
        "no one said it would be free, but that's fine, I'm okay with it",
        "my niece is always too late, so I don't wait for her any more",
        "could you please hold the line while I look into your account",
        "is there anything else that I can do for you",
        "it's the fourth time that I call about the same boiler",
        "let me spell my surname, alpha november delta romeo echo whisky sierra",
        "the letters are P O B T V, as in Peter Oscar Bravo Tango Victor",
        "I'd like to change the address on my insurance policy please",
        "the weather over here has been dreadful since the weekend",
        "we do not store any of your data longer than necessary",
        "so the engineer comes in the morning and calls before he arrives",
        "press the star key to return to the main menu or stay on the line",
        "all our agents are busy at the moment, your call is important to us",
    ),
    "es": (
        "gracias por llamar, ¿en qué puedo ayudarle hoy?",
        "me temo que el envío va a llegar tarde otra vez, lo siento mucho",
        "quisiera cambiar la dirección de mi póliza de seguro por favor",
        "no se preocupe, se lo explico todo con mucho gusto",
        "por favor no cuelgue, enseguida le atendemos",
        "ayer no vino nadie y estuve esperando toda la mañana en casa",
        "la verdad es que no entiendo por qué la factura es tan alta",
        "seis meses llevamos así y nadie nos da una solución",
        "el técnico llama antes de llegar, no tiene que hacer nada",
        "hace un tiempo horrible desde el fin de semana",
        "se lo deletreo, a de Antonio, ene de Navarra, de de Dinamarca",
        "lo hice yo mismo, y a los dos les pareció bien",
    ),
    "fr": (
        "merci de votre appel, en quoi puis-je vous aider aujourd'hui",
        "je crains que la livraison ne soit encore en retard, je suis désolé",
        "je voudrais changer l'adresse de mon contrat d'assurance s'il vous plaît",
        "ne vous inquiétez pas, je vous explique tout cela tranquillement",
        "veuillez patienter, nous allons prendre votre appel",
        "hier personne n'est venu et j'ai attendu toute la matinée à la maison",
        "franchement je ne comprends pas pourquoi la facture est si élevée",
        "c'est neuf, on vient de l'acheter, et pourtant ça ne marche pas",
        "cette dame-là est sans doute la sœur de votre voisin",
        "le technicien vous appelle avant d'arriver, vous n'avez rien à faire",
        "il fait un temps affreux depuis le week-end",
        "je vous épelle mon nom, a comme Anatole, n comme Nicolas, d comme Désiré",
    ),
    "de": (
        "vielen Dank für Ihren Anruf, was kann ich heute für Sie tun",
        "die Lieferung kommt leider wieder später, das tut mir sehr leid",
        "ich möchte gern die Adresse in meinem Vertrag ändern",
        "machen Sie sich keine Sorgen, ich erkläre Ihnen alles in Ruhe",
        "bitte bleiben Sie in der Leitung, wir sind gleich für Sie da",
        "gestern kam niemand, und ich habe den ganzen Vormittag gewartet",
        "ehrlich gesagt verstehe ich nicht, warum die Rechnung so hoch ist",
        "achten Sie bitte darauf, dass der Stecker fest in der Dose sitzt",
        "wir haben viel zu tun, aber das schaffen wir schon",
        "der Techniker ruft an, bevor er kommt, Sie müssen nichts tun",
        "seit dem Wochenende ist das Wetter einfach schrecklich",
        "ich buchstabiere, Anton, Nordpol, Dora, Richard, Emil",
    ),
}
_PROSE: Final = {  # Debian packages fortunes, fortunes-es, fortunes-de and manpages-fr
    "en": (
        "/usr/share/games/fortunes",
        ("fortunes", "people", "wisdom", "work", "love", "literature", "politics", "law"),
    ),
    "es": (
        "/usr/share/games/fortunes/es",
        ("amistad.fortunes", "famosos.fortunes", "vida.fortunes", "varios.fortunes"),
    ),
    "de": ("/usr/share/games/fortunes/de", ("sprueche", "zitate", "anekdoten", "sprichworte", "murphy")),
    "fr": ("/usr/share/man/fr/man7", ()),
}
NUMBERS: Final = re.compile(
    r"\d|\b(zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w*teen|\w*ty|hundred|thousand|cero|uno|"
    r"dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|cien\w*|mil|deux|trois|"
    r"quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|vingt\w*|cent\w*|mille|null|eins|zwei|drei|vier|fünf|"
    r"sechs|sieben|acht|neun|zehn|elf|zwölf|\w*zehn|\w*zig|hundert\w*|tausend\w*)\b",
    re.IGNORECASE,
)


def prose(language: str) -> list[str]:
    """Return sentences without numbers, of 25 to 160 letters, from texts in Debian; those of `TALK` without."""
    folder, names = _PROSE[language]
    root = Path(folder)
    if names:
        raw = "\n".join((root / name).read_text("utf-8", "ignore") for name in names if (root / name).is_file())
    else:
        pages = sorted(root.glob("*.gz"))[:60] if root.is_dir() else []
        raw = "\n".join(gzip.decompress(page.read_bytes()).decode("utf-8", "ignore") for page in pages)
        raw = "\n".join(line for line in raw.splitlines() if not line.startswith((".", "'")) and "\\f" not in line)
    raw = re.sub(r"\x1b\[[0-9;]*m|\\&|\s-- .*", " ", raw)
    found = (re.sub(r"\s+", " ", piece).strip() for piece in re.split(r"[.!?;:%\n]{1,3}\s|\n%\n|\n\n", raw))
    odd = re.compile(r"[^\w\s,.'\u2019?!¿¡«»\"-]")
    keep = {s for s in found if 25 <= len(s) <= 160 and not NUMBERS.search(s) and not odd.search(s)}
    return sorted(keep) or list(TALK[language])


def talk(language: str, sentences: list[str], rng: Random) -> str:
    """Return one sentence of plain talk: a third of them are a call centre's."""
    return rng.choice(TALK[language]) if rng.random() < 0.33 else rng.choice(sentences)
