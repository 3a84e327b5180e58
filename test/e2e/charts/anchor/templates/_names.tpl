{{- define "anchor.name" -}}{{ .Release.Name }}-{{ .Chart.Name }}{{- end -}}
{{- define "anchor.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "anchor.labels" -}}
{{ include "anchor.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}
