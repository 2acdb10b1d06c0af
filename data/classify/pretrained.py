"""Mentions of pre-trained models in a text (``lexicons/pretrained.csv``: patterns with examples, release, maker, access).

Architecture names (ResNet, ViT) count only if the surrounding text indicates pre-training, because most papers train
them from scratch. How often a mention is a use was labelled by humans; see data/README.md.
"""

from __future__ import annotations

import re
from functools import cache

from data.classify.lexicon import read_lexicon

VERSION = "1"  # increase with every change of the lexicon
COLUMNS = (
    "model", "pattern", "released", "organisation", "sectors", "open", "needs_word", "matches", "does_not_match",
)  # fmt: skip
NEAR = 120  # characters on each side of a name that are searched for a cue
PRETRAINING_CUE = re.compile(
    r"pre-? ?train\w*|fine-? ?tun\w*|off-the-shelf|(?:released|public(?:ly available)?) (?:weights|models?|checkpoints?)|checkpoints?|"
    r"initiali[sz]ed (?:with|from|by)|ImageNet (?:features|weights|models?)|features|extracted (?:from|by|using|with)|"
    r"frozen|vectors|encoder|transfer(?:red|ring)? (?:from|learning)|embeddings|feature extractor|Google News",
    re.IGNORECASE,
)
SCRATCH_CUE = re.compile(
    r"from scratch|\b(?:we|to|and) (?:first )?(?:pre-?)?train(?!ed)\w*|(?<!pre-)(?<!pre)\btrained (?:globally|independently|on (?:our|the|a huge|unlabel\w*))|"
    r"pre-?train (?:the|word)|pre-?trained independently|window size|negative sampl\w*|factoriz\w*",
    re.IGNORECASE,
)


@cache
def _read_lexicon() -> tuple[re.Pattern[str], re.Pattern[str], tuple[str, ...], frozenset[str]]:
    """Return the expression that finds a name, the same with a group per model, the models, and those that need a cue.

    A text is scanned with the first, which is several times faster.
    """
    rows = read_lexicon("pretrained", COLUMNS)
    names = "|".join(row["pattern"] for row in rows)
    groups = "|".join(f"(?P<m{number}>{row['pattern']})" for number, row in enumerate(rows))
    # A hyphenated name ("MWP-BERT", "BERT-LSTM") builds on the model; a longer word ("BERTScore") does not.
    either, which = (
        re.compile(rf"(?<![\w.@/])(?=[A-Zbfmsvw])(?:{alternatives})(?![\w@])") for alternatives in (names, groups)
    )
    models = tuple(row["model"] for row in rows)
    return either, which, models, frozenset(row["model"] for row in rows if row["needs_word"])


def find_mentions(text: str) -> tuple[str, ...]:
    """Return the models that a text mentions, each once, in lexicon order."""
    either, which, models, needs = _read_lexicon()
    found = set()
    for match in either.finditer(text):
        named = which.match(text, match.start())
        model = models[int(((named and named.lastgroup) or "m0")[1:])]
        if model in found:
            continue
        if model in needs:
            around = text[max(0, match.start() - NEAR) : match.end() + NEAR]
            if not PRETRAINING_CUE.search(around) or SCRATCH_CUE.search(around):
                continue
        found.add(model)
    return tuple(model for model in models if model in found)
