"""Fits a claim's specifications one after the other: tables, one set of compiled models, the gate, its one retry."""

from __future__ import annotations

import dataclasses
import importlib
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from data.io import InputError
from inference.given import Given, read_own_priors, with_own
from inference.keys import fit_parts, table_paths
from models.registry import CLAIMS, RAW

Say = Callable[[str], None]
# Smaller steps follow a ridge that labels hardly tell apart; they mix more slowly along it, so more of them are kept.
RETRY_TARGET_ACCEPT = 0.99
RETRY_DRAWS = 2  # times as many


def _tables(claim: str, choices: Any, given: Given, say: Say) -> tuple[dict[str, Any], Any]:
    """The claim's tables, and its choices: a user's models take the place of the vintage that it starts from."""
    from data.tables import load

    paths = table_paths(claim)
    own = {name: path for name, path in given.tables.items() if name in paths}
    tables = {name: load(name, path.parent) for name, path in paths.items() if name not in own}
    if "papers" in own:
        from data.own import read_own_papers

        tables["papers"], said = read_own_papers(own["papers"])
        say(said)
    if "models" in own:
        from data.own import read_own_models

        found = read_own_models(own["models"], choices.vintage)
        say(found.said)
        tables["models"] = found.frame
        choices = dataclasses.replace(choices, vintage=found.vintage)
    return tables, choices


def has_main(module: Any, model: str) -> bool:
    """Whether one of a claim's specifications of this model is a main fit."""
    return any(a.kind == "main" for a in module.ALTERNATIVES if a.model == model)


class Fitter:
    """Fits the specifications of one claim; those that share data and priors share their draws."""

    def __init__(
        self, module: ModuleType, tables: Mapping[str, Any], choices: Any, priors: Any, seed: int, compiled: Any
    ) -> None:
        """Take over the module of a claim, its tables, choices and priors, a seed, and what is compiled."""
        self.module, self.tables, self.choices, self.priors = module, tables, choices, priors
        self.seed, self.compiled = seed, compiled
        self._data: dict[str, Any] = {}
        self._todo: list[Any] = []
        self._done: list[tuple[str, Any, Any, tuple[Any, Any, bool]]] = []

    @classmethod
    def of(cls, claim: str, parts: Mapping[str, str], given: Given, say: Say) -> Fitter:
        """The fitter of a claim with its tables, or those that were given.

        Raises
        ------
        InputError
            For bad input, and if a table or the code is no longer what ``parts`` says.
        """
        say(f"{claim}: loading PyMC and the tables")
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        from inference.fit import Compiled  # before any model: it sets pytensor's flags

        module = importlib.import_module(CLAIMS[claim].module)
        own = {} if given.priors is None else read_own_priors(given.priors).get(claim, {})
        priors = module.Priors()
        if given.priors is not None:
            priors = dataclasses.replace(priors, **with_own(priors, own, given.priors))
            say(f"{given.priors.name}: {', '.join(own) or 'nothing'} of your own in {claim}")
        tables, choices = _tables(claim, module.Choices(), given, say)
        if fit_parts(claim, given) != parts:
            raise InputError("a table or the code changed while it was read", hint="run refresh again")
        return cls(module, tables, choices, priors, module.SEED if given.seed is None else given.seed, Compiled())

    def those_that_data_carry(self, own: bool, say: Say, aside: bool = False) -> list[Any]:
        """The specifications to fit, with their data prepared before anything is fitted: ``aside`` ones, or the rest.

        A user's table may lack what an alternative needs (who paid, say): it is left out, and said. The first main
        model, and the project's own tables, must carry theirs.
        """
        found = []
        for alternative in self.module.ALTERNATIVES:
            if alternative.model == RAW or alternative.aside != aside:
                continue
            choices = dataclasses.replace(self.choices, **alternative.choices)
            try:
                prepared = self.module.MODELS[alternative.model].prepare(self.tables, choices)
            except InputError as error:
                if not own or alternative.name == "main":
                    raise
                say(f"left out: {alternative.name} ({alternative.title}): {error}")
                continue
            self._data[alternative.name] = prepared
            found.append(alternative)
        self._todo = list(found)
        return found

    def fit(self, alternative: Any, say: Say) -> tuple[Any, Any, bool]:
        """Return the fit, its gate, and whether it took the one retry."""
        from inference.fit import Sampler, fit, other_choices
        from inference.gate import check

        model = self.module.MODELS[alternative.model]
        choices = dataclasses.replace(self.choices, **alternative.choices)
        priors = dataclasses.replace(self.priors, **alternative.priors)
        dataset = self._data[alternative.name]
        for name, data, given, (tree, sampled, retried) in self._done:
            if name == alternative.model and given == priors and data.identical(dataset):
                say("same data and priors as a fit before: its draws, other estimands")
                tree = other_choices(tree, model, choices)
                return tree, check(tree, sampled), retried
        # Of a model without a main fit, what refresh fits is checked in its place.
        predictive = alternative.kind == "main" or not (alternative.aside or has_main(self.module, alternative.model))
        sampler = dataclasses.replace(Sampler(draws=model.draws), **alternative.sampler)
        tree = fit(model, dataset, choices, priors, self.seed, self.compiled, sampler, say, predictive)
        gate = check(tree)
        retried = not gate.passed
        if retried:
            draws = RETRY_DRAWS * sampler.draws
            say(f"gate: {'; '.join(gate.faults)}: one retry, target_accept {RETRY_TARGET_ACCEPT}, {draws} draws")
            tune = max(sampler.tune, Sampler.tune)  # where a model tunes for less, what fails needs the usual
            sampler = dataclasses.replace(sampler, target_accept=RETRY_TARGET_ACCEPT, draws=draws, tune=tune)
            tree = fit(model, dataset, choices, priors, self.seed, self.compiled, sampler, say, predictive)
            gate = check(tree)
        if self._same_later(alternative, dataset, priors):
            self._done.append((alternative.model, dataset, priors, (tree, gate, retried)))
        return tree, gate, retried

    def _same_later(self, alternative: Any, dataset: Any, priors: Any) -> bool:
        """Whether a specification still to come takes these draws: all that were kept would be gigabytes."""
        names = [other.name for other in self._todo]
        later = self._todo[names.index(alternative.name) + 1 :] if alternative.name in names else []
        return any(
            other.model == alternative.model
            and dataclasses.replace(self.priors, **other.priors) == priors
            and self._data[other.name].identical(dataset)
            for other in later
        )
