{{/* How a run of this user code is launched, as the code server tells it: (list $ $deployment). */}}
{{- define "dagster.containerContext" -}}
{{- $root := index . 0 -}}
{{- $deployment := index . 1 -}}
{{- $user := index $root.Values "dagster-user-deployments" -}}
k8s:
  image_pull_policy: {{ $deployment.image.pullPolicy }}
  {{- with $user.imagePullSecrets }}
  image_pull_secrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  env_config_maps:
    - {{ include "dagster.userFullname" $root }}-{{ $deployment.name }}-user-env
    {{- include "dagster.names" $deployment.envConfigMaps | nindent 4 }}
  {{- with include "dagster.names" $deployment.envSecrets | trim }}
  env_secrets:
    {{- . | nindent 4 }}
  {{- end }}
  {{- range $key, $value := dict "volume_mounts" $deployment.volumeMounts "volumes" $deployment.volumes "labels" $deployment.labels "resources" $deployment.resources }}
  {{- with $value }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if and $deployment.env (kindIs "slice" $deployment.env) }}
  env:
    {{- toYaml $deployment.env | nindent 4 }}
  {{- end }}
  namespace: {{ $root.Release.Namespace }}
  service_account_name: {{ include "dagster.userServiceAccountName" $root }}
  run_k8s_config:
    pod_spec_config:
      automount_service_account_token: true
      {{- range $key, $value := dict "node_selector" $deployment.nodeSelector "tolerations" $deployment.tolerations "security_context" $deployment.podSecurityContext "init_containers" $deployment.initContainers "containers" $deployment.sidecarContainers }}
      {{- with $value }}
      {{ $key }}:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
    {{- with $deployment.annotations }}
    pod_template_spec_metadata:
      annotations:
        {{- toYaml . | nindent 8 }}
    {{- end }}
{{- end -}}

{{/* A probe of the code server; without `exec` it is Dagster's own health check: (list $probe $port). */}}
{{- define "dagster.grpcProbe" -}}
{{- $probe := omit (index . 0) "enabled" -}}
{{- if not $probe.exec }}
exec:
  command: [dagster, api, grpc-health-check, -p, {{ index . 1 | toString | quote }}]
{{- end }}
{{ toYaml $probe }}
{{- end -}}
