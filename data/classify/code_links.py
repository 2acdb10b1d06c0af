"""Code of a paper: links on its abstract page, and statements in its full text.

A link counts if it leads to the paper's own repository or project page. A statement is classified from its passage.
data/README.md describes the rules for both and their validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from data.classify.lower import find_matches, make_lower
from data.vocabulary import LINK_RULES, STATEMENTS

COUNTED = ("repository", "project page")

_PLACEHOLDER = re.compile(
    r"not provided|author\d|anonym|example[-_.]|example\.(?:com|org)|this_?https?|your[-_]?(?:repo|name)|xxx|placeholder|"
    r"<|^n/?a$|github\.com/?$|to be (?:added|released)|coming soon|https?://?$|github_url|user-?name",
    re.IGNORECASE,
)
_NOT_CODE = re.compile(
    r"arxiv\.org|doi\.org/(?!10\.5281)|creativecommons|youtu\.?be|vimeo|openreview\.net|aclanthology|acm\.org|wikipedia|forms\.gle|"
    r"docs\.google|paperswithcode\.com/(?!.*implementations)|proceedings|\.pdf$|linkedin|twitter\.com|kaggle\.com|"
    r"publication_view|springer|ieee|registry\.opendata|licenses?/|/datasets?\b|datasets?\.html",
    re.IGNORECASE,
)
# Libraries, frameworks and collections that many papers cite.
_THIRD_PARTY = re.compile(
    r"github\.com/(?:tensorflow/tensorflow|pytorch/(?:pytorch|examples|vision)|huggingface/|openai/(?:gym|baselines|gpt-2|clip)\b|"
    r"keras-team/|google-research/bert\b|google-research/(?:google-research|language)/?$|scikit-learn/|"
    r"facebookresearch/(?:fasttext|detectron2?|faiss|pytext|maskrcnn-benchmark)/?$|pytorch/fairseq/?$|tensorflow/(?:models|tpu|tensor2tensor)/?$|"
    r"open-mmlab/(?:mmdetection|mmsegmentation|mmcv)/?$|rwightman/|moses-smt/|opennmt/|stanfordnlp/(?:glove|corenlp)|"
    r"nvidia/(?:apex|flownet2-pytorch|megatron-lm)/?$|explosion/|rsennrich/subword-nmt|google/sentencepiece|mjpost/sacrebleu|"
    r"awslabs/mlm-scoring|paddlepaddle/(?:paddle|research)/?$|bvlc/caffe|karpathy/|"
    r"kuangliu/pytorch-cifar|jwyang/faster-rcnn)",
    re.IGNORECASE,
)
_REPOSITORY = re.compile(
    r"(?:github|gitlab|bitbucket|gitee|codeberg)\.(?:com|org|io)/+[\w.-]+/+[\w.~-]+|"
    r"(?:zenodo\.org/record|doi\.org/10\.5281|codeocean\.com/|sourceforge\.net/p|code\.google\.com/p|colab\.research)|"
    r"gitlab\.[\w.-]+/[\w.-]+/[\w.-]+|git\.io/\w+|huggingface\.co/(?!datasets)[\w-]+/[\w-]+|"
    r"paperswithcode\.com/.*|pypi\.org/project|cran\.r-project\.org/",
    re.IGNORECASE,
)
_USER = re.compile(r"(?:github|gitlab|bitbucket|gitee)\.(?:com|org)/+[\w.-]+/?$", re.IGNORECASE)
_PAGE = re.compile(r"^(?:www\.)?[\w-]+(?:\.[\w-]+)+/\S", re.IGNORECASE)
# The root of a site named after a project; "someone.github.io" alone is a personal page.
_PROJECT_HOST = re.compile(
    r"[\w]+-[\w-]+\.(?:github|gitlab)\.io|^(?:https?://)?(?!www\.)[\w-]+\.(?!github|gitlab)[\w-]+\.[\w.-]+/?$|^(?:https?://)?(?:www\.)?[\w-]+\.\w+/?$"
)
_HOST_ONLY = re.compile(r"^(?:https?://)?(?:www\.)?[\w.-]+/?(?:index\.html?)?$", re.IGNORECASE)


def find_link_rule(link: str) -> str:
    """Return the rule that classifies a link value, one of ``LINK_RULES``.

    Examples
    --------
    >>> find_link_rule("https://github.com/author1/code"), find_link_rule("https://github.com/someone")
    ('placeholder', 'user page')
    """
    link = link.strip()
    if address := re.search(r"\((https?://[^)]+)\)", link):  # Markdown; community re-implementations may follow
        if "community" in link.split("(http", 1)[0]:
            return "third party"
        link = address.group(1)
    if _PLACEHOLDER.search(link):
        return "placeholder"
    if _THIRD_PARTY.search(link):
        return "third party"
    if _NOT_CODE.search(link):
        return "not code"
    if _USER.search(link):
        return "user page"
    if _REPOSITORY.search(link):
        return "repository"
    if _HOST_ONLY.match(link):
        return "project page" if _PROJECT_HOST.search(link) else "user page"
    return "project page" if "://" in link or _PAGE.search(link) else "not code"


def classify_page_links(links: Sequence[str]) -> tuple[bool, str]:
    """Return whether an abstract page links to the paper's code, and by which rule (empty without any link)."""
    rules = sorted((find_link_rule(link) for link in links), key=LINK_RULES.index)
    return (rules[0] in COUNTED, rules[0]) if rules else (False, "")


_ADDRESS = re.compile(
    r"https?:? ?:? ?/ ?/|www ?\.|\b(?:git ?hub|gitlab|bitbucket|git)\.?(?:com|org|io) ?/|git ?hub ?\. ?com|\b[\w-]+\.(?:github|gitlab)\.io|"
    r"\b(?:goo\.gl|bit\.ly|tinyurl\.com|aka\.ms|git\.io|tiny\.cc|zenodo|sourceforge\.net|pypi\.org)\b|\b[\w-]+\.(?:com|org|edu|net|io|fr|de|ac\.uk|uk|ch|it|ai)/\S+|"
    r"\bgit ?hub:? [\w-]+/[\w-]+",
    re.IGNORECASE,
)
_URL = re.compile(rf"(?:{_ADDRESS.pattern})\S*(?:\s?/\s?\S+)*", re.IGNORECASE)
_CODE = re.compile(
    r"\b(?:source[- ]?codes?|codes?|codebase|implementations?|software|scripts?|notebooks?|repository|repositories|repo|library|libraries|"
    r"packages?|toolkit|toolbox|tool|tools|solver|planner|framework|prototype|simulator|environments?|platform|system|open[- ]?sourc\w*|"
    r"program|programs|plug-?in|module|compiler|demo code|testbed|gists?|implemented|experiments|algorithms?)\b",
    re.IGNORECASE,
)
_STRONG_CODE = re.compile(
    r"\b(?:source[- ]?codes?|codes?|codebase|implementations?|software|scripts?|notebooks?|library|package|toolkit|toolbox|open[- ]?sourc\w*)\b",
    re.IGNORECASE,
)
_REPOSITORY_ADDRESS = re.compile(
    r"git ?hub ?\. ?com|github\.com|gitlab|bitbucket|git\.io|sourceforge|code\.google|colab|anonymous\.4open|\bgithub\.io",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:will|shall|would)(?: also| soon| publicly| then| all| both)?(?: be)?(?: made| make| publicly| open(?:ly)?| soon| also| freely)* ?-?"
    r"(?:release[sd]?|availab\w*|open[- ]?sourc\w*|publish\w*|provid\w*|shar\w*|public\w*|make|made|upload\w*|post\w*|host\w*|put|open\w*|accessible|find)\b|"
    r"\bupon (?:acceptance|publication|request|paper)|\b(?:after|on) (?:acceptance|publication|request)\b|\b(?:plan|intend|hope|aim|going|committed?) to "
    r"(?:release|open|publish|make|share|provide)|\bto be (?:released|made|published|open)|\b(?:coming|available|released?) soon\b|\bin the near future\b|"
    r"\bonce (?:the paper|accepted|published)|\bfor the camera",
    re.IGNORECASE,
)
_THEIRS = re.compile(
    r"\b(?:we|were|was|are|is|have been)?\s*(?:use|used|using|adopt\w*|rely|relied|borrow\w*|utili[sz]\w*|employ\w*|run|ran|took|taken|obtained|downloaded|based on|built on|build on|adapted|modif\w+|"
    r"extend(?:ed)?)\b[^.;]{0,60}\b(?:code|codes|implementations?|package|library|toolbox|toolkit|software|repository|repo|framework|solver)\b|"
    r"\b(?:provided|released|published|made available|shared|written|open-?sourced) by (?:the |their |its )?(?:original |respective )?(?:authors?|[A-Z])|"
    r"\btheir (?:official |public\w* |released |original |own )?(?:code|implementation|repository|software)|"
    r"\b(?:official|original|public(?:ly available)?|third-party|existing) (?:code|implementations?|repository|repo)s? (?:of|from|for|by)\b|"
    r"\bauthors['’]? (?:original |official |public )?(?:code|implementation)",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"\b(?:our|we|us|this paper|the paper|this work|accompanying|first author|author s|authors? web\w*|reproduc\w*|all (?:of the )?(?:code|experiments))\b",
    re.IGNORECASE,
)
_RELEASE = re.compile(
    r"\b(?:availab\w*|releas\w*|open[- ]?sourc\w*|publish\w*|found|provid\w*|download\w*|shar\w*|host\w*|access\w*|public\w*|see|obtained|upload\w*|"
    r"includ\w*|supplement\w*|appendix|attached|accompan\w*|refer|contribut\w*|here|online|visit|at|code:|codes?:)\b|:",
    re.IGNORECASE,
)
_DATA = re.compile(
    r"\b(?:data|data ?sets?|benchmarks?|corpus|corpora|annotations?|weights|checkpoints?|pre-?trained|models?|knowledge base|ontology|lexicon|images|"
    r"proofs?|results|tasks?|instances|version|questionnaire|surveys?|labels)\b",
    re.IGNORECASE,
)
_DEMO = re.compile(
    r"\b(?:demos?|demonstrations?|videos?|web ?sites?|web ?page|project ?page|web (?:service|interface|application|app|tool)|online interface|interactive|"
    r"homepage|audio samples|screencast|playable)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:does not|do not|did not|doesn't|no|not|without|neither|nor)\b[^.]{0,60}\b(?:code|source|software|implementation|repository|link|release|mention|"
    r"provide|availab\w*)\b|\bappendix can be found|\bsupplementary[- ]materials?/|pseudo-?code is|full (?:version|paper)|technical report|arxiv",
    re.IGNORECASE,
)
# Comments of the LLM annotator where it found no release; an address quoted in them does not count as one.
_COMMENT = re.compile(
    r"\b(?:does|do|did) not\b|\bnot explicitly\b|\bno (?:explicit|direct|concrete|clear|specific|statement|link|mention|other statement|information)\b|"
    r"\bnot (?:the|for the|their|a|an|its|explicitly) [^.]{0,60}\b(?:code|method\w*|implementation)\b|\bnot (?:explicitly )?for (?:the|their)\b|"
    r"\brather than (?:the|their|its)\b|\bneither is\b|\bnot (?:to|source code)\b|\bimpossible to\b|\bindicating\b|\bexplanation:|states '?n/?a|\bthird-party\b|\bwhich (?:is|are) (?:a )?third|\(note:|"
    r"\?\W*\[\s*(?:no|n/?a)\s*\]|code \.\.\. \[n/?a\]|include the code\.\.\. \[n",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\.\.\.+|\[\.\.\.\]|(?<=[a-z0-9)\]])(?<!\bal)[.;!?]\s+(?=[A-Z0-9*\[])")


def classify_statement(passage: str) -> str:
    """Classify what a full-text passage states about the paper's own code, as the strongest of ``STATEMENTS``.

    ``own, address``: released, with an address in the passage. ``own, elsewhere``: released, without an address (in the
    supplement, or its link is missing from the passage). ``promised``: release announced for later. ``data``,
    ``third party``, ``demo``: only that. ``nothing``: none of these.
    """
    text = re.sub(r"(?<![\w.])\d{1,2}(?=[A-Zh])", " ", " ".join(passage.split()))  # footnote marks
    if not text.strip():
        return "nothing"
    address = bool(_ADDRESS.search(text))
    repository = bool(_REPOSITORY_ADDRESS.search(text))
    found: set[str] = set()
    for part in _PARTS.split(text):
        words = _URL.sub(" @ ", part)  # words inside an address carry no meaning
        if _PROMISE.search(words) and (_CODE.search(words) or "@" in words):
            found.add("promised")
        elif _NO.search(words) and not (_OURS.search(words) and _STRONG_CODE.search(words) and "@" in words):
            found.add("nothing")
        elif _THEIRS.search(words) and not re.search(
            r"\b(?:our|accompanying|release|reproduc\w+)\b", words, re.IGNORECASE
        ):
            found.add("third party")
        elif _STRONG_CODE.search(words) and (_RELEASE.search(words) or "@" in words):
            found.add("release")
        elif _DATA.search(words) and not _CODE.search(words):
            found.add("data")
        elif _DEMO.search(words) and not _STRONG_CODE.search(words):
            found.add("demo")
        elif _CODE.search(words) and (_RELEASE.search(words) or "@" in words):
            found.add("weak release")
        elif "@" in words:
            found.add("address only")
    released = {"release", "weak release", "address only"}
    if found & released and _COMMENT.search(text):
        found -= released
    if "release" in found:
        return "own, address" if address else "own, elsewhere"
    if "promised" in found:
        return "promised"
    if "weak release" in found and "third party" not in found:
        return "own, address" if address else "own, elsewhere" if _OURS.search(text) else "nothing"
    for statement in ("third party", "data", "demo"):
        if statement in found:
            return statement
    return "own, address" if "address only" in found and repository and "nothing" not in found else "nothing"


# For lower-case text. Every match begins with one of the stems.
_CODE_STEMS = (
    *("source", "code", "implementation", "software", "toolkit", "script", "package", "system", "library", "data"),
    *("releas", "open", "availab", "publish", "shar", "download"),
)
_CODE_SENTENCE = re.compile(
    r"\b(?:source )?(?:codes?|implementation|software|toolkit|scripts?|package|system|library|data ?set and code)\b[^.]{0,100}?"
    r"\b(?:availab\w*|releas\w*|open[- ]?sourc\w*|download\w*|found|publicly|github|bitbucket|gitlab|https?)\b|"
    r"\b(?:releas\w*|open[- ]?sourc\w*|availab\w*|publish|shar(?:e|ing)|download)\b[^.]{0,100}?\b(?:codes?|implementation|software|toolkit|scripts?|"
    r"package|library)\b",
)
_OWN_CODE = re.compile(
    r"\bour\b|\bwe (?:also |have |will |are |further |publicly |plan to )*(?:release|make|provide|publish|open|share|plan)|\b(?:the|source|all|all the) "
    r"(?:code|codes|source code)\b|\bcodes? (?:is|are|and|for (?:this|the|our|all|reproduc)|to (?:reproduce|replicate))|^\W*\d?\W*(?:source )?code:?\b|"
    r"\bthis (?:paper|work)|\bthe implementation (?:is|of (?:this|the|our))|\bopen[- ]?sourced?\b",
    re.IGNORECASE,
)
# Code that others gave, in acknowledgements.
_THANKED = re.compile(
    r"\b(?:thank|thanks(?! to)|thankful|grateful|gratitude|indebted|acknowledge)\b|\bfor (?:kindly )?(?:shar|releas|provid)ing\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\]/])[.;]\s+(?=[A-Z\[(\d])")
AROUND = 250  # characters kept on each side of a candidate statement


def classify_full_text(*parts: str) -> str:
    """Classify what a full text states about its own code, as the strongest of ``STATEMENTS``.

    Most texts cite repositories of others, so only sentences about the authors' own code are considered. A sentence
    does not extend from one part of the text (such as the abstract) to the next.
    """
    found = {statement for part in parts for statement in _list_statements(part)}
    return next((statement for statement in STATEMENTS if statement in found), "nothing")


def _list_statements(text: str) -> Iterator[str]:
    for match in find_matches(_CODE_SENTENCE, make_lower(text), _CODE_STEMS):
        start = max(0, match.start() - AROUND)
        before = _SENTENCE_END.split(text[start : match.start()])[-1]
        after = _SENTENCE_END.split(text[match.end() : match.end() + AROUND])
        sentence = f"{before}{text[match.start() : match.end()]}{after[0]}"
        if not _OWN_CODE.search(sentence) or _THANKED.search(f"{before}{match.group()}"):
            continue
        # A footnote with the address often follows its sentence.
        statement = classify_statement(sentence)
        if statement == "own, elsewhere" and len(after) > 1 and _ADDRESS.search(after[1][:120]):
            statement = "own, address"
        yield statement
