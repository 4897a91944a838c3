"""The words in which patients tell of a home dose: places, sides, units, in both languages."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AREAS = {
    "abd": "abdomen", "abdomen": "abdomen", "abdominal": "abdomen", "belly": "abdomen",
    "stomach": "abdomen", "tummy": "abdomen", "panza": "abdomen", "barriga": "abdomen",
    "estomago": "abdomen", "vientre": "abdomen", "thigh": "thigh", "thighs": "thigh",
    "leg": "thigh", "legs": "thigh", "muslo": "thigh", "muslos": "thigh", "pierna": "thigh",
    "piernas": "thigh", "arm": "arm", "arms": "arm", "brazo": "arm", "brazos": "arm",
    "hip": "hip", "hips": "hip", "flank": "hip", "flanks": "hip", "cadera": "hip",
    "caderas": "hip", "buttock": "buttock", "buttocks": "buttock", "butt": "buttock",
    "nalga": "buttock", "nalgas": "buttock", "gluteo": "buttock",
}  # fmt: skip
"""Where home doses go, as patients call it -> one word for each place."""
ODD_AREAS = _words(
    "knee knees calf calves foot feet ankle shin hand hands wrist forearm finger neck throat "
    "face head chest breast back shoulder shoulders vein muscle rodilla pantorrilla pie pies "
    "tobillo mano manos muneca antebrazo dedo cuello cara cabeza pecho espalda hombro vena "
    "musculo"
)
"""Places of the body where no home dose belongs: kept as written, and asked about."""
LEFT = frozenset({"left", "lft", "lt", "l", "izq", "izquierdo", "izquierda"})
RIGHT = frozenset({"right", "rt", "rgt", "r", "der", "derecho", "derecha"})
BOTH = frozenset({"both", "ambos", "ambas", "each"})
BEFORE_A_PLACE = frozenset({"in", "on", "into", "en", "my", "the", "mi", "el", "la", "los", "las"})

VOLUME_UNITS = frozenset(
    {"ml", "mls", "cc", "ccs", "milliliter", "milliliters", "mililitro", "mililitros"}
)
MASS_UNITS = frozenset({"g", "gm", "gms", "gr", "grs", "gram", "grams", "gramo", "gramos"})
OTHER_UNITS = _words(
    "mg min mins minute minutes minuto minutos hr hrs hour hours h hora horas day days dia "
    "dias am pm f c lbs kg percent vial vials frasco frascos ampolla"
)
"""A number before one of these is neither a volume nor a count of sites."""
SITE_WORDS = _words(
    "site sites sitio sitios needle needles aguja agujas spots spot places lugares lugar "
    "puntos punto"
)
SPELT = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "un": 1, "uno": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6,
    "siete": 7, "ocho": 8,
}  # fmt: skip
"""Numbers in words, which count only before a unit or a word for sites."""
EACH = frozenset({"each", "per", "cada", "apiece"})
