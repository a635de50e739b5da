{{/* The database of each of the three storages. */}}
{{- define "dagster.storage" -}}
{{- $postgresql := .Values.postgresql -}}
postgres_db:
  username: {{ $postgresql.postgresqlUsername }}
  password:
    env: DAGSTER_PG_PASSWORD
  hostname: {{ required "postgresql.postgresqlHost must be set: the sandbox's chart has no PostgreSQL of its own" $postgresql.postgresqlHost | quote }}
  db_name: {{ $postgresql.postgresqlDatabase }}
  port: {{ $postgresql.service.port }}
  params:
    {{- toYaml $postgresql.postgresqlParams | nindent 4 }}
  {{- with $postgresql.postgresqlScheme }}
  scheme: {{ . }}
  {{- end }}
{{- end -}}

{{/* The names of envConfigMaps or envSecrets. */}}
{{- define "dagster.names" -}}
{{- range . }}{{ if .name }}
- {{ .name }}
{{- end }}{{ end }}
{{- end -}}

{{- define "dagster.runLauncher" -}}
{{- $config := .Values.runLauncher.config.k8sRunLauncher -}}
module: dagster_k8s
class: K8sRunLauncher
config:
  load_incluster_config: {{ $config.loadInclusterConfig }}
  job_namespace: {{ $config.jobNamespace | default .Release.Namespace }}
  image_pull_policy: {{ $config.imagePullPolicy }}
  {{- with .Values.imagePullSecrets }}
  image_pull_secrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  service_account_name: {{ include "dagster.serviceAccountName" . }}
  dagster_home: {{ .Values.global.dagsterHome | quote }}
  instance_config_map: {{ include "dagster.fullname" . }}-instance
  postgres_password_secret: {{ include "dagster.secretName" . | quote }}
  {{- with include "dagster.names" $config.envConfigMaps | trim }}
  env_config_maps:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with include "dagster.names" $config.envSecrets | trim }}
  env_secrets:
    {{- . | nindent 4 }}
  {{- end }}
  {{- range $key, $value := dict "env_vars" $config.envVars "volume_mounts" $config.volumeMounts "volumes" $config.volumes "labels" $config.labels "resources" $config.resources "security_context" $config.securityContext }}
  {{- with $value }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if $config.failPodOnRunFailure }}
  fail_pod_on_run_failure: true
  {{- end }}
  {{- with $config.runK8sConfig }}
  run_k8s_config:
    {{- range $key, $value := . }}
    {{ snakecase $key }}:
      {{- toYaml $value | nindent 6 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "dagster.runCoordinator" -}}
{{- $config := .Values.dagsterDaemon.runCoordinator.config.queuedRunCoordinator -}}
module: dagster.core.run_coordinator
class: QueuedRunCoordinator
config:
  max_concurrent_runs: {{ kindIs "invalid" $config.maxConcurrentRuns | ternary -1 $config.maxConcurrentRuns }}
  {{- with $config.tagConcurrencyLimits }}
  tag_concurrency_limits:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $config.dequeueIntervalSeconds }}
  dequeue_interval_seconds: {{ . }}
  {{- end }}
  {{- with $config.dequeueUseThreads }}
  dequeue_use_threads: {{ . }}
  {{- end }}
  {{- with $config.dequeueNumWorkers }}
  dequeue_num_workers: {{ . }}
  {{- end }}
{{- end -}}

{{/* useThreads, numWorkers, numSubmitWorkers of the sensors or the schedules. */}}
{{- define "dagster.threads" -}}
use_threads: {{ .useThreads }}
{{- with .numWorkers }}
num_workers: {{ . }}
{{- end }}
{{- with .numSubmitWorkers }}
num_submit_workers: {{ . }}
{{- end }}
{{- end -}}
