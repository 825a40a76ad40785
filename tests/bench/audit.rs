//! How long an audit takes and how much memory it needs, on repositories that this program makes itself.
//!
//! `cargo bench --bench audit` prints a table for 100, 1,000 and 10,000 Applications of plain manifests, and for fleets of 400,
//! 2,000 and 20,000 Applications that one ApplicationSet generates, with own charts and six layers of values each;
//! `cargo bench --bench audit -- fleet` takes the fleets only, `-- make SIZE FOLDER` leaves one to look at, `-- PATH...` takes
//! repositories at hand. Each run is a process of its own, so that its peak memory is its own.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

mod fleet;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [flag, path] = arguments.as_slice()
        && flag == "--one"
    {
        return one(Path::new(path));
    }
    if let [word, size, path] = arguments.as_slice()
        && word == "make"
    {
        return fleet::make(Path::new(path), size.parse().unwrap());
    }
    println!(
        "{:<28} {:>13} {:>8} {:>12} {:>12} {:>12}",
        "repository", "applications", "objects", "median ms", "µs each", "peak MB"
    );
    let fleets = arguments.is_empty() || arguments.iter().any(|argument| argument == "fleet");
    let plain = SIZES.iter().filter(|_| arguments.is_empty()).map(|size| (*size, "plain"));
    for (size, kind) in plain.chain(fleet::SIZES.iter().filter(|_| fleets).map(|size| (*size, "fleet"))) {
        let folder = std::env::temp_dir().join(format!("schemaward-bench-{}-{kind}-{size}", std::process::id()));
        if kind == "fleet" {
            fleet::make(&folder, size)
        } else {
            make(&folder, size)
        }
        row(&format!("{size} {kind}"), &folder);
        std::fs::remove_dir_all(&folder).unwrap();
    }
    for path in arguments.iter().filter(|argument| *argument != "fleet") {
        row(path, Path::new(path));
    }
}

/// Audits once and prints what it took: milliseconds, Applications, objects, peak kilobytes.
fn one(path: &Path) {
    let started = Instant::now();
    let limits = schemaward::discover::ReadLimits::default();
    let (repository, gaps) = schemaward::discover::Repository::open(path, None, limits).unwrap();
    let config = schemaward::config::Config::default();
    let audit = schemaward::audit(&repository, &config, &schemaward::expand::Settings::default(), gaps);
    let taken = started.elapsed();
    let coverage = &audit.report.coverage;
    println!("{} {} {} {}", taken.as_secs_f64() * 1e3, coverage.applications, coverage.objects, peak_kilobytes());
}

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn row(name: &str, path: &Path) {
    let run = |_| {
        let output = Command::new(std::env::current_exe().unwrap()).arg("--one").arg(path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().map(|word| word.parse().unwrap()).collect::<Vec<f64>>()
    };
    let mut runs: Vec<Vec<f64>> = vec![run(0)];
    // What takes long is not run again and again.
    if runs[0][0] < 5_000.0 {
        runs.extend((1..RUNS).map(run));
    }
    runs.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let median = &runs[runs.len() / 2];
    let each = median[0] * 1e3 / median[1].max(1.0);
    let peak = runs.iter().map(|run| run[3]).fold(0.0, f64::max) / 1024.0;
    println!("{name:<28} {:>13} {:>8} {:>12.1} {each:>12.1} {peak:>12.1}", median[1], median[2], median[0]);
}

/// A repository of plain manifests: every Application has a migration hook, its account and rights, a workload, a
/// ConfigMap and an external secret.
fn make(folder: &Path, applications: usize) {
    let mut bootstrap = String::new();
    for n in 0..applications {
        let dir = folder.join(format!("apps/app-{n:05}"));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("app.yaml"), objects(n)).unwrap();
        write!(bootstrap, "{}", application(n)).unwrap();
    }
    std::fs::create_dir_all(folder.join("argocd")).unwrap();
    std::fs::write(folder.join("argocd/applications.yaml"), bootstrap).unwrap();
}

fn application(n: usize) -> String {
    format!(
        "---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: app-{n:05}
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/fleet.git
    targetRevision: main
    path: apps/app-{n:05}
  destination:
    server: https://kubernetes.default.svc
    namespace: ns-{ns:04}
",
        ns = n / 10
    )
}

fn objects(n: usize) -> String {
    format!(
        "apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: app-{n:05}-db-credentials
  annotations:
    argocd.argoproj.io/hook: PreSync
    argocd.argoproj.io/sync-wave: \"-2\"
spec:
  secretStoreRef: {{name: vault, kind: ClusterSecretStore}}
  data:
    - secretKey: password
      remoteRef: {{key: app-{n:05}}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: app-{n:05}-migrate
  annotations:
    argocd.argoproj.io/hook: PreSync
    argocd.argoproj.io/sync-wave: \"-2\"
---
apiVersion: batch/v1
kind: Job
metadata:
  name: app-{n:05}-migrate
  annotations:
    argocd.argoproj.io/hook: PreSync
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
spec:
  template:
    spec:
      serviceAccountName: app-{n:05}-migrate
      restartPolicy: Never
      containers:
        - name: flyway
          image: flyway/flyway:11.14.1
          args: [migrate]
          env:
            - name: FLYWAY_URL
              value: jdbc:postgresql://postgres-rw.data.svc:5432/app_{n:05}
            - name: FLYWAY_PASSWORD
              valueFrom:
                secretKeyRef: {{name: app-{n:05}-db-credentials, key: password}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{n:05}
data:
  LOG_LEVEL: info
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n:05}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: app-{n:05}}}}}
  template:
    metadata:
      labels: {{app: app-{n:05}}}
    spec:
      serviceAccountName: app-{n:05}-migrate
      containers:
        - name: web
          image: registry.example.com/app:1.4.2
          envFrom:
            - configMapRef: {{name: app-{n:05}}}
          env:
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef: {{name: app-{n:05}-db-credentials, key: password}}
"
    )
}
