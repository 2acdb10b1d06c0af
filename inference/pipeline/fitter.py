"""Fits of a claim's specifications, one after the other. They share tables, compiled models and, if equal, draws."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from data.errors import InputError
from inference.store.declarations import (
    Resolved,
    import_part,
    list_specifications,
    list_tables,
    name_module,
    resolve,
)
from inference.store.fingerprints import Parts, find_tables, list_parts_by_fit
from inference.store.imports import find_file
from inference.store.overrides import Overrides
from models.common.claim import PROJECT_PAPERS, Model, Specification

if TYPE_CHECKING:
    from models.common.exclusions import Selection

Report = Callable[[str], None]


def load_tables(claim: str, overrides: Overrides, report: Report) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load a claim's tables; a user's tables replace the embedded ones.

    Returns
    -------
    tables
        By name.
    choices
        Defaults that a user's tables change: a table of models replaces the vintage that the claim starts from, and a
        table of papers from OpenAlex has topics of its own.
    """
    from data.tables.load import load

    paths = find_tables(claim)
    user_tables = {name: path for name, path in overrides.tables.items() if name in paths}
    tables = {name: load(name, path.parent) for name, path in paths.items() if name not in user_tables}
    choices: dict[str, Any] = {}
    if "papers" in user_tables:
        from data.tables.user_tables import is_from_openalex, read_user_papers

        tables["papers"], message = read_user_papers(user_tables["papers"], overrides.decimal)
        report(message)
        compared = any(one.user_only for one in list_specifications(claim, overrides=overrides))
        if compared and is_from_openalex(tables["papers"]):
            tables[PROJECT_PAPERS] = load("papers", paths["papers"].parent)
            choices = {"topic": "topic_openalex"}
    if "models" in user_tables:
        from data.tables.user_tables import read_user_models

        vintage = import_part(claim, "specifications").CHOICES.vintage
        found = read_user_models(user_tables["models"], vintage, overrides.decimal)
        report(found.message)
        tables["models"] = found.frame
        choices |= {"vintage": found.vintage}
    return tables, choices


def check_rows(claim: str, overrides: Overrides) -> tuple[str, str]:
    """Check that a user's tables have rows for a claim's main fit, before PyMC is imported.

    The function ``select`` of the claim's module ``rows`` or ``cells`` chooses the rows and needs no PyMC. If a claim
    has no such function, its tables are only read.

    Returns
    -------
    found
        Number of rows in the main fit, and numbers of rows left out, by reason.
    fault
        Why the main fit has no rows; empty if it has some.

    Raises
    ------
    InputError
        If a table violates its format.
    """
    tables, choices = load_tables(claim, overrides, lambda text: None)
    modules = [name for name in ("rows", "cells") if find_file(f"models.{claim}.{name}") is not None]
    select = next((found for name in modules if (found := getattr(import_part(claim, name), "select", None))), None)
    main = next((one for one in list_specifications(claim) if one.name == "main"), None)
    if select is None or main is None:
        return "", ""
    try:
        selected = select(tables, resolve(claim, main, overrides, **choices).choices)
    except InputError as error:
        return "", str(error)
    rows: Selection = selected[0] if isinstance(selected, tuple) else selected
    return f"{len(rows.frame):,} {rows.describe()}", ""


def has_main(claim: str, model: str) -> bool:
    """Return whether a claim has a main fit of this model."""
    return any(one.kind == "main" for one in list_specifications(claim) if one.model == model)


class Fitter:
    """Fitter of one claim's specifications. Those with the same data and priors share their draws.

    Parameters
    ----------
    claim
        Its name.
    tables, choices
        As returned by ``load_tables``.
    overrides
        A user's seed and priors.
    compiled
        ``inference.sampling.compiled.Compiled``: specifications of the same structure share a compiled model.
    """

    def __init__(
        self, claim: str, tables: Mapping[str, Any], choices: Mapping[str, Any], overrides: Overrides, compiled: Any
    ) -> None:
        """Store the inputs; nothing is prepared or fitted yet."""
        self.claim, self.tables, self.choices, self.overrides = claim, tables, choices, overrides
        self.compiled = compiled
        self._todo: dict[str, tuple[Resolved, Any]] = {}  # by name, in order, with the prepared data
        self._done: list[tuple[Resolved, Any, tuple[Any, Any, bool]]] = []

    @classmethod
    def load_claim(
        cls, claim: str, parts: Mapping[str, Parts], overrides: Overrides, report: Report, extended: bool
    ) -> Fitter:
        """Return the fitter of a claim, with the project's tables or a user's.

        Raises
        ------
        InputError
            For bad input, or if a table or the code no longer matches ``parts``.
        """
        report(f"{claim}: loading PyMC and the tables")
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        from inference.sampling.compiled import Compiled

        tables, choices = load_tables(claim, overrides, report)
        if overrides.priors is not None:
            report(f"{overrides.priors.name}: {', '.join(list_overridden(claim, overrides))} of your own in {claim}")
        if list_parts_by_fit(claim, overrides, extended) != parts:
            raise InputError("a table or the code changed while the claim was loaded", hint="run refresh again")
        return cls(claim, tables, choices, overrides, Compiled())

    def load_model(self, name: str) -> Model:
        """Return one of the claim's models."""
        found: Model = importlib.import_module(name_module(self.claim, name)).MODEL
        return found

    def prepare(self, report: Report, extended: bool = False) -> tuple[list[Specification], dict[str, str]]:
        """Prepare the data of every specification before the first fit.

        A user's table may lack what a specification needs, for example who paid. That specification is left out, and
        reported.

        Returns
        -------
        specifications
            Specifications that can be fitted, in order.
        left_out
            Name of each other specification to the reason; empty if it does not apply to this kind of table.

        Raises
        ------
        InputError
            If the main fit lacks its data, or any specification does with the project's own tables.
        """
        left_out = {}
        for one in list_specifications(self.claim, extended, self.overrides):
            if one.user_only and PROJECT_PAPERS not in self.tables:
                left_out[one.name] = ""  # it does not apply to this table: nothing to report
                continue
            resolved = resolve(self.claim, one, self.overrides, **self.choices)
            try:
                data = self.load_model(one.model).prepare(self.tables, resolved.choices)
            except InputError as error:
                if one.name == "main" or not set(self.overrides.tables) & set(list_tables(self.claim)):
                    raise
                report(f"left out: {one.name} ({one.title}): {error}")
                left_out[one.name] = str(error)
                continue
            self._todo[one.name] = (resolved, data)
        return [resolved.specification for resolved, _ in self._todo.values()], left_out

    def fit(self, name: str, report: Report) -> tuple[Any, Any, bool]:
        """Fit a prepared specification; return the fit, its gate, and whether it needed the one retry."""
        from inference.sampling.diagnostics import check
        from inference.sampling.fit import derive_with_choices, fit_checked

        resolved, data = self._todo[name]
        one, model = resolved.specification, self.load_model(resolved.specification.model)
        # Predictive checks are of main fits; if a model has none, of those that refresh fits.
        checked = one.checked or one.kind == "main"
        predictive = checked or not (one.extended or has_main(self.claim, one.model))
        for done, same_data, (tree, sampled, retried) in self._done:
            has_checks = "statistics" in tree.children
            if _have_same_draws(done, resolved) and same_data.identical(data) and (has_checks or not predictive):
                report("same data and priors as an earlier fit: reusing its draws for other estimands")
                tree = derive_with_choices(tree, model, resolved.choices)
                return tree, check(tree, sampled), retried
        found = fit_checked(
            model, data, resolved.choices, resolved.priors, resolved.seed, self.compiled, resolved.sampler, report,
            predictive,
        )  # fmt: skip
        if self._is_needed_later(name):
            self._done.append((resolved, data, found))
        return found

    def _is_needed_later(self, name: str) -> bool:
        """Return whether a later specification reuses these draws. Keeping all draws would take gigabytes."""
        resolved, data = self._todo[name]
        names = list(self._todo)
        later = (self._todo[other] for other in names[names.index(name) + 1 :])
        return any(_have_same_draws(resolved, other) and other_data.identical(data) for other, other_data in later)


def _have_same_draws(one: Resolved, other: Resolved) -> bool:
    """Return whether two specifications have the same draws, if their data are the same."""
    return (one.specification.model, one.priors) == (other.specification.model, other.priors)


def list_overridden(claim: str, overrides: Overrides) -> list[str]:
    """Return the hyper-parameters that a user's file sets in a claim, as ``model.field``, or ``nothing``."""
    from inference.store.declarations import collect_priors
    from inference.store.overrides import read_priors

    if overrides.priors is None:
        return []
    found = read_priors(overrides.priors, collect_priors()).get(claim, {})
    return [f"{model}.{field}" for model, values in found.items() for field in values] or ["nothing"]
