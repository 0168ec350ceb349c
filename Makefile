# PrismRec: `make demo` shows it, `make test` proves it. Both start from nothing but Python and make.
PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8000
SERVE  ?= 1
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

export PIP_DEFAULT_TIMEOUT ?= 120

.PHONY: demo test lint format types unit bench clean help system

help:
	@echo "make demo    build a small marketplace, train, measure, serve it on port $(PORT) (SERVE=0: stop after the figures)"
	@echo "make test    install what tests need and run every check"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make bench   regenerate the figures of the README (takes an hour)"
	@echo "make clean   remove what the commands above made"

$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("PrismRec needs Python 3.11 or later, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt -e ".[offline]"
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) install -q -c constraints.txt -e ".[offline,postgres,dev]"
	@touch $@

demo: $(VENV)/.base
	$(BIN)/prismrec demo --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,)

test: $(VENV)/.dev system lint unit

# Servers and a browser for the tests, where we may install them; elsewhere those tests say why they skip.
system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=""; \
	  command -v chromium >/dev/null || missing="$$missing chromium"; \
	  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	  command -v strace >/dev/null || missing="$$missing strace"; \
	  fc-list :lang=zh 2>/dev/null | grep -q . || missing="$$missing fonts-noto-cjk"; \
	  if [ -n "$$missing" ]; then \
	    echo "installing$$missing"; \
	    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$missing; } >/dev/null \
	      || echo "could not install$$missing: the tests that need them will skip"; \
	  fi; \
	fi

lint: $(VENV)/.dev
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build runs
