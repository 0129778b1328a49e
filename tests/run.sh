#!/usr/bin/env bash
# Everything that must hold before a change is accepted:  bash tests/run.sh
#
# Works from a fresh clone; the environment in .venv-tests is made on the first run and kept. Words
# after the command go to pytest, as in `bash tests/run.sh -k wyckoff`.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cd "$(pwd -P)"
mkdir -p .venv-tests
log=.venv-tests/install.log
: >"$log"
# shellcheck source=setup_profiles/environment.sh
. setup_profiles/environment.sh

stage() {
  name="$1"
  printf '\n== %s\n' "$name"
  shift
  "$@" || fail "Failed: $name."
}

# Make the environment, then put the wheel of these sources into it.
environment() {
  if ! is_installed .venv-tests '.[tests,docs,chgnet]' hatchling editables; then
    need_disk 8
    install_environment .venv-tests '.[tests,docs,chgnet]' hatchling editables
    # Its requirements ask for an older seekpath than the one it runs with.
    pip install --no-deps -c constraints.txt aiida-quantumespresso elementpath qe-tools xmlschema \
      >>"$log" 2>&1 || fail_with_log 'The engine Quantum ESPRESSO could not be installed.'
  fi
  pip install --no-deps --no-build-isolation --force-reinstall . >>"$log" 2>&1 ||
    fail_with_log 'The wheel of this checkout could not be built and installed.'
}

# Install the Debian package $2 unless its program $1 is there.
program() {
  local as_root=''
  if [ "$(id -u)" -ne 0 ]; then as_root='sudo -n'; fi
  if ! command -v "$1" >/dev/null && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086
    { $as_root apt-get update -q && $as_root apt-get install -qy --no-install-recommends "$2"; } \
      >>"$log" 2>&1 </dev/null || true
  fi
  command -v "$1"
}

# Find or install the browser of the report's tests.
browser() {
  if program chromium chromium; then return; fi
  [ -z "${CI:-}" ] || fail_with_log 'The tests of the report need chromium, which is not there.'
  printf 'No chromium here: the tests of the report in a browser are skipped.\n'
}

# Find or install a density-functional code.
density_functional_code() {
  program pw.x quantum-espresso || printf 'No pw.x here: the tests with it are skipped.\n'
}

export PATH="$PWD/.venv-tests/bin:$PATH"
# Tests make AiiDA instances of their own; nothing may reach that of the user.
AIIDA_PATH="$(mktemp -d)"
export AIIDA_PATH
mkdir "$AIIDA_PATH/.aiida"
trap 'rm -rf "$AIIDA_PATH"' EXIT

stage environment environment
stage browser browser
stage 'density-functional code' density_functional_code
stage lint ruff check .
stage format ruff format --check .
stage spelling codespell
stage types mypy
stage contracts lint-imports
stage documentation sphinx-build --quiet --fail-on-warning --keep-going docs docs/_build/html
# `pytest`, unlike `python -m pytest`, keeps the checkout off the path: the installed wheel is tested.
stage tests pytest -p no:cacheprovider -n 2 "$@"
