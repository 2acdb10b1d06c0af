# `make refresh` and `make test` need Python 3.12, make and a package registry: they set up .venv once, then run.
# Nothing else on the machine is used or changed.
export UV_SYSTEM_CERTS := 1
PY := .venv/bin/python
UV := .boot/bin/uv
TESTS ?= tests
# Installs pinned packages; after an interrupted installation, all of them again.
SYNC = again=$$(test ! -e .venv/.unfinished || echo --reinstall); touch .venv/.unfinished; \
	$(UV) pip sync -q $$again --compile-bytecode --require-hashes -p ./.venv

# What was left incomplete, or whose Python is gone, is made again.
.DELETE_ON_ERROR:
$(shell test -x .boot/bin/uv || rm -f .boot/bin/uv; test -x .venv/bin/python || rm -f .venv/pyvenv.cfg)

.PHONY: refresh test test-all status check lock clean

refresh: .venv/.ok
	@$(PY) -m inference refresh

status: .venv/.ok
	@$(PY) -m inference status

# Files in their own order: by default those with few tests, which are long, come last and leave a core idle.
test: check
	@echo "make test: the fast tests (the first run compiles the models: some minutes)"
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 --timeout 900 -m "not slow" $(TESTS)

test-all: check
	@$(PY) -m pytest $(TESTS)

check: .venv/.ok-test
	@echo "make: ruff and mypy"
	@$(PY) -m ruff check -q . && $(PY) -m ruff format -q --check . && $(PY) -m mypy

# An environment without pip is left by a Python without ensurepip, or by an interruption: it is made again.
$(UV): requirements-boot.lock
	@echo "make: fetching the installer (uv) into .boot, once"
	@.boot/bin/python -m pip --version > /dev/null 2>&1 || python3 -m venv --clear .boot || { rm -rf .boot; \
		echo "make: python3 cannot make an environment: do what the lines above say (on Debian and Ubuntu:" \
		"apt install python3-venv), then run make again" >&2; exit 1; }
	@.boot/bin/python -m pip install -q --disable-pip-version-check --force-reinstall --require-hashes \
		-r requirements-boot.lock
	@$@ --version > /dev/null && touch $@

# The file is the environment's own; bin/python may be a link to a Python that other programs use.
.venv/pyvenv.cfg: $(UV) .python-version
	@echo "make: creating .venv with Python $$(cat .python-version), once"
	@$(UV) venv -q --clear .venv
	@touch $@

.venv/.ok: .venv/pyvenv.cfg requirements.lock
	@echo "make: installing pinned packages into .venv (about 1 GB, once; half a minute on a fast line)"
	@$(SYNC) requirements.lock
	@rm -f .venv/.ok-test .venv/.unfinished && touch $@

.venv/.ok-test: .venv/.ok requirements-dev.lock
	@echo "make: adding the test tools to .venv, once"
	@$(SYNC) requirements-dev.lock
	@rm -f .venv/.unfinished && touch $@

lock: $(UV)
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate -p 3.12 requirements.in -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate -p 3.12 -c requirements.lock requirements-dev.in -o requirements-dev.lock

clean:
	rm -rf build .venv .boot
