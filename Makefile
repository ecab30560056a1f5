# Every target makes `.venv` and installs what it needs by itself; nothing is installed outside of it.
#   make test PYTHON=python3.12       another interpreter (for a new .venv)
#   make test ARGS="-k tanh"          further arguments for the program that the target runs

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help demo sheet test lint bench mutants stub dev clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.package ## run every lesson and build the gallery in out/
	$(BIN)/python -m demos $(ARGS)

sheet: $(VENV)/.package ## draw the graphs of demos/graphs.py on one page, out/graphs/index.html
	$(BIN)/python -m demos.contact_sheet $(ARGS)

test: $(VENV)/.test ## run the whole test suite, in parallel
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

lint: $(VENV)/.lint ## ruff check, ruff format --check, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

bench: $(VENV)/.package $(VENV)-bench/.bench $(VENV)-hips/.bench-hips ## measure against the peers that are installed
	$(BIN)/python tests/benchmarks/run.py $(ARGS)

mutants: $(VENV)/.test ## plant faults one at a time and see whether the tests find them: half an hour
	$(BIN)/python tests/mutants/run.py $(ARGS)

stub: $(VENV)/.package ## write autograd/fast/methods.pyi anew from the operation table
	$(BIN)/python -c "from autograd.fast.source import stub; print(stub(), end='')" > autograd/fast/methods.pyi.new
	mv autograd/fast/methods.pyi.new autograd/fast/methods.pyi

dev: $(VENV)/.dev ## install all that work on Glassgrad needs, pre-commit included

clean: ## remove .venv, out/ and everything else that the targets made
	rm -rf $(VENV) $(VENV)-bench $(VENV)-hips out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find autograd viz tests demos -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamp files: a second run installs nothing, a change of pyproject.toml installs again.
# `pip install --group` came with pip 25.1.
$(VENV)/.created:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "Glassgrad needs Python 3.11 or newer, but there is no '$(PYTHON)'. Name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Glassgrad needs Python 3.11 or newer, but '$(PYTHON)' is" \
	    "$$("$(PYTHON)" --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.package: pyproject.toml $(VENV)/.created
	$(PIP) --editable '.[all]'
	@touch $@

$(VENV)/.test $(VENV)/.lint $(VENV)/.dev: $(VENV)/.%: $(VENV)/.package
	$(PIP) --group $*
	@touch $@

# The peers stand aside, so that nothing of ours can need them. One that can't be installed is left out of the table.
$(VENV)-bench/.bench $(VENV)-hips/.bench-hips: pyproject.toml $(VENV)/.created
	"$(PYTHON)" -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	-$(@D)/bin/python -m pip install --quiet --group $(patsubst .%,%,$(@F)) && touch $@
