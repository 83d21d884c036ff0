# Two commands matter: `make book` and `make test`. Each sets itself up and
# skips what is up to date. `make help` lists the rest.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Marks of what has been done, each newer than what it was done with.
DONE   := $(VENV)/done
# This one says that the environment was made here and may be removed here.
OURS   := $(VENV)/made-by-unrolled
HTML   := _build/html
# This run of make: when it began, and a number of its own.
THIS   := $(shell echo "`date +%s`-$$$$")
TOOK   = $$(( `date +%s` - $(firstword $(subst -, ,$(THIS))) )) s

# The notebooks run in this environment, whatever kernels the user has.
export JUPYTER_PREFER_ENV_PATH := 1
# The book's networks are small: two jobs of one thread each are faster than
# one job of two threads.
JOBS ?= 2
MAKEFLAGS += --jobs=$(JOBS)
export JOBS
export OMP_NUM_THREADS ?= 1

# All files in some folders, as far as make can name them.
FIND  = find $(1) -name '.?*' -prune -o -name '__pycache__' -prune \
        -o -name '*.egg-info' -prune -o -name '*[ :$$\#%]*' -prune \
        -o -type f -name '$(or $(2),*)' -print 2>/dev/null
files = $(sort $(shell $(FIND)))
PACKAGES  := $(call files,src)
NOTEBOOKS := $(call files,book solutions exercises,*.ipynb)
PAGES     := $(filter-out book/_%,$(call files,book,*.md)) \
             $(call files,book solutions exercises,*.ipynb)
# What all pages depend on.
LOOK      := _config.yml _toc.yml $(call files,book/_ext book/_static) \
             $(call files,book,*.bib) $(filter src/unrolled_book/%,$(PACKAGES))
# What the pages of the package are made from: Sphinx notes which file.
API       := $(filter-out src/unrolled_book/%,$(PACKAGES))
TESTS     := $(call files,tests grading bench tools) Makefile \
             $(wildcard *.md *.txt *.toml *.yml *.cff .ci/* .github/workflows/*)
RECORDS   := $(call files,results)
# These tests need the built pages and a browser.
IN_BROWSER := tests/test_pages.py tests/test_site.py tests/test_explore.py
MARKS     := $(DONE)/lint $(DONE)/pytest $(NOTEBOOKS:%.ipynb=$(DONE)/%.nbval)

.PHONY: help book test notebooks chapter pages pdf handouts serve lab exercises \
        execute bench reproduce times types mutants portable links clean FORCE
.DELETE_ON_ERROR:

help:
	@echo "make book     build the pages"
	@echo "make test     check the package, the notebooks and their numbers"
	@echo "make notebooks  check those whose numbers may have changed"
	@echo "make chapter N=04   check one chapter and build its page"
	@echo "make serve    build the pages and serve them on this machine"
	@echo "make pdf      put the core chapters into one file, to print"
	@echo "make handouts make slides, quizzes, cards, sheets and all figures;"
	@echo "              the first time takes minutes"
	@echo "make pages    check the built pages in a headless Chromium"
	@echo "make lab      open the notebooks in JupyterLab"
	@echo "make exercises   make the exercises anew from the solutions"
	@echo "make execute  run every notebook and keep its outputs"
	@echo "make times    say what each page costs, and write its minutes"
	@echo "make bench    compare the speed of the LSTM with PyTorch's own"
	@echo "make reproduce   carry out the long runs that have no record yet"
	@echo "make types    let Pyright look at the types in src"
	@echo "make mutants  break the packages in thousands of places (hours);"
	@echo "              MODULE=unrolled.data: one module (minutes)"
	@echo "make portable    repeat tests and notebooks as on other processors"
	@echo "make links    ask whether every link of the pages still leads there"
	@echo "make clean    remove the environment and everything built"
	@echo
	@echo "VENV=FOLDER puts the environment elsewhere, PYTHON=python3.12 makes"
	@echo "it with another Python."

# ---- The environment -------------------------------------------------------

# It dies with the Python that it was made from, and cannot be moved. This only
# looks; what is removed, and whether, is decided in a recipe that really runs.
WHERE := import os, sys; \
         print(sys.version_info[:2], ascii(os.path.realpath(sys.prefix)))
ifneq ($(words $(VENV)),1)
$(error VENV must be a name without spaces, not '$(VENV)')
endif
STATE := $(shell if ! test -e $(VENV) && ! test -L $(VENV); then echo none; \
         elif ! test -f $(OURS); then echo foreign; \
         elif ! test -s $(DONE)/made; then echo unfinished; \
         elif test "`cat $(DONE)/made`" = \
             "`$(BIN)/python -c '$(WHERE)' 2>/dev/null`"; then echo good; \
         else echo dead; fi)

$(DONE)/made: $(if $(filter good,$(STATE)),,FORCE)
ifeq ($(STATE),foreign)
	@echo "$(VENV) was not made by this project, so it is left as it is." >&2
	@echo "Give the environment another name, for example:" >&2
	@echo "    make $(or $(MAKECMDGOALS),book) VENV=.venv-unrolled" >&2
	@exit 1
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or newer is needed, not " + sys.version)'
	@echo "Making the environment $(VENV) for the book:" \
	    "$(if $(filter dead,$(STATE)),the folder or its Python has changed,\
	    this is needed once)."
	@if test -f $(OURS); then rm -rf $(VENV); fi
	@mkdir -p $(dir $(VENV)) && mkdir $(VENV)
	@echo "Made by make, which may remove it." > $(OURS)
	@echo "*" > $(VENV)/.gitignore
	@$(PYTHON) -m venv $(VENV)
	@mkdir $(DONE)
	@$(BIN)/python -c '$(WHERE)' > $@
endif

$(DONE)/install: requirements.txt constraints.txt pyproject.toml $(DONE)/made
	@echo "Installing what the book and its notebooks need:"
	@$(BIN)/python tools/install.py requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation --editable .
	@touch $@

$(DONE)/install-test: requirements-test.txt $(DONE)/install
	@echo "Installing what the tests need:"
	@$(BIN)/python tools/install.py requirements-test.txt
	@touch $@

$(DONE)/install-dev: requirements-dev.txt $(DONE)/install-test
	@echo "Installing what changing the book needs:"
	@$(BIN)/python tools/install.py requirements-dev.txt
	@touch $@

# The names of all files: changes when a file comes or goes.
$(DONE)/names: FORCE $(DONE)/made
	@$(call FIND,src book solutions exercises results tests grading bench tools) \
	    | sort > $@.now
	@cmp -s $@.now $@ || cp $@.now $@

# ---- The pages -------------------------------------------------------------

# A warning is an error: a link or a reference that leads nowhere stops here.
# Sphinx does not repeat the warnings of pages that have not changed. So all
# are read again unless the last build was without any, which the mark says,
# and only pages have changed since, or docstrings. (What other pages say of a
# changed one, `retell` in book/_ext looks after.)
READY := _build/ready
# Without the grammars that jsonschema makes at each start, for two seconds, and
# with fewer searches for garbage among the pages that are read, for one.
BOOK   = $(BIN)/python -c 'import gc, sys; gc.set_threshold(200_000, 50, 100); \
         sys.modules["rfc3987_syntax"] = None; \
         from jupyter_book.cli.main import main; main()'
ALL    = $(filter-out $(PAGES) $(API),$?)
book: $(READY)
	@echo "The book is ready (`cat $(READY)`). Open"
	@echo "$$PWD/$(HTML)/index.html"

$(READY): $(DONE)/install $(DONE)/names $(LOOK) $(PAGES) $(API)
	@rm -f $@
	@echo "Building $(if $(ALL),all pages,$?) ..."
	@$(BOOK) build . $(if $(ALL),--all) --quiet -W -n --keep-going > /dev/null
	@echo "built in $(TOOK)" > $@

serve: book
	@echo "Reading on http://localhost:8000 (stop with Ctrl+C)"
	@$(BIN)/python -m http.server --bind localhost --directory $(HTML) 8000

# Figures as drawings are in no notebook, so each runs once more for them.
PLATES = $(patsubst %,_build/plates/%,$(call files,book,*.ipynb))
handouts: $(READY) $(DONE)/install-test $(PLATES)
	@$(BIN)/python tools/handouts _build/handouts --pages $(HTML) --figures $(PLATES)
	@echo "For a class: $$PWD/_build/handouts"

_build/plates/%.ipynb: %.ipynb $(DONE)/install $(PACKAGES)
	@echo "Drawing the figures of $< ..."
	@$(RUN:--inplace=) --execute --log-level ERROR --output-dir $(@D) \
	    --ExecutePreprocessor.extra_arguments="['--log-level=ERROR', \
	    '--InlineBackend.figure_formats={\"png\", \"svg\"}']" $<

pdf: $(READY) $(DONE)/install-test
	@$(BIN)/python tools/handouts/pdf.py

# A browser for each file; two files at a time.
pages: $(IN_BROWSER:%=look/%)
look/%: $(READY) $(DONE)/install-test FORCE
	$(BIN)/python -m pytest --quiet $*

# ---- The checks ------------------------------------------------------------

test: $(DONE)/lint $(DONE)/pytest notebooks
	@$(BIN)/python tools/summary.py $(THIS) $(DONE) $(MARKS)

$(DONE)/lint: $(DONE)/install-test $(DONE)/names $(PACKAGES) $(PAGES) $(TESTS) \
              $(LOOK)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check src tests bench grading tools book/_ext
	@echo $(THIS) > $@

# One process, as notebooks run beside it. Alone, it may have several:
# .venv/bin/python -m pytest --numprocesses=2
$(DONE)/pytest: $(DONE)/install-test $(DONE)/names $(PACKAGES) $(PAGES) \
                $(TESTS) $(LOOK) $(RECORDS)
	$(BIN)/python -m pytest --quiet --doctest-modules \
	    $(IN_BROWSER:%=--ignore=%)
	@echo $(THIS) > $@

# Each notebook runs from top to bottom in a fresh kernel, and every output must
# be the committed one. Which have to run again, the tool finds out. (And not
# while packages are still being installed.)
CHECK = $(BIN)/python tools/notebooks.py $(THIS) $(DONE)
notebooks: $(DONE)/install $(DONE)/install-test
	@$(CHECK) $(NOTEBOOKS)

# Its tests are those that carry its number: of its prose, figures and quiz, and
# those of its deeper pages.
CHAPTER := $(basename $(notdir $(wildcard book/$(N)_*.ipynb)))
ifeq ($(words $(CHAPTER)),1)
chapter: $(DONE)/install-test $(READY)
	@$(CHECK) book/$(CHAPTER).ipynb $(wildcard book/deeper/$(N)_*.ipynb)
	$(BIN)/python -m pytest --quiet -k $(N)_ \
	    `grep -lE 'import (.*, )?(notebooks|quiz|times)' \
	    $(filter-out $(IN_BROWSER),$(wildcard tests/test_*.py))`
	@echo "Chapter $(N) is in order ($(TOOK)). Open"
	@echo "$$PWD/$(HTML)/book/$(CHAPTER).html"
else
chapter:
	@echo "Which chapter? For example: make chapter N=04" >&2; exit 1
endif

# ---- Changing the book -----------------------------------------------------

lab: $(DONE)/install-dev
	$(BIN)/python -m jupyterlab book

EXERCISES = $(patsubst solutions/%,exercises/%,$(wildcard solutions/*.ipynb))
RUN       = $(BIN)/python -m nbconvert --to notebook --inplace
TIDY      = PYTHONPATH=book/_ext $(RUN) --coalesce-streams \
            --NotebookExporter.preprocessors=small_figures.SmallFigures

exercises: $(DONE)/install-test
	$(BIN)/python grading/course.py --exercises
	$(RUN) --execute --ExecutePreprocessor.record_timing=False $(EXERCISES)
	$(TIDY) $(EXERCISES)

execute: $(DONE)/install
	$(RUN) --execute --ExecutePreprocessor.record_timing=False $(NOTEBOOKS)
	$(TIDY) $(NOTEBOOKS)

times: $(DONE)/install
	$(BIN)/python -m unrolled_book.times

# Asks other people's servers, so it is no part of `make test`.
links: $(DONE)/install
	$(BOOK) build . --all --quiet --builder linkcheck --path-output _build/links

# ---- What takes long, or only counts on a quiet machine --------------------

# The compiled rival alone can take minutes: bench/training_step.py --compiled
bench: $(DONE)/install
	@echo "Comparing training steps, at most two minutes ..."
	@$(BIN)/python bench/training_step.py
	@echo "Measured in $(TOOK)."

# Can be stopped at any time, and goes on from there. JOBS: the cores to use.
reproduce: $(DONE)/install
	$(BIN)/python -m unrolled_lab run all --jobs $(JOBS)
	$(BIN)/python -m unrolled_lab forecasters --jobs $(JOBS)
	$(BIN)/python -m unrolled_lab probes

types: $(DONE)/install-dev
	$(BIN)/python -m pyright --pythonpath $(BIN)/python

mutants: $(DONE)/install-dev
	$(BIN)/python tools/mutants.py $(MODULE)

portable: $(DONE)/install-test
	$(BIN)/python tools/portable.py

# Only what was made here: the environment if it is marked, and what this
# project's tools have left.
clean:
	@if test -f $(OURS); then rm -rf $(VENV); \
	elif test -e $(VENV); then echo "$(VENV) is not ours: left as it is."; fi
	@rm -rf $(HTML) _build/links _build/.doctrees _build/.jupyter_cache $(READY) \
	    _build/jupyter_execute _build/_page _build/latex _build/pdf \
	    _build/mutants _build/unrolled.pdf _build/handouts _build/plates
	@rm -rf src/*.egg-info .pytest_cache .ruff_cache .hypothesis
	@if test -d _build; then rmdir _build 2>/dev/null || \
	    echo "_build holds something else: left as it is."; fi
