# `make refresh` and `make test` need Python 3.12, make and a package registry: they set up .venv once, then run.
# Nothing else on the machine is used or changed.
export UV_SYSTEM_CERTS := 1
PY := .venv/bin/python
UV := .boot/bin/uv
TESTS ?= tests

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

$(UV): requirements-boot.lock
	@echo "make: fetching the installer (uv) into .boot, once"
	@test -x .boot/bin/python || python3 -m venv .boot
	@.boot/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-boot.lock
	@touch $@

.venv/bin/python: $(UV) .python-version
	@echo "make: creating .venv with Python $$(cat .python-version), once"
	@$(UV) venv -q --clear .venv
	@touch $@

.venv/.ok: .venv/bin/python requirements.lock
	@echo "make: installing pinned packages into .venv (about 1 GB, once; half a minute on a fast line)"
	@$(UV) pip sync -q --compile-bytecode --require-hashes -p ./.venv requirements.lock
	@rm -f .venv/.ok-test && touch $@

.venv/.ok-test: .venv/.ok requirements-dev.lock
	@echo "make: adding the test tools to .venv, once"
	@$(UV) pip sync -q --compile-bytecode --require-hashes -p ./.venv requirements-dev.lock
	@touch $@

lock: $(UV)
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate -p 3.12 requirements.in -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate -p 3.12 -c requirements.lock requirements-dev.in -o requirements-dev.lock

clean:
	rm -rf build .venv .boot
