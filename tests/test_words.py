"""The vocabulary: functions begin with a verb, no old word comes back, and index variables end in ``_idx``.

The project uses the field's words, one sense each. Add an exception to ``ALLOWED`` or ``NAMED_ELSEWHERE`` only for a
public name or one that a library decides.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.imports import ROOT

# --- functions begin with a verb --------------------------------------------------------------------------------------

PACKAGES = ("data", "models", "inference", "figures", "benchmarks")

VERBS = [
    "add", "are", "average", "band", "bin", "break", "build", "check", "choose", "classify", "clean", "collect",
    "combine", "compare", "compile", "compute", "convert", "copy", "correct", "count", "cross", "decide", "declare",
    "derive", "describe", "detect", "diagnose", "digest", "download", "draw", "drop", "dump", "end", "escape",
    "evaluate", "explain", "extend", "fetch", "find", "finish", "fit", "flag", "flatten", "format", "gather",
    "generate", "get", "group", "handle", "has", "hash", "have", "hold", "identify", "import", "index", "insert",
    "is", "join", "keep", "label", "leave", "list", "load", "locate", "lock", "make", "mark", "match", "may",
    "measure", "merge", "multiply", "name", "normalise", "open", "parse", "pick", "predict", "prepare", "print",
    "publish", "raise", "rake", "read", "refit", "refresh", "refuse", "replace", "report", "request", "require",
    "resolve", "round", "run", "sample", "save", "scale", "score", "select", "set", "shift", "shorten", "simplify",
    "singularise", "sort", "split", "squeeze", "standardise", "start", "suggest", "sum", "summarise", "tabulate",
    "take", "thin", "time", "validate", "weight", "wrap", "write",
]  # fmt: skip

# Alone, these read as nouns: they need an object.
NOUNS_TOO = {"average", "band", "bin", "cross", "end", "group", "index", "label", "lock", "mark", "measure", "name",
             "scale", "score", "set", "shift", "sum", "time", "weight"}  # fmt: skip

CONVERSIONS = {"from", "to"}  # ``from_rows`` and ``to_json``: Python's and pandas' names of conversions

NAMED_ELSEWHERE = {
    "benchmarks/*.py": {"main": "Python's name of a script's entry"},
    "inference/cli.py": {"main": "Python's name of a program's entry"},
    "models/common/estimand.py": dict.fromkeys(
        ("quantity", "share", "ratio", "ratio_from_log", "difference", "log_odds", "event", "rows", "fitted"),
        "constructor of an estimand, named after what it makes",
    ),
    "models/compute_gap/counts.py": dict.fromkeys(("logp", "random"), "argument of pm.CustomDist"),
    "models/common/pymc_helpers.py": {
        "shifted_normal": "distribution, named as PyMC's are",
        "partly_centred_normal": "distribution, named as PyMC's are",
        "logp": "argument of pm.CustomDist",
        "random": "argument of pm.CustomDist",
    },
}
COMMANDS = ("data/cli.py", "inference/cli.py")  # a command has the name that users type


def find_functions(source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every function and method with its decorators, nested ones too, but no dunder and no property."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not re.fullmatch(r"__\w+__", node.name):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if not any(name.split(".")[-1] in ("property", "cached_property", "setter") for name in decorators):
                yield node.name, decorators


def begins_with_verb(name: str) -> bool:
    """Whether a name begins with a verb, and has an object where the verb alone reads as a noun."""
    first, *others = name.lstrip("_").split("_")
    return first in CONVERSIONS or (first in VERBS and (bool(others) or first not in NOUNS_TOO))


def find_without_verb(source: str, path: str) -> list[str]:
    """List functions of a file that begin with no verb, except commands and names that others decide."""
    allowed: set[str] = set().union(*(names for glob, names in NAMED_ELSEWHERE.items() if Path(path).match(glob)))
    return [
        name
        for name, decorators in find_functions(source)
        if not begins_with_verb(name)
        and name not in allowed
        and not (path in COMMANDS and any(decorator.startswith("app.") for decorator in decorators))
    ]


def list_sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_functions_begin_with_a_verb():
    found = {str(path.relative_to(ROOT)): find_without_verb(path.read_text(), str(path.relative_to(ROOT)))
             for path in list_sources(*PACKAGES)}  # fmt: skip
    assert {path: names for path, names in found.items() if names} == {}


def test_no_exception_for_a_function_is_needless():
    for glob, names in NAMED_ELSEWHERE.items():
        defined = {name for path in ROOT.glob(glob) for name, _ in find_functions(path.read_text())}
        assert set(names) <= defined, glob


def test_verbs_are_sorted():
    assert sorted(set(VERBS)) == VERBS
    assert set(VERBS) >= NOUNS_TOO


PLANTED = """
class Team:
    def __init__(self): ...
    @property
    def authors(self): ...
    @functools.cache
    def _label(self): ...
    def size_of(self):
        def venues(): ...
        def count_venues(): ...
async def table(): ...
def read_table(): ...
def from_rows(): ...
@app.command()
def status(): ...
def log_odds(): ...
"""


def test_it_objects_to_a_function_without_a_verb():
    bad = {"_label", "size_of", "venues", "table"}
    assert set(find_without_verb(PLANTED, "inference/cli.py")) == bad | {"log_odds"}
    assert set(find_without_verb(PLANTED, "models/common/estimand.py")) == bad | {"status"}


# --- no old word ------------------------------------------------------------------------------------------------------

OLD = {
    r"kinds? of (?:the )?teams?|team kinds?": "team type",
    r"coders?": "LLM annotator",
    r"coded": "labelled; LLM label",
    r"(?:coded|labelled) by hand|hand[- ]?(?:coded|labelled|labels?)": "human label",
    r"instruments?": "measurement, detection method",
    r"rungs?": "step of the ladder",
    r"climb(?:s|ed|ing)?": "step of the ladder",
    r"beside": "separate quantity; next to, with",
    r"aside": "extended",
    r"second looks?": "further analysis",
    r"the fall": "change in the academia-only share",
    r"(?:goes|go|going|gone|went) with": "is associated with; accounts for",
    r"set back": "reweighted to the early margin",
    r"willing": "release ceiling",
    r"(?:shifts?|what) (?:that )?makes? up for": "decorrelating offset",
    r"departures?": "random effect; deviation",
    r"spanning venues?|venues spanning": "balanced panel of venues",
    r"latent excess": "upper tail of compute",
    r"(?:hangs?|hung|hanging) on": "depends on",
    r"told|tells": "reports, identifies, informs, shows",
    r"(?:stands?|stood) behind": "is based on",
    r"(?:seen in part|partly seen)": "partly observed",
    r"blank (?:teams?|values?|cells?|computes?|sectors?|labels?)": "missing",
    r"negligible": "practically equivalent",
    r"test statistics?": "test quantities",
}
OLD_WORDS = {re.compile(rf"(?<![a-z])(?:{old})(?![a-z])", re.IGNORECASE): new for old, new in OLD.items()}

ALLOWED = {
    "columns of the tables of papers and labels": (
        "coder_excluded", "code_coded", "team_coded", "hardware_coded", "code_coder", "coder", "coder_*", "*_coder",
        "*_coded",
    ),
    "tables, and their schema": ("coder_labels", "CODER_LABELS"),
    "counts in the snapshot": (
        "team kind coded as unknown", "team kind:", "against coded", "blank team:",
        "blank team: resolved from organisations", "blank team: resolved from later vintage",
        "blank team: still unknown", "blank team: foretold by other models, known in a later vintage",
        "blank team: foretold by other models, the same in a later vintage",
    ),
    "choices that users see": ("coded", "listed where coded"),
    "specifications": ("willing_common", "willing_all", "instruments", "listed_where_coded"),
    "estimands and their coordinates": ("willing", "n_willing", "number not told"),
    "facts of a fit that the paper looks up": (
        "hand release coded", "hand none coded", "hand none coded, academia-only", "hand none coded, mixed",
        "hand none coded, industry-only",
    ),
    "keys and values of estimates.json": ("rungs", "beside", "aside", "negligible"),
    "files of figures": ("code_release_instruments",),
    "old names that a user's hyper-parameters may have": ("willing_mean", "willing_sd"),
}  # fmt: skip

SKIPPED = {"build", "published", "snapshot", "labels", "fixtures"}  # generated, quoted from others, or public values
PAGES = (".md", ".typ", ".toml", ".json", ".yml")


def build_allowed(name: str) -> re.Pattern[str]:
    """Match a public name exactly: a name with ``_`` as a whole word, others only quoted, emphasised or as a field."""
    if "_" in name:
        return re.compile(rf"(?<![\w*]){re.escape(name)}(?![\w*])")
    escaped = re.escape(name)
    return re.compile(rf"(?<=[\"'`]){escaped}(?=[\"'`])|(?<!\w)_{escaped}_(?!\w)|(?<=[\w)]\.){escaped}(?!\w)")


ALLOWED_NAMES = {name: build_allowed(name) for names in ALLOWED.values() for name in names}


def join_comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield comments with their first line; lines below one another are one comment."""
    start, last, text = 0, -1, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if line == last + 1:
            text += " " + token.string.lstrip("# ")
        else:
            yield start, text
            start, text = line, token.string.lstrip("# ")
        last = line
    yield start, text


def read_python(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield comments, docstrings and other strings, with their line and whether they are a string."""
    yield from ((line, text, False) for line, text in join_comments(source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value, True


def read_page(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield paragraphs with their first line."""
    line = 1
    for part in re.split(r"(\n\s*\n)", text):
        yield line, part, False
        line += part.count("\n")


def find_old_words(parts: Iterator[tuple[int, str, bool]]) -> tuple[list[str], set[str]]:
    """List old words, each with its line and the word to use instead, and the exceptions that were needed."""
    found: list[str] = []
    used: set[str] = set()
    for line, part, is_string in parts:
        text = " ".join(part.split())
        if not any(old.search(text) for old in OLD_WORDS):
            continue
        if is_string and text in ALLOWED_NAMES:
            used.add(text)
            continue
        for name, pattern in ALLOWED_NAMES.items():
            text, times = pattern.subn(" ", text)
            if times and any(old.search(name) for old in OLD_WORDS):
                used.add(name)
        found += [
            f"{line}: {match.group()!r} ({text[max(0, match.start() - 30) : match.end() + 30]}): use {new}"
            for old, new in OLD_WORDS.items()
            for match in old.finditer(text)
        ]
    return found, used


def list_files() -> list[Path]:
    """List the files with prose: code, pages, sections of the paper and settings."""
    places = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in SKIPPED]
    places.append(ROOT / ".github")
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    return [
        file
        for file in sorted(files)
        if file.suffix in (".py", *PAGES)
        and (
            not SKIPPED & {*file.relative_to(ROOT).parts[1:]} or file.name == "SOURCES.md" or "data/build" in str(file)
        )
        and file.name != Path(__file__).name
    ]


@functools.cache
def find_in_file(path: Path) -> tuple[list[str], set[str]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return find_old_words(read_python(text))
    if path == ROOT / "README.md":  # its tables are written by ``publish``, from titles in the code
        text = re.sub(r"<!-- estimates.*?<!-- end of estimates -->", lambda m: "\n" * m.group().count("\n"), text,
                      flags=re.DOTALL)  # fmt: skip
    if path == ROOT / "CHANGELOG.md":  # names of former versions stand in backticks or quotes
        text = re.sub(r"`[^`]*`|\"[^\"]{1,40}\"", " ", text)
    return find_old_words(read_page(text))


def test_no_old_word():
    found = {str(path.relative_to(ROOT)): find_in_file(path)[0] for path in list_files()}
    assert {path: words for path, words in found.items() if words} == {}


def test_the_files_with_prose_are_read():
    names = {str(path.relative_to(ROOT)) for path in list_files()}
    assert {"README.md", "data/README.md", "data/build/papers.py", "paper/sections/topic_compute.typ"} <= names
    assert {"tests/conftest.py", "data/snapshot/SOURCES.md", "inference/estimates.schema.json"} <= names


def test_no_exception_for_a_word_is_needless():
    used = set().union(*(find_in_file(path)[1] for path in list_files()))
    assert set(ALLOWED_NAMES) - used == set()


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('"""Count papers by kind of\n    team."""', 1),
        ("x = 1\n# the errors of the\n# LLM, or coder, by era", 2),
        ('x = f"{1} papers, hand-labelled"', 1),
        ('x = ("part of the change, set "\n "back last")', 1),
        ('x = ["willing", "the willing"]', 1),
        ('x = "Departures of topics"', 1),
        ('x = "code_coded_twice"', 1),
    ],
)
def test_it_objects_to_an_old_word(source: str, line: int):
    found, _ = find_old_words(read_python(source))
    assert found
    assert {entry.split(":")[0] for entry in found} == {str(line)}


def test_it_objects_to_an_old_word_on_a_page():
    page = "# Ladder\n\nEach rung of `rungs`,\nand what hangs\non it.\n"
    assert [entry.split(" (")[0] for entry in find_old_words(read_page(page))[0]] == ["3: 'rung'", "3: 'hangs on'"]


def test_public_names_are_no_old_words():
    assert find_old_words(read_python('x = {"coder_labels": "coded"}\n"""``rungs`` and ``code_coded``."""'))[0] == []
    assert find_old_words(read_page('The column `team_coded` #est("willing", spec: "willing_all") l.beside'))[0] == []


# --- index variables --------------------------------------------------------------------------------------------------

# Integers of prepared datasets that count something, or are years.
COUNTS = {
    "academic_share": {"n", "count", "unknown", "n_compute", "count_compute"},
    "topic_compute": {
        "n", "y", "m", "k", "n_with", "y_with", "partly", "venue_year_year", "n_spanning", "table", "k_other",
    },
    "code_release": {
        "n", "y", "number", "open", "stratum_n", "base_n", "venue_year_year", "human_release",
        "human_release_labelled", "human_none", "human_none_labelled", "passages", "passages_own", "found_n", "found_y",
        "linked_n", "linked_y",
    },
    "compute_gap": {
        "count", "checked", "unknown_n", "unknown_count", "ordinary_count", "large_count", "chip_count", "base_n",
        "read_n", "stated_n", "scored", "misread", "misread_as", "published_count",
    },
    "pretrained_adoption": {"n", "y", "mentioning", "origin_count", "base_n", "labelled", "used"},
    "weights_access": {
        "n", "known", "open", "with_terms", "unrestricted", "closed", "served", "compared", "disagree",
    },
}  # fmt: skip


def find_misnamed(source: str) -> list[str]:
    """List strings and keywords of a module, such as names of variables, that name an index as ``at_x`` or ``x_of``."""
    words = [
        node.value if isinstance(node, ast.Constant) else node.arg
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant | ast.keyword)
    ]
    old = re.compile(r"at_\w+|\w+_(?:at|of|place)")
    return sorted(word for word in words if isinstance(word, str) and old.fullmatch(word))


def find_not_index(dataset: xr.Dataset, counts: set[str]) -> list[str]:
    """List integer variables that are neither counts nor named ``..._idx``, and indices that are no integers."""
    found = []
    for name, variable in dataset.data_vars.items():
        integer, index = np.issubdtype(variable.dtype, np.integer), str(name).endswith("_idx")
        if (index and not integer) or (integer and not index and name not in counts):
            found.append(str(name))
    return found


def test_no_index_has_an_old_name():
    found = {str(path.relative_to(ROOT)): find_misnamed(path.read_text()) for path in list_sources("models")}
    assert {path: names for path, names in found.items() if names} == {}


def test_index_variables_end_in_idx():
    from tests.models.small_models import CASES, dataset_of

    found: dict[str, set[str]] = {claim: set() for claim in COUNTS}
    for name, case in CASES.items():
        dataset = dataset_of(name)
        assert find_not_index(dataset, COUNTS[case.claim]) == [], name
        found[case.claim] |= set(map(str, dataset.data_vars))
    assert {claim: names - found[claim] for claim, names in COUNTS.items()} == {claim: set() for claim in COUNTS}


def test_it_objects_to_an_index_with_another_name():
    assert find_misnamed('xr.Dataset({"at_topic": x, "topic_idx": y}).assign(venue_of=z)') == ["at_topic", "venue_of"]
    assert find_misnamed('pm.Data("topic_at", x)') == ["topic_at"]
    row = ("row", np.arange(3))
    planted = xr.Dataset({"n": row, "topic": row, "venue_idx": row, "year_idx": ("row", [0.0, 1, 2])})
    assert find_not_index(planted, {"n"}) == ["topic", "year_idx"]
