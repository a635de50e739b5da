#!/bin/sh
# Sourced by other scripts: waits until a server accepts connections.
# Environment: WAIT_SECONDS, how long to wait for a server that does not respond; GRACE_SECONDS, how long to try again after
# an error that needs a correction, since passwords and certificates of a new server may still be on their way.

say() (
  IFS=' '
  printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"
)

# Exits with an error that a new attempt would not change.
refuse() {
  IFS=' '
  printf '%s\n' "$*" >&2
  exit 3
}

# wait_for ADDRESS USER PASSWORD SECRET COMMAND…: runs a client until it succeeds; its output is then in `answer`.
# ADDRESS and SECRET are the names for messages of the server and of the Secret that holds user and password.
wait_for() {
  address=$1 user=$2 password=$3 secret=$4
  shift 4
  errors=$(mktemp)
  begun=$(date +%s) failing_since=""
  # shellcheck disable=SC2034
  until answer=$("$@" 2>"$errors"); do
    reason=$(sed 's/^psql: error: //' "$errors" | tr -s '\n\t' '  ')
    now=$(date +%s)
    advice=$(hint "$reason")
    if [ -z "$advice" ]; then
      failing_since=""
    else
      failing_since=${failing_since:-$now}
      if [ $((now - failing_since)) -ge "$GRACE_SECONDS" ]; then
        rm -f "$errors"
        refuse "no connection to $address as $user: $reason- $advice"
      fi
    fi
    if [ $((now - begun)) -ge "$WAIT_SECONDS" ]; then
      rm -f "$errors"
      printf 'no connection to %s as %s after %s s: %s\n' "$address" "$user" "$WAIT_SECONDS" "$reason" >&2
      exit 1
    fi
    say "waiting for $address: $reason"
    sleep 2
  done
  rm -f "$errors"
}

# Prints how to correct an error that does not go away by itself; nothing for all others, such as a server that is starting
# or a name that cannot be resolved yet, and for messages in other languages.
hint() { # hint REASON; reads user, password and secret
  line_break='
'
  case "$1" in
    *"starting up"* | *"shutting down"* | *"in recovery mode"* | *"not yet accepting connections"*) return ;;
    *"authentication failed"* | *"no password supplied"* | *"role "*" does not exist"*)
      case "$password" in
        "") echo "the password in $secret is empty"; return ;;
        *"$line_break")
          echo "the password in $secret ends with a line break, usually one of the file that the Secret was created from:" \
            "write that file without it (printf %s instead of echo)"
          return ;;
      esac
      case "$user" in
        *"$line_break") echo "the role's name in $secret ends with a line break: create the Secret without it"; return ;;
      esac
      echo "check the role's name and password in $secret" ;;
    *"not permitted to log in"*) echo "run ALTER ROLE … LOGIN" ;;
    *"database "*" does not exist"*) echo "check the name of the database" ;;
    *"not currently accepting connections"*) echo "run ALTER DATABASE … ALLOW_CONNECTIONS true" ;;
    *"permission denied for database"*) echo "run GRANT CONNECT ON DATABASE … TO …" ;;
    *"pg_hba.conf"*)
      echo "the server's pg_hba.conf needs an entry for this role, the cluster's addresses and this kind of connection" ;;
    *"does not support SSL"*) echo "enable TLS on the server, or set \`tls: disable\`" ;;
    *"certificate verify failed"* | *"unable to get local issuer"*)
      echo "\`caCertificates\` does not contain the CA that signed the server's certificate" ;;
    *"does not match host name"*) echo "set \`host\` to a name that is in the server's certificate" ;;
    *"root certificate file"*) echo "\`caCertificates\` does not contain certificates in PEM format" ;;
    *"invalid response to SSL negotiation"* | *"expected authentication request"*)
      echo "the server at this address is not a PostgreSQL server" ;;
  esac
}
