"""Parse: eight-segment SIU messages into scheduling events, beside python-hl7 for the same fields.

Both are given the same bytes and one core. Phones are checked later, at ingest, by neither.
"""

from datetime import UTC, datetime

import hl7

from benchmarks.catalogue import Options
from benchmarks.clinic import CONFIG
from benchmarks.measuring import rate
from benchmarks.report import Goal, Report, medians
from outreach.bootstrap import build_intake
from outreach.configuration.clinic_file import load_clinic
from outreach.pipeline.ports import Parser

_RECEIVED = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
_SEGMENTS = (
    "MSH|^~\\&|CLINSCHED|CGI|OUTREACH|CGI|20270301091500-0500||SIU^S12^SIU_S12|M-{n}|P|2.5.1"
    "|||AL|NE||UNICODE UTF-8",
    "SCH|P-{n}^CLINSCHED|V-{n}^CGI|||S-{n}|BOOK^Booked by phone^L|INF^Infusion Visit^L|"
    "ROUTINE^Routine^HL70277|240|min^minute^UCUM|^^240^20270315{hour:02d}0000^20270315{end:02d}0000|"
    "4417^Placer^Paula^^^^^^CGI|2025550100^WPN^PH|14 Example Lane^^Sampleton^DC^20001||"
    "4418^Filler^Frank^^^^^^CGI|2025550101^WPN^PH|||4418^Filler^Frank|||||Booked^Booked^HL70278",
    "TQ1|1||||||20270315{hour:02d}0000|20270315{end:02d}0000|R^Routine^HL70485",
    "PID|1||{n}^^^CGI^MR~V{n}^^^STATE^PI||Quillfeather^Mira{n}^Ann^^^^L||19790604|F||"
    "2106-3^White^HL70005|14 Example Lane^^Sampleton^DC^20001^USA^H||^PRN^CP^^1^202^55501{line:02d}"
    "~^NET^Internet^mira{n}@q.example.org|^WPN^PH^^1^202^5550111|en^English^ISO639"
    "|M^Married^HL70002||A{n}^^^CGI^AN|||||||||||||N",
    "PV1|1|O|CGI-EAST^CHAIR 4^1^CGI^^^^^EAST|R|||5501^Attend^Ada^^^DR^MD^^CGI"
    "|5502^Refer^Rudy^^^DR^MD|5503^Consult^Cleo|INF||||1|||5501^Attend^Ada^^^DR^MD|OP|V-{n}^^^CGI^VN|SELF||||||||||||||||||CGI",
    "RGS|1|A|INFUSION^Infusion group",
    "AIS|1|A|IVIG^IVIG Infusion^L|20270315{hour:02d}0000|0|min|240|min^minute^UCUM|N|BOOKED",
    "AIL|1|A|CGI-EAST^CHAIR 4^1^CGI|C^Chair^L||20270315{hour:02d}0000|0|min|240|min|N|BOOKED",
)


def run(options: Options) -> Report:
    """Messages in a second of CPU; medians of several rounds."""
    batch = messages(options.count(500, 20))
    seconds = 0.02 if options.quick else 1.5
    intake = build_intake(load_clinic(CONFIG / "clinic.yaml"))
    rounds = [_round(batch, intake, seconds) for _ in range(options.runs)]
    found = medians(rounds)
    return Report(
        figures={
            "messages_per_cpu_second": found["ours"],
            "microseconds_per_message": 1e6 / found["ours"],
        },
        baselines={"python_hl7_per_cpu_second": found["theirs"]},
        ratios={"to_python_hl7": found["ratio"], "growth_of_time_to_size": found["growth"]},
        goals=(
            Goal("messages_per_cpu_second", at_least=10_000),
            Goal("to_python_hl7", at_least=10),
            Goal("growth_of_time_to_size", at_most=1.5),
        ),
        facts={"message_bytes": len(batch[0]), "segments": len(_SEGMENTS)},
    )


def messages(count: int) -> list[bytes]:
    """Bookings of different patients, times and phones."""
    return [
        "".join(
            segment.format(n=10_000 + n, hour=8 + n % 8, end=12 + n % 8, line=n % 100) + "\r"
            for segment in _SEGMENTS
        ).encode()
        for n in range(count)
    ]


def _round(batch: list[bytes], intake: Parser, seconds: float) -> dict[str, float]:
    ours = rate(lambda: _ours(batch, intake), seconds)
    theirs = rate(lambda: _theirs(batch), seconds)
    growth = _cost(16_000, intake, seconds) / _cost(2_000, intake, seconds)
    return {"ours": ours, "theirs": theirs, "ratio": ours / theirs, "growth": growth}


def _cost(segments: int, intake: Parser, seconds: float) -> float:
    """CPU for each segment of one message with this many, in any unit: 1.0 apart is linear."""
    raw = messages(1)[0] + b"NTE|1||Bring a list of your medicines\r" * segments
    return 1 / (rate(lambda: _ours([raw], intake), seconds / 3) * segments)


def _ours(batch: list[bytes], intake: Parser) -> int:
    for raw in batch:
        (item,) = intake(raw, "x-application/hl7-v2+er7", "benchmark", _RECEIVED)
        if item.event is None or item.event.appointment is None:
            raise RuntimeError("A message of the benchmark was not understood.")
    return len(batch)


def _theirs(batch: list[bytes]) -> int:
    for raw in batch:
        if len(_fields(hl7.parse(raw.decode()))) != _FIELDS:
            raise RuntimeError("The baseline did not read every field.")
    return len(batch)


_FIELDS = 14


def _fields(message: hl7.Message) -> tuple[object, ...]:
    """The fields that a scheduling event holds, with python-hl7's own accessors."""
    field = message.extract_field
    return (
        str(field("MSH", 1, 9, 1, 2)),
        str(field("MSH", 1, 10)),
        str(field("SCH", 1, 1)),
        str(field("SCH", 1, 2)),
        _instant(field("SCH", 1, 11, 1, 4)),
        _instant(field("SCH", 1, 11, 1, 5)),
        str(field("SCH", 1, 25)),
        str(field("AIS", 1, 3, 1, 2)),
        str(field("PV1", 1, 3)),
        str(field("PID", 1, 3)),
        (str(field("PID", 1, 5)), str(field("PID", 1, 5, 1, 2))),
        datetime.strptime(field("PID", 1, 7), "%Y%m%d").replace(tzinfo=UTC).date(),
        [str(field("PID", 1, 13, repetition, 1)) for repetition in (1, 2)],
        str(field("PID", 1, 15)),
    )


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
