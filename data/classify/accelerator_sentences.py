"""Sentences of a full text that name accelerators, as a passage for ``data.classify.accelerators.parse``."""

from __future__ import annotations

import re
from bisect import bisect

from data.classify.accelerator_names import GENERICS, TYPES, find_type, normalise
from data.classify.lower import find_matches, make_lower

# Every accelerator word begins with one of these.
_STEMS = (
    "gpu", "tpu", "npus", "titan", "tesla", "nvidia", "geforce", "gtx", "rtx", "quadro", "v5e-", "v5p-", "v6e-", "v6p-",
    "v5litepod", "a100", "a200", "h100", "h200", "a800", "h800", "gh200", "gb200", "a4000", "a5000", "a6000", "l40s",
    "a10g", "mi1", "mi2", "mi3", "mi5", "mi6", "mi-", "ascend", "huawei", "gaudi", "habana", "trainium", "inferentia",
    "cerebras", "graphcore",
)  # fmt: skip
# Words of accelerators, and names that denote one without such a word. Short names need one: "L4", "B200".
_ACCELERATOR_WORD = re.compile(
    r"(?:\b|(?<=\dx))(?:gpus?|tpus?|npus|titan|tesla|nvidia|geforce|gtx|rtx|quadro|tpu-?v\d\w*|v[56][ep]-\d+|v5litepod-\d+|"
    r"(?:[ah][12]00|[ah]800|gh200|gb200|a[456]000)(?:s|x\d+|sxm\d?|pcie)?|"
    r"l40s|a10gs?|mi-?(?:50|60|[1-3]\d[05][ax]?)s?|ascend(?=[ -]?(?:\d{3}|ai\b|npu))|huawei ascend|"
    r"gaudi(?:[ -]?[23]|(?<=intel gaudi))|habana gaudi|trainium\d?|inferentia\d?|cerebras|graphcore)\b"
)
_TYPED = re.compile(
    r"\b(?:titan|tesla|geforce|gtx|rtx|quadro|[kmp]\d0|[pv]100|\d{3,4} ?ti|tpu ?v\d)\b|acknowledge", re.IGNORECASE
)
_RUNNING = re.compile(
    r"\b(?:we|our|all|each|model|training|experiments?)\b.*\b(?:train(?:ed|ing|s)?|ran|runs?|running|experiments?|took|"
    r"takes|conducted|performed|measured|using|used|use)\b|\bon (?:a|one|an|single) ",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;!?](?<=[a-z0-9)\]].)\s+(?=[A-Z\[(\d])")


def pick_accelerator_sentences(text: str) -> str:
    """Join the sentences of a text that name accelerators, long ones truncated around the name.

    A "GPU" without a type counts only in a sentence about running something: texts also discuss what suits GPUs.
    """
    lower = make_lower(text)
    words = list(find_matches(_ACCELERATOR_WORD, lower, _STEMS))
    if not words:
        return ""
    ends = list(_SENTENCE_END.finditer(text))
    starts, stops = [0, *(end.end() for end in ends)], [*(end.start() for end in ends), len(text)]
    found = []
    last = -1
    for word in words:
        number = bisect(starts, word.start()) - 1
        sentence = text[starts[number] : stops[number]]
        if number > last and (_TYPED.search(sentence) or _RUNNING.search(sentence) or _has_type(sentence)):
            start, stop = max(starts[number], word.start() - 200), min(stops[number], word.end() + 200)
            found.append(text[start:stop].strip())
        last = number  # only the first word of a sentence counts
    return ". ".join(found)


def _has_type(sentence: str) -> bool:
    text = normalise(sentence).lower()
    return any(find_type(match, text) not in (None, "TPU", *GENERICS) for match in TYPES.finditer(text))
