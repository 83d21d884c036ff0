# Two commands matter: `make book` and `make test`. Each sets itself up and
# skips what is up to date. `make help` lists the rest.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Marks of what has been done, each newer than what it was done with.
DONE   := $(VENV)/done

# The notebooks run in this environment, whatever kernels the user has.
export JUPYTER_PREFER_ENV_PATH := 1
# The book's networks are small: two jobs of one thread each are faster than
# one job of two threads.
MAKEFLAGS += --jobs=2
export OMP_NUM_THREADS ?= 1

PACKAGE   := $(shell find src -type f -not -name '*.pyc' \
             -not -path '*.egg-info*')
RECORDS   := $(wildcard results/*.json results/*/*.json results/*/*.pt)
NOTEBOOKS := $(wildcard book/*.ipynb solutions/*.ipynb exercises/*.ipynb)
PAGES     := $(foreach end,ipynb md bib,$(wildcard book/*.$(end))) \
             $(wildcard book/_static/*)
TESTS     := $(wildcard tests/*.py tests/*.js grading/*.py)
HTML      := _build/html

# An environment dies with the Python it was made from, and cannot be moved.
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell $(BIN)/python -c 'print(open("$(DONE)/home").read())' 2>&1),$(CURDIR))
$(shell rm -rf $(VENV))
endif
endif

.PHONY: help book test pages serve lab exercises execute bench reproduce \
        clean FORCE
.DELETE_ON_ERROR:

help:
	@echo "make book     build the pages"
	@echo "make test     check the package, the notebooks and their numbers"
	@echo "make serve    build the pages and serve them on this machine"
	@echo "make pages    check the built pages in a headless Chromium"
	@echo "make lab      open the notebooks in JupyterLab"
	@echo "make exercises   make the exercises anew from the solutions"
	@echo "make execute  run every notebook and keep its outputs"
	@echo "make bench    compare the speed of the LSTM with PyTorch's own"
	@echo "make reproduce   carry out the long runs that have no record yet"
	@echo "make clean    remove the environment and everything built"

book: $(HTML)/index.html
	@echo "The book is ready. Open $(CURDIR)/$(HTML)/index.html"

# The longest first: the notebooks run beside it.
test: $(DONE)/lint $(DONE)/pytest $(NOTEBOOKS:%.ipynb=$(DONE)/%.nbval)
	@echo "All checks have passed for the files as they are."

pages: book
	$(BIN)/python -m pytest tests/test_pages.py

serve: book
	@echo "Reading on http://localhost:8000 (stop with Ctrl+C)"
	@$(BIN)/python -m http.server --bind localhost --directory $(HTML) 8000

lab: $(DONE)/install-dev
	$(BIN)/jupyter lab book

EXERCISES = $(patsubst solutions/%,exercises/%,$(wildcard solutions/*.ipynb))
RUN       = $(BIN)/jupyter nbconvert --to notebook --inplace
TIDY      = PYTHONPATH=book/_ext $(RUN) --coalesce-streams \
            --NotebookExporter.preprocessors=small_figures.SmallFigures

exercises: $(DONE)/install-dev
	$(BIN)/python grading/course.py --exercises
	$(RUN) --execute --ExecutePreprocessor.record_timing=False $(EXERCISES)
	$(TIDY) $(EXERCISES)

execute: $(DONE)/install
	$(RUN) --execute --ExecutePreprocessor.record_timing=False $(NOTEBOOKS)
	$(TIDY) $(NOTEBOOKS)

bench: $(DONE)/install
	$(BIN)/python bench/training_step.py

# Can be stopped at any time, and goes on from there. JOBS: the cores to use.
reproduce: JOBS ?= 2
reproduce: $(DONE)/install
	$(BIN)/python -m unrolled_lab run all --jobs $(JOBS)
	$(BIN)/python -m unrolled_lab forecasters --jobs $(JOBS)

clean:
	rm -rf $(VENV) _build src/*.egg-info .pytest_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or newer is needed, not " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(DONE) && echo '$(CURDIR)' > $(DONE)/home

$(DONE)/install: requirements.txt constraints.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --requirement requirements.txt --constraint constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation --editable .
	@touch $@

$(DONE)/install-dev: requirements-dev.txt $(DONE)/install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --requirement requirements-dev.txt --constraint constraints.txt
	@touch $@

# The names of all files: changes when a file comes or goes.
$(DONE)/names: FORCE | $(BIN)/python
	@echo '$(PACKAGE) $(PAGES) $(NOTEBOOKS) $(TESTS) $(RECORDS)' > $@.now
	@cmp -s $@.now $@ || cp $@.now $@

# A warning is an error: a link or a reference that leads nowhere stops here.
# All pages are read again, as Sphinx does not repeat the warnings of the others.
$(HTML)/index.html: $(DONE)/install $(DONE)/names _config.yml _toc.yml \
                    $(PAGES) $(NOTEBOOKS) \
                    $(wildcard book/_ext/*.py src/unrolled_book/claims*)
	$(BIN)/jupyter-book build . --all --quiet -W -n --keep-going
	@touch $@

$(DONE)/lint: $(DONE)/install $(DONE)/names $(PACKAGE) $(NOTEBOOKS) $(TESTS) \
              $(wildcard book/_ext/*.py)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src tests bench grading book/_ext
	@touch $@

# Each notebook runs from top to bottom in a fresh kernel, and every output
# must be the committed one. (Not while packages are still being installed.)
$(DONE)/%.nbval: %.ipynb $(DONE)/install $(DONE)/names $(PACKAGE) \
                 $(RECORDS) | $(DONE)/install-dev
	$(BIN)/python -m pytest --nbval --quiet $<
	@mkdir -p $(@D) && touch $@

$(DONE)/pytest: $(DONE)/install-dev $(DONE)/names $(PACKAGE) $(PAGES) $(TESTS) \
                $(NOTEBOOKS) $(RECORDS)
	$(BIN)/python -m pytest --doctest-modules --ignore=tests/test_pages.py
	@touch $@
