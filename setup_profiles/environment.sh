# shellcheck shell=bash disable=SC2154
# What quickstart.sh and tests/run.sh share: a Python that fits, and a virtual environment with the
# pinned packages. Sourced, with the checkout as working directory; `log` names the log file.

# Tools that cannot write into the home print warnings or stop.
if [ ! -d "${HOME:-}" ] || [ ! -w "${HOME:-}" ]; then
  export HOME="$PWD/.aiida/home"
  mkdir -p "$HOME"
fi
# Packages of other environments must not leak in, nor notices of pip.
unset PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# One process per core; threads of one process would fight for the same cores.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

python_fits='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'

# Forget the running line of a terminal; quickstart.sh has one.
stop_ticker() { :; }

# Print a sentence on standard error and end.
fail() {
  stop_ticker
  printf '\n%s\n' "$*" >&2
  exit 1
}

# Print a sentence after the last lines of the log, and end.
fail_with_log() {
  stop_ticker
  printf '\n\nLast lines of %s:\n' "$log" >&2
  grep -v '^WARNING: Location' "$log" | tail -n 15 | sed 's/^/  | /' >&2
  fail "$*"
}

# Set `python` to an interpreter that can make the environment: $PYTHON, or the first that fits.
find_python() {
  local first version
  first="${PYTHON:-python3}"
  for python in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.10}; do
    "$python" -c "$python_fits" >/dev/null 2>&1 || continue
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || fail "$python cannot make virtual" \
      'environments. On Debian and Ubuntu: apt-get install python3-venv'
    return
  done
  version="$("$first" --version 2>/dev/null)" || version='not there'
  fail "Python 3.10 to 3.13 is needed, and $first is $version. Install one of them, or name it" \
    'in front of the command: PYTHON=/path/to/python3.11 bash ...'
}

# Print what an environment depends on: where it lies, what is asked for, what is pinned.
stamp() {
  printf '%s %s\n' "$PWD" "$*"
  cat constraints.txt pyproject.toml | cksum
}

# Succeed if the environment in folder $1 is up to date for the requirements $2 ...
is_installed() {
  [ -x "$1/bin/python" ] && [ "$(cat "$1/installed" 2>/dev/null)" = "$(stamp "$@")" ]
}

# Succeed if folder $1 holds an environment that can be used where it lies now.
is_environment() {
  # The scripts of an environment hold its path, so one that was moved is of no use.
  [ "$(cat "$1/checkout" 2>/dev/null || printf '%s' "$PWD")" = "$PWD" ] &&
    "$1/bin/python" -c "import pip; $python_fits" >/dev/null 2>&1
}

# Install the pinned torch, then the requirements $2 ..., into the environment in folder $1.
install_environment() {
  local torch
  if ! is_environment "$1"; then
    find_python
    "$python" -m venv --clear "$1" >>"$log" 2>&1 ||
      fail_with_log "The virtual environment $1 could not be made."
  fi
  printf '%s\n' "$PWD" >"$1/checkout"
  # torch goes first: once it is there, no other package pulls in another build of it.
  torch="$(grep '^torch==' constraints.txt)"
  "$1/bin/python" -m pip install -c constraints.txt "$torch" >>"$log" 2>&1 ||
    fail_with_log "$torch could not be installed. Is the package index reachable, and is there" \
      'enough disk space? Run the command again to continue.'
  "$1/bin/python" -m pip install -c constraints.txt "${@:2}" >>"$log" 2>&1 ||
    fail_with_log 'The packages could not be installed. Run the command again to continue.'
  stamp "$@" >"$1/installed"
}

# End if less than $1 GB are free.
need_disk() {
  local free
  free="$(df -Pk . | awk 'NR == 2 { print int($4 / 1000000) }')"
  [ "$free" -ge "$1" ] || fail "Only $free GB are free on the disk of $PWD, and the packages need" \
    "about $1 GB. Free some and run the command again."
}
