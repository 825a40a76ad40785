//! Secrets planted in every kind of manifest that can hold one must come out of no command, in no format, in no error.

use std::path::Path;
use std::process::Command;

use base64::Engine;

const CANARY: &str = "c4n4ry-S3cr3t-v4lue-0815";

fn plant(folder: &Path) {
    let encoded = base64::engine::general_purpose::STANDARD.encode(CANARY);
    for (name, text) in FILES {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("CANARY64", &encoded).replace("CANARY", CANARY)).unwrap();
    }
}

/// What must not be seen: the value, its base64, and what is left of either when a line is cut.
fn traces() -> Vec<String> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(CANARY);
    vec![CANARY.to_owned(), encoded.clone(), CANARY[..12].to_owned(), encoded[..16].to_owned()]
}

#[test]
fn no_secret_comes_out_of_any_command_in_any_format() {
    let folder = tempfile::tempdir().unwrap();
    plant(folder.path());
    let runs: &[&[&str]] = &[
        &["check"],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "github"],
        &["check", "--verbose"],
        &["check", "--color", "always"],
        &["apps"],
        &["apps", "--format", "json"],
        &["apps", "--format", "manifests"],
        &["render"],
        &["render", "--format", "jsonl"],
        &["render", "--origins"],
    ];
    for run in runs {
        let output =
            Command::new(env!("CARGO_BIN_EXE_schemaward")).args(*run).current_dir(folder.path()).output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 4), "{run:?} ended with {:?}", output.status);
        for (what, bytes) in [("output", &output.stdout), ("errors", &output.stderr)] {
            let text = String::from_utf8_lossy(bytes);
            for trace in traces() {
                let at = text.lines().find(|line| line.contains(&trace));
                assert!(
                    at.is_none(),
                    "{run:?}: a secret is in the {what}: {}",
                    at.unwrap_or("").replace(&trace, "<canary>")
                );
            }
        }
    }
}

#[test]
fn the_planted_repository_is_read() {
    let folder = tempfile::tempdir().unwrap();
    plant(folder.path());
    let output = Command::new(env!("CARGO_BIN_EXE_schemaward"))
        .args(["check", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = |rule: &str| report["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == rule).count();
    assert!(found("plaintext-credential") >= 5, "the planted credentials are findings, by place");
}

const FILES: &[(&str, &str)] = &[
    (
        "argocd/app.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/shop.git
    path: shop
  destination:
    server: https://kubernetes.default.svc
    namespace: shop
",
    ),
    (
        "argocd/chart.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: charted
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/shop.git
    path: chart
    helm:
      parameters:
        - name: db.password
          value: CANARY
      values: |
        database:
          password: CANARY
      valuesObject:
        auth:
          adminPassword: CANARY
  destination:
    server: https://kubernetes.default.svc
    namespace: charted
",
    ),
    ("chart/Chart.yaml", "apiVersion: v2\nname: charted\nversion: 0.1.0\n"),
    ("chart/values.yaml", "database: {password: CANARY}\nauth: {adminPassword: CANARY}\ndb: {password: CANARY}\n"),
    (
        "chart/templates/all.yaml",
        "apiVersion: v1
kind: Secret
metadata: {name: charted}
stringData:
  password: {{ .Values.database.password }}
data:
  admin: {{ .Values.auth.adminPassword | b64enc }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: charted}
spec:
  template:
    spec:
      containers:
        - name: web
          image: web:1
          env:
            - {name: DB_PASSWORD, value: {{ .Values.db.password | quote }}}
            - {name: DATABASE_URL, value: 'postgres://app:{{ .Values.db.password }}@db/shop'}
",
    ),
    ("chart/templates/broken.yaml", "{{ if .Values.broken }}{{ fail .Values.database.password }}{{ end }}\n"),
    // It lacks a library: what fails is left out, and says so in a gap.
    (
        "lacking/Chart.yaml",
        "apiVersion: v2
name: lacking
version: 0.1.0
dependencies: [{name: common, version: 2.x.x, repository: 'oci://registry.example.com/charts'}]
",
    ),
    ("lacking/values.yaml", "database: {password: CANARY}\n"),
    ("lacking/templates/broken.yaml", "{{ fail .Values.database.password }}\n"),
    (
        "argocd/lacking.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: lacking, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'https://git.example.com/shop.git', path: lacking}
  destination: {server: 'https://kubernetes.default.svc', namespace: shop}
",
    ),
    (
        "overlay/kustomization.yaml",
        "secretGenerator:
  - name: generated
    literals: [password=CANARY]
  - name: from-env
    envs: [credentials.env]
",
    ),
    ("overlay/credentials.env", "API_TOKEN=CANARY\n"),
    (
        "argocd/overlay.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: overlay, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'https://git.example.com/shop.git', path: overlay}
  destination: {server: 'https://kubernetes.default.svc', namespace: overlay}
",
    ),
    (
        "argocd/refused.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: refused, namespace: argocd}
spec:
  project: default
  source:
    repoURL: https://git.example.com/shop.git
    path: chart
    helm:
      valuesObject: {broken: true}
  destination: {server: 'https://kubernetes.default.svc', namespace: refused}
",
    ),
    (
        "shop/secret.yaml",
        "apiVersion: v1
kind: Secret
metadata:
  name: plain
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{\"data\":{\"password\":\"CANARY64\"}}'
data:
  password: CANARY64
  DATABASE_URL: CANARY64
stringData:
  token: CANARY
  config.yaml: |
    user: x
    password: CANARY
---
apiVersion: v1
kind: Secret
metadata: {name: odd}
data:
  password: [CANARY64]
  nested: {deep: CANARY}
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: {name: in-a-list}
    stringData: {password: CANARY}
",
    ),
    (
        "shop/broken-secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: broken\nstringData:\n  password: CANARY: CANARY\n    x: [\n",
    ),
    (
        "shop/broken-block.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: broken}\nstringData:\n  password: \"CANARY\n",
    ),
    (
        "shop/sealed.yaml",
        "apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed}
spec:
  encryptedData: {password: AgBCANARY}
  template:
    data: {config: CANARY}
---
apiVersion: v1
kind: Secret
metadata: {name: sops}
stringData: {password: 'ENC[AES256_GCM,data:CANARY,iv:x,tag:x,type:str]'}
sops: {mac: 'ENC[AES256_GCM,data:x]'}
",
    ),
    (
        "shop/external.yaml",
        "apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: external}
spec:
  secretStoreRef: {name: vault, kind: SecretStore}
  target:
    template:
      data:
        password: CANARY
        DATABASE_URL: postgres://app:CANARY@db/shop
  data: [{secretKey: password, remoteRef: {key: shop}}]
---
apiVersion: external-secrets.io/v1
kind: ClusterExternalSecret
metadata: {name: everywhere}
spec:
  externalSecretSpec:
    target: {template: {data: {token: CANARY}}}
---
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: {name: push}
spec:
  selector: {secret: {name: plain}}
  template: {data: {password: CANARY}}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault}
spec:
  provider: {fake: {data: [{key: shop, value: CANARY}]}}
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultStaticSecret
metadata: {name: vso}
spec:
  destination:
    name: vso
    create: true
    transformation: {templates: {password: {text: CANARY}}}
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: csi}
spec:
  provider: vault
  parameters: {objects: 'password: CANARY'}
  secretObjects: [{secretName: csi, type: Opaque, data: [{key: password, objectName: password}]}]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: cert}
spec:
  secretName: cert-tls
  keystores: {jks: {create: true, password: CANARY}}
",
    ),
    (
        "shop/job.yaml",
        "apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    argocd.argoproj.io/hook: PreSync
    argocd.argoproj.io/sync-wave: first
spec:
  template:
    metadata:
      annotations:
        vault.hashicorp.com/agent-inject: 'true'
        vault.hashicorp.com/agent-inject-secret-db: secret/data/shop
        vault.hashicorp.com/agent-inject-template-db: 'password=CANARY'
    spec:
      restartPolicy: Never
      containers:
        - name: flyway
          image: flyway/flyway:latest
          command: [sh, -c]
          args:
            - |
              export PGPASSWORD=CANARY
              psql postgres://admin:CANARY@db/shop -c \"ALTER ROLE shop PASSWORD 'CANARY'\"
              flyway -url=jdbc:postgresql://db/shop -user=postgres -password=CANARY migrate
              mysql -pCANARY --password CANARY
          env:
            - {name: FLYWAY_PASSWORD, value: CANARY}
            - {name: FLYWAY_URL, value: 'jdbc:postgresql://db/shop?user=postgres&password=CANARY'}
            - {name: DATABASE_URL, value: 'postgresql://postgres:CANARY@db:5432/shop'}
            - {name: API_TOKEN, value: CANARY}
            - {name: SLACK_WEBHOOK_URL, value: 'https://hooks.slack.com/services/CANARY'}
            - {name: REDIS_URL, value: 'redis://:CANARY@redis:6379'}
          envFrom: [{secretRef: {name: plain}}, {secretRef: {name: missing}}]
          volumeMounts: [{name: conf, mountPath: /flyway/conf}]
      volumes: [{name: conf, configMap: {name: flyway}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: flyway}
data:
  flyway.conf: |
    flyway.url=jdbc:postgresql://db/shop?password=CANARY
    flyway.user=postgres
    flyway.password=CANARY
    flyway.baselineOnMigrate=true
  V1__init.sql: |
    CREATE ROLE shop LOGIN PASSWORD 'CANARY';
  V1__again.sql: |
    ALTER ROLE shop PASSWORD 'CANARY';
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: web:1
          args: [--db-password=CANARY, '--token', CANARY]
          env:
            - {name: DB_PASSWORD, value: CANARY}
            - {name: SECRET_KEY_BASE, value: CANARY}
",
    ),
    (
        "shop/operators.yaml",
        "apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg}
spec:
  enableSuperuserAccess: true
  env: [{name: PGPASSWORD, value: CANARY}]
  bootstrap:
    initdb:
      database: shop
      postInitSQL: [\"ALTER ROLE shop PASSWORD 'CANARY'\"]
---
apiVersion: k8s.keycloak.org/v2alpha1
kind: Keycloak
metadata: {name: kc}
spec:
  db: {vendor: postgres, host: pg-rw, database: keycloak, url: 'jdbc:postgresql://pg-rw/keycloak?password=CANARY'}
  additionalOptions: [{name: db-password, value: CANARY}]
---
apiVersion: db.atlasgo.io/v1alpha1
kind: AtlasMigration
metadata: {name: atlas}
spec: {url: 'postgres://root:CANARY@pg-rw/shop'}
---
apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: template}
parameters: [{name: PASSWORD, value: CANARY}]
objects:
  - apiVersion: v1
    kind: Secret
    metadata: {name: from-template}
    stringData: {password: CANARY}
",
    ),
    ("db/sql/V1__roles.sql", "CREATE ROLE app LOGIN PASSWORD 'CANARY';\n"),
    ("db/sql/V1__dup.sql", "ALTER ROLE app PASSWORD 'CANARY';\n"),
    ("db/flyway.conf", "flyway.password=CANARY\n"),
];
