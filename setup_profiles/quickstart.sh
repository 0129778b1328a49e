#!/usr/bin/env bash
# From a fresh clone to new silicon crystals:  bash setup_profiles/quickstart.sh
#
# Everything stays in this checkout: the packages in .venv, the AiiDA instance in .aiida. Run it
# again at any time: it continues where it stopped, or says what is there. PYTHON=/path/to/python
# chooses the interpreter.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cd "$(pwd -P)"
mkdir -p .aiida/reports
log=.aiida/quickstart.log
: >"$log"
# shellcheck source=setup_profiles/environment.sh
. setup_profiles/environment.sh

export AIIDA_PATH="$PWD"
export PATH="$PWD/.venv/bin:$PATH"
profile=crystalgen-quickstart
dataset=si-prototypes
search_file=examples/silicon.yaml
remembered=.aiida/quickstart-search
ticker=

# Begin step $1 of five, called $2. On a terminal the seconds run.
begin() {
  title="$(printf '[%s/5] %-22s' "$1" "$2")"
  started=$SECONDS
  if [ -t 1 ]; then
    (while :; do
      printf '\r%s %ss, log in %s\033[K' "$title" "$((SECONDS - started))" "$log"
      sleep 1
    done) &
    ticker=$!
  else
    printf '%s' "$title"
  fi
}

stop_ticker() {
  if [ -n "$ticker" ]; then
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    ticker=
    printf '\r%s\033[K' "$title"
  fi
}

# End the step: $1 is what there is now, $2 whether it was done or found.
finish() {
  local seconds=$((SECONDS - started)) took
  took="${seconds}s"
  [ "$seconds" -lt 60 ] || took="$((seconds / 60))m$(printf '%02d' $((seconds % 60)))s"
  stop_ticker
  printf ' %-58s %-6s %7s\n' "$1" "$2" "$took"
}

# Run a command into the log; if it fails, end with the sentence $1.
logged() {
  local sentence="$1"
  shift
  "$@" >>"$log" 2>&1 </dev/null || fail_with_log "$sentence"
}

trap stop_ticker EXIT
trap 'fail "Interrupted. Run the command again to continue."' INT TERM

case "$PWD" in
*[[:space:]:\'\"\\\$\(\)\;\&]*)
  # AiiDA separates instances by colons and starts its daemon through a command line.
  fail "The path of this checkout, '$PWD', holds a space or another special character, and AiiDA" \
    'cannot start its daemon from there. Move the checkout and run the command again.'
  ;;
esac

begin 1 environment
outcome=found
if ! is_installed .venv -e .; then
  need_disk 8
  if [ -e .aiida/config.json ] && [ -x .venv/bin/verdi ]; then
    # The daemon would go on with the packages of before.
    .venv/bin/verdi -p "$profile" daemon stop >>"$log" 2>&1 || true
  fi
  install_environment .venv -e .
  outcome='done'
fi
if ! grep -qs '^export AIIDA_PATH=' .venv/bin/activate; then
  printf '\n# The AiiDA instance of this checkout.\nexport AIIDA_PATH="%s"\n' "$PWD" \
    >>.venv/bin/activate
fi
versions="$(.venv/bin/python -c 'import platform
from importlib.metadata import version
print("python", platform.python_version() + ", torch", version("torch"))' 2>>"$log")" ||
  fail_with_log 'The environment .venv is damaged. Remove it and run the command again.'
finish ".venv  ($versions)" "$outcome"

begin 2 profile
outcome=found
if [ -e .aiida/config.json ] && ! grep -qF "\"$PWD/.aiida/" .aiida/config.json; then
  fail 'The AiiDA instance in .aiida was made in another folder and keeps absolute paths. Move' \
    'the checkout back, or remove .aiida to begin anew.'
fi
if ! verdi profile show "$profile" >/dev/null 2>&1; then
  logged 'The AiiDA profile could not be made. Remove .aiida to begin anew.' \
    verdi presto --use-zeromq --profile-name "$profile"
  # What login files do or print costs time at each command and can break the connection.
  logged 'The computer localhost could not be configured.' verdi -p "$profile" computer configure \
    core.local localhost --non-interactive --safe-interval 0 --no-use-login-shell
  outcome='done'
fi
finish "$profile  (SQLite + ZeroMQ, in .aiida)" "$outcome"

begin 3 'computer and code'
logged 'The computer, the code or the daemon could not be set up.' \
  aiida-crystalgen --profile "$profile" setup --workers 2
finish 'crystalgen@localhost, daemon with 2 workers' 'done'

begin 4 'reference set'
outcome=found
made='known crystals of silicon'
if ! aiida-crystalgen -p "$profile" dataset show "$dataset" >/dev/null 2>&1; then
  logged 'The reference set could not be made.' \
    aiida-crystalgen -p "$profile" dataset prototypes Si --label "$dataset" --protocol fast \
      --maximum-atoms 20 --code crystalgen@localhost
  made="$(sed -n "s/^Dataset '.*': \(.*\)\.$/\1/p" "$log") of Si, relaxed with 7net-0"
  outcome='done'
fi
finish "$dataset  ($made)" "$outcome"

# Print the state of the remembered search: Finished, Waiting, ..., and its exit status.
state_of_search() {
  [ -e "$remembered" ] || return 0
  verdi -p "$profile" process list --all --raw -P pk process_state exit_status \
    --process-label SearchWorkChain 2>>"$log" |
    awk -v pk="$(cat "$remembered")" '$1 == pk { print $2, $3 }'
}

# Launch the search and remember its number.
launch_search() {
  local answer
  answer="$(aiida-crystalgen -p "$profile" search launch "$search_file" 2>>"$log")" ||
    fail_with_log 'The search could not be launched.'
  printf '%s\n' "$answer" | sed -n 's/.*SearchWorkChain<\([0-9]*\)>.*/\1/p' | head -n 1 \
    >"$remembered"
}

state="$(state_of_search)" || fail_with_log 'The search of before could not be looked up.'
case "$state" in
'Finished 0') outcome='finished before' ;;
Created* | Running* | Waiting*) outcome='under way' ;;
*)
  [ -z "$state" ] ||
    printf 'Search %s ended before (%s); launching a new one.\n' "$(cat "$remembered")" "$state"
  launch_search
  outcome=launched
  ;;
esac
search="$(cat "$remembered")"
printf '[5/5] %-22s %s, search %s, %s\n\n' search "$search_file" "$search" "$outcome"
# Live progress, the table of phases, and the path of the report.
aiida-crystalgen -p "$profile" search watch "$search" ||
  fail "To look into search $search: source .venv/bin/activate; verdi process report $search"
cat <<END

In a new terminal:   source $PWD/.venv/bin/activate
To free the cores:   verdi daemon stop    (run this script again to go on)
END
