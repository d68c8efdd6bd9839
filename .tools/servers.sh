#!/usr/bin/env bash
# Installs the programs that tests talk to, where this machine lacks them and lets us: a Debian with root rights. What cannot be
# had is named, and the tests that want it say that they are skipped. InfluxDB is no Debian package: its tests build it.
set -uo pipefail

declare -A package=(
  [chromium]=chromium                     # a real browser for the visualizer
  [slurmctld]=slurmctld [slurmd]=slurmd [squeue]=slurm-client [munged]=munge # a real cluster for the live twin
  [slurmrestd]="slurmrestd slurm-wlm-jwt-plugin" # the same cluster, asked by HTTP with a token
  [prometheus]=prometheus                 # real metrics for it
  [snmpd]=snmpd [mosquitto]=mosquitto     # a facility's agents and messages
)
PATH=$PATH:/usr/sbin:/sbin
missing=()
for program in "${!package[@]}"; do
  read -ra wanted <<<"${package[$program]}"
  command -v "$program" >/dev/null || missing+=("${wanted[@]}")
done
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv) # notebooks
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
  echo "tests go without ${missing[*]}: there is no apt-get here" >&2
  exit 0
fi
root=()
if ((EUID)); then
  sudo -n true 2>/dev/null || { echo "tests go without ${missing[*]}: installing them takes root rights" >&2; exit 0; }
  root=(sudo -n)
fi
echo "installing for the tests: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install() { "${root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null 2>&1; }
# A package that starts a service must not do so: the tests start their own.
if [[ ! -e /usr/sbin/policy-rc.d ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee /usr/sbin/policy-rc.d >/dev/null && "${root[@]}" chmod +x /usr/sbin/policy-rc.d
  trap '"${root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
fi
install || { "${root[@]}" apt-get update -q >/dev/null 2>&1; install; } || echo "tests go without some of ${missing[*]}: apt-get could not install them" >&2
