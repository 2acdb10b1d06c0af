"""Names of accelerators in a passage: which chip a name denotes, and which names only look like one.

Names such as ``V100`` or ``H100`` denote a chip wherever they occur. Short names such as ``L4``, ``A10`` or ``B200``
also name losses, tables, layers, radios and motorways. They count only next to a maker, a word such as "GPU", a memory
size, or a number of them.
"""

from __future__ import annotations

import re
import unicodedata

GENERIC = "GPU"
GENERICS = (GENERIC, "NPU")

_G = r"(?:nvidia'?s?[\s-]*)?(?:geforce[\s-]*)?"
_TPU_VERSION = r"(?:5[\s-]?lite(?:[\s-]?pod)?|5e|5p|6e)(?![a-rt-z0-9])|[1-7](?![0-9])"
# Short names that also name other things.
_WEAK = r"l4|l20|l40|a2|a10|a16|a30|h20|b100|b200|b300|t4"
# Type names, tried in this order at each position. Names of two characters need a maker or "gpu" next to them.
TYPES = re.compile(
    r"(?<![a-z0-9])(?:"
    r"(?P<tpu>(?:cloud[\s-]*)?tpus?[\s-]*(?:\((?=v[5-7]))?(?:pods?[\s-]*)?v?(?:ersion)?[\s-]*"
    rf"(?P<tpu_v>(?<=v)[\s-]?(?:{_TPU_VERSION})|(?<=version )(?:{_TPU_VERSION})|trillium)?"
    r"(?:[\s-]+(?P<tpu_n>\d{1,4})(?=\b)(?! ?gb| days| hours| and| devices?))?"
    rf"|v(?P<tpu_w>{_TPU_VERSION})[\s-]*(?P<tpu_m>\d{{1,4}})?[\s-]+(?:cloud )?tpus?"
    r"|v(?P<tpu_x>5e|5p|6e|5[\s-]?lite[\s-]?pod|[2-4](?=-\d{1,4}[\s-]+(?:pods?|slices?)\b))-(?P<tpu_k>\d{1,4})\b"
    r"|(?P<trillium>trillium)(?=[\s-]+(?:tpus?|chips?|pods?|accelerators?)\b)(?:[\s-]+tpus?\b)?)"
    rf"|(?P<titan>{_G}(?:pascal |maxwell )?(?:gtx[\s-]*)?titan(?:[\s-]*(?P<titan_k>x[\s(-]*pascal|x[\s(-]*maxwell|xp|x"
    r"|rtx|black|z|v)(?![a-z]))?(?:[\s(-]*(?P<titan_p>pascal))?)"
    r"|(?P<tesla>(?:(?:nvidia'?s?|tesla)[\s-]*)*(?P<tesla_k>k20|k40|k80|m40|m60|m20[5-9]0|c10[67]0|c20[57]0|p40|p100"
    r"|v100|a100|a40|gv100|gp100|h100|v100s|s10[67]0|s20[57]0)(?:c|m|x|xm)?)(?=s?\b)"
    r"|(?P<strong>(?:nvidia'?s?[\s-]*)?(?P<strong_k>a800|h800|h200|gh200|gb[23]00|l40s|a10g)(?=s?\b))"
    r"|(?P<t4>t4(?=(?:s|[\s-]+(?:gpus?|accelerators?|cards?))\b))|(?P<short>(?:(?:nvidia'?s?|tesla)[\s-]*)+"
    r"(?P<short_k>t4|p4|a4|a2|a10g?|a30|k10|k2|m4|m6|l4|l20|l40|a16|h20|b[123]00)(?=s?\b))"
    rf"|(?P<weak>(?P<weak_k>{_WEAK})(?=s?\b))"
    r"|(?P<ada>(?:nvidia'?s?[\s-]*)?(?:quadro[\s-]*)?(?:rtx[\s-]*)?(?:ada[\s-]*a?(?P<ada_w>[2-6][05]00|5880)|"
    r"a?(?P<ada_k>[2-6][05]00|5880)[\s-]*(?:sff[\s-]*)?\(?ada(?![a-z])(?:[\s-]*lovelace)?(?:[\s-]*generation)?)"
    r"(?=s?\b))"
    r"|(?P<quadro>(?:nvidia'?s?[\s-]*)?(?:quadro[\s-]*(?:rtx[\s-]*)?|rtx[\s-]*)(?P<quadro_k>[kmpt]?[1-9]0?00"
    r"|[kmpt]\d{4}m?|a[2-6][05]00)(?=s?\b))"
    r"|(?P<axk>(?:nvidia'?s?[\s-]*)?(?P<axk_k>a6000|a5000|a4000|a5500|a4500|p6000|p5000|m6000|k6000)(?=s?\b))"
    rf"|(?P<series>{_G}(?:(?:gtx|rtx)[\s-]*)(?P<series_k>[2-9]\d0|1[06]\d0|20[678]0|30[5-9]0|[45]0[5-9]0)[\s-]*"
    r"(?P<series_s>ti[\s-]*super\b|ti\b|tis\b|super\b|(?<=90)d\b|(?<=90 )d\b)?(?=s?\b))"
    r"|(?P<bare>(?:nvidia'?s?[\s-]*|geforce[\s-]*)*(?P<bare_k>[6-9]80|[79][78]0|10[5-8]0|16[56]0|20[678]0|30[6-9]0"
    r"|[45]0[6-9]0)[\s-]*(?P<bare_s>ti[\s-]*super\b|tis?\b|super\b|(?<=90)d\b|(?<=90 )d\b)?(?=s?\b)(?P<bare_g>[\s-]*"
    r"(?:gpus?|graphics|cards?))?)"
    r"|(?P<amd>(?:amd'?s?[\s-]*)?(?:radeon[\s-]*)?(?:instinct[\s-]*)?(?P<amd_k>mi-?(?:25|50|60|[1-3]\d[05][axc]?))"
    r"(?=s?\b))"
    r"|(?P<ascend>(?:huawei'?s?[\s-]*)?ascend[\s-]*(?:ai[\s-]*)?(?:(?:npus?|processors?|chips?)[\s-]*)?"
    r"(?P<ascend_k>9[1-7]0(?:[\s-]?[abc]\d?(?![a-z0-9]))?|310p?)(?=s?\b)"
    r"|(?P<ascend_n>910[abc]\d?)(?=s?[\s-]+(?:npus?|chips?|cards?|processors?|accelerators?)\b)"
    r"|(?P<ascend_f>huawei'?s?[\s-]*ascend|ascend(?=(?:[\s-]+(?:ai|npus?|processors?|chips?|cards?|accelerators?"
    r"|clusters?)\b)))(?=s?\b))"
    r"|(?P<gaudi>(?:(?:intel'?s?|habana'?s?)[\s-]*)*gaudi(?:[\s-]?(?P<gaudi_k>[23])|(?=s?[\s-]+(?:ai|hpus?"
    r"|processors?|chips?|cards?|accelerators?)\b)|(?<=intel gaudi)|(?<=habana gaudi))(?=s?\b))"
    r"|(?P<aws>(?:(?:amazon'?s?|aws)[\s-]*)*(?P<aws_k>trainium|inferentia)(?:[\s-]?(?P<aws_n>[123]))?(?=s?\b))"
    r"|(?P<wafer>(?:cerebras[\s-]*)?wse(?:[\s-]?(?P<wse_k>[23]))?(?=s?\b)|cerebras[\s-]*cs[\s-]?(?P<cs_k>[123])"
    r"(?=s?\b))"
    r"|(?P<ipu>(?:graphcore'?s?[\s-]*)?(?:colossus[\s-]*)?(?:(?P<ipu_k>mk[\s-]?[12]|bow|gc200|gc2)[\s-]*)*ipus?(?=\b))"
    r"|(?P<other>dgx[\s-]?(?:1|2|a100|h[12]00|b200)|jetson|arria|radeon)(?=s?\b)"
    r"|(?P<npu>npus)(?=\b)"
    r"|(?P<gpu>gpus?|gpgpus?|graphics? (?:processing units?|cards?))(?=\b)"
    r")"
)
_COUNTED = r"(?:\d{1,4}|two|three|four|five|six|seven|eight|ten|twelve|sixteen|thirty-two|sixty-four)"
# What precedes a short name that denotes no chip: "Table A2", "layer L20", "USRP B200", "AMD A10".
_NO_CHIP_BEFORE = re.compile(
    r"\b(?:tab(?:le)?s?|fig(?:ure)?s?|sec(?:tion)?s?|app(?:endix)?|annex|chapter|eqs?|equations?|algorithms?|lemmas?"
    r"|theorems?|"
    r"(?:pro)?positions?|layers?|levels?|lines?|routes?|roads?|motorways?|highways?|autobahn|steps?|parts?|"
    r"papers?|questions?|tasks?|usrp|apple|amd|arm|cortex|powerpc|power pc|samsung|galaxy|"
    r"iphones?|audi|canon|airbus|vitamin|robot|lunar)s?\.?[\s(-]*(?:[a-z]?[\d.]+[a-z]?\s*(?:,|/|and|or|to|-)+\s*)*$"
)
# What follows one: "L2 norm", "A10 motorway", "A10-5800K", "A14 bionic".
_NO_CHIP_AFTER = re.compile(
    r"[\s-]*(?:-?\d{4}|loss|norm|regulari|penalt|distance|error|cache|layer|data cache|instruction|term|metric"
    r"|constraint|ball|"
    r"weight|decay|motorway|road|highway|autobahn|bionic|cpu|processor|chipset|soc\b|apu|radeon|radio|sdr|bomber"
    r"|airbus|"
    r"paper|format|sheet|english|speaker|learner|visa|vertebra|appendix|table|figure|section|subset|lines?\b|learn|="
    r"|\(\d{1,2}\))"
)
_GPU_BEFORE = re.compile(
    r"\b(?:gpus?|graphics cards?|accelerators?)(?:\s+(?:type|types|model|models|of type|is|are|was|were|used|include"
    r"|including))*"
    rf"[\s:,(=-]*(?:(?:a|an|one|single|{_COUNTED})\s*[x×*]?\s*)?$"
)
_FORM = (
    r"(?:\(?\d{2,3}[\s-]?gb?\)?|pcie?|sxm\d?|nvl|hbm\d?e?|ada|ampere|turing|hopper|blackwell|lovelace|tensor|core"
    r"|cloud|nvidia)"
)
_CHIP_NAME = r"(?:(?:nvidia|tesla|geforce|rtx|gtx|quadro)[\s-]*)*[a-z]{0,2}\d{1,4}[a-z]{0,2}(?:[\s-]*\d{2,3}[\s-]?gb)?"
_GPU_AFTER = re.compile(
    rf"s?(?:\s*(?:,|/|and|or|&|\s)+\s*{_CHIP_NAME}){{0,4}}(?:[\s-]*{_FORM})*[\s-]*(?:gpus?|graphics|accelerators?"
    r"|cards?)\b"
    r"|[\s(-]*(?:with |of )?(?:16|24|32|40|48|64|80|96|128|141|180|192)[\s-]?gb?\b"
)
_NUMBER_BEFORE = re.compile(rf"(?<![\w.-]){_COUNTED}(?P<times>\s*[x×*])?\s*$")
_TIMES_BEFORE = re.compile(r"(?<![\w.])\d{1,2}\s*[x×*]\s*$")
_HOURS = re.compile(r"[\s-]*(?:hours?|days?|years?)\b")
_ON_NUMBER = re.compile(rf"\b(?:on|using|across)\s+(?:(?:a|an|one|single|{_COUNTED})\s+)+$")
# "8 L40s" are several L40; a capital S is part of the name, as it is before "GPUs" or after "a".
_PLURAL_L40 = re.compile(
    r"(\b(?:[2-9]|\d{2,4}|[Tt]wo|[Tt]hree|[Ff]our|[Ss]ix|[Ee]ight|[Ss]ixteen)(?: ?[x×*])? (?:(?:NVIDIA|Nvidia"
    r"|nvidia) )?)"
    r"[Ll]40s\b(?![\s-]*(?:\d+ ?GB )?(?:GPU|gpu|Gpu|card))"
)
# The question of a conference checklist, which precedes its answer.
_QUESTION = re.compile(r"Did you include the total amount of compute.*?\?", re.IGNORECASE)
_SUFFIXES = {"": "", "ti": " Ti", "tis": " Ti", "super": " SUPER", "ti super": " Ti SUPER", "d": " D"}
_IPUS = {"": "IPU", "mk1": "GC2 IPU", "gc2": "GC2 IPU", "mk2": "GC200 IPU", "gc200": "GC200 IPU", "bow": "Bow IPU"}


def normalise(passage: str) -> str:
    """Normalise a passage: remove OCR spaces inside names and unify spelling variants, keeping case."""
    text = unicodedata.normalize("NFKC", passage)
    text = re.sub(
        r"(?i)tensor processing units?(?: \(tpus?\))?",
        lambda match: "TPUs" if "units" in match.group().lower() else "TPU",
        text,
    )
    text = re.sub(r"(?i)(?<=rtx )([3-8]),(0[0-9]0)\b", r"\1\2", text)
    # "8xH100", "H100x8" and "A100SXM4" are several words.
    text = re.sub(
        r"(?i)(?<![\w.])(\d{1,4})x(?=[a-z]{1,7}[\s-]?\d|\d{4}[\s-]?ti\b|[45]0[6-9]0d?\b|(?:nvidia|tesla|titan|geforce"
        r"|gpu)s?\b)",
        r"\1 x ",
        text,
    )
    text = re.sub(r"(?i)\b(rtx|gtx) (\d{1,2} ?x) ?(?=\d{4})", r"\2 \1 ", text)
    text = re.sub(r"(?i)\b([ahlv]\d{1,3}s?)x(?=\d{1,4}\b)", r"\1 x ", text)
    text = re.sub(r"(?i)\b([ahv][128]00)(?=(?:sxm|pcie?|nvl)\d?\b)", r"\1 ", text)
    text = _PLURAL_L40.sub(r"\1L40 GPUs", text)
    text = re.sub(r"(?i)\bvolta[ -]?100\b", "V100", text)
    text = re.sub(r"(?i)\bpascal[ -]?100\b", "P100", text)
    text = re.sub(r"(?i)\b(g[pv])[ -]100\b", r"\1100", text)
    text = re.sub(r"(?i)\bv100m32\b", "V100", text)
    text = _QUESTION.sub(" ", text)
    text = re.sub(r"\bGe ?[Ff]orce\b", "GeForce", text)
    text = re.sub(r"(?i)\bmac ?book\b", "MacBook", text)
    text = re.sub(r"\b(N[Vv]|n[Vv]) ?([Ii][Dd][Ii][Aa])\b", r"NVIDIA", text)
    text = re.sub(r"(?i)\btitan ?x ?\(?p\)?(?=\b)(?!ascal)", "TITAN Xp", text)
    text = re.sub(r"(?i)\b([kpvm])[ -](20|40|80|100)\b(?=[a-z ]*(?:gpu|card))", r"\1\2", text)
    text = re.sub(r"(?i)\b(NVIDIA|GeForce|Tesla|Titan) s\b", r"\1", text)
    return re.sub(r"(?i)\b(gpu|tpu)\s+(hours?|days?)", r"\1-\2", " ".join(text.split()))


def find_type(match: re.Match[str], text: str) -> str | None:
    """Return the accelerator type of a match, or None if it is not an accelerator."""
    found = {name: value for name, value in match.groupdict().items() if value}
    if "tpu" in found:
        version = next((found[name] for name in ("tpu_v", "tpu_w", "tpu_x", "trillium") if name in found), "")
        version = version.strip(" -")
        named = "6e" if version in ("6", "trillium") else "5e" if "lite" in version else version
        return f"TPU v{named}" if named else "TPU"
    if "titan" in found:
        variant = re.sub(r"[\s(-]+", " ", found.get("titan_k", "")).strip()
        if "pascal" in found["titan"]:
            return "TITAN X Pascal"
        return {"xp": "TITAN Xp", "x": "TITAN X", "x maxwell": "TITAN X", "": "TITAN", "v": "TITAN V"}.get(
            variant, f"TITAN {variant.upper()}"
        )
    if "tesla" in found:
        return found["tesla_k"].upper().removesuffix("S") if found["tesla_k"][0] != "s" else found["tesla_k"].upper()
    if "t4" in found:
        return "T4"
    if "short" in found:
        return found["short_k"].upper()
    if "strong" in found or "weak" in found:
        name = found.get("strong_k") or found["weak_k"]
        return name.upper() if _has_context(match, text, name) else None
    if "ada" in found:
        return f"RTX {found.get('ada_k') or found['ada_w']} Ada"
    if "quadro" in found or "axk" in found:
        name = (found.get("quadro_k") or found.get("axk_k") or "").upper()
        if name[0] == "A":
            return f"RTX {name}"
        return f"Quadro RTX {name}" if name.isdigit() and "rtx" in match.group() else f"Quadro {name}"
    if "series" in found or "bare" in found:
        number = found.get("series_k") or found.get("bare_k") or ""
        suffix = re.sub(r"[\s-]+", " ", found.get("series_s") or found.get("bare_s") or "").strip()
        matched = match.group()
        named = suffix or "nvidia" in matched or "geforce" in matched
        if "bare" in found and not named:
            if number[0] in "45":  # "8 x 4090", but not "5060 GPU hours"
                named = "bare_g" in found and not _HOURS.match(text[match.end() :])
                named = named or _TIMES_BEFORE.search(text[: match.start()])
            elif "bare_g" in found:
                named = True
            if not named:
                return None
        line = "RTX" if int(number) >= 2000 else "GTX"
        return f"{line} {number}{_SUFFIXES[suffix]}"
    if "amd" in found:
        return found["amd_k"].replace("-", "").upper()
    if "ascend" in found:
        model = re.sub(r"[\s-]", "", found.get("ascend_k") or found.get("ascend_n") or "").upper()
        return f"Ascend {model}" if model else "ASCEND"
    if "gaudi" in found:
        return f"Gaudi {found['gaudi_k']}" if "gaudi_k" in found else "GAUDI"
    if "aws" in found:
        return f"{found['aws_k'].capitalize()}{found.get('aws_n', '').replace('1', '')}"
    if "wafer" in found:
        generation = found.get("wse_k") or found.get("cs_k") or "1"
        return "WSE" if generation == "1" else f"WSE-{generation}"
    if "ipu" in found:
        return _IPUS[re.sub(r"[\s-]", "", found.get("ipu_k", ""))]
    if "npu" in found:
        phone = re.search(r"\b(?:mobile|phone|smartphone|edge|embedded)[\s-]*$", text[: match.start()])
        return None if phone else "NPU"
    if "other" in found:
        return re.sub(r"^DGX-?(?=\d)", "DGX-", found["other"].upper().removesuffix("S"))
    after = text[match.end() : match.end() + 12]
    return (
        None if re.match(r"[\s-]*(?:hours?|days?|memory|time|implement|code|kernel|version|-based)", after) else GENERIC
    )


def _has_context(match: re.Match[str], text: str, name: str) -> bool:
    """Return whether a name that other things share denotes a chip here, as its neighbours show."""
    before, after = text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 60]
    if match.group() != name or _GPU_BEFORE.search(before):  # with its maker, or after "GPU:"
        return True
    if _NO_CHIP_BEFORE.search(before) or _NO_CHIP_AFTER.match(after):
        return False
    if match.group("strong") or _GPU_AFTER.match(after):
        return True
    number = _NUMBER_BEFORE.search(before)
    if number and (number["times"] or (re.match(r"s\b", after) and len(name) > 2)):
        return True
    return (len(name) > 2 or name in ("l4", "t4")) and _ON_NUMBER.search(before) is not None
