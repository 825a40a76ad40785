use super::*;

/// `verb object schema.name`, one per change.
fn told(text: &str) -> Vec<String> {
    scan(text)
        .changes
        .iter()
        .map(|it| {
            let name =
                it.name.schema.as_ref().map_or(it.name.name.clone(), |schema| format!("{schema}.{}", it.name.name));
            format!("{:?} {:?} {name}", it.verb, it.object).to_lowercase()
        })
        .collect()
}

#[test]
fn statements_say_what_they_change() {
    for (text, want) in [
        ("CREATE TABLE IF NOT EXISTS app.Orders (id int)", "create table app.orders"),
        ("create unlogged table \"My Schema\".\"T\" ()", "create table my schema.t"),
        ("CREATE SCHEMA keycloak AUTHORIZATION kc;", "create schema keycloak"),
        ("CREATE SCHEMA AUTHORIZATION kc;", "create schema kc"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "create view v"),
        ("CREATE MATERIALIZED VIEW IF NOT EXISTS a.v AS SELECT 1", "create view a.v"),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY app.t (x)", "create index app.t"),
        ("CREATE TRIGGER x BEFORE UPDATE ON app.t EXECUTE FUNCTION f()", "create trigger app.t"),
        ("ALTER TABLE IF EXISTS ONLY app.t ADD COLUMN x int", "alter table app.t"),
        ("DROP TABLE IF EXISTS a.b, c CASCADE", "drop table a.b|drop table c"),
        ("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"", "create extension uuid-ossp"),
        ("CREATE DATABASE keycloak OWNER kc", "create database keycloak"),
        ("CREATE USER kc", "create role kc"),
        ("COMMENT ON TABLE app.t IS 'x'", "alter table app.t"),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA app TO r", "grant schema app"),
        ("GRANT ALL ON app.t TO r", "grant table app.t"),
        ("GRANT USAGE ON SCHEMA app TO r", "grant schema app"),
        ("INSERT INTO app.t VALUES (1)", "write table app.t"),
        ("UPDATE ONLY app.t SET x = 1", "write table app.t"),
        ("DELETE FROM t", "write table t"),
        ("TRUNCATE TABLE a, b", "write table a|write table b"),
        ("COPY app.t FROM stdin;\nCREATE TABLE no ();\n\\.\nDELETE FROM y;", "write table app.t|write table y"),
        ("COPY app.t TO stdout", ""),
        ("WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x", "write table a|write table b"),
        ("SELECT 1; -- CREATE TABLE x\n/* DROP /* nested */ TABLE y; */ SELECT 'CREATE TABLE z;'", ""),
        ("CREATE FUNCTION f() RETURNS int AS $$ BEGIN CREATE TABLE no(); END $$ LANGUAGE plpgsql", "create function f"),
        ("DO $x$ BEGIN IF true THEN CREATE TABLE yes(); END IF; END $x$;", "create table yes"),
        ("CREATE TABLE `db`.`t` (x int)", "create table db.t"),
        ("CREATE TABLE [dbo].[T] (x int)\nGO\nDROP TABLE [dbo].[U]", "create table dbo.t|drop table dbo.u"),
        ("CREATE TABLE ${schema}.t ()", "create table ${schema}.t"),
        ("SELECT E'it\\'s; DROP TABLE x;'", ""),
        ("BEGIN; CREATE TABLE a(); COMMIT;", "create table a"),
        ("select * from t for update", ""),
        ("\\set x 1\nCREATE TABLE t()", "create table t"),
    ] {
        assert_eq!(told(text).join("|"), want, "{text}");
    }
}

#[test]
fn places_are_those_of_names() {
    let text = "  CREATE TABLE app.t (x int);\nALTER ROLE kc WITH PASSWORD 'hunter2';";
    let script = scan(text);
    assert_eq!(&text[script.changes[0].span.clone()], "app.t");
    assert_eq!(script.changes[0].statement, 2);
    assert_eq!(script.passwords.iter().map(|span| &text[span.clone()]).collect::<Vec<_>>(), ["'hunter2'"]);
    assert!(!format!("{script:?}").contains("hunter2"));
}

#[test]
fn search_paths_qualify() {
    let script = scan(
        "SET search_path TO app, public; CREATE TABLE t(); SET SCHEMA 'other'; CREATE TABLE a.u(); CREATE TABLE v();",
    );
    assert_eq!(script.changes.iter().map(Change::schema).collect::<Vec<_>>(), [Some("app"), Some("a"), Some("other")]);
    let dumped = scan("SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE t();");
    assert_eq!(dumped.changes[0].schema(), None);
}

#[test]
fn temporary_and_dynamic_things_are_told_apart() {
    assert!(!scan("CREATE TEMP TABLE t()").changes_schema());
    assert!(!scan("CREATE ROLE a LOGIN; CREATE DATABASE b OWNER a; GRANT ALL ON DATABASE b TO a").changes_schema());
    assert!(!scan("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO a").changes_schema());
    assert!(scan("CREATE SCHEMA s AUTHORIZATION a").changes_schema());
    assert!(scan("DO $$ BEGIN EXECUTE 'CREATE TABLE x'; END $$").changes_schema());
    assert!(scan("INSERT INTO t VALUES (1)").writes_rows());
    assert!(!scan("select 1").does_anything());
    assert!(!scan("\\q").does_anything());
    assert!(scan("\\i /sql/init.sql").does_anything());
}

#[test]
fn hostile_scripts_end() {
    for text in [
        "'",
        "\"",
        "$$",
        "$a$",
        "/*",
        "/*/*",
        "[",
        "`",
        "\\",
        "create",
        "alter table",
        "drop table a.",
        "copy a from stdin;",
        "do $$",
        "do $$$$",
        "${",
        "é'é",
        "grant",
    ] {
        scan(text);
    }
    scan(&"do $$ begin ".repeat(50_000));
    scan(&"((((".repeat(50_000));
    scan(&"$a".repeat(100_000));
    scan(&"[a".repeat(100_000));
}

/// `host:port/database#schema user password?`
fn address(text: &str) -> Option<String> {
    let url = parse_url(text)?;
    let hosts: Vec<String> = url
        .hosts
        .iter()
        .map(|it| {
            format!(
                "{}:{}",
                it.host.text.as_deref().unwrap_or("?"),
                it.port.map_or("-".to_owned(), |port| port.to_string())
            )
        })
        .collect();
    let part =
        |part: &Option<Part>| part.as_ref().map_or("-".to_owned(), |part| part.text.clone().unwrap_or("?".to_owned()));
    let password = match (url.has_password(), url.literal_password) {
        (false, _) => "",
        (true, false) => " filled",
        (true, true) => " literal",
    };
    Some(format!(
        "{:?} {}/{}#{} {}{password}",
        url.scheme,
        hosts.join(","),
        part(&url.database),
        part(&url.schema),
        part(&url.user)
    ))
}

#[test]
fn addresses_come_apart() {
    for (text, want) in [
        (
            "jdbc:postgresql://db:5432/orders?currentSchema=app&user=u&password=hunter2",
            "Postgres db:5432/orders#app u literal",
        ),
        ("jdbc:postgresql://a:1,b:2/orders", "Postgres a:1,b:2/orders#- -"),
        ("jdbc:postgresql:orders", "Postgres /orders#- -"),
        ("jdbc:mysql://db/orders?useSSL=false", "Mysql db:-/orders#- -"),
        ("jdbc:mariadb://db:3306/orders", "Mysql db:3306/orders#- -"),
        (
            "jdbc:sqlserver://db\\inst:1433;databaseName=orders;user=sa;password=x",
            "SqlServer db\\inst:1433/orders#- sa literal",
        ),
        ("jdbc:oracle:thin:@//db:1521/orclpdb", "Oracle db:1521/orclpdb#- -"),
        ("jdbc:oracle:thin:scott/tiger@db:1521:orcl", "Oracle db:1521/orcl#- scott literal"),
        ("postgres://u:p%40ss@db/orders", "Postgres db:-/orders#- u literal"),
        ("postgres://u:p@ss@db/orders", "Postgres db:-/orders#- u literal"),
        ("postgresql+psycopg2://$(USER):$(PASSWORD)@$(HOST):5432/orders", "Postgres ?:5432/orders#- ? filled"),
        ("postgres://{{ .user }}:{{ .password }}@db:5432/{{ .name }}?sslmode=disable", "Postgres db:5432/?#- ? filled"),
        ("postgresql://${DB_USER}:${DB_PASS:-a/b@c}@${DB_HOST:-db}/x?schema=public", "Postgres ?:-/x#public ? filled"),
        ("postgres://[::1]:5433/x", "Postgres ::1:5433/x#- -"),
        ("postgresql://db/x?options=-c%20search_path%3Dapp", "Postgres db:-/x#app -"),
        ("u:p@tcp(db:3306)/orders?parseTime=true", "Mysql db:3306/orders#- u literal"),
        (
            "host=db port=5433 dbname=orders user=u password='hunter2' sslmode=disable",
            "Postgres db:5433/orders#- u literal",
        ),
        ("Server=db,1433;Database=orders;User Id=sa;Password=x", "Other db:1433/orders#- sa literal"),
        ("mongodb+srv://u:p@cluster0.x.mongodb.net/orders", "Mongodb cluster0.x.mongodb.net:-/orders#- u literal"),
        ("clickhouse://default:@ch:9000/events", "Clickhouse ch:9000/events#- default"),
        ("sqlite:///data/x.db", "Sqlite //data/x.db#- -"),
    ] {
        assert_eq!(address(text).as_deref(), Some(want), "{text}");
    }
    for text in ["", "orders", "https://example.com/x", "$DATABASE_URL", "a=b", "http://x:y@z", "jdbc:", "redis://x/0"]
    {
        assert_eq!(address(text), None, "{text}");
    }
}

#[test]
fn passwords_are_places_only() {
    let text = "postgres://u:hunter2@db/orders";
    let url = parse_url(text).unwrap();
    assert_eq!(&text[url.password.clone().unwrap()], "hunter2");
    assert!(!format!("{url:?}").contains("hunter2"));
}
