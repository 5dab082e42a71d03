{{- define "cutout.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "cutout.fullname" -}}
{{- $name := include "cutout.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "cutout.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cutout.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cutout.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/component: {{ .Values.mode }}
{{ include "cutout.selectorLabels" . }}
{{- end }}

{{/* Takes the chart's context as `root`, an image as `image`, and where that stands in the values as `at`. */}}
{{- define "cutout.image" -}}
{{- if not .image.repository -}}
{{- fail (printf "no image is named: set %s.repository to the image that you have pushed (docs/kubernetes.md says how to make it)" .at) -}}
{{- end -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/*
The number of replicas, in `root`'s object of this `apiVersion` and `kind`. Beside an autoscaler that has not scaled yet it is the
number that runs: a field left out would be taken for 1. Once it has, and where nothing runs yet or no cluster is asked, the field is
the autoscaler's: a number there would be one of the past at a rollback.
*/}}
{{- define "cutout.replicas" -}}
{{- if not .root.Values.autoscaling.enabled -}}
replicas: {{ .root.Values.replicas }}
{{- else -}}
{{- with lookup .apiVersion .kind .root.Release.Namespace (include "cutout.fullname" .root) -}}
{{- $scaled := false -}}
{{- range .metadata.managedFields }}{{ if eq (.subresource | default "") "scale" }}{{ $scaled = true }}{{ end }}{{ end -}}
{{- if not $scaled -}}
replicas: {{ .spec.replicas }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cutout.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "cutout.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Whether anything answers HTTP. */}}
{{- define "cutout.answersHttp" -}}
{{- if or (eq .Values.mode "native") .Values.wasmcloud.http.enabled }}true{{ end }}
{{- end }}

{{/* The Service of the metrics. */}}
{{- define "cutout.metricsName" -}}
{{ include "cutout.fullname" . | trunc 55 | trimSuffix "-" }}-metrics
{{- end }}

{{/* One component of the workload: takes `root`, `name`, `values`. */}}
{{- define "cutout.component" -}}
- name: {{ .name }}
  image: {{ include "cutout.image" (dict "root" .root "image" .values.image "at" (printf "wasmcloud.%s.image" .name)) }}
  imagePullPolicy: {{ .values.image.pullPolicy }}
  {{- with .root.Values.imagePullSecret }}
  imagePullSecret:
    name: {{ . }}
  {{- end }}
  localResources:
    allowedHosts: []
    environment:
      config:
        CUTOUT_MAX_BYTES: {{ mul .root.Values.limits.maxBytesMiB 1048576 | quote }}
        CUTOUT_MAX_PIXELS: {{ mul .root.Values.limits.maxPixelsMP 1000000 | quote }}
{{- end }}
