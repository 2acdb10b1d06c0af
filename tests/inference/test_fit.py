"""Compilation and sampling: interrupts, flags, log densities, and draws equal to nutpie's."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import nutpie
import pymc as pm
import pytensor
import pytest
import typer
import xarray as xr
from scipy import stats

from data.command import raise_if_interrupted, run
from inference import CACHE
from inference.sampling import compiled as fit
from inference.sampling.settings import Sampler
from inference.store.declarations import list_specifications, resolve
from inference.store.overrides import Overrides
from models.academic_share.model import MODEL


def make_app(drops: bool) -> typer.Typer:
    """Make an app that raises an interrupt and drops it, as a callback from C code does."""
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command() -> int:
        if drops:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                events.append("dropped")
        raise_if_interrupted()
        events.append("continued")
        return 0

    events: list[str] = []
    app.info.help = ""
    app.events = events  # type: ignore[attr-defined]
    return app


@pytest.mark.parametrize("drops", [True, False])
def test_dropped_interrupt_is_raised_at_the_next_step(
    drops: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["app"])
    before = signal.getsignal(signal.SIGINT)
    app = make_app(drops)
    assert run(app) == (130 if drops else 0)
    assert app.events == (["dropped"] if drops else ["continued"])  # type: ignore[attr-defined]
    assert signal.getsignal(signal.SIGINT) is before
    assert ("interrupted" in capsys.readouterr().err) == drops


class HalfMade:
    """An object whose constructor can be interrupted before it sets what its destructor needs, as in llvmlite."""

    def __init__(self, interrupted: bool) -> None:
        if interrupted:
            signal.raise_signal(signal.SIGINT)

    def __del__(self) -> None:
        del self.needed  # type: ignore[attr-defined]


@pytest.mark.parametrize("interrupted", [True, False])
def test_destructor_of_an_object_interrupted_in_construction_prints_no_traceback(
    interrupted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Without an interrupt, its error is printed as usual."""
    monkeypatch.setattr("sys.argv", ["app"])
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command() -> int:
        HalfMade(interrupted)
        return 0

    assert run(app) == (130 if interrupted else 0)
    errors = capsys.readouterr().err
    assert ("Traceback" in errors) != interrupted, errors
    assert ("interrupted: what was finished is kept" in errors) == interrupted


def test_ignored_interrupts_stay_ignored(monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C for another program does not end a refresh in the background of a shell script."""
    monkeypatch.setattr("sys.argv", ["app"])
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        app = make_app(drops=True)
        assert run(app) == 0
        assert app.events == ["continued"]  # type: ignore[attr-defined]
    finally:
        signal.signal(signal.SIGINT, before)


def test_fastmath_is_off_and_compiled_code_goes_to_the_projects_cache():
    assert pytensor.config.numba__fastmath is False
    assert str(pytensor.config.base_compiledir) == str(CACHE / "pytensor")


def test_refresh_sets_the_flags_before_any_model_is_imported(run: Any, tmp_path: Path):
    """In a separate process, in the order of the command: importing a model first would leave fastmath on."""
    code = (
        "import inference.pipeline.refresh as r, inference.pipeline.fitter as f, sys\n"
        "from inference.store.paths import Paths\n"
        "from pathlib import Path\n"
        "r.posteriors.find_claim_state = lambda *a: ('stale', '')\n"
        "f.Fitter.fit = lambda *a: sys.exit(0 if __import__('pytensor').config.numba__fastmath is False else 3)\n"
        "r.refresh(['academic_share'], Paths(Path(sys.argv[1])), print)"
    )
    assert run("-c", code, tmp_path).returncode == 0


def test_log_densities_equal_pymc(monkeypatch: pytest.MonkeyPatch):
    """Draw by draw, on the scale of the draws, with transforms, several dims, an index and two observed variables."""
    monkeypatch.setattr(fit, "BATCH_SIZE", 25)
    rng = np.random.default_rng(1)
    group_idx = rng.integers(0, 4, 30)
    with pm.Model(coords={"type": range(3), "group": range(4)}) as model:
        sd = pm.LogNormal("sd", 0.0, 1.0)
        share = pm.Beta("share", 2.0, 2.0, dims="type")
        effect = pm.ZeroSumNormal("effect", sigma=sd, dims=("type", "group"))
        pm.Binomial("k", 9, share, observed=[1, 5, 9], dims="type")
        pm.Normal("x", effect[:, group_idx].sum(axis=0), sd, observed=rng.normal(size=30))
    ready = fit.Compiled().get(model, "mine")
    sampled = fit.sample(ready, 3, Sampler(draws=53, tune=50, chains=2))
    mine = fit.compute_log_densities(ready, sampled, ["sd", "share", "effect"])
    with model:
        tree = xr.DataTree.from_dict({"posterior": sampled["posterior"].to_dataset()})
        tree = pm.compute_log_likelihood(tree, progressbar=False)
        tree = pm.stats.compute_log_prior(tree, var_names=["sd", "share", "effect"], progressbar=False)

    def sum_terms(group: str) -> xr.Dataset:
        terms = tree[group].to_dataset()
        return terms.map(lambda term: term.sum([dim for dim in term.dims if dim not in ("chain", "draw")]))

    assert list(mine["log_prior"]) == ["sd", "share", "effect"]
    for name, theirs in sum_terms("log_prior").data_vars.items():
        np.testing.assert_allclose(mine["log_prior"][name], theirs, rtol=1e-10, err_msg=str(name))
    both = sum_terms("log_likelihood")
    np.testing.assert_allclose(mine["log_likelihood"]["total"], both["k"] + both["x"], rtol=1e-9)


def test_each_model_of_one_compilation_has_its_own_data():
    """Hyper-parameters, data of a deterministic and observed data; the first model follows again after the second."""

    def build(seed: int) -> pm.Model:
        rng = np.random.default_rng(seed)
        with pm.Model(coords={"row": range(12)}) as model:
            scale = pm.Data("scale", float(rng.uniform(1, 3)))
            covariate = pm.Data("covariate", rng.normal(size=12), dims="row")
            slope = pm.Normal("slope", 0.0, scale)
            line = pm.Deterministic("line", slope * covariate, dims="row")
            y = pm.Data("y", rng.normal(size=12), dims="row")
            pm.Normal("y_obs", line, 1.0, observed=y, dims="row")
        return model

    compiled, settings = fit.Compiled(), Sampler(draws=40, tune=100, chains=2)
    built = [build(1), build(2)]
    for model in (built[0], built[1], built[0]):
        ready = compiled.get(model, "mine")
        sampled = fit.sample(ready, 3, settings)
        slope = sampled["posterior"]["slope"].to_numpy()[..., None]
        line = slope * model["covariate"].get_value()
        np.testing.assert_allclose(sampled["posterior"]["line"], line, rtol=1e-12)
        found = fit.compute_log_densities(ready, sampled, ["slope"])
        by_hand = stats.norm(line, 1).logpdf(model["y"].get_value()).sum(axis=-1)
        np.testing.assert_allclose(found["log_likelihood"]["total"], by_hand, rtol=1e-9)
        prior = stats.norm(0, model["scale"].get_value()).logpdf(slope[..., 0])
        np.testing.assert_allclose(found["log_prior"]["slope"], prior, rtol=1e-9)


def test_draws_equal_those_of_nutpie():
    """Constrained draws, derived here: transforms, several dims, no dims, no value, data of a deterministic."""
    with pm.Model(coords={"type": ["a", "b", "c"], "group": range(4)}) as model:
        group_idx = pm.Data("group_idx", np.array([2, 0, 1, 1]))
        sd = pm.LogNormal("sd", 0.0, 1.0)
        intercept = pm.Normal("intercept")
        plain = pm.Normal("plain", shape=(2, 2))
        share = pm.Dirichlet("share", np.ones(3), dims="type")
        effect = pm.ZeroSumNormal("effect", sigma=sd, dims=("type", "group"), n_zerosum_axes=1)
        line = pm.Deterministic("line", (effect[:, group_idx] * plain[0, 1] + intercept).T, dims=("group", "type"))
        pm.ZeroSumNormal("alone", shape=1)  # a single zero-sum element: no value to sample
        constant = pm.Data("constant", np.array([3.0, 4.0, 5.0]), dims="type")
        pm.Deterministic("data_only", 2 * constant, dims="type")
        pm.Deterministic("data_and_parameter", intercept + constant, dims="type")
        pm.Normal("x", line.sum() + share[0], sd, observed=0.3)
    settings = Sampler(draws=20, tune=30, chains=2)
    ready = fit.Compiled().get(model, "mine")
    mine = fit.sample(ready, 5, settings)["posterior"].to_dataset()
    options: dict[str, Any] = {"draws": 20, "tune": 30, "chains": 2, "target_accept": settings.target_accept}
    drawn = nutpie.sample(nutpie.compile_pymc_model(model), seed=5, progress_bar=False, save_warmup=False, **options)
    theirs = drawn["posterior"].to_dataset()
    assert set(mine) == set(theirs)
    for name in mine:
        assert mine[name].dims == theirs[name].dims, name
        np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-10, err_msg=name)
        for dim in (*{"type", "group"}.intersection(mine[name].dims), "chain", "draw"):
            assert mine[name][dim].to_numpy().tolist() == theirs[name][dim].to_numpy().tolist(), (name, dim)


def make_line(*, doubled: bool = False, constant: float = 2.0, data: float = 1.0, sd: float = 1.0) -> pm.Model:
    """Make a model whose variables and data always have the same names, shapes and types."""
    with pm.Model() as model:
        x = pm.Data("x", np.array([data, 2.0]))
        scale = pm.Data("scale", sd)
        slope = pm.Normal("slope", 0, scale)
        pm.Normal("y", slope * x * (constant if doubled else 1.0) + (0.0 if doubled else constant), observed=[1.0, 2.0])
    return model


def test_models_of_equal_names_and_other_graphs_are_compiled_apart():
    """Two forms of one regression had the same names, shapes and data; a refresh would have fitted the first twice."""
    known = fit.Compiled()
    first = known.get(make_line(), "line")
    assert known.get(make_line(data=7.0, sd=3.0), "line").first is first.first  # other data: the same graph
    assert known.get(make_line(doubled=True), "line").first is not first.first
    assert known.get(make_line(constant=3.0), "line").first is not first.first
    assert known.get(make_line(), "another function").first is not first.first


def test_a_description_is_of_the_graph_alone():
    """Built twice, it is the same; another operation, constant or order of inputs is another."""
    same, again = (fit.describe_graph(make_line()) for _ in range(2))
    assert same == again
    assert len({same, fit.describe_graph(make_line(doubled=True)), fit.describe_graph(make_line(constant=3.0))}) == 3


@pytest.mark.slow
def test_draws_do_not_depend_on_which_model_was_compiled_first(tables: dict[str, Any], compiled: fit.Compiled):
    """As when a killed refresh resumes: another specification is compiled first."""
    both = [one for one in list_specifications("academic_share") if one.name in ("main", "main_trend_half")]
    resolved = [resolve("academic_share", one, Overrides()) for one in both]
    data = MODEL.prepare(tables, resolved[0].choices)
    models = [MODEL.build(data, one.priors) for one in resolved]
    settings = Sampler(draws=50, tune=50, chains=1)
    compiled.get(models[0], "mine")
    whole = fit.sample(compiled.get(models[1], "mine"), 1, settings)
    resumed = fit.sample(fit.Compiled().get(models[1], "mine"), 1, settings)
    xr.testing.assert_identical(whole["posterior"].to_dataset()["share"], resumed["posterior"].to_dataset()["share"])
