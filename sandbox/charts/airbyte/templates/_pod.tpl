{{/* What every pod of the chart takes from its values: (list $ .Values.server). */}}
{{- define "airbyte.podSettings" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
serviceAccountName: {{ $values.serviceAccountName | default $root.Values.global.serviceAccountName }}
{{- with $root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" }}
{{- with get $values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with $values.extraInitContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $values.podSecurityContext | nindent 2 }}
{{- end -}}

{{/* What every container takes from its values, apart from its environment. */}}
{{- define "airbyte.containerSettings" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
image: {{ include "airbyte.image" (list $root $values.image) }}
imagePullPolicy: {{ $values.image.pullPolicy }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $values.containerSecurityContext | nindent 2 }}
{{- end -}}

{{/* A probe: (list (dict "path" "/" "port" "http") .Values.server.readinessProbe). */}}
{{- define "airbyte.probe" -}}
httpGet:
  path: {{ (index . 0).path }}
  port: {{ (index . 0).port }}
{{ toYaml (omit (index . 1) "enabled") }}
{{- end -}}
