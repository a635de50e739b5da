#!/bin/sh
# Sourced by restore_steps.sh: stops and starts the Deployments of the app's Helm release. How many replicas each had is
# remembered in an annotation, so that another run can start them after an interruption.
: "${NAMESPACE:?}" "${WAIT_SECONDS:?}"
REPLICAS=lakehouse/replicas

# The release's Deployments, one per line: name, replicas, the remembered number or <nil>, and the selector of its pods.
deployments() {
  kubectl get deployments --namespace "$NAMESPACE" --output="go-template={{range .items}}{{with .metadata.annotations}}\
{{if eq (print (index . \"meta.helm.sh/release-name\")) \"$RELEASE\"}}1{{end}}{{end}} {{.metadata.name}} {{.spec.replicas}} \
{{with .metadata.annotations}}{{print (index . \"$REPLICAS\")}}{{else}}<nil>{{end}} \
{{range \$key, \$value := .spec.selector.matchLabels}}{{\$key}}={{\$value}},{{end}}
{{end}}" | sed -n 's/^1 //p'
}

stop_apps() {
  found=$(deployments)
  [ -n "$found" ] || return 0
  say "stopping the app"
  while IFS=' ' read -r deployment replicas remembered selector; do
    if [ "$remembered" = '<nil>' ] && [ "$replicas" -gt 0 ]; then
      kubectl annotate deployment "$deployment" --namespace "$NAMESPACE" "$REPLICAS=$replicas" >/dev/null
    fi
    kubectl scale deployment "$deployment" --namespace "$NAMESPACE" --replicas=0 >/dev/null
  done <<LINES
$found
LINES
  while IFS=' ' read -r deployment replicas remembered selector; do
    kubectl wait pod --for=delete --selector="${selector%,}" --namespace "$NAMESPACE" --timeout="${WAIT_SECONDS}s" >/dev/null
  done <<LINES
$found
LINES
  say "stopped: $(printf '%s\n' "$found" | wc -l) deployments"
}

start_apps() {
  started=$(deployments | awk -F ' ' '$3 != "<nil>" {print $1 " " $3}')
  [ -n "$started" ] || return 0
  say "starting the app"
  while IFS=' ' read -r deployment replicas; do
    kubectl scale deployment "$deployment" --namespace "$NAMESPACE" --replicas="$replicas" >/dev/null
    kubectl annotate deployment "$deployment" --namespace "$NAMESPACE" "$REPLICAS-" >/dev/null
  done <<LINES
$started
LINES
  while IFS=' ' read -r deployment replicas; do
    kubectl rollout status deployment "$deployment" --namespace "$NAMESPACE" --timeout="${WAIT_SECONDS}s" >/dev/null
  done <<LINES
$started
LINES
  say "started: $(printf '%s\n' "$started" | wc -l) deployments"
}
