#!/bin/sh
# Installs the real servers for the integration tests: Dovecot, Request Tracker and PostgreSQL from
# Debian, Tryton and Radicale from the Python index into .venv-tryton and .venv-radicale. Run it as
# often as you like.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
complete=yes
packages="dovecot-imapd request-tracker5 rt5-standalone rt5-db-sqlite postgresql"

missing_packages() {
    for package in $packages; do
        status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
        [ "$status" = "install ok installed" ] || printf '%s ' "$package"
    done
}

complain() {
    complete=no
    printf '\n*** %s\n*** Tests against these servers will be skipped.\n\n' "$1" >&2
    [ "${CI:-}" = "true" ] && exit 1
    return 0
}

install_debian() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        complain "Not a Debian system. Missing: Dovecot, Request Tracker 5 and PostgreSQL 15."
        return 0
    fi
    missing=$(missing_packages)
    [ -z "$missing" ] && return 0
    if [ "$(id -u)" != 0 ]; then
        complain "Not root, so these Debian packages stay missing: $missing"
        return 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    # shellcheck disable=SC2086 # a list of package names
    apt-get install -y --no-install-recommends $missing
}

install_python() {
    environment="$repository/.venv-$1"
    requirements="$here/$1-requirements.txt"
    stamp="$environment/installed-requirements.txt"
    cmp -s "$requirements" "$stamp" && return 0
    "${PYTHON:-python3}" -m venv "$environment" &&
        "$environment/bin/python" -m pip install --quiet --requirement "$requirements" &&
        cp "$requirements" "$stamp"
}

install_debian
install_python tryton || complain "Tryton could not be installed in .venv-tryton."
install_python radicale || complain "Radicale could not be installed in .venv-radicale."
[ "$complete" = no ] || echo "Test servers: ready."
