use super::*;

fn told(found: Option<Match<'_>>) -> Option<(&str, Sureness)> {
    found.map(|found| (found.vendor.id.as_str(), found.sureness))
}

fn id(found: Option<Match<'_>>) -> Option<&str> {
    found.map(|found| found.vendor.id.as_str())
}

#[test]
fn the_embedded_files_are_read() {
    let catalog = Catalog::load().unwrap();
    assert!(catalog.vendors().len() > 90, "{}", catalog.vendors().len());
}

#[test]
fn every_vendor_is_told_by_its_own_signs() {
    let catalog = catalog();
    let mut ids = std::collections::BTreeSet::new();
    for vendor in catalog.vendors() {
        assert!(ids.insert(&vendor.id), "`{}` stands there twice", vendor.id);
        assert!(!vendor.migrates.is_empty() && !vendor.images.is_empty(), "`{}`", vendor.id);
        assert!(vendor.docs.starts_with("https://"), "`{}` has no documentation", vendor.id);
        for image in vendor.images.iter().filter(|image| !image.contains('*')) {
            assert_eq!(id(catalog.vendor_of_image(&format!("{image}:1"))), Some(&*vendor.id), "{image}");
        }
        for name in vendor.databases.iter().filter(|name| !name.contains('*')) {
            assert_eq!(told(catalog.vendor_of_database(name)), Some((&*vendor.id, Sureness::Exact)), "{name}");
        }
        for name in vendor.database_env.iter().filter(|name| !name.contains('*')) {
            assert_eq!(id(catalog.vendor_of_env(name)), Some(&*vendor.id), "{name}");
        }
        for word in &vendor.words {
            let name = format!("{word}-db-credentials");
            assert_eq!(told(catalog.vendor_of_secret_name(&name)), Some((&*vendor.id, Sureness::Exact)), "{name}");
        }
        for chart in &vendor.charts {
            assert_eq!(id(catalog.vendor_of_chart(chart)), Some(&*vendor.id), "{chart}");
        }
    }
}

#[test]
fn images_of_namesakes_are_nobodys() {
    let catalog = catalog();
    for (image, want) in [
        ("docker.io/temporalio/auto-setup:1.24.2", Some("temporal")),
        ("quay.io/keycloak/keycloak:26.0@sha256:00", Some("keycloak")),
        ("registry.corp:5000/mirror/keycloak/keycloak:26", Some("keycloak")),
        ("ghcr.io/company/keycloak-theme-api:1", None),
        ("ghcr.io/company/keycloak:1", None),
        ("ghcr.io/company/temporal-worker:1", None),
        ("ghcr.io/company/backstage:1", None),
        ("grafana/mimir:2", None),
        ("grafana/loki:3", None),
        ("goharbor/harbor-portal:v2", None),
        ("registry.gitlab.com/gitlab-org/build/cng/gitlab-webservice-ee:v17", Some("gitlab")),
        ("gitlab/gitlab-runner:v17", None),
        ("ghcr.io/goauthentik/server:2025.1", Some("authentik")),
        ("company/server:1", None),
        ("kong/kubernetes-ingress-controller:3", None),
        ("postgres:16", None),
        ("", None),
    ] {
        assert_eq!(id(catalog.vendor_of_image(image)), want, "{image}");
    }
}

#[test]
fn a_server_is_told_by_the_name_of_its_image_whoever_built_it() {
    let catalog = catalog();
    for image in ["postgres:16", "quay.io/company/postgres:11.9.0", "bitnami/postgresql:17", "registry.corp/db/mysql:8"]
    {
        assert!(catalog.is_database_server(image), "{image}");
    }
    for image in ["prometheuscommunity/postgres-exporter:v0.15", "company/postgres-backup:1", "company/orders:1", ""] {
        assert!(!catalog.is_database_server(image), "{image}");
    }
}

#[test]
fn databases_are_told_by_their_whole_name() {
    let catalog = catalog();
    for (name, want) in [
        ("temporal_visibility", Some(("temporal", Sureness::Exact))),
        ("temporal-visibility", Some(("temporal", Sureness::Exact))),
        ("backstage_plugin_catalog", Some(("backstage", Sureness::Pattern))),
        ("keycloak_prod", Some(("keycloak", Sureness::Pattern))),
        ("platform-keycloak-db", Some(("keycloak", Sureness::Pattern))),
        ("keycloak_theme_api", None),
        ("registry", Some(("harbor", Sureness::Ambiguous))),
        ("temporal_worker", None),
        ("orders", None),
        ("app", None),
        ("", None),
    ] {
        assert_eq!(told(catalog.vendor_of_database(name)), want, "{name}");
    }
}

#[test]
fn only_database_credentials_of_vendors_are_told() {
    let catalog = catalog();
    for (name, want) in [
        ("keycloak-db-credentials", Some(("keycloak", Sureness::Exact))),
        ("temporal-db-env", Some(("temporal", Sureness::Exact))),
        ("temporal-visibility-db-env", Some(("temporal", Sureness::Exact))),
        ("acme-sso-keycloak-postgres-app", Some(("keycloak", Sureness::Pattern))),
        ("keycloak-db-prod", Some(("keycloak", Sureness::Pattern))),
        ("keycloak.keycloak-postgres.credentials.postgresql.acid.zalan.do", Some(("keycloak", Sureness::Exact))),
        ("keycloak-pguser-keycloak", Some(("keycloak", Sureness::Exact))),
        ("n8n-db-app", Some(("n8n", Sureness::Exact))),
        ("langfuse-postgresql", Some(("langfuse", Sureness::Exact))),
        ("coder-db-url", Some(("coder", Sureness::Exact))),
        ("gitlab-postgresql-password", Some(("gitlab", Sureness::Exact))),
        ("video-coder-db-url", None),
        ("keycloak-theme-api-db", None),
        ("temporal-worker-db-credentials", None),
        ("keycloak-bootstrap-admin", None),
        ("keycloak-tls", None),
        ("grafana-admin-credentials", None),
        ("orders-db-credentials", None),
        ("db-credentials", None),
    ] {
        assert_eq!(told(catalog.vendor_of_secret_name(name)), want, "{name}");
    }
}

#[test]
fn environment_names_tell_products() {
    let catalog = catalog();
    for (name, want) in [
        ("KC_DB_PASSWORD", Some("keycloak")),
        ("KEYCLOAK_DATABASE_URL", Some("keycloak")),
        ("GF_DATABASE_PASSWORD", Some("grafana")),
        ("GITEA__database__PASSWD", Some("gitea")),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", Some("airflow")),
        ("KONG_PG_HOST", Some("kong")),
        ("TEMPORAL_DB_PASSWORD", Some("temporal")),
        ("UMAMI_DB_PASSWORD", Some("umami")),
        ("PLATFORM_DATABASE_URL", None),
        ("TEMPORAL_ADDRESS", None),
        ("KEYCLOAK_URL", None),
        ("GF_SECURITY_ADMIN_PASSWORD", None),
        ("DATABASE_URL", None),
        ("POSTGRES_PASSWORD", None),
    ] {
        assert_eq!(id(catalog.vendor_of_env(name)), want, "{name}");
    }
}

#[test]
fn resources_of_operators_tell_products() {
    let catalog = catalog();
    assert_eq!(id(catalog.vendor_of_resource("temporal.io", "TemporalCluster")), Some("temporal"));
    assert_eq!(id(catalog.vendor_of_resource("temporal.io", "TemporalNamespace")), None);
    assert_eq!(id(catalog.vendor_of_resource("k8s.keycloak.org", "Keycloak")), Some("keycloak"));
    assert_eq!(id(catalog.vendor_of_resource("k8s.keycloak.org", "KeycloakRealmImport")), None);
}
