#!/bin/sh
# To be read by other scripts: how to wait for a server.
# Environment: WAIT_SECONDS, how long to wait for a server that does not answer; GRACE_SECONDS, how long to go on after an
# answer that does not mend itself, since a server may be given its passwords and certificates in this very moment.

say() (
  IFS=' '
  printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"
)

# Ends with a reason that another try would not change.
refuse() {
  IFS=' '
  printf '%s\n' "$*" >&2
  exit 3
}

# wait_for ADDRESS USER PASSWORD SECRET COMMAND…: runs a client until it gets in. What it prints is then in `answer`.
# ADDRESS is what people call the server; SECRET, where user and password come from.
wait_for() {
  address=$1 user=$2 password=$3 secret=$4
  shift 4
  errors=$(mktemp)
  begun=$(date +%s) hopeless=""
  # shellcheck disable=SC2034
  until answer=$("$@" 2>"$errors"); do
    reason=$(sed 's/^psql: error: //' "$errors" | tr -s '\n\t' '  ')
    now=$(date +%s)
    advice=$(what_to_do "$reason")
    if [ -z "$advice" ]; then
      hopeless=""
    else
      hopeless=${hopeless:-$now}
      if [ $((now - hopeless)) -ge "$GRACE_SECONDS" ]; then
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

# What a person must do about an error that does not mend itself; nothing for all others, such as a server that is
# starting or a name that does not resolve yet. Servers that speak another language are waited for.
what_to_do() { # what_to_do REASON; reads user, password and secret
  line_break='
'
  case "$1" in
    *"starting up"* | *"shutting down"* | *"in recovery mode"* | *"not yet accepting connections"*) return ;;
    *"authentication failed"* | *"no password supplied"* | *"role "*" does not exist"*)
      case "$password" in
        "") echo "the password in $secret is empty"; return ;;
        *"$line_break")
          echo "the password in $secret ends in a line break, as a Secret made from a file does:" \
            "make it without (printf %s instead of echo)"
          return ;;
      esac
      case "$user" in
        *"$line_break") echo "the role's name in $secret ends in a line break: make the Secret without"; return ;;
      esac
      echo "is this the role and its password, in $secret?" ;;
    *"not permitted to log in"*) echo "allow it: ALTER ROLE … LOGIN" ;;
    *"database "*" does not exist"*) echo "is this the name of a database on that server?" ;;
    *"not currently accepting connections"*) echo "allow them: ALTER DATABASE … ALLOW_CONNECTIONS true" ;;
    *"permission denied for database"*) echo "allow it: GRANT CONNECT ON DATABASE … TO …" ;;
    *"pg_hba.conf"*) echo "the server's pg_hba.conf must let this role in from the cluster's addresses, this way" ;;
    *"does not support SSL"*) echo "switch TLS on in the server, or set \`tls: disable\`" ;;
    *"certificate verify failed"* | *"unable to get local issuer"*)
      echo "\`caCertificate\` is not the CA that signed the server's certificate" ;;
    *"does not match host name"*) echo "\`host\` must be a name that is in the server's certificate" ;;
    *"root certificate file"*) echo "\`caCertificate\` is not a certificate in PEM form" ;;
    *"invalid response to SSL negotiation"* | *"expected authentication request"*)
      echo "what answers there is no PostgreSQL" ;;
  esac
}
