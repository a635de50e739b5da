{{/* The namespace of every object. */}}
{{- define "airbyte.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{/* Labels of a component's objects: (list $ "server"). */}}
{{- define "airbyte.selectorLabels" -}}
airbyte: {{ index . 1 }}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end -}}

{{- define "airbyte.labels" -}}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{ include "airbyte.selectorLabels" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end -}}

{{- define "airbyte.minioSelectorLabels" -}}
app.kubernetes.io/name: {{ .Release.Name }}-minio
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* An image: (list $ .Values.server.image). */}}
{{- define "airbyte.image" -}}
{{- $global := (index . 0).Values.global.image -}}
{{- $image := index . 1 -}}
{{- with $global.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository }}:{{ coalesce $image.tag $global.tag (index . 0).Chart.AppVersion -}}
{{- end -}}

{{/* The value at a dotted path, empty where it is not set; false stays false: (list $ "global.auth.enabled"). */}}
{{- define "airbyte.value" -}}
{{- $value := (index . 0).Values -}}
{{- range splitList "." (index . 1) -}}
{{- if kindIs "map" $value }}{{ $value = get $value . }}{{ else }}{{ $value = "" }}{{ end -}}
{{- end -}}
{{- if not (kindIs "invalid" $value) }}{{ $value }}{{ end -}}
{{- end -}}

{{/* A map as Airbyte's variables hold it: a=b,c=d. */}}
{{- define "airbyte.pairs" -}}
{{- $pairs := list -}}
{{- range $key, $value := . }}{{ $pairs = append $pairs (printf "%s=%v" $key $value) }}{{ end -}}
{{- join "," $pairs -}}
{{- end -}}

{{/* The kind of object storage. */}}
{{- define "airbyte.storage" -}}
{{- .Values.global.storage.type | default "minio" | lower -}}
{{- end -}}

{{/* The mount path of the GCS credentials' file. */}}
{{- define "airbyte.gcsPath" -}}
{{- dig "gcs" "credentialsJsonPath" "" .Values.global.storage | default "/secrets/gcp-creds/gcp.json" -}}
{{- end -}}

{{- define "airbyte.hook" -}}
helm.sh/hook: {{ index . 0 }}
helm.sh/hook-weight: {{ index . 1 | quote }}
{{- end -}}
