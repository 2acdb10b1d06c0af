"""Accelerators named in a passage: type, number, and whether they were used or only acknowledged.

Numbers are as printed: usually chips, but TPUs are often counted in cores, two per chip. Types are product names from
the table of chips (``V100``, ``GTX 1080 Ti``), ``TPU v3``, or ``GPU`` if no type is reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from data.classify.accelerator_names import GENERICS, TYPES, find_type, normalise
from data.classify.lexicon import read_lexicon
from data.rules import squeeze
from data.vocabulary import LARGEST_COUNT

CORES_PER_CHIP = 2  # Cloud TPUs, as Google counts them; a board ("device") has 4 chips
CORES_AS_DEVICES = ("TPU", "TPU v1", "TPU v2", "TPU v3")
ONE_CORE = ("TPU v5e", "TPU v6e")  # counted and rented as chips of one core
CHIPS_PER_DEVICE = 4
# A TPU without a version is taken as the first that could be rented. Papers omit the "GTX" of early Titans.
UNVERSIONED = {"TPU": "TPU v2", "TITAN BLACK": "GTX TITAN BLACK", "TITAN Z": "GTX TITAN Z"}

_NUMBER_WORDS = {
    **{
        word: number
        for number, word in enumerate(
            ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1
        )
    },
    **{
        "eleven": 11,
        "twelve": 12,
        "sixteen": 16,
        "twenty": 20,
        "thirty-two": 32,
        "sixty-four": 64,
        "dozen": 12,
        "double": 2,
    },
    **{"single": 1, "dual": 2, "quad": 4, "couple": 2, "pair": 2, "a": 1, "an": 1, "each": 1},
}
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,5}}|{'|'.join(sorted(_NUMBER_WORDS, key=len, reverse=True))})"
# Words allowed between a number and the type that it counts.
_BETWEEN = (
    r"(?:x|×|\*|nvidia'?s?|amd|google'?s?|tesla|geforce|quadro|cloud|of|the|our|same|gtx|gpus?|cards?|units?|server|servers?|"
    r"dedicated|desktop|commodity|consumer|high-end|modern|volta|pascal|ampere|turing|maxwell|kepler|parallel|distributed|"
    r"instances?|graphics?|machine|standard|different|virtual|local|synchronous|sets|\(|pci-?e|sxm\d?|\d+ ?gb?\b|"
    r"\d+-?gb?\b|available|identical|preemptible|additional|top|tensor core|dgx-?\d?|chips?|cores?|workstation|with|"
    r"deep learning|general|purpose|hopper|ada|lovelace|blackwell|hgx|huawei|npus?|\d+ ?g\b|and|or|/)"
)
_LEFT = re.compile(rf"(?P<n>(?<![\w.-]){_NUMBER})(?:[\s/-]+|(?=[x×*]))(?:{_BETWEEN}[\s/-]*){{0,6}}$")
_TWO_COUNTS = re.compile(
    rf"(?<![\w.-])(?P<a>\d{{1,4}})\s*(?:/|and|or|to|-)\s*(?P<b>\d{{1,4}})\s+(?:{_BETWEEN}\s*){{0,4}}$"
)
_GRID = re.compile(r"(?<![\w.-])(?P<a>\d{1,3})(?:\s?[x×*]\s?|\s)(?P<b>\d{1,3})\s*(?:cloud |google )?$")
# A number after one of these words does not count chips: names of processors, batch sizes.
_NO_COUNT = re.compile(
    r"(?:rtx|gtx|quadro|geforce|titan|tesla|nvidia|xeon|cpu|gold|silver|platinum|bronze|epyc|adreno|mali|tahiti|radeon|hd|ryzen|threadripper|"
    r"opteron|power|core|intel|amd|i[3579]|e[357]|(?:batch|mini-?batch)(?:[- ]?sizes?)?(?: (?:is|are|was|were|set|to|of|=))*|sizes?(?: of)?|version|"
    r"v|gen|mhz|ghz|dimensions?|epochs?|resolution|length|=|@|/|[2-9]0[5-9]0 ?(?:ti)?|[19]0[678]0 ?(?:ti)?)[\s:,(-]*$"
)
_TIME = re.compile(
    r"^[\s()-]*(?:\(?\d+ ?gb\)?[\s-]*)?(?:sxm\d?|pcie)?[\s-]*(?:[gnt]pu|core|chip|device|accelerator|card)?s?[\s-]*(?:hours?|days?|weeks?|months?|years?)\b"
)
_PRODUCTS = frozenset(
    {
        *range(200, 1000, 10),
        1050,
        1060,
        1070,
        1080,
        1650,
        1660,
        *range(2060, 2090, 10),
        *range(3050, 3100, 10),
        *range(4050, 4100, 10),
        *range(5050, 5100, 10),
        4000,
        4500,
        5000,
        5500,
        6000,
        8000,
    }
)
_RIGHT = re.compile(
    rf"^\s*(?:[gn]pus?|cards?|\d+ ?gb?|pci-?e|sxm\d?|hbm\d?e?|\W)*?\s*(?:\(?\s*[x×*]\s*(?P<n>\d{{1,4}})(?![\d.]* ?(?:gb|memory|ghz))|"
    rf"(?:with|on|using|of) (?P<c>\d{{1,4}}) cores|\(\s*(?P<m>{_NUMBER}) (?:[gn]pus?|cards?|units?|chips?)\b|,? ?(?:using|with|on) (?P<k>\d{{1,3}}) (?:[gn]pus?|cards?)\b)"
)
_PLURAL = re.compile(
    r"^(?:s\b|'s\b)|^(?:\s?/\s?[\w -]+)+gpus\b|^[\s\w,()-]{0,30}?\b(?:gpus|npus|hpus|cards|(?:super)?chips|processors|accelerators|units|devices|tpus|pods|machines|"
    r"servers|nodes|instances|workers)\b"
)
_ARE = re.compile(r"\b(?:gpus|npus|cards|accelerators)(?: (?:are|were|used|of type|include)| ?[(:,])?[\s\w]{0,8}$")
_MACHINES = re.compile(
    rf"(?P<n>(?<![\w.-]){_NUMBER})[x×]? (?:(?!and |with |each |of |where )[a-z][\w.-]* ){{0,4}}?(?:machines|nodes|servers|workstations|hosts|instances|computers|boxes)\b"
)
_EACH = re.compile(
    r"\beach\b|\bper (?:node|machine|server|host)\b|\bevery\b|nodes? with|machines? with|servers? with|hosts? with"
)
_EACH_AFTER = re.compile(rf"[\s,]*(?:gpus?|cards?)?[\s,]*(?:{_EACH.pattern})")
_THANKS = re.compile(
    r"\b(?:acknowledg\w*|grateful\w*|thank\w*|donat\w*|gift\w*|generous\w*|supported by|support (?:of|from))\b"
)
_GOES_ON = re.compile(r"each (?:node|machine|server|host|of (?:them|which|these))\b")
_SENTENCE = re.compile(r"(?<=[a-z0-9)\]])[.;!?]+\s+(?=[A-Z\[(])|\.\.\.+|\[\.\.\.\]")
_CPU = re.compile(
    r"\b(?:cpus?|xeon|core[ -]?i\d|core \(tm\)|i[3579]-?\d*|ryzen|opteron|epyc|intel|macbook|laptop|desktop|pc|pcs|notebook|"
    r"threadripper|[\d.]+ ?ghz|workstation|processors?|cores?|gb (?:of )?(?:ram|memory)|cluster|machine|computer|server)\b",
    re.IGNORECASE,
)
_CLOUD = re.compile(
    r"\b(?:aws|amazon web services|ec2|azure|google cloud|gcp|google compute|google colab\w*|colab\w*|cloud|[cmrpg]\d[a-z]*\."
    r"\d*x?large|n1-\w+|[cn]\d-standard-\d+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Setup:
    """A type of accelerator and the number used by one experiment (None if not reported)."""

    type: str
    count: int | None = None
    unit: str = "chip"  # chip, core or device (a TPU board)
    thanked: bool = False

    @property
    def chips(self) -> float | None:
        """Number of chips: two cores are one chip, a board is four; several "devices" are cores up to v3, chips after.

        Chips of TPU v5e and v6e have one core and are rented singly.
        """
        if self.count is None or self.type in ONE_CORE:
            return self.count
        if self.unit == "device" and self.count == 1:
            return CHIPS_PER_DEVICE
        if self.unit == "core" or (self.unit == "device" and self.type in CORES_AS_DEVICES):
            return self.count / CORES_PER_CHIP
        return self.count


@dataclass(frozen=True, slots=True)
class Hardware:
    """Hardware reported in a passage.

    ``kind`` is ``accelerator`` (used), ``thanks`` (accelerators only in an acknowledgement), ``cloud`` (a cloud without
    a named accelerator), ``cpu`` or ``none``.
    """

    kind: str
    setups: tuple[Setup, ...] = ()


def _read_int(word: str) -> int:
    return _NUMBER_WORDS[word] if word in _NUMBER_WORDS else int(word.replace(",", ""))


def _find_counts(sentence: str, match: re.Match[str]) -> list[int | None]:
    """Return how many of a type a sentence reports: one number, two for "1 and 8", None if not reported."""
    left, right = sentence[max(0, match.start() - 90) : match.start()], sentence[match.end() : match.end() + 50]
    if _TIME.match(right):  # 500 GPU hours
        return [None]
    if (two := _TWO_COUNTS.search(left)) and _may_be_count(left, two.start("a"), int(two["a"]), int(two["b"])):
        return [int(two["a"]), int(two["b"])]
    if grid := _GRID.search(left):
        product = int(grid["a"]) * int(grid["b"])
        if product > LARGEST_COUNT:
            return [None]
        if _may_be_count(left, grid.start("a"), product):
            return [product]
    number: int | None = None
    before = _LEFT.search(left)
    if after := _RIGHT.match(right):
        cores = after["c"] if "tpu" in match.group() else None  # GPU cores do not count chips
        count = after["n"] or after["m"] or after["k"] or cores
        number = _read_int(count) if count else None
    if number is None and before and _may_be_count(left, before.start("n"), _read_int(before["n"])):
        number = _read_int(before["n"])
    elif (
        number is None
        and not _PLURAL.match(right)
        and not _ARE.search(left)
        and not match.group().endswith("pus")
        and "tpu" not in match.group()
    ):
        number = 1
    machines = _MACHINES.search(sentence, 0, match.start())
    if (
        number is not None
        and machines
        and "total of" not in left[-30:]
        and (_EACH.search(sentence[machines.start() : match.start()]) or _EACH_AFTER.match(right))
    ):
        number *= _read_int(machines["n"])
    return [number if number is not None and 0 < number <= LARGEST_COUNT else None]


def _may_be_count(left: str, start: int, *numbers: int) -> bool:
    """Return whether numbers may count chips: they follow no name or size, and are not product numbers."""
    if _NO_COUNT.search(left[:start]) or any(not 0 < number <= LARGEST_COUNT for number in numbers):
        return False
    if len(numbers) == 1:
        # Not a year, and not a duration.
        return not 1990 <= numbers[0] <= 2025 and not (numbers[0] > 1000 and "gpu-hours" in left)
    return not any(number in _PRODUCTS for number in numbers)


def _find_slice(match: re.Match[str]) -> str | None:
    """Return the size in the name of a TPU slice, ``32`` of ``TPU v3-32``."""
    return match["tpu_n"] or match["tpu_m"] or match["tpu_k"]


def _find_unit(sentence: str, match: re.Match[str], name: str) -> str:
    if not name.startswith("TPU"):
        return "chip"
    around = sentence[max(0, match.start() - 25) : match.end() + 25]
    if _find_slice(match) or "core" in around:
        return "core"
    singular = re.search(r"\b(?:a|an|single|one) (?:google |cloud )*$", sentence[: match.start()])
    return "device" if "device" in around or (singular and "chip" not in around) else "chip"


def parse(passage: str) -> Hardware:
    """Parse the accelerators of a passage: each distinct set-up, in text order.

    A generic "GPU" counts only if no type is named, or if it comes with a separate number.
    """
    text = normalise(passage)
    setups: list[Setup] = []
    before = ""
    for piece in _SENTENCE.split(text):
        sentence = piece.lower()
        if _GOES_ON.match(sentence):  # "32 servers. Each server has 8 GPUs": one statement
            sentence = f"{before} {sentence}"
        before = sentence
        thanked = bool(_THANKS.search(sentence))
        matches = [(match, find_type(match, sentence)) for match in TYPES.finditer(sentence)]
        typed = any(name not in (None, *GENERICS) for _, name in matches)
        for match, name in matches:
            if name is None or (name in GENERICS and typed):
                continue
            unit = _find_unit(sentence, match, name)
            cores = _find_slice(match)
            after = sentence[match.end() : match.end() + 50]
            counts = [int(cores) or None] if cores and not _TIME.match(after) else _find_counts(sentence, match)
            setups += [Setup(name, count, unit, thanked) for count in counts]
    used = [setup for setup in setups if not setup.thanked]
    kept = _merge_named(used or setups)
    # A DGX is the machine: it is dropped if its chips are named.
    if any(not setup.type.startswith("DGX") for setup in [*kept, *(used or setups)]):
        kept = [setup for setup in kept if not setup.type.startswith("DGX")]
    known = {(setup.type, setup.thanked) for setup in kept if setup.count is not None}
    distinct = tuple(
        dict.fromkeys(setup for setup in kept if setup.count is not None or (setup.type, setup.thanked) not in known)
    )
    if distinct:
        return Hardware("accelerator" if used else "thanks", distinct)
    if _CLOUD.search(text) and not re.search(r"\b(?:xeon|intel|cpus?|ghz)\b", text, re.IGNORECASE):
        return Hardware("cloud")
    return Hardware("cpu" if _CPU.search(text) else "none")


def _merge_named(setups: list[Setup]) -> list[Setup]:
    """Merge "8 GPUs" and "V100" from different sentences, if only one type is named."""
    types = {setup.type for setup in setups if not setup.type.startswith("DGX")} - set(GENERICS)
    several = [setup for setup in setups if setup.type in GENERICS and (setup.count or 0) > 1]
    if not types:
        return setups
    typed = [setup for setup in setups if setup.type in types]
    if len(types) > 1 or not several:
        return typed + several
    counts = {setup.count for setup in typed}
    return [setup for setup in typed if (setup.count or 0) > 1] + [
        replace(typed[0], count=setup.count) for setup in several if setup.count not in counts
    ] or typed


def pick_largest(setups: Sequence[Setup], peak: Mapping[str, float]) -> Setup | None:
    """Return the set-up with the most chips times peak FLOP/s; a missing number counts as one chip.

    Parameters
    ----------
    setups
        From ``parse``.
    peak
        Type to log10 FLOP/s; types without a peak rank below all others.
    """
    if not setups:
        return None
    return max(setups, key=lambda setup: (setup.type in peak, (setup.chips or 1.0) * 10 ** (peak.get(setup.type, 0.0))))


def list_peaks(chips: Iterable[Mapping[Any, object]]) -> dict[str, dict[str, float]]:
    """Return the peak of each name by number format, in log10 FLOP/s.

    A peak is the median over the chips that share the name ("Titan X" is two chips), unless ``lexicons/peaks.csv``
    corrects it.

    Parameters
    ----------
    chips
        Rows of the table of chips.

    Returns
    -------
    dict
        Squeezed name (``data.rules.squeeze``) to format (``fp32``, ``tensor16``) to peak.
    """
    values: dict[str, dict[str, list[float]]] = {}
    for row in chips:
        for alias in str(row["aliases"]).split("; "):
            for fmt in ("fp32", "tensor16"):
                value = row[f"log10_{fmt}"]
                if isinstance(value, int | float) and math.isfinite(value):
                    values.setdefault(alias, {}).setdefault(fmt, []).append(float(value))
    found = {alias: {fmt: median(peaks) for fmt, peaks in formats.items()} for alias, formats in values.items()}
    for row_ in read_lexicon("peaks", ("chip", "format", "tflops", "source")):
        formats = found.setdefault(squeeze(row_["chip"]), {})
        formats.pop(row_["format"], None)
        if row_["tflops"]:
            formats[row_["format"]] = math.log10(float(row_["tflops"]) * 1e12)
    return found


def find_peak(known: Mapping[str, Mapping[str, float]], name: str) -> float | None:
    """Return the peak of a type in log10 FLOP/s, or None if unknown.

    The peak is at fp32, or at 16 bits for chips without an fp32 rate (TPUs).
    """
    formats = known.get(squeeze(UNVERSIONED.get(name, name)), {})
    return formats.get("fp32", formats.get("tensor16"))
