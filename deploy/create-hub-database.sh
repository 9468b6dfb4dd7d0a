#!/bin/sh
# Run by PostgreSQL's image on its first start: the hub's store has a database and a user of its own.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
    --set password="$HUB_DB_PASSWORD" <<'SQL'
CREATE USER hub PASSWORD :'password';
CREATE DATABASE hub OWNER hub;
SQL
