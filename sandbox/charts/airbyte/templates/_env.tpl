{{/* The environment of some groups of files/env.yaml: (list $ (list "common" "database")). */}}
{{- define "airbyte.env" -}}
{{- $root := index . 0 -}}
{{- $groups := $root.Files.Get "files/env.yaml" | fromYaml -}}
{{- range index . 1 }}
{{- range required (printf "files/env.yaml has no group %s" .) (get $groups .) }}
{{- if kindIs "string" . }}
{{ include "airbyte.variable" (list $root . (dict "config" .)) }}
{{- else }}
{{- range $name, $source := . }}
{{ include "airbyte.variable" (list $root $name $source) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* One variable: (list $ "DATABASE_USER" (dict "secret" "database-user")). */}}
{{- define "airbyte.variable" -}}
{{- $root := index . 0 -}}
{{- $source := index . 2 -}}
- name: {{ index . 1 }}
{{- if hasKey $source "value" }}
  value: {{ $source.value | quote }}
{{- else if hasKey $source "field" }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $source.field }}
{{- else if hasKey $source "secret" }}
  valueFrom:
    secretKeyRef:
      {{- include "airbyte.secretKey" (list $root $source.secret) | nindent 6 }}
{{- else }}
  valueFrom:
    configMapKeyRef:
      name: {{ $root.Release.Name }}-airbyte-env
      key: {{ $source.config }}
{{- end }}
{{- end -}}

{{/* The Secret and key of an entry of files/secrets.yaml: (list $ "database-user"). */}}
{{- define "airbyte.secretKey" -}}
{{- $root := index . 0 -}}
{{- $entries := $root.Files.Get "files/secrets.yaml" | fromYaml -}}
{{- $entry := required (printf "files/secrets.yaml has no entry %s" (index . 1)) (get $entries (index . 1)) -}}
name: {{ include "airbyte.secretName" (list $root $entry) }}
key: {{ include "airbyte.value" (list $root $entry.key) | default $entry.default }}
{{- end -}}

{{- define "airbyte.secretName" -}}
{{- $root := index . 0 -}}
{{- $entry := index . 1 -}}
{{- $name := "" -}}
{{- range $entry.name }}{{ $name = $name | default (include "airbyte.value" (list $root .)) }}{{ end -}}
{{- $name | default $entry.fallback | default (printf "%s-airbyte-secrets" $root.Release.Name) -}}
{{- end -}}

{{/* Literal variables of a component's values; the global ones win: (list $ .Values.server). */}}
{{- define "airbyte.extraEnv" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- if $values.secrets }}{{ fail "the sandbox's chart takes no `secrets`: name a Secret of your own in `extraEnv`" }}{{ end -}}
{{- range $name, $value := mergeOverwrite (deepCopy ($values.env_vars | default dict)) ($root.Values.global.env_vars | default dict) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
