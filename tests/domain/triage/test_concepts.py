"""Each red flag is found in English, in Spanish and misspelt, with the action it calls for."""

import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Action

FLAGS: dict[Action, list[tuple[str, ...]]] = {
    Action.CALL_911: [
        ("my throat is swelling", "my thraot is sweling", "se me hincha la garganta"),
        ("I used my epipen", "had to use epi pen", "me puse la epinefrina"),
        ("I cant breathe", "cant brethe", "no puedo respirar"),
        ("I am wheezing", "im weezing", "tengo un pitido en el pecho"),
        ("my chest hurts", "cheast hurts", "me duele el pecho"),
        ("it hurts to breathe in", "hrts 2 breath", "me duele al respirar"),
        ("my face is drooping", "my speech is slured", "tengo la cara torcida"),
        ("I cant see", "lost my vison", "no veo nada"),
        ("he had a seizure", "he had a siezure", "tuvo una convulsion"),
        ("I fainted", "i past out", "me desmaye"),
        ("she is confused", "shes confuzed", "esta desorientado"),
        ("worst headache of my life", "wrst headake evr", "el peor dolor de cabeza de mi vida"),
        ("coughing up blood", "caughing blood", "toso sangre"),
        ("pink frothy spit", "frothy sputum", "me sale espuma rosada"),
        ("my lips are blue", "blue lipz", "labios morados"),
        ("my oxygen is 86", "o2 at 88", "oxigeno en 85"),
        ("I took too many pills", "i od'd", "me tome todo el frasco"),
        ("vomiting blood", "blk stool", "vomito sangre"),
        ("I cant move my legs", "cant feel my legs", "no siento las piernas"),
        ("I am at the ER", "we called 911", "estoy en urgencias"),
    ],
    Action.CALL_988: [
        ("I want to kill myself", "kms", "quiero quitarme la vida"),
        ("i wanna die", "feeling sucidal", "me quiero morir"),
        ("I keep cutting myself", "want to hurt someone", "quiero hacerme daño"),
    ],
    Action.PAGE_1H: [
        ("I almost passed out", "about to faint", "casi me desmayo"),
        (
            "bad headache and stiff neck",
            "bad headake n stif nek",
            "dolor de cabeza fuerte y cuello tieso",
        ),
        ("my left calf is swollen", "swolen leg", "tengo una pierna hinchada"),
        ("my arm is swollen and hard", "arm is swoled", "el brazo hinchado y morado"),
        ("my urine is dark", "pea is brown", "la orina sale oscura"),
        ("my eyes are yellow", "yelow eyes", "tengo los ojos amarillos"),
        ("I look very pale and weak", "pale n weak", "estoy muy palida"),
        ("I am not peeing", "havent peed all day", "no orino"),
        ("gained 5 lbs since yesterday", "ankels are swollen", "subi 3 kilos en dos dias"),
        ("my heart is racing", "hart racing", "tengo palpitaciones"),
        ("bp is 190/120", "bp 200 over 100", "presion 190/120"),
        ("fever of 101.5", "temp 1o2", "tengo 38.5 de fiebre"),
        ("shaking chills", "cant stop shivering", "escalofrios fuertes"),
        ("hives all over", "welps everywhere", "ronchas por todo el cuerpo"),
        ("sores in my mouth", "blistors spreading", "llagas en la boca"),
        ("I took a double dose", "dubble dose", "doble dosis"),
        ("there is blood in the tubing", "i hit a vein", "sangre en la manguera"),
        ("bleeding that wont stop", "I hit my head", "el sangrado no para"),
        ("severe flank pain", "unbearable belly pain", "dolor fuerte de riñon"),
        ("red streaks up my arm", "puss at the site", "sale pus"),
        ("I am not safe at home", "my husband hits me", "mi esposo me pega"),
        ("something is very wrong", "emergancy", "ayudenme"),
    ],
    Action.SAME_DAY: [
        ("I cant keep fluids down", "cant hold down water", "no retengo ni agua"),
        ("I am pregnant", "im preggo", "estoy embarazada"),
    ],
}
CASES = [(text, action) for action, rows in FLAGS.items() for row in rows for text in row]


@pytest.mark.parametrize(("text", "action"), CASES, ids=[text for text, _ in CASES])
def test_a_red_flag_asks_for_its_action(engine: TriageEngine, text: str, action: Action) -> None:
    result = engine.triage(text)
    assert result.action is action
    assert result.urgent == (action is not Action.SAME_DAY)
    assert result.staff


def test_being_at_the_er_is_said(engine: TriageEngine) -> None:
    assert engine.triage("im at the er now").at_er
    assert engine.triage("estoy en el hospital").at_er
    assert not engine.triage("should i go to the er").at_er


def test_a_finding_points_at_the_words_as_received(engine: TriageEngine) -> None:
    text = "Hola… Mé duele el PECHO!"
    found = next(f for f in engine.triage(text).findings if f.concept == "chest_pain")
    assert text[found.start : found.end] == "duele el PECHO"
    assert found.rule


def test_the_reason_holds_none_of_the_words_of_the_patient(engine: TriageEngine) -> None:
    result = engine.triage("Zanzibar! crushing chest pain, no fever")
    assert "chest pain or pressure" in result.reason
    assert "fever without a measured value (negation)" in result.reason
    assert "zanzibar" not in result.reason.lower()
    assert "crushing" not in result.reason


def test_an_opt_out_with_a_symptom_is_both(engine: TriageEngine) -> None:
    result = engine.triage("stop texting me, i cant breathe")
    assert (result.urgent, result.opt_out, result.action) == (True, True, Action.CALL_911)
