#!/bin/sh
# Starts Temporal as the official image does: databases, their schemas, the server, and beside it the default namespace.
# It ends where a step fails, and Kubernetes starts the container anew.
set -eu

own_address() { hostname -i | cut -d ' ' -f 1; }

: "${BIND_ON_IP:=$(own_address)}"
if [ "$BIND_ON_IP" = 0.0.0.0 ] || [ "$BIND_ON_IP" = ::0 ]; then
	: "${TEMPORAL_BROADCAST_ADDRESS:=$(own_address)}"
	export TEMPORAL_BROADCAST_ADDRESS
fi
export BIND_ON_IP
case "$BIND_ON_IP" in
*:*) : "${TEMPORAL_ADDRESS:=[$BIND_ON_IP]:7233}" ;;
*) : "${TEMPORAL_ADDRESS:=$BIND_ON_IP:7233}" ;;
esac

temporal-setup config config/config_template.yaml config/docker.yaml

: "${DB:=cassandra}" "${DBNAME:=temporal}" "${VISIBILITY_DBNAME:=temporal_visibility}" "${DB_PORT:=3306}"
: "${POSTGRES_SEEDS:=}" "${POSTGRES_USER:=}" "${POSTGRES_PWD:=}" "${SKIP_SCHEMA_SETUP:=false}" "${SKIP_DB_CREATE:=false}"

sql_tool() {
	SQL_PASSWORD=$POSTGRES_PWD temporal-sql-tool --plugin "$DB" --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" \
		--tls="${POSTGRES_TLS_ENABLED:-false}" \
		--tls-disable-host-verification="${POSTGRES_TLS_DISABLE_HOST_VERIFICATION:-false}" \
		--tls-cert-file "${POSTGRES_TLS_CERT_FILE:-}" --tls-key-file "${POSTGRES_TLS_KEY_FILE:-}" \
		--tls-ca-file "${POSTGRES_TLS_CA_FILE:-}" --tls-server-name "${POSTGRES_TLS_SERVER_NAME:-}" --db "$@"
}

set_up() { # database, its schema
	# A database of the role's name is taken to be there, as PostgreSQL's image makes it.
	if [ "$1" != "$POSTGRES_USER" ] && [ "$SKIP_DB_CREATE" != true ]; then sql_tool "$1" create; fi
	sql_tool "$1" setup-schema -v 0.0
	sql_tool "$1" update-schema --schema-name "postgresql/v12/$2"
}

if [ "$SKIP_SCHEMA_SETUP" != true ]; then
	case "$DB" in
	postgres12 | postgres12_pgx) ;;
	*)
		echo "DB=$DB: this image only has PostgreSQL, as postgres12 or postgres12_pgx" >&2
		exit 1
		;;
	esac
	if [ -z "$POSTGRES_SEEDS" ]; then
		echo "POSTGRES_SEEDS must be set with DB=$DB" >&2
		exit 1
	fi
	temporal-setup wait "${POSTGRES_SEEDS%%,*}:$DB_PORT"
	set_up "$DBNAME" temporal
	set_up "$VISIBILITY_DBNAME" visibility
fi

temporal-setup namespace "$TEMPORAL_ADDRESS" &
exec temporal-server --env docker start
