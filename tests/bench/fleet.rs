//! A fleet as large GitOps repositories have it: one ApplicationSet, a matrix of a clusters file and component descriptors, a
//! templatePatch, six layers of values for each Application, own charts, a RollingSync.

use std::fmt::Write as _;
use std::path::Path;

/// How many Applications the fleets have.
pub const SIZES: [usize; 3] = [400, 2_000, 20_000];

const ENVIRONMENTS: [&str; 4] = ["dev", "staging", "production", "preview"];
const DOMAINS: [&str; 5] = ["apps", "data", "foundation", "observability", "platform"];
/// How many components share a chart.
const SHARED: usize = 4;

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Makes a fleet; the number of Applications is that of the environments times that of the components.
pub fn make(folder: &Path, applications: usize) {
    let components = applications / ENVIRONMENTS.len();
    let mut clusters = String::new();
    for env in ENVIRONMENTS {
        let kind = if env == "preview" { "local" } else { "azure" };
        writeln!(
            clusters,
            "- {{cluster: {kind}, clusterType: {kind}, env: {env}, namespace: fleet-{env}, nodeProfile: {kind}-pool}}"
        )
        .unwrap();
        let globals = format!("global:\n  environment: {env}\n  domain: {env}.example.com\n  replicas: 2\n");
        write(folder, &format!("sources/values/env/{env}/globals.yaml"), &globals);
        write(folder, &format!("sources/values/cluster/{kind}/globals.yaml"), &format!("global:\n  cluster: {kind}\n"));
        let profile = format!("nodeSelector: {{pool: {kind}}}\ntolerations:\n- {{key: {kind}, operator: Exists}}\n");
        write(folder, &format!("config/node-profiles/{kind}-pool.yaml"), &profile);
    }
    write(folder, "config/clusters.yaml", &clusters);
    write(
        folder,
        "sources/values/base/globals.yaml",
        "global:\n  registry: registry.example.com\n  pullPolicy: IfNotPresent\n",
    );
    for n in 0..components {
        let domain = DOMAINS[n % DOMAINS.len()];
        let name = format!("{domain}-c{n:05}");
        let phase = 100 + 10 * (n % 40);
        let chart = format!("sources/charts/{domain}/chart-{:05}", n / (DOMAINS.len() * SHARED));
        let descriptor = format!(
            "name: {name}\nproject: fleet\ndomain: {domain}\nrolloutPhase: \"{phase:03}\"\ncomponentType: workload\nchart:\n  \
             repoURL: https://git.example.com/fleet.git\n  path: {chart}\n  version: main\nsyncOptions: [CreateNamespace=true]\n"
        );
        write(folder, &format!("environments/_shared/components/{domain}/{name}/component.yaml"), &descriptor);
        if (n / DOMAINS.len()).is_multiple_of(SHARED) {
            for (file, text) in CHART {
                write(folder, &format!("{chart}/{file}"), &text.replace("CHART", &format!("{domain}-chart")));
            }
        }
        let values = format!(
            "name: {name}\nimage: {{repository: team/{name}, tag: 1.{}.0}}\nconfig: {{LOG_LEVEL: info, INDEX: \"{n}\"}}\n\
             database: {{name: db_{n:05}}}\n",
            n % 30
        );
        write(folder, &format!("sources/values/_shared/{domain}/{name}.yaml"), &values);
        for env in ENVIRONMENTS {
            let own = format!("replicas: {}\nconfig: {{LOG_LEVEL: debug, ENV: {env}}}\n", 1 + n % 3);
            write(folder, &format!("sources/values/env/{env}/{domain}/{name}.yaml"), &own);
        }
    }
    write(folder, "argocd/applicationsets/fleet.yaml", &set());
    write(folder, "argocd/projects/fleet.yaml", PROJECT);
}

fn set() -> String {
    let mut steps = String::new();
    for step in 0..40 {
        let phase = 100 + 10 * step;
        write!(
            steps,
            "      - maxUpdate: 3\n        matchExpressions:\n        - {{key: rollout-phase, operator: In, values: [\"{phase}\"]}}\n"
        )
        .unwrap();
    }
    let mut paths = String::new();
    for domain in DOMAINS {
        writeln!(paths, "          - path: environments/_shared/components/{domain}/**/component.yaml").unwrap();
    }
    SET.replace("STEPS\n", &steps).replace("PATHS\n", &paths)
}

const PROJECT: &str = "apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: fleet, namespace: argocd}
spec:
  sourceRepos: [https://git.example.com/fleet.git]
  destinations: [{server: https://kubernetes.default.svc, namespace: 'fleet-*'}]
";

const SET: &str = r#"apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: fleet, namespace: argocd}
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
  - matrix:
      generators:
      - git:
          repoURL: https://git.example.com/fleet.git
          revision: main
          files:
          - path: config/clusters.yaml
      - git:
          repoURL: https://git.example.com/fleet.git
          revision: main
          files:
PATHS
  strategy:
    type: RollingSync
    rollingSync:
      steps:
STEPS
  template:
    metadata:
      name: '{{ .env }}-{{ .name }}'
      labels:
        env: '{{ .env }}'
        domain: '{{ .domain }}'
        rollout-phase: '{{ .rolloutPhase }}'
    spec:
      project: fleet
      destination: {server: https://kubernetes.default.svc, namespace: '{{ .namespace }}'}
  templatePatch: |
    spec:
      sources:
      - repoURL: {{ .chart.repoURL | quote }}
        targetRevision: {{ .chart.version | quote }}
        path: {{ .chart.path | quote }}
        helm:
          releaseName: {{ .name | quote }}
          ignoreMissingValueFiles: true
          valueFiles:
          - $values/sources/values/base/globals.yaml
          - $values/sources/values/cluster/{{ .clusterType }}/globals.yaml
          - $values/sources/values/env/{{ .env }}/globals.yaml
          - $values/config/node-profiles/{{ .nodeProfile }}.yaml
          - $values/sources/values/_shared/{{ .domain }}/{{ .name }}.yaml
          - $values/sources/values/env/{{ .env }}/{{ .domain }}/{{ .name }}.yaml
      - repoURL: https://git.example.com/fleet.git
        targetRevision: main
        ref: values
      syncPolicy:
        automated: {prune: true, selfHeal: true}
        {{- with .syncOptions }}
        syncOptions: {{ toJson . }}
        {{- end }}
"#;

/// A chart as teams write theirs: a workload, its migration, what both need.
const CHART: [(&str, &str); 7] = [
    ("Chart.yaml", "apiVersion: v2\nname: CHART\nversion: 1.0.0\n"),
    (
        "values.yaml",
        "name: \"\"\nreplicas: 1\nimage: {repository: team/app, tag: latest}\nconfig: {}\ndatabase: {name: app, host: postgres-rw}\n\
         nodeSelector: {}\ntolerations: []\nglobal: {registry: docker.io, pullPolicy: Always}\nresources: {requests: {cpu: 10m, \
         memory: 64Mi}}\n",
    ),
    (
        "templates/_helpers.tpl",
        r#"{{- define "name" -}}{{ default .Release.Name .Values.name | trunc 63 | trimSuffix "-" }}{{- end -}}
{{- define "labels" -}}
app.kubernetes.io/name: {{ include "name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
"#,
    ),
    (
        "templates/deployment.yaml",
        r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "name" . }}
  labels: {{- include "labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app.kubernetes.io/name: {{ include "name" . }}}}
  template:
    metadata:
      labels: {{- include "labels" . | nindent 8 }}
    spec:
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: app
        image: "{{ .Values.global.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}"
        imagePullPolicy: {{ .Values.global.pullPolicy }}
        envFrom:
        - configMapRef: {name: {{ include "name" . }}}
        env:
        - name: DB_PASSWORD
          valueFrom: {secretKeyRef: {name: {{ include "name" . }}-db, key: password}}
        resources: {{- toYaml .Values.resources | nindent 10 }}
"#,
    ),
    (
        "templates/service.yaml",
        r#"apiVersion: v1
kind: Service
metadata:
  name: {{ include "name" . }}
  labels: {{- include "labels" . | nindent 4 }}
spec:
  selector: {app.kubernetes.io/name: {{ include "name" . }}}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "name" . }}
  labels: {{- include "labels" . | nindent 4 }}
data:
  {{- range $key, $value := .Values.config }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
"#,
    ),
    (
        "templates/secret.yaml",
        r#"apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ include "name" . }}-db
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-weight: "-5"}
spec:
  secretStoreRef: {name: vault, kind: ClusterSecretStore}
  data:
  - secretKey: password
    remoteRef: {key: {{ include "name" . }}/db, property: password}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "name" . }}-migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-weight: "-5"}
"#,
    ),
    (
        "templates/migrate.yaml",
        r#"apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "name" . }}-migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
spec:
  template:
    spec:
      serviceAccountName: {{ include "name" . }}-migrate
      restartPolicy: Never
      containers:
      - name: flyway
        image: flyway/flyway:11.14.1
        args: [migrate]
        env:
        - name: FLYWAY_URL
          value: jdbc:postgresql://{{ .Values.database.host }}.{{ .Release.Namespace }}.svc:5432/{{ .Values.database.name }}
        - name: FLYWAY_PASSWORD
          valueFrom: {secretKeyRef: {name: {{ include "name" . }}-db, key: password}}
"#,
    ),
];
