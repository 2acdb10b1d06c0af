"""Links to code, and statements about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.classify.code_links import classify_full_text, classify_page_links, classify_statement, find_link_rule
from data.vocabulary import LINK_RULES, STATEMENTS


@pytest.mark.parametrize(
    ("link", "rule"),
    [
        ("https://github.com/annlee/toy-scaling", "repository"),
        ("www.github.com/annlee/toy-scaling", "repository"),
        ("https://bitbucket.org/ann/lee-code", "repository"),
        ("https://doi.org/10.5281/zenodo.5234969", "repository"),
        ("[![github](/i.svg) ann/lee](https://github.com/ann/lee)", "repository"),
        (
            "[![Papers with Code](/i.svg) 4 community implementations](https://paperswithcode.com/paper/?x=1)",
            "third party",
        ),
        ("https://github.com/pytorch/fairseq", "third party"),
        ("https://github.com/tensorflow/tensorflow", "third party"),
        ("https://github.com/someone", "user page"),
        ("https://github.com/someone/", "user page"),
        ("https://github.com/author1/code", "placeholder"),
        ("example-research-project", "placeholder"),
        ("this_https_URL", "placeholder"),
        ("Not provided", "placeholder"),
        ("https://annlee.github.io/toy", "project page"),
        ("https://sites.google.com/view/variational-mail", "project page"),
        ("http://vision.cs.utexas.edu/projects/VisualVoice/", "project page"),
        ("https://arxiv.org/abs/2104.08219", "not code"),
        ("http://creativecommons.org/licenses/by/4.0/", "not code"),
        ("https://youtu.be/YXy6oX1iNoA", "not code"),
        ("", "not code"),
    ],
)
def test_link_rules(link: str, rule: str):
    assert find_link_rule(link) == rule


def test_the_best_link_of_a_page_counts():
    assert classify_page_links(["https://arxiv.org/abs/1", "https://github.com/a/b"]) == (True, "repository")
    assert classify_page_links(["Not provided"]) == (False, "placeholder")
    assert classify_page_links([]) == (False, "")


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("Our code is available at https://github.com/a/b.", "own, address"),
        ("1Code: https : / / git hub . com / a / b", "own, address"),
        ("https://github.com/meelgroup/mgt", "own, address"),
        ("The complete code can be found in the supplementary material.", "own, elsewhere"),
        ("Code and trained models will be released on Git Hub soon.", "promised"),
        ("Our code will be made publicly available upon acceptance.", "promised"),
        ("Our implementation code will be available at https://github.com/a/b.", "promised"),
        ("We use the official code of Smith et al. at https://github.com/smith/x.", "third party"),
        ("The data is publicly available online. 3https://github.com/jxfeb/data", "data"),
        ("Project page: https://europe.naverlabs.com/mochi", "demo"),
        ("The paper does not provide any link to source code.", "nothing"),
        ("", "nothing"),
    ],
)
def test_statements(passage: str, expected: str):
    assert classify_statement(passage) == expected


def test_a_whole_text_releases_only_its_own_code():
    theirs = "We use the Stanford parser, available at http://nlp.stanford.edu. The GIZA++ package was downloaded."
    assert classify_full_text(theirs) in ("nothing", "third party")
    ours = f"{theirs} Our code is publicly available. 1 https://github.com/a/b We conclude."
    assert classify_full_text(ours) == "own, address"
    assert classify_full_text("We will release our code upon publication.") == "promised"
    assert classify_full_text("We parse sentences.") == "nothing"


@given(st.text(max_size=200))
def test_any_text_has_a_rule_and_a_statement(text: str):
    assert (
        find_link_rule(text) in LINK_RULES
        and classify_statement(text) in STATEMENTS
        and classify_full_text(text) in STATEMENTS
    )
