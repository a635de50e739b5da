{{- define "dagster.fullname" -}}
{{- $name := .Values.global.nameOverride | default .Chart.Name -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.global.fullnameOverride | default $full | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name that the official subchart for user code gives to its objects. */}}
{{- define "dagster.userFullname" -}}
{{- $name := .Values.global.nameOverride | default "dagster-user-deployments" -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.global.fullnameOverride | default $full | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "dagster.webserverName" -}}
{{- printf "%s-%s" .Release.Name (.Values.dagsterWebserver.nameOverride | default "webserver") | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "dagster.serviceAccountName" -}}
{{- .Values.global.serviceAccountName | default .Values.serviceAccount.name | default (include "dagster.fullname" .) -}}
{{- end -}}

{{- define "dagster.userServiceAccountName" -}}
{{- $own := dig "serviceAccount" "name" "" (index .Values "dagster-user-deployments") -}}
{{- .Values.global.serviceAccountName | default $own | default (printf "%s-user-deployments" (include "dagster.userFullname" .)) -}}
{{- end -}}

{{/* Labels that select a component's pods: (list $ "dagster" "dagster-webserver" ""). */}}
{{- define "dagster.selectorLabels" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
component: {{ index . 2 }}
{{- with index . 3 }}
deployment: {{ . }}
{{- end }}
{{- end -}}

{{- define "dagster.labels" -}}
helm.sh/chart: {{ printf "%s-%s" (index . 1) (index . 0).Chart.Version }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{ include "dagster.selectorLabels" . }}
{{- end -}}

{{/* A Dagster image, by digest where one is given: (list $ .Values.dagsterWebserver.image). */}}
{{- define "dagster.image" -}}
{{- $image := index . 1 -}}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}
{{- else }}{{ $image.repository }}:{{ $image.tag | default (index . 0).Chart.Version }}
{{- end -}}
{{- end -}}

{{- define "dagster.secretName" -}}
{{- .Values.global.postgresqlSecretName | default (printf "%s-postgresql-secret" (include "dagster.fullname" .)) -}}
{{- end -}}

{{- define "dagster.workspaceName" -}}
{{- $workspace := .Values.dagsterWebserver.workspace -}}
{{- if and $workspace.enabled $workspace.externalConfigmap }}{{ $workspace.externalConfigmap }}
{{- else }}{{ include "dagster.fullname" . }}-workspace-yaml
{{- end -}}
{{- end -}}

{{/* Variables of every pod, and of the runs: (list $ "dagster"), with the name that the pipeline ConfigMap is named by. */}}
{{- define "dagster.sharedEnv" -}}
DAGSTER_HOME: {{ (index . 0).Values.global.dagsterHome | quote }}
DAGSTER_K8S_PIPELINE_RUN_NAMESPACE: {{ (index . 0).Release.Namespace | quote }}
DAGSTER_K8S_PIPELINE_RUN_ENV_CONFIGMAP: "{{ index . 1 }}-pipeline-env"
{{- end -}}

{{- define "dagster.passwordEnv" -}}
- name: DAGSTER_PG_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "dagster.secretName" . | quote }}
      key: postgresql-password
{{- end -}}

{{/* envFrom entries of a component's values. */}}
{{- define "dagster.envFrom" -}}
{{- range .envConfigMaps }}
- configMapRef:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- range .envSecrets }}
- secretRef:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}

{{/* Init containers that wait for the database and for the user code: (list $ .Values.dagsterDaemon). */}}
{{- define "dagster.initContainers" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- $postgresql := $root.Values.postgresql -}}
{{- $user := index $root.Values "dagster-user-deployments" -}}
{{- if $values.checkDbReadyInitContainer }}
- name: check-db-ready
  image: {{ printf "%s/%s:%s" $postgresql.image.registry $postgresql.image.repository $postgresql.image.tag | quote }}
  imagePullPolicy: {{ $postgresql.image.pullPolicy }}
  command: [sh, -c, {{ printf "until pg_isready -h %q -p %v -U %s; do echo waiting for database; sleep 2; done;" $postgresql.postgresqlHost $postgresql.service.port $postgresql.postgresqlUsername | quote }}]
  securityContext:
    {{- toYaml $values.securityContext | nindent 4 }}
  {{- with $values.initContainerResources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if and $user.enabled $user.enableSubchart }}
{{- range $user.deployments }}
- name: init-user-deployment-{{ .name }}
  image: {{ printf "%s:%s" $root.Values.busybox.image.repository $root.Values.busybox.image.tag | quote }}
  imagePullPolicy: {{ $root.Values.busybox.image.pullPolicy }}
  command: [sh, -c, {{ printf "until nslookup %s; do echo waiting for user service; sleep 2; done" .name | quote }}]
  securityContext:
    {{- toYaml $values.securityContext | nindent 4 }}
  {{- with $values.initContainerResources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where a pod may run: nodeSelector, affinity, tolerations, schedulerName of a component's values. */}}
{{- define "dagster.placement" -}}
{{- $values := . -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" }}
{{- with get $values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .schedulerName }}
schedulerName: {{ . }}
{{- end }}
{{- end -}}
