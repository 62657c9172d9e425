# Two commands are the whole set-up: make demo (hear the bundled example) and make test.
PYTHON ?= python3
EXAMPLES = src/intone/models/examples

.PHONY: demo test check docs-check results clean

demo: .venv-demo/.ready
	.venv-demo/bin/intone predict $(EXAMPLES)/calm.wav $(EXAMPLES)/agitated.wav

test: .venv/.ready
	@mkdir -p .cache
	OMP_NUM_THREADS=1 .venv/bin/pytest -n 2 2>&1 | tee .cache/test.log; exit $${PIPESTATUS[0]}

check: .venv/.ready
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	$(MAKE) test

docs-check: .venv/.ready
	.venv/bin/pytest tests/test_docs.py

results: .venv/.ready
	.venv/bin/python -m intone.report.results results docs
	.venv/bin/python -m intone.report.card results
	.venv/bin/python -m intone.report.recordings results/recordings.toml docs/timelines.md

clean:
	rm -rf .venv .venv-demo .cache

# torch comes first and pinned: a bare "torch" would bring the CUDA build.
.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --constraint constraints.txt torch
	.venv/bin/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

.venv-demo/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install --quiet --constraint constraints.txt --editable .
	touch $@

SHELL = bash
