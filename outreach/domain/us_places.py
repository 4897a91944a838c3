"""Facts about the United States: which state a ZIP code or an area code is in, and its zones.

Where a place may keep one of two times, both stand here: who asks then keeps to both.
"""

from collections.abc import Iterable
from functools import lru_cache

EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"
ARIZONA, ALASKA, ALEUTIANS = "America/Phoenix", "America/Anchorage", "America/Adak"
HAWAII, CARIBBEAN = "Pacific/Honolulu", "America/Puerto_Rico"

_SHORT = {
    "E": EASTERN,
    "C": CENTRAL,
    "M": MOUNTAIN,
    "P": PACIFIC,
    "Z": ARIZONA,
    "A": ALASKA,
    "L": ALEUTIANS,
    "H": HAWAII,
    "R": CARIBBEAN,
    "G": "Pacific/Guam",
    "S": "Pacific/Pago_Pago",
    "T": "Pacific/Chuuk",
    "K": "Pacific/Kosrae",
    "U": "Pacific/Palau",
    "J": "Pacific/Majuro",
}

_STATES = """
AK AL  AL C   AR C   AS S   AZ ZM  CA P   CO M   CT E   DC E   DE E   FL EC  FM TK  GA E   GU G
HI H   IA C   ID MP  IL C   IN EC  KS CM  KY EC  LA C   MA E   MD E   ME E   MH J   MI EC  MN C
MO C   MP G   MS C   MT M   NC E   ND CM  NE CM  NH E   NJ E   NM M   NV PM  NY E   OH E   OK C
OR PM  PA E   PR R   PW U   RI E   SC E   SD CM  TN CE  TX CM  UT M   VA E   VI R   VT E   WA P
WI C   WV E   WY M
"""
"""State or territory -> every time that is kept in it (49 CFR 71), most people's first."""

_ZIP_STATES = """
005 NY  006-007 PR  008 VI  009 PR  010-027 MA  028-029 RI  030-038 NH  039-049 ME  050-054 VT
055 MA  056-059 VT  060-069 CT  06390 NY  070-089 NJ  100-149 NY  150-196 PA
197-199 DE  200 DC  201 VA  202-205 DC  206-219 MD  220-246 VA  247-268 WV  270-289 NC
290-299 SC  300-319 GA  320-339 FL  341-342 FL  344 FL  346-347 FL  349 FL  350-369 AL
370-385 TN  386-397 MS  398-399 GA  400-427 KY  430-459 OH  460-479 IN  480-499 MI  500-528 IA
530-549 WI  550-567 MN  569 DC  570-577 SD  580-588 ND  590-599 MT  600-629 IL  630-658 MO
660-679 KS  680-693 NE  700-714 LA  716-729 AR  730-732 OK  733 TX  734-749 OK  750-799 TX
800-816 CO  820-831 WY  832-838 ID  83414 WY  840-847 UT  850-865 AZ  870-884 NM
885 TX  889-898 NV  900-961 CA  967-968 HI  96799 AS  969 GU,MP,PW,FM,MH  970-979 OR  980-994 WA
995-999 AK
"""
"""First three digits of a ZIP code -> its state, or its states where it has several; five digits
where one code differs from its neighbours."""

_ZIP_ABROAD = "090-098 340 962-966"
"""Those of the armed forces: the mail goes abroad, nobody can tell where from the number."""

_ZIP_ZONES = """
320-323 E  325 C  326-339 E  341-349 E
370-372 C  374 E  375 C  376 E  379 E  380-385 C
400 E  402-418 E  420 C  422-424 C  425 E
460-462 E  464 C  466-468 E  470-474 E  477 C  478 E
480-497 E
570-574 C  577 M
580-584 C
660-676 C  679 C
680-689 C  693 M
733 C  750-797 C  799 M  885 M
832-834 M  836-837 M  838 P
850-859 Z  863-864 Z
889-897 P
970-978 P
996-999 A
"""
"""Where a state keeps two times: the three digits that lie in one of them alone."""

_AREA_CODES = """
AK 907
AL 205 251 256 334 483 659 938
AR 327 479 501 870
AS 684
AZ 480 520 602 623 928
CA 209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661
CA 669 707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951
CO 303 719 720 748 970 983
CT 203 475 860 959
DC 202 771
DE 302
FL 239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954
GA 229 404 470 478 678 706 762 770 912 943
GU 671
HI 808
IA 319 515 563 641 712
ID 208 986
IL 217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872
IN 219 260 317 463 574 765 812 930
KS 316 620 785 913
KY 270 364 502 606 859
LA 225 318 337 457 504 985
MA 339 351 413 508 617 774 781 857 978
MD 227 240 301 410 443 667
ME 207
MI 231 248 269 313 517 586 616 679 734 810 906 947 989
MN 218 320 507 612 651 763 924 952
MO 235 314 417 557 573 636 660 816 975
MP 670
MS 228 471 601 662 769
MT 406
NC 252 336 472 704 743 828 910 919 980 984
ND 701
NE 308 402 531
NH 603
NJ 201 551 609 640 732 848 856 862 908 973
NM 505 575
NV 702 725 775
NY 212 315 329 332 347 363 465 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934
OH 216 220 234 283 326 330 380 419 436 440 513 567 614 740 937
OK 405 539 572 580 918
OR 458 503 541 971
PA 215 223 267 272 412 445 484 570 582 610 717 724 814 835 878
PR 787 939
RI 401
SC 803 821 839 843 854 864
SD 605
TN 423 615 629 729 731 865 901 931
TX 210 214 254 281 325 346 361 409 430 432 469 512 621 682 713 726 737 806 817 830 832 903 915
TX 936 940 945 956 972 979
UT 385 435 801
VA 276 434 540 571 686 703 757 804 826 948
VI 340
VT 802
WA 206 253 360 425 509 564
WI 262 274 353 414 420 534 608 715 920
WV 304 681
WY 307
"""
"""State or territory -> its area codes (North American Numbering Plan)."""

_AREA_ZONES = """
208 MP  219 CE  270 CE  308 CM  364 CE  423 EC  448 EC  458 PM  541 PM  574 EC  605 CM  606 EC
620 CM  689 E  701 CM  729 EC  775 PM  785 CM  812 EC  850 EC  906 EC  907 AL  915 M  928 ZM  930 EC
986 MP
"""
"""Area codes of a state with two times, where it is not plain which: both, or the one it is."""


def zones_of_state(state: str) -> tuple[str, ...]:
    """Every zone that is kept in a state or territory (its two letters), most people's first."""
    return _zones_of_states().get(state, ())


def states() -> frozenset[str]:
    """The two letters of every state and territory, and of the District of Columbia."""
    return frozenset(_zones_of_states())


def states_keeping(zones: Iterable[str]) -> frozenset[str]:
    """The states where one of these zones is kept."""
    wanted = set(zones)
    return frozenset(state for state in states() if wanted.intersection(zones_of_state(state)))


def states_of_zip(code: str) -> frozenset[str]:
    """The states that a ZIP code of five digits may be in; none where it is no such place."""
    table = _states_of_zips()
    return table.get(code, table.get(code[:3], frozenset()))


def zones_of_zip(code: str) -> tuple[str, ...]:
    """Every zone that may be kept at a ZIP code of five digits."""
    places = states_of_zip(code)
    one = _zones_of_zips().get(code[:3])
    if one is not None and code not in _states_of_zips():
        return one
    found = [zone for state in sorted(places) for zone in zones_of_state(state)]
    return tuple(dict.fromkeys(found))


def is_abroad(code: str) -> bool:
    """Whether a ZIP code is one of the armed forces, whose people may be anywhere."""
    return code[:3] in _zips_abroad()


def state_of_area(code: str) -> str | None:
    """The state or territory of an area code; None for those of no place and of other countries."""
    return _states_of_areas().get(code)


def zones_of_area(code: str) -> tuple[str, ...]:
    """The zones of an area code, where its state keeps one time or this table knows; else none."""
    known = _zones_of_areas().get(code)
    if known is not None:
        return known
    kept = zones_of_state(_states_of_areas().get(code, ""))
    return kept if len(kept) == 1 else ()


def area_codes() -> frozenset[str]:
    """Every area code of the United States and its territories."""
    return frozenset(_states_of_areas())


@lru_cache(maxsize=1)
def _zones_of_states() -> dict[str, tuple[str, ...]]:
    return {state: _zones(letters) for state, letters in _pairs(_STATES)}


@lru_cache(maxsize=1)
def _states_of_zips() -> dict[str, frozenset[str]]:
    pairs = _pairs(_ZIP_STATES)
    return {zip3: frozenset(names.split(",")) for span, names in pairs for zip3 in _span(span)}


@lru_cache(maxsize=1)
def _zones_of_zips() -> dict[str, tuple[str, ...]]:
    pairs = _pairs(_ZIP_ZONES)
    return {zip3: _zones(letters) for span, letters in pairs for zip3 in _span(span)}


@lru_cache(maxsize=1)
def _zips_abroad() -> frozenset[str]:
    return frozenset(zip3 for span in _ZIP_ABROAD.split() for zip3 in _span(span))


@lru_cache(maxsize=1)
def _states_of_areas() -> dict[str, str]:
    lines = [line.split() for line in _AREA_CODES.strip().splitlines()]
    return {code: state for state, *codes in lines for code in codes}


@lru_cache(maxsize=1)
def _zones_of_areas() -> dict[str, tuple[str, ...]]:
    return {code: _zones(letters) for code, letters in _pairs(_AREA_ZONES)}


def _pairs(table: str) -> list[tuple[str, str]]:
    words = table.split()
    return list(zip(words[::2], words[1::2], strict=True))


def _span(text: str) -> list[str]:
    first, _, last = text.partition("-")
    return [f"{number:0{len(first)}d}" for number in range(int(first), int(last or first) + 1)]


def _zones(letters: str) -> tuple[str, ...]:
    return tuple(_SHORT[letter] for letter in letters)
