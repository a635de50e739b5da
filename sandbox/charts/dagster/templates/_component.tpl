{{/* The Deployment of the webserver or the daemon, which differ in little: a dict of root, values, name, component,
deployment (label, may be empty), strategy, env (name of its ConfigMap), command, extra (variables), port. */}}
{{- define "dagster.component" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $user := index $root.Values "dagster-user-deployments" -}}
{{- $selector := list $root $root.Chart.Name .component .deployment -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- include "dagster.labels" $selector | nindent 4 }}
    {{- with $values.deploymentLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ $values.replicaCount | default 1 }}
  {{- with .strategy }}
  strategy:
    type: {{ . }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "dagster.selectorLabels" $selector | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "dagster.selectorLabels" $selector | nindent 8 }}
        {{- with $values.labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/dagster-instance: {{ include (print $root.Template.BasePath "/instance.yaml") $root | sha256sum }}
        {{- if $user.enabled }}
        checksum/dagster-workspace: {{ include (print $root.Template.BasePath "/workspace.yaml") $root | sha256sum }}
        {{- end }}
        {{- with $values.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "dagster.serviceAccountName" $root }}
      automountServiceAccountToken: true
      securityContext:
        {{- toYaml $values.podSecurityContext | nindent 8 }}
      {{- with include "dagster.initContainers" (list $root $values) | trim }}
      initContainers:
        {{- . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ $root.Chart.Name }}
          image: {{ include "dagster.image" (list $root $values.image) | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          command: [/bin/bash, -c, {{ .command | quote }}]
          env:
            {{- include "dagster.passwordEnv" $root | nindent 12 }}
            {{- with .extra }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
            {{- if and $values.env (kindIs "slice" $values.env) }}
            {{- toYaml $values.env | nindent 12 }}
            {{- end }}
          envFrom:
            - configMapRef:
                name: {{ .env }}
            {{- with include "dagster.envFrom" $values | trim }}
            {{- . | nindent 12 }}
            {{- end }}
          {{- with .port }}
          ports:
            - name: http
              containerPort: {{ . }}
              protocol: TCP
          {{- end }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            {{- toYaml $values.securityContext | nindent 12 }}
          {{- with $values.readinessProbe }}
          readinessProbe:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with $values.livenessProbe }}
          livenessProbe:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- if $values.startupProbe.enabled }}
          startupProbe:
            {{- toYaml (omit $values.startupProbe "enabled") | nindent 12 }}
          {{- end }}
          volumeMounts:
            - name: dagster-instance
              mountPath: {{ $root.Values.global.dagsterHome }}/dagster.yaml
              subPath: dagster.yaml
            {{- if $user.enabled }}
            - name: dagster-workspace-yaml
              mountPath: /dagster-workspace/
            {{- end }}
            {{- with $values.volumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: dagster-instance
          configMap:
            name: {{ include "dagster.fullname" $root }}-instance
        {{- if $user.enabled }}
        - name: dagster-workspace-yaml
          configMap:
            name: {{ include "dagster.workspaceName" $root }}
        {{- end }}
        {{- with $values.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- include "dagster.placement" $values | nindent 6 }}
{{- end -}}
