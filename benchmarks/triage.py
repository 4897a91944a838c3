"""Triage: replies understood, on one core, and how long the slowest of them takes."""

import unicodedata
from time import process_time

from benchmarks.catalogue import Options
from benchmarks.clinic import CONFIG
from benchmarks.measuring import percentile, rate
from benchmarks.report import Goal, Report, medians
from outreach.configuration.triage_files import load_engine
from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Prompt

_Reply = tuple[str, str, Prompt | None]

REPLIES: tuple[_Reply, ...] = (
    ("C", "en", Prompt.CONFIRM),
    ("0", "en", Prompt.SEVERITY_0_3),
    ("2", "es", Prompt.SEVERITY_0_3),
    ("DONE 20 4 ABD LOT123", "en", Prompt.DOSE),
    ("STOP", "en", None),
    ("ok thank you see you then", "en", Prompt.CONFIRM),
    ("can we do thursday instead? my ride fell through", "en", Prompt.CONFIRM),
    ("a little headache last night, gone this morning", "en", Prompt.SEVERITY_0_3),
    ("my arm is red and sore where the needle was, not too bad", "en", Prompt.SEVERITY_0_3),
    ("having trouble breathing and my lips feel swollen", "en", None),
    ("no fever, no chills, feeling good actually", "en", Prompt.SCREEN),
    ("Temp 101.2 since the infusion and I am shaking", "en", Prompt.SCREEN),
    ("wrong number", "en", None),
    ("What time should I get there and may I drive home after?", "en", None),
    ("si confirmo, muchas gracias", "es", Prompt.CONFIRM),
    ("me duele mucho la cabeza y tengo el cuello tieso", "es", Prompt.SEVERITY_0_3),
    ("no tengo fiebre pero me siento cansada desde ayer", "es", Prompt.SCREEN),
    ("puedo cambiar la cita para la proxima semana?", "es", None),
    ("no quiero mas mensajes por favor", "es", None),
    (
        "Hi it's me again, so on Monday I had some chills for an hour or so, I took what the nurse "
        "told me and drank a lot, then slept. Today only tired and my head hurts a bit when "
        "I get up. Should I call you or just wait? My sister says it is normal",
        "en",
        Prompt.SEVERITY_0_3,
    ),
)
"""A day's mix, short and long, in both languages."""


def run(options: Options) -> Report:
    """Replies in a second of CPU; medians of several rounds."""
    engine = load_engine(CONFIG / "triage")
    seconds = 0.05 if options.quick else 1.5
    rounds = [_round(engine, seconds) for _ in range(options.runs)]
    found = medians(rounds)
    slowest = [_milliseconds(engine, reply) for reply in REPLIES * options.count(20, 1)]
    return Report(
        figures={
            "replies_per_cpu_second": found["ours"],
            "microseconds_per_reply": 1e6 / found["ours"],
            "p99_cpu_ms": percentile(slowest, 0.99),
        },
        baselines={"folded_and_split_per_cpu_second": found["folded"]},
        ratios={"to_folding_alone": found["ratio"]},
        goals=(Goal("replies_per_cpu_second", at_least=2_000), Goal("p99_cpu_ms", at_most=5)),
        facts={"replies": len(REPLIES)},
    )


def _round(engine: TriageEngine, seconds: float) -> dict[str, float]:
    ours = rate(lambda: _triage(engine), seconds)
    folded = rate(_fold, seconds)
    return {"ours": ours, "folded": folded, "ratio": ours / folded}


def _triage(engine: TriageEngine) -> int:
    for text, language, prompt in REPLIES:
        engine.triage(text, language, prompt)
    return len(REPLIES)


def _fold() -> int:
    """The least that any reader of free text does."""
    for text, _, _ in REPLIES:
        unicodedata.normalize("NFKD", text).casefold().split()
    return len(REPLIES)


def _milliseconds(engine: TriageEngine, reply: _Reply) -> float:
    """Of CPU: a busy machine makes nobody's words harder to read."""
    began = process_time()
    engine.triage(*reply)
    return (process_time() - began) * 1000
