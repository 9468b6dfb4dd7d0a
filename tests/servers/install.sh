#!/bin/sh
# Installs the real servers for the integration tests: Dovecot, Request Tracker, PostgreSQL, Redis, LibreOffice and Chromium
# from Debian, axe-core from npm into .cache/axe-core, Tryton, Radicale, Roundup, Xandikos and a Singer tap from the Python index into
# environments of their own. Cyrus conflicts with Dovecot, so Debian's packages of it are unpacked
# into .cache/cyrus and only its libraries are installed. Spark needs Java. Run it as often as you
# like.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
complete=yes
cyrus="$repository/.cache/cyrus"
packages="dovecot-imapd request-tracker5 rt5-standalone rt5-db-sqlite postgresql"
packages="$packages redis-server openjdk-17-jre-headless libreoffice-calc chromium"
command -v npm >/dev/null || packages="$packages npm"
axe=4.14.1
# What WeasyPrint sets PDF files with.
packages="$packages libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
# What cyrus-common and cyrus-caldav need and a plain Debian lacks; apt adds what these need.
packages="$packages libclamav12 libical3 libicu72 libjansson4 libkrb5-3 libldap-2.5-0 libnghttp2-14"
packages="$packages libpcre3 libpq5 libsasl2-modules libsasl2-modules-db libshp2 libwrap0"
packages="$packages libsqlite3-0 libxapian30 libxml2 libzephyr4 libbrotli1"
unpacked="cyrus-common cyrus-imapd cyrus-caldav sasl2-bin"

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
        complain "Not a Debian system. Missing: Dovecot, Cyrus, Request Tracker 5, PostgreSQL 15 and Java."
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

fetch_cyrus() {
    # shellcheck disable=SC2086 # a list of package names
    (cd "$cyrus/packages" && apt-get download -q $unpacked)
}

install_cyrus() {
    stamp="$cyrus/unpacked-packages.txt"
    [ "$(cat "$stamp" 2>/dev/null)" = "$unpacked" ] && return 0
    command -v apt-get >/dev/null || return 1
    rm -rf "$cyrus"
    mkdir -p "$cyrus/packages"
    fetch_cyrus || { [ "$(id -u)" = 0 ] && apt-get update && fetch_cyrus; } || return 1
    for package in "$cyrus"/packages/*.deb; do
        dpkg -x "$package" "$cyrus" || return 1
    done
    rm -r "$cyrus/packages"
    echo "$unpacked" >"$stamp"
}

install_axe() {
    folder="$repository/.cache/axe-core"
    [ "$(cat "$folder/version.txt" 2>/dev/null)" = "$axe" ] && return 0
    command -v npm >/dev/null || return 1
    rm -rf "$folder"
    mkdir -p "$folder"
    (cd "$folder" && npm pack --silent "axe-core@$axe" && tar -xzf "axe-core-$axe.tgz") || return 1
    rm "$folder/axe-core-$axe.tgz"
    echo "$axe" >"$folder/version.txt"
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
install_cyrus || complain "Cyrus could not be unpacked into .cache/cyrus."
install_axe || complain "axe-core could not be fetched from npm into .cache/axe-core."
install_python tryton || complain "Tryton could not be installed in .venv-tryton."
install_python radicale || complain "Radicale could not be installed in .venv-radicale."
install_python roundup || complain "Roundup could not be installed in .venv-roundup."
install_python singer || complain "tap-jsonl could not be installed in .venv-singer."
install_python xandikos || complain "Xandikos could not be installed in .venv-xandikos."
[ "$complete" = no ] || echo "Test servers: ready."
