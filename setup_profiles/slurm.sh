#!/usr/bin/env bash
# A queue of its own on one machine, to try what will run on a cluster:
#     bash setup_profiles/slurm.sh
#
# Installs SLURM from Debian, configures this machine as its only node, starts the services (with
# systemd or, as in a container, without), and runs a job. Run it again at any time: it starts what
# does not run. A cluster that has SLURM needs none of this. Then tell AiiDA about it:
#     verdi computer setup --non-interactive --config setup_profiles/computer-slurm.yaml
#     verdi computer configure core.local slurm --non-interactive --safe-interval 0 \
#         --no-use-login-shell
#     verdi code create core.code.installed --non-interactive --computer slurm \
#         --config setup_profiles/code-localhost.yaml
set -euo pipefail

folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
# shellcheck source=setup_profiles/services.sh
. "$folder/services.sh"

need_root
mark='# One node, for trials; written by setup_profiles/slurm.sh.'

# Write the configuration of a cluster of one node. Processes are followed by their parents and not
# by control groups, which a container may not have; memory is not limited. Accounts are not kept.
configure() {
  local host cores memory
  if as_root test -e /etc/slurm/slurm.conf; then
    report queue /etc/slurm/slurm.conf found
    return
  fi
  host="$(hostname -s)"
  cores="$(nproc)"
  memory="$(awk '/^MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo)"
  as_root tee /etc/slurm/slurm.conf >/dev/null <<END
$mark
ClusterName=local
SlurmctldHost=$host
SlurmUser=slurm
AuthType=auth/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
StateSaveLocation=/var/lib/slurm/slurmctld
SlurmdSpoolDir=/var/lib/slurm/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
NodeName=$host CPUs=$cores RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
  report queue /etc/slurm/slurm.conf written
}

# Make a folder that belongs to a user: $1 the user, $2 the folder.
own_folder() { as_root install -d -m 755 -o "$1" -g "$1" "$2"; }

# Start the service $1; the words after that start it without systemd, its program last.
start() {
  local service="$1" program="${*: -1}" outcome=running
  if ! pgrep -x "$program" >/dev/null; then
    if has_systemd; then
      as_root systemctl enable --now "$service" >/dev/null 2>&1 || true
    else
      (cd / && "${@:2}" >/dev/null 2>&1) || true
    fi
    wait_for 20 pgrep -x "$program" || fail "The service $service does not start; its log is in" \
      '/var/log/munge or /var/log/slurm.'
    outcome=started
  fi
  report service "$service" "$outcome"
}

is_ready() { sinfo --noheader --format %T | grep -qE '^(idle|mixed|allocated)'; }

if as_root test -e /etc/slurm/slurm.conf && ! as_root grep -qF "$mark" /etc/slurm/slurm.conf; then
  fail 'This machine belongs to a cluster already: /etc/slurm/slurm.conf is there. Use its queue as' \
    'it is, or move the file away.'
fi
install_packages slurm-wlm munge
configure
if ! has_systemd; then
  own_folder munge /run/munge
fi
own_folder slurm /var/lib/slurm/slurmctld
own_folder slurm /var/log/slurm
own_folder root /var/lib/slurm/slurmd
start munge as_user munge munged
start slurmctld as_root slurmctld
start slurmd as_root slurmd
wait_for 10 sinfo || fail 'SLURM does not answer; see /var/log/slurm/slurmctld.log.'
if ! wait_for 10 is_ready; then
  # After a restart of the machine a node may be held back.
  as_root scontrol update nodename="$(hostname -s)" state=resume >/dev/null 2>&1 || true
  wait_for 20 is_ready || fail 'The node of SLURM is not ready; `sinfo --list-reasons` says why.'
fi
answer="$(cd / && timeout 60 srun --immediate=30 hostname 2>&1)" ||
  fail "SLURM runs no job: $answer"
report queue "$(sinfo --noheader --format '%P %c cores')" "ran a job on $answer"
