use super::*;

/// `tool:action`, one per use.
fn told(image: &str, command: &[&str], args: &[&str]) -> String {
    let uses = catalog().recognise(image, command, args);
    uses.iter().map(|it| format!("{}:{:?}", it.tool.id, it.action)).collect::<Vec<_>>().join(" ").to_lowercase()
}

#[test]
fn tools_are_recognised_by_their_words() {
    for (command, want) in [
        ("flyway -url=jdbc:postgresql://db/x migrate", "flyway:migrate"),
        ("/flyway/flyway info", "flyway:inspect"),
        ("flyway clean migrate", "flyway:destroy flyway:migrate"),
        ("liquibase --changelog-file=c.xml update", "liquibase:migrate"),
        ("liquibase update-sql", "liquibase:inspect"),
        ("atlas migrate apply --url $DATABASE_URL", "atlas:migrate"),
        ("atlas migrate lint", "atlas:inspect"),
        ("migrate -path /m -database postgres://db/x up", "golang-migrate:migrate"),
        ("migrate up", ""),
        ("goose -dir m postgres $DSN up", "goose:migrate"),
        ("dbmate --wait up", "dbmate:migrate"),
        ("alembic -c alembic.ini upgrade head", "alembic:migrate"),
        ("python -m alembic upgrade head", "alembic:migrate"),
        ("flask db upgrade", "alembic:migrate"),
        ("npx --yes prisma migrate deploy", "prisma:migrate"),
        ("yarn prisma db push", "prisma:migrate"),
        ("pnpm exec prisma generate", "prisma:inspect"),
        ("bundle exec rails db:migrate db:seed", "rails:migrate rails:prepare"),
        ("./bin/rake db:migrate", "rails:migrate"),
        ("python3 -u manage.py migrate --noinput", "django:migrate"),
        ("/app/manage.py showmigrations", "django:inspect"),
        ("poetry run python manage.py migrate", "django:migrate"),
        ("temporal-sql-tool --plugin postgres12 --db temporal update-schema -d /x", "temporal-sql-tool:migrate"),
        ("temporal-sql-tool create-database", "temporal-sql-tool:prepare"),
        ("airflow db migrate", "airflow:migrate"),
        ("superset db upgrade", "superset:migrate"),
        ("kong migrations bootstrap", "kong:migrate"),
        ("php artisan migrate --force", "laravel:migrate"),
        ("php bin/console doctrine:migrations:migrate -n", "doctrine:migrate"),
        ("dotnet ef database update", "ef-core:migrate"),
        ("./efbundle --connection x", "ef-core:migrate"),
        ("sqlx migrate run", "sqlx:migrate"),
        ("env A=b timeout 60 flyway migrate", "flyway:migrate"),
        ("/app/bin/shop eval Shop.Release.migrate", "ecto:migrate"),
        ("pg_isready -h db", ""),
        ("pg_dump -h db x", ""),
        ("node server.js", ""),
        ("migrate-everything up", ""),
        ("echo flyway migrate", ""),
        ("psql -h db -l", ""),
        ("", ""),
    ] {
        let words: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(told("company/app:1", &words, &[]), want, "{command}");
    }
}

#[test]
fn images_bring_their_entry_points() {
    for (image, args, want) in [
        ("flyway/flyway:11", &["migrate"][..], "flyway:migrate"),
        ("flyway/flyway:11", &["-q", "info"], "flyway:inspect"),
        ("flyway/flyway:11", &[], "flyway:unknown"),
        ("ghcr.io/acme/orders-flyway:1", &["migrate"], "flyway:migrate"),
        ("migrate/migrate", &["-path", "m", "-database", "x", "up"], "golang-migrate:migrate"),
        ("amacneil/dbmate:2", &["up"], "dbmate:migrate"),
        ("arigaio/atlas", &["schema", "apply", "-u", "x"], "atlas:migrate"),
        ("company/app", &["migrate"], ""),
        ("company/goose-farm", &["up"], ""),
        ("company/app", &["up", "--database", "orders"], ""),
        ("company/app", &["--changelog-file=c.xml", "update"], "liquibase:migrate"),
    ] {
        assert_eq!(told(image, &[], args), want, "{image} {args:?}");
    }
    assert_eq!(told("flyway/flyway", &["sh", "/scripts/run.sh"], &[]), "flyway:unknown");
    assert_eq!(told("flyway/flyway", &["sleep", "infinity"], &[]), "");
    assert_eq!(told("flyway/flyway", &["sh", "-c", "echo hello"], &[]), "");
    let files = catalog().script_files(&["/bin/sh"], &["-e", "/scripts/run.sh"]);
    assert_eq!((files[0].text.as_str(), files[0].argument), ("/scripts/run.sh", 2));
}

#[test]
fn scripts_are_looked_through() {
    for (script, want) in [
        ("until pg_isready -h db; do sleep 1; done; flyway migrate", "flyway:migrate"),
        ("until psql -h db -c 'select 1'; do sleep 1; done", ""),
        ("until psql \"$URL\" -c '\\q'; do sleep 1; done && alembic upgrade head", "alembic:migrate"),
        ("psql -v ON_ERROR_STOP=1 -f /sql/init.sql", "psql:adhoc"),
        ("psql \"$URL\" -tAc 'CREATE TABLE a()'", "psql:adhoc"),
        ("psql <<EOF\nCREATE ROLE x;\nEOF", "psql:adhoc"),
        ("psql <<EOF\nSELECT 1;\nEOF", ""),
        ("cat /sql/*.sql | psql -h db", "psql:adhoc"),
        ("echo 'DROP TABLE x' | psql", "psql:adhoc"),
        ("if ! psql -c \"SELECT 1\" | grep -q 1; then psql -c \"CREATE DATABASE x\"; fi", "psql:adhoc"),
        ("mysql -h db -uroot -p$P shop < /sql/a.sql", "mysql:adhoc"),
        ("mysql -e 'show tables'", ""),
        ("pg_dump x > y; pg_dumpall | gzip > z", ""),
        ("mongosh \"$URI\" --eval 'db.createCollection(\"a\")'", "mongosh:adhoc"),
        ("mongosh --eval 'db.adminCommand(\"ping\")'", ""),
        ("FOO=bar exec bundle exec rake db:migrate", "rails:migrate"),
        ("# flyway migrate\necho done", ""),
        ("bash -c \"flyway migrate\"", "flyway:migrate"),
        ("for db in a b; do\n  flyway -url=$db migrate\ndone", "flyway:migrate"),
        ("clickhouse-client --query 'CREATE TABLE a (x Int8) ENGINE = Memory'", "clickhouse-client:adhoc"),
        ("sqlcmd -S db -U sa -P x -i /sql/a.sql", "sqlcmd:adhoc"),
    ] {
        assert_eq!(told("company/app", &["sh", "-c"], &[script]), want, "{script}");
        let direct = catalog().recognise_script(script);
        assert_eq!(direct.is_empty(), want.is_empty(), "{script}");
    }
}

#[test]
fn places_and_settings_are_kept() {
    let script = "set -e\nflyway -url=jdbc:postgresql://db/keycloak -user=kc -password=hunter2 migrate";
    let uses = catalog().recognise("company/app", &["/bin/bash", "-euo", "pipefail", "-c"], &[script]);
    let used = &uses[0];
    assert_eq!((used.how, used.argument, &script[used.span.clone()]), (How::Script, 4, "migrate"));
    let url = used.given.iter().find(|it| it.setting == Setting::Url).unwrap();
    assert_eq!(url.url.as_ref().unwrap().database_name(), Some("keycloak"));
    assert_eq!(&script[url.span.clone()], "jdbc:postgresql://db/keycloak");
    let password = used.given.iter().find(|it| it.setting == Setting::Password).unwrap();
    assert_eq!((password.text.as_deref(), &script[password.span.clone()]), (None, "hunter2"));
    assert!(!format!("{uses:?}").contains("hunter2"));

    let uses = catalog().recognise("postgres:16", &["psql", "-d", "shop", "-f", "/sql/a.sql"], &[]);
    assert_eq!((uses[0].files[0].text.as_str(), uses[0].files[0].argument), ("/sql/a.sql", 4));
    assert_eq!(uses[0].given[0].text.as_deref(), Some("shop"));
    let uses = catalog().recognise("x", &["sh", "-c", "psql $DATABASE_URL -c 'CREATE TABLE a()'"], &[]);
    assert_eq!(uses[0].given[0].text.as_deref(), Some("$DATABASE_URL"));
    assert!(uses[0].may_change_schema() && uses[0].is_client());
}

#[test]
fn every_tool_is_told_apart() {
    let mut ids = std::collections::BTreeSet::new();
    for tool in catalog().tools() {
        assert!(ids.insert(&tool.id), "`{}` stands there twice", tool.id);
        assert!(!(tool.migrate.is_empty() && tool.prepare.is_empty()), "`{}`", tool.id);
        if let Some(vendor) = &tool.vendor {
            assert!(catalog().vendor(vendor).is_some(), "`{vendor}` of `{}`", tool.id);
        }
    }
    assert!(ids.len() > 50);
    assert_eq!(catalog().tool("flyway").unwrap().setting_of_env("FLYWAY_URL"), Some(Setting::Url));
    assert_eq!(catalog().tool("ef-core").unwrap().setting_of_env("ConnectionStrings__Default"), Some(Setting::Url));
}
