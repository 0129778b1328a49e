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
  fi
  pip install --no-deps --no-build-isolation --force-reinstall . >>"$log" 2>&1 ||
    fail_with_log 'The wheel of this checkout could not be built and installed.'
}

# Find or install the browser of the report's tests.
browser() {
  local as_root=''
  if [ "$(id -u)" -ne 0 ]; then as_root='sudo -n'; fi
  if ! command -v chromium >/dev/null && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086
    { $as_root apt-get update -q && $as_root apt-get install -qy --no-install-recommends chromium; } \
      >>"$log" 2>&1 </dev/null || true
  fi
  if command -v chromium; then return; fi
  [ -z "${CI:-}" ] || fail_with_log 'The tests of the report need chromium, which is not there.'
  printf 'No chromium here: the tests of the report in a browser are skipped.\n'
}

export PATH="$PWD/.venv-tests/bin:$PATH"
# Tests make AiiDA instances of their own; nothing may reach that of the user.
AIIDA_PATH="$(mktemp -d)"
export AIIDA_PATH
mkdir "$AIIDA_PATH/.aiida"
trap 'rm -rf "$AIIDA_PATH"' EXIT

stage environment environment
stage browser browser
stage lint ruff check .
stage format ruff format --check .
stage spelling codespell
stage types mypy
stage contracts lint-imports
stage documentation sphinx-build --quiet --fail-on-warning --keep-going docs docs/_build/html
# `pytest`, unlike `python -m pytest`, keeps the checkout off the path: the installed wheel is tested.
stage tests pytest -p no:cacheprovider -n 2 "$@"
