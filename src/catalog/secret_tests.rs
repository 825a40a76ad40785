use super::*;
use crate::budget::Budget;
use crate::k8s::Resource;
use crate::source::{RepoPath, SourceMap};

/// `name (role) keys` of what a resource makes; `+` for keys that are not known.
fn made(text: &str) -> Vec<String> {
    let map = SourceMap::default();
    let file = map.add(RepoPath::new("a.yaml").unwrap(), text);
    let parsed = crate::yaml::parse(file, text, &Budget::default());
    let resource = Resource::new(parsed.documents[0].root.clone()).unwrap();
    let secrets = catalog().made_secrets(resource.group(), resource.kind(), &resource.node);
    let told = |it: &MadeSecret| {
        assert!(map.slice(it.span).is_some());
        let keys = if it.keys.len() > 4 { format!("{}..", it.keys[0]) } else { it.keys.join(",") };
        format!("{} {:?} {keys}{}", it.name, it.role, if it.open { "+" } else { "" }).to_lowercase()
    };
    secrets.iter().map(told).collect()
}

#[test]
fn stores_make_what_they_name() {
    let head = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\n";
    assert_eq!(made(&format!("{head}spec: {{data: [{{secretKey: p}}, {{secretKey: q}}]}}")), ["a other p,q"]);
    assert_eq!(
        made(&format!("{head}spec: {{target: {{name: b}}, dataFrom: [{{extract: {{key: x}}}}]}}")),
        ["b other +"]
    );
    assert_eq!(made(&format!("{head}spec: {{target: {{name: ''}}, data: [{{secretKey: p}}]}}")), ["a other p"]);
    assert_eq!(
        made(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec: {encryptedData: {x: AgB, z: AgB}}"
        ),
        ["a other x,z"]
    );
    assert_eq!(
        made(
            "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: a}\nspec: {secretObjects: [{secretName: b, data: [{key: k, objectName: o}]}]}"
        ),
        ["b other k"]
    );
    assert_eq!(
        made(
            "apiVersion: secrets.hashicorp.com/v1beta1\nkind: VaultStaticSecret\nmetadata: {name: a}\nspec: {destination: {name: b, create: true}}"
        ),
        ["b other +"]
    );
}

#[test]
fn database_operators_make_their_users() {
    let head = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\n";
    let plain = made(head);
    assert_eq!(plain[0], "db-app application username..");
    assert!(!plain.iter().any(|it| it.contains("superuser")), "off by default: {plain:?}");
    assert_eq!(plain.len(), 4);
    let with = |spec: &str| made(&format!("{head}spec: {spec}"));
    assert!(with("{enableSuperuserAccess: true}").iter().any(|it| it.starts_with("db-superuser superuser")));
    assert!(!with("{enableSuperuserAccess: false}").iter().any(|it| it.contains("superuser")));
    assert!(!with("{bootstrap: {initdb: {secret: {name: own}}}}").iter().any(|it| it.starts_with("db-app")));

    let zalando = made(
        "apiVersion: acid.zalan.do/v1\nkind: postgresql\nmetadata: {name: team-db}\nspec: {users: {my_app: [], ro: []}}",
    );
    assert!(
        zalando
            .contains(&"my-app.team-db.credentials.postgresql.acid.zalan.do application username,password".to_owned())
    );
    assert_eq!(zalando.len(), 4);

    let head =
        "apiVersion: postgres-operator.crunchydata.com/v1beta1\nkind: PostgresCluster\nmetadata: {name: hippo}\n";
    assert!(made(head).iter().any(|it| it.starts_with("hippo-pguser-hippo ")));
    let users = made(&format!("{head}spec: {{users: [{{name: a}}, {{name: b}}]}}"));
    assert_eq!(users.iter().filter(|it| it.contains("pguser")).count(), 2);
    assert_eq!(
        made(
            "apiVersion: mongodbcommunity.mongodb.com/v1\nkind: MongoDBCommunity\nmetadata: {name: m}\nspec: {users: [{name: u, db: admin}, {name: v, db: shop}]}"
        ),
        [
            "m-admin-u application connectionstring.standard,connectionstring.standardsrv,username,password",
            "m-shop-v application connectionstring.standard,connectionstring.standardsrv,username,password"
        ]
    );
}

#[test]
fn annotations_decide_where_they_must() {
    let ingress = |annotations: &str| {
        made(&format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{{annotations}}}}}\nspec: {{tls: [{{secretName: a-tls}}]}}"
        ))
    };
    assert_eq!(ingress("cert-manager.io/cluster-issuer: le"), ["a-tls certificate tls.crt,tls.key,ca.crt"]);
    assert!(ingress("x: y").is_empty());
    assert_eq!(
        made(
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {service.beta.openshift.io/serving-cert-secret-name: b}}"
        ),
        ["b certificate tls.crt,tls.key"]
    );
    assert_eq!(
        made(
            "apiVersion: rds.aws.crossplane.io/v1\nkind: DBInstance\nmetadata: {name: a}\nspec: {writeConnectionSecretToRef: {name: c, namespace: d}}"
        ),
        ["c application +"]
    );
    assert!(made("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}").is_empty());
    assert!(catalog().makes_secrets("cert-manager.io", "Certificate") && !catalog().makes_secrets("", "ConfigMap"));
}

#[test]
fn what_the_cluster_brings_is_known() {
    let by = |kind, name| catalog().well_known(kind, name).map(|known| known.by.as_str());
    assert_eq!(by("ConfigMap", "kube-root-ca.crt"), Some("Kubernetes"));
    assert_eq!(by("ServiceAccount", "default"), Some("Kubernetes"));
    assert_eq!(by("Secret", "sh.helm.release.v1.a.v3"), Some("Helm"));
    assert_eq!(by("Secret", "default"), None);
}

#[test]
fn argo_waits_for_what_has_a_health() {
    for (group, kind, want) in [
        ("external-secrets.io", "ExternalSecret", Health::Waits),
        ("bitnami.com", "SealedSecret", Health::Waits),
        ("postgresql.cnpg.io", "Cluster", Health::Waits),
        ("apps", "Deployment", Health::Waits),
        ("batch", "Job", Health::Completes),
        ("batch", "CronJob", Health::AtOnce),
        ("argoproj.io", "Application", Health::None),
        ("argoproj.io", "ApplicationSet", Health::Waits),
        ("", "Secret", Health::None),
        ("", "ConfigMap", Health::None),
        ("secrets.hashicorp.com", "VaultStaticSecret", Health::None),
        ("temporal.io", "TemporalCluster", Health::None),
        ("rds.aws.crossplane.io", "DBInstance", Health::Waits),
        ("ec2.services.k8s.aws", "VPC", Health::Waits),
        ("apiextensions.k8s.io", "CustomResourceDefinition", Health::Waits),
    ] {
        assert_eq!(catalog().health(group, kind), want, "{group}/{kind}");
    }
}

#[test]
fn credentials_are_told_by_name() {
    use CredentialKind::{Address, Key, Password, Secret, Token};
    for (name, want) in [
        ("password", Some(Password)),
        ("DB_PASSWORD", Some(Password)),
        ("adminPassword", Some(Password)),
        ("KC_DB_PASSWORD_2", Some(Password)),
        ("MYSQL_PWD", Some(Password)),
        ("PAPERLESS_DBPASS", Some(Password)),
        ("apiKey", Some(Key)),
        ("api-key", Some(Key)),
        ("AWS_SECRET_ACCESS_KEY", Some(Key)),
        ("SECRET_KEY_BASE", Some(Secret)),
        ("GITHUB_TOKEN", Some(Token)),
        ("clientSecret", Some(Secret)),
        ("DATABASE_URL", Some(Address)),
        ("connectionString", Some(Address)),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", Some(Address)),
        ("DB_PASSWORD_FILE", None),
        ("secretName", None),
        ("existingSecret", None),
        ("existingSecretPasswordKey", None),
        ("tokenUrl", None),
        ("passwordPolicy", None),
        ("DB_SECRET_NAME", None),
        ("TS_KUBE_SECRET", None),
        ("AWS_ACCESS_KEY_ID", None),
        ("publicKey", None),
        ("automountServiceAccountToken", None),
        ("imagePullSecrets", None),
        ("secretKeyRef", None),
        ("passwordSecretRef", None),
        ("username", None),
        ("VERIFY_JWT", None),
        ("GOOGLE_APPLICATION_CREDENTIALS", None),
        ("compass", None),
        ("bypass", None),
        ("key", None),
        ("", None),
    ] {
        assert_eq!(catalog().credential_kind(name), want, "{name}");
    }
}

#[test]
fn administrators_and_placeholders_are_known() {
    let catalog = catalog();
    for name in ["postgres", "root", "SA", "admin@myserver"] {
        assert!(catalog.is_admin_user(name), "{name}");
    }
    for name in ["app", "keycloak", "postgres_exporter", "administrator_ui", ""] {
        assert!(!catalog.is_admin_user(name), "{name}");
    }
    for name in [
        "pg-superuser",
        "postgres-ameide-superuser",
        "mariadb-root-password",
        "shop-dba-credentials",
        "postgres.db.credentials.postgresql.acid.zalan.do",
    ] {
        assert!(catalog.is_admin_secret(name), "{name}");
    }
    for name in [
        "pg-app",
        "root-ca",
        "host-root",
        "minio-root-credentials",
        "keycloak-admin",
        "grafana-admin-credentials",
        "chroot-settings",
        "gitlab-gitlab-initial-root-password",
        "insights-ibm-dba-ek-elasticsearch-tls",
    ] {
        assert!(!catalog.is_admin_secret(name), "{name}");
    }
    assert!(catalog.is_admin_key("postgres-password") && !catalog.is_admin_key("password"));
    for value in [
        "CHANGEME",
        "change_me_please",
        "<your password>",
        "REPLACE_ME",
        "xxxxxx",
        "keycloak_generated_placeholder",
        "postgres-change-me-in-production",
        "generate_a_random_key_here",
        "****",
        "FILL_ME",
        "YOURSECRETKEY",
        "[REDACTED PRIVATE KEY]",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "00000000-0000-0000-0000-000000000000",
        "BASE64_OF_PULL_CREDENTIALS",
    ] {
        assert!(catalog.is_placeholder(value), "{value}");
    }
    for value in [
        "",
        "s3cr3t",
        "exchange",
        "x",
        "todo-list",
        "**x**",
        "A7_KX_92QZ_P",
        "TOP_SECRET",
        "url: https://x\nkey: change-me\n",
    ] {
        assert!(!catalog.is_placeholder(value), "{value}");
    }
    for value in ["do-not-use", "anonymous", "[]"] {
        assert!(catalog.is_no_credential(value), "{value}");
    }
    assert!(!catalog.is_credential_name("OPERATOR_SECRET"), "the name of a Secret that an operator makes");
    assert!(!catalog.is_credential_name("ETCD_INITIAL_CLUSTER_TOKEN"), "a name that tells clusters apart");
    assert!(catalog.is_credential_name("K3S_CLUSTER_TOKEN"));
    assert!(catalog.is_weak_password("minioadmin") && !catalog.is_weak_password("correct horse"));
}
