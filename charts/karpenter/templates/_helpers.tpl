{{- define "karpenter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* The release's name, unless it has the chart's in it already. */ -}}
{{- define "karpenter.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "karpenter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "karpenter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "karpenter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "karpenter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "karpenter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "karpenter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.additionalLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* labels, and annotations if there are any: (dict "context" $ "labels" dict "annotations" dict) */ -}}
{{- define "karpenter.metadata" -}}
labels:
  {{- include "karpenter.labels" .context | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) .context.Values.additionalAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "karpenter.image" -}}
{{- $tag := default .Chart.AppVersion .Values.controller.image.tag -}}
{{ .Values.controller.image.repository }}:{{ $tag }}{{ with .Values.controller.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- /* NodeRepair=false,…: every gate of settings.featureGates under upstream's name. */ -}}
{{- define "karpenter.featureGates" -}}
{{- $gates := list -}}
{{- range $name, $enabled := .Values.settings.featureGates -}}
{{- $gates = append $gates (printf "%s=%t" (title $name) $enabled) -}}
{{- end -}}
{{- join "," $gates -}}
{{- end }}

{{- /* The binding of a role to the service account: (dict "context" $ "kind" "Role" "name" NAME "namespace" NAMESPACE) */ -}}
{{- define "karpenter.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  {{- include "karpenter.metadata" (dict "context" .context) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
- kind: ServiceAccount
  name: {{ include "karpenter.serviceAccountName" .context }}
  namespace: {{ .context.Release.Namespace }}
{{- end }}
