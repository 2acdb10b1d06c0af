"""Fits a claim's specifications one after the other: tables, one set of compiled models, shared draws."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from data.errors import InputError
from inference.store.declarations import Resolved, list_specifications, list_tables, name_module, resolve
from inference.store.fingerprints import Parts, find_tables, list_parts_by_fit
from inference.store.overrides import Overrides
from models.common.claim import Model, Specification

Say = Callable[[str], None]


def load_tables(claim: str, overrides: Overrides, say: Say) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load a claim's tables; a user's take the place of the embedded ones.

    Returns
    -------
    tables
        By name.
    choices
        Other defaults that they bring: a user's models take the place of the vintage that the claim starts from.
    """
    from data.tables.load import load

    paths = find_tables(claim)
    given = {name: path for name, path in overrides.tables.items() if name in paths}
    tables = {name: load(name, path.parent) for name, path in paths.items() if name not in given}
    choices: dict[str, Any] = {}
    if "papers" in given:
        from data.tables.user_tables import read_user_papers

        tables["papers"], said = read_user_papers(given["papers"])
        say(said)
    if "models" in given:
        from data.tables.user_tables import read_user_models
        from inference.store.declarations import import_part

        found = read_user_models(given["models"], import_part(claim, "specifications").CHOICES.vintage)
        say(found.said)
        tables["models"] = found.frame
        choices = {"vintage": found.vintage}
    return tables, choices


def has_main(claim: str, model: str) -> bool:
    """Whether one of a claim's specifications of this model is a main fit."""
    return any(one.kind == "main" for one in list_specifications(claim) if one.model == model)


class Fitter:
    """Fits the specifications of one claim; those that share data and priors share their draws.

    Parameters
    ----------
    claim
        Its name.
    tables, choices
        As ``load_tables`` returns them.
    overrides
        A user's seed and priors.
    compiled
        ``inference.sampling.compiled.Compiled``: what is compiled serves every specification of the same structure.
    """

    def __init__(
        self, claim: str, tables: Mapping[str, Any], choices: Mapping[str, Any], overrides: Overrides, compiled: Any
    ) -> None:
        """Start with nothing prepared and nothing fitted."""
        self.claim, self.tables, self.choices, self.overrides = claim, tables, choices, overrides
        self.compiled = compiled
        self._todo: dict[str, tuple[Resolved, Any]] = {}  # by name, in order, with the prepared data
        self._done: list[tuple[Resolved, Any, tuple[Any, Any, bool]]] = []

    @classmethod
    def for_claim(
        cls, claim: str, parts: Mapping[str, Parts], overrides: Overrides, say: Say, extended: bool
    ) -> Fitter:
        """Return the fitter of a claim with its tables, or a user's.

        Raises
        ------
        InputError
            For bad input, and if a table or the code is no longer what ``parts`` says.
        """
        say(f"{claim}: loading PyMC and the tables")
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        from inference.sampling.compiled import Compiled

        tables, choices = load_tables(claim, overrides, say)
        if overrides.priors is not None:
            say(f"{overrides.priors.name}: {', '.join(list_overridden(claim, overrides))} of your own in {claim}")
        if list_parts_by_fit(claim, overrides, extended) != parts:
            raise InputError("a table or the code changed while it was read", hint="run refresh again")
        return cls(claim, tables, choices, overrides, Compiled())

    def load_model(self, name: str) -> Model:
        """Return a generative model of the claim."""
        found: Model = importlib.import_module(name_module(self.claim, name)).MODEL
        return found

    def prepare(self, say: Say, extended: bool = False) -> tuple[list[Specification], dict[str, str]]:
        """Prepare the data of every specification before anything is fitted.

        A user's table may lack what a specification needs (who paid, say): that is left out, and said. The main fit,
        and the project's own tables, must carry theirs.

        Returns
        -------
        specifications
            Those that can be fitted, in order.
        left_out
            The others by name, with the reason.
        """
        left_out = {}
        for one in list_specifications(self.claim, extended):
            resolved = resolve(self.claim, one, self.overrides, **self.choices)
            try:
                data = self.load_model(one.model).prepare(self.tables, resolved.choices)
            except InputError as error:
                if one.name == "main" or not set(self.overrides.tables) & set(list_tables(self.claim)):
                    raise
                say(f"left out: {one.name} ({one.title}): {error}")
                left_out[one.name] = str(error)
                continue
            self._todo[one.name] = (resolved, data)
        return [resolved.specification for resolved, _ in self._todo.values()], left_out

    def fit(self, name: str, say: Say) -> tuple[Any, Any, bool]:
        """Fit a prepared specification: return the fit, its gate, and whether it took the one retry."""
        from inference.sampling.diagnostics import check
        from inference.sampling.fit import derive_with_choices, fit_checked

        resolved, data = self._todo[name]
        one, model = resolved.specification, self.load_model(resolved.specification.model)
        for done, same_data, (tree, sampled, retried) in self._done:
            if _have_same_draws(done, resolved) and same_data.identical(data):
                say("same data and priors as a fit before: its draws, other estimands")
                tree = derive_with_choices(tree, model, resolved.choices)
                return tree, check(tree, sampled), retried
        # Of a model without a main fit, what refresh fits is checked in its place.
        predictive = one.kind == "main" or not (one.extended or has_main(self.claim, one.model))
        found = fit_checked(
            model, data, resolved.choices, resolved.priors, resolved.seed, self.compiled, resolved.sampler, say,
            predictive,
        )  # fmt: skip
        if self._is_needed_later(name):
            self._done.append((resolved, data, found))
        return found

    def _is_needed_later(self, name: str) -> bool:
        """Whether a specification still to come takes these draws: all that were kept would be gigabytes."""
        resolved, data = self._todo[name]
        names = list(self._todo)
        later = (self._todo[other] for other in names[names.index(name) + 1 :])
        return any(_have_same_draws(resolved, other) and other_data.identical(data) for other, other_data in later)


def _have_same_draws(one: Resolved, other: Resolved) -> bool:
    """Whether two specifications of the same data have the same draws."""
    return (one.specification.model, one.priors) == (other.specification.model, other.priors)


def list_overridden(claim: str, overrides: Overrides) -> list[str]:
    """Return the hyper-parameters that a user's file sets in a claim, as ``model.field``; ``nothing`` if none."""
    from inference.store.declarations import collect_priors
    from inference.store.overrides import read_priors

    if overrides.priors is None:
        return []
    found = read_priors(overrides.priors, collect_priors()).get(claim, {})
    return [f"{model}.{field}" for model, values in found.items() for field in values] or ["nothing"]
