"""The words of answers to an open question, in both languages, without accents."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


YES = _words(
    "y yes yeah yea yep yup yess ye s si sip simon claro cierto correct affirmative definitely "
    "absolutely afirmativo"
)
NO = _words(
    "n no nope nah none negative nada ninguno ninguna nunca never neither tampoco non noo nop"
)
YES_EMOJI = frozenset("\U0001f44d\U0001f44c\u2705\u2714\u2611")
"""A thumb, an OK hand, a tick: where nothing but these answers, it is a yes."""
HALF_YES = _words(
    "maybe sometimes little bit slightly somewhat kinda sorta some poco poquito quizas quiza "
    "talvez algo veces mild minor leve probably think creo possibly"
)
"""Half a yes to a question about a red flag is a yes."""

SEVERITY = {
    0: _words("o no none nothing zero cero nada ninguno ninguna not nope"),
    1: _words("one uno mild little slight slightly leve poco poquito bit minor"),
    2: _words("two dos moderate medium some moderado moderada regular middle"),
    3: _words(
        "three tres severe bad fuerte fuertes severo severa grave mucho horrible terrible worst "
        "unbearable insoportable peor extreme awful"
    ),
}
NOT_BAD = frozenset(
    tuple(pair.split())
    for pair in ("not bad", "not too", "not really", "not very", "not much", "no mucho", "no muy")
)
"""Openings that make a severity word mild."""

AMOUNT = {
    0: _words("o no none nothing zero cero nada not nope"),
    1: _words("one uno little bit slightly poco poquito"),
    2: _words("two dos some somewhat algo sometimes"),
    3: _words("three tres quite bastante lots"),
    4: _words("four cuatro totally completely everything mucho muchisimo todo cant cannot"),
}
"""How much something limits, from not at all to very much."""
AMOUNT_PAIRS = {
    0: frozenset({"not at", "para nada", "en nada"}),
    3: frozenset({"quite a"}),
    4: frozenset({"very much", "a lot", "no puedo"}),
}
LIST_BESIDE = _words("and or y o e u a to with con also tambien number numero no num n")
"""Words between the numbers of a list."""

COUNTED = _words(
    "day days hour hours hrs hr min mins minutes week weeks pills pill times time pm am ml mg "
    "sites site lbs dia dias hora horas semana semanas pastillas veces sitios"
)
"""A number before one of these counts something and grades nothing."""

CONFIRM = _words(
    "c confirm confirmed confirming yes yeah yep yup ok okay sure si confirmo confirmado "
    "confirmada confirmar claro correct"
)
RESCHEDULE = _words(
    "r reschedule change move resched reprogramar cambiar cambio cambiarla reagendar mover"
)
DONE = _words(
    "d done finished completed complete did took taken infused listo lista hecho hecha termine "
    "terminado terminada completo puse hice y yes si ya"
)
LATE = _words("l late later delayed tarde luego atrasada atrasado despues")
SKIP = _words(
    "skip skipped skipping missed miss omitir omiti omitido omitida salte saltar brinque olvide "
    "perdi"
)

SCREEN_DENIALS = (NO - {"never", "nunca"}) | _words(
    "0 o nothing na nel not dont havent didnt doesnt hasnt ni sin cero zero"
)
"""Words that deny, in an answer to the question before a visit."""
SCREEN_HAVING = _words("have had has having got tengo tenido hay he siento")
"""Count as denied only beside a word that denies: ``i dont have any``."""
SCREEN_BESIDE = _words(
    "a i im am me my of the above those these that this it them any all at time now today "
    "currently moment so far yet here actually thanks thank you u ty thx maam sir doctor dr nurse "
    "please hi hello for to report new since last week visit or and also either still "
    "yo de del los las lo la el anteriores eso esos esas esto estos por ahora hoy gracias hasta "
    "momento que sepa senora senor doctora enfermera hola buenos buenas dias tardes noches todo "
    "nuevo nueva o y e en este desde mi visita"
)
"""Words that change nothing about a no."""
