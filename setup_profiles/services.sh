# shellcheck shell=bash
# What postgresql_rabbitmq.sh and slurm.sh share: Debian packages and their services, started with
# systemd or, as in a container, without it. Sourced.

# Print a sentence on standard error and end.
fail() {
  printf '\n%s\n' "$*" >&2
  exit 1
}

# Print what there is now and what was done about it.
report() { printf '%-10s%-32s%s\n' "$1" "$2" "$3"; }

# Run a command as the administrator.
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

# Run a command as the user $1.
as_user() { as_root runuser -u "$1" -- "${@:2}"; }

# End unless packages and services of this machine can be changed.
need_root() {
  as_root true 2>/dev/null || fail 'This script installs Debian packages and starts services. Run' \
    'it as root, or as a user who may use sudo without a password.'
  command -v apt-get >/dev/null || fail 'This script needs Debian or Ubuntu: there is no apt-get.' \
    'Install the services by other means, and follow docs/howto.'
}

# Install those of the Debian packages $@ that are missing; print what was done.
install_packages() {
  local package log missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    report packages "$*" found
    return
  fi
  log="$(mktemp)"
  {
    as_root apt-get update -q &&
      as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qy --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null || {
    tail -n 15 "$log" | sed 's/^/  | /' >&2
    fail "The Debian packages ${missing[*]} could not be installed; the lines above say why."
  }
  rm -f "$log"
  report packages "${missing[*]}" installed
}

has_systemd() { [ -d /run/systemd/system ]; }

# Wait until a command succeeds, for $1 seconds at most; the words after that are the command.
wait_for() {
  local end=$((SECONDS + $1))
  until "${@:2}" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.5
  done
}
