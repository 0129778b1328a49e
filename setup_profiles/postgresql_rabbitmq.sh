#!/usr/bin/env bash
# A profile with PostgreSQL and RabbitMQ, for campaigns of weeks and several workers:
#     bash setup_profiles/postgresql_rabbitmq.sh [PROFILE] [WORKERS]
#
# Installs both from Debian, starts them, makes a role, a database, a broker user and a virtual host
# of the profile's own with random passwords, and the AiiDA profile with computer, code and daemon.
# Run it again at any time, as after a restart of the machine: it starts what does not run and
# leaves the rest as it is. Needs `verdi` and `aiida-crystalgen` on the PATH. PROFILE is
# crystalgen-postgresql unless given; 0 WORKERS leave the daemon alone.
set -euo pipefail

folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
# shellcheck source=setup_profiles/services.sh
. "$folder/services.sh"

profile="${1:-crystalgen-postgresql}"
workers="${2:-4}"
[[ "$profile" =~ ^[a-z][a-z0-9-]{0,50}$ ]] || fail "The profile cannot be called '$profile': use" \
  'lowercase letters, digits and hyphens, a letter first.'
[[ "$workers" =~ ^[0-9]+$ ]] || fail "The number of workers is '$workers'; it is 0 or more."
# Role, database, broker user and virtual host; in SQL a hyphen would have to be quoted.
name="${profile//-/_}"
config="$folder/profile-postgresql.yaml"

for program in verdi aiida-crystalgen; do
  command -v "$program" >/dev/null || fail "There is no $program on the PATH. Activate the" \
    'environment first, as in: source .venv/bin/activate'
done
need_root
verdi profile list >/dev/null 2>&1 || fail 'AiiDA does not run here; `verdi status` says why.'

random_password() { head -c 24 /dev/urandom | base64 | tr -d '/+='; }

# Run SQL from standard input in database $1; no password is ever an argument that others see.
sql() {
  (cd / && as_user postgres psql -p "$port" -X -q -t -A -v ON_ERROR_STOP=1 -d "$1")
}

rabbit() { (cd / && as_root rabbitmqctl --quiet "$@"); }

start_postgresql() {
  local version cluster
  read -r version cluster port _ < <(pg_lsclusters --no-header | grep -v 'down,recovery') ||
    fail 'PostgreSQL has no cluster. Make one:  pg_createcluster --start VERSION main'
  outcome=running
  if ! pg_isready -q -p "$port"; then
    if has_systemd; then
      as_root systemctl enable --now "postgresql@$version-$cluster" >/dev/null 2>&1 || true
    else
      as_root pg_ctlcluster "$version" "$cluster" start >/dev/null 2>&1 || true
    fi
    wait_for 60 pg_isready -q -p "$port" || fail "PostgreSQL $version does not start; its log is" \
      "/var/log/postgresql/postgresql-$version-$cluster.log."
    outcome=started
  fi
  report server "PostgreSQL $version, port $port" "$outcome"
}

start_rabbitmq() {
  local file=/etc/rabbitmq/advanced.config
  # Since version 3.8.15 a message that is not acknowledged in half an hour goes to another worker,
  # and AiiDA acknowledges when the process has ended.
  if ! as_root test -e "$file"; then
    printf '[{rabbit, [{consumer_timeout, undefined}]}].\n' | as_root tee "$file" >/dev/null
  elif ! as_root grep -q consumer_timeout "$file"; then
    fail "$file is there without a consumer_timeout. Add {consumer_timeout, undefined} to its" \
      'section rabbit, then run this script again.'
  fi
  outcome=running
  if ! rabbit await_startup --timeout 5 >/dev/null 2>&1; then
    if has_systemd; then
      as_root systemctl enable --now rabbitmq-server >/dev/null 2>&1 || true
    else
      (cd / && as_root rabbitmq-server -detached >/dev/null 2>&1) || true
    fi
    wait_for 90 rabbit await_startup --timeout 5 || fail 'RabbitMQ does not start; its logs are in' \
      '/var/log/rabbitmq.'
    outcome=started
  fi
  # The file is read at the next start only.
  rabbit eval 'application:set_env(rabbit, consumer_timeout, undefined).' >/dev/null
  report server "RabbitMQ $(rabbit version)" "$outcome"
}

make_database() {
  if [ -z "$(sql postgres <<<"SELECT 1 FROM pg_roles WHERE rolname = '$name';")" ]; then
    sql postgres <<<"CREATE ROLE $name LOGIN;"
  fi
  sql postgres <<<"ALTER ROLE $name PASSWORD '$database_password';"
  outcome=created
  if [ -z "$(sql postgres <<<"SELECT 1 FROM pg_database WHERE datname = '$name';")" ]; then
    sql postgres <<<"CREATE DATABASE $name OWNER $name ENCODING 'UTF8' LC_COLLATE 'C.UTF-8'
      LC_CTYPE 'C.UTF-8' TEMPLATE template0;"
  elif [ -n "$(sql "$name" <<<"SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1;")" ]; then
    fail "The database $name holds data, but this AiiDA instance has no profile '$profile'. Choose" \
      "another name for the profile, or, if nobody needs the data:  dropdb -U postgres $name"
  else
    outcome='found empty'
  fi
  report database "$name" "$outcome"
}

make_broker_user() {
  if rabbit list_users | cut -f 1 | grep -qx "$name"; then
    rabbit change_password "$name" <<<"$broker_password" >/dev/null
  else
    rabbit add_user "$name" <<<"$broker_password" >/dev/null
  fi
  rabbit list_vhosts | grep -qx "$name" || rabbit add_vhost "$name" >/dev/null
  rabbit set_permissions -p "$name" "$name" '.*' '.*' '.*' >/dev/null
  report broker "$name" created
}

make_profile() {
  local file instance
  instance="$({ verdi status 2>/dev/null || true; } | sed -n 's/.* config: *//p')"
  file="$(mktemp)" # only its owner can read it
  trap 'rm -f "$file"' EXIT
  grep -vE '^(profile|database_(port|username|name)):' "$config" >"$file"
  cat >>"$file" <<END
profile: $profile
database_port: $port
database_username: $name
database_name: $name
database_password: $database_password
repository_uri: file://$instance/repository/$profile
END
  AIIDA_BROKER_USERNAME="$name" AIIDA_BROKER_PASSWORD="$broker_password" \
    AIIDA_BROKER_VIRTUAL_HOST="$name" \
    verdi profile setup core.psql_dos --non-interactive --config "$file" >"$file.log" 2>&1 || {
    tail -n 15 "$file.log" | sed 's/^/  | /' >&2
    rm -f "$file.log"
    fail "The AiiDA profile '$profile' could not be made; the lines above say why."
  }
  rm -f "$file" "$file.log"
  trap - EXIT
  # What the warning warns of is the consumer timeout, which is off.
  verdi -p "$profile" config set warnings.rabbitmq_version false >/dev/null
}

# Succeed if AiiDA reaches storage and broker; that the daemon may rest is no failure.
reaches_services() {
  local status
  status="$(verdi -p "$profile" status 2>&1 || true)"
  [[ "$status" == *'✔ storage:'* && "$status" == *'✔ broker:'* ]]
}

install_packages postgresql rabbitmq-server
start_postgresql
start_rabbitmq
outcome=found
if ! verdi profile show "$profile" >/dev/null 2>&1; then
  database_password="$(random_password)"
  broker_password="$(random_password)"
  make_database
  make_broker_user
  make_profile
  outcome=created
fi
wait_for 5 reaches_services || fail "Profile '$profile' cannot reach its" \
  "services; see:  verdi -p $profile status"
report profile "$profile" "$outcome"
aiida-crystalgen -p "$profile" setup --workers "$workers"
