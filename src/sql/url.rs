//! Database addresses: JDBC and libpq URLs, SQLAlchemy's and others', and `key=value` strings.
//!
//! A password is noted as present and never kept. Parts that a shell, Kubernetes or a template fills in are unknown, not
//! guessed.

mod outside;

use std::ops::Range;

use outside::{Outside, find_last, outside};

/// Which database system an address speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// PostgreSQL and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// Microsoft SQL Server.
    SqlServer,
    /// Oracle.
    Oracle,
    /// ClickHouse.
    Clickhouse,
    /// MongoDB.
    Mongodb,
    /// SQLite: a file.
    Sqlite,
    /// Another one, or not to be told.
    Other,
}

/// A part of an address: its text, where it can be known, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The text; `None` where something is filled in later.
    pub text: Option<String>,
    /// Its range of the address' text.
    pub span: Range<usize>,
}

/// One server of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host.
    pub host: Part,
    /// The port, if one is written and is a number.
    pub port: Option<u16>,
}

/// What an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// The system.
    pub scheme: Scheme,
    /// Whether it is written in JDBC's way.
    pub jdbc: bool,
    /// The servers, in order.
    pub hosts: Vec<Address>,
    /// The database.
    pub database: Option<Part>,
    /// The schema that unqualified names fall into (`currentSchema`, `search_path`, `schema`).
    pub schema: Option<Part>,
    /// The user.
    pub user: Option<Part>,
    /// Where a password stands, literal or filled in. Never its text.
    pub password: Option<Range<usize>>,
    /// Whether that password is written out.
    pub literal_password: bool,
}

/// Reads an address; `None` if the text is none.
pub fn parse_url(text: &str) -> Option<DatabaseUrl> {
    let trimmed = text.trim_end();
    let lead = trimmed.len() - trimmed.trim_start().len();
    let input = Input { text: trimmed };
    let rest = lead..trimmed.len();
    if input.get(&rest).is_empty() {
        return None;
    }
    if let Some(url) = input.with_scheme(rest.clone()) {
        return Some(url);
    }
    if input.get(&rest).contains("@tcp(") {
        let mut url = DatabaseUrl::empty(Scheme::Mysql, false);
        input.authorised(rest, &mut url);
        return Some(url);
    }
    input.key_values(rest)
}

/// Whether something is filled in here later: `$VAR`, `${VAR}`, `$(VAR)`, `{{ }}`, `<...>`, `%s`.
fn is_filled(text: &str) -> bool {
    text.contains('$') || text.contains("{{") || text.contains("}}") || text.starts_with('<') || text.contains("%s")
}

struct Input<'t> {
    text: &'t str,
}

impl<'t> Input<'t> {
    fn get(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or("")
    }

    fn part(&self, range: Range<usize>) -> Option<Part> {
        let written = self.get(&range);
        (!written.is_empty())
            .then(|| Part { text: (!is_filled(written)).then(|| decoded(written)), span: range.clone() })
    }

    /// `scheme://...` and `jdbc:scheme:...`.
    fn with_scheme(&self, range: Range<usize>) -> Option<DatabaseUrl> {
        let mut at = range.start;
        let all = self.get(&range);
        let jdbc = all.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("jdbc:"));
        at += if jdbc { 5 } else { 0 };
        // Wrappers stand before the driver: `jdbc:aws-wrapper:postgresql://`, `jdbc:p6spy:postgresql://`.
        let mut name = "";
        for _ in 0..4 {
            let tail = self.get(&(at..range.end));
            let colon = tail.find(':')?;
            name = &tail[..colon];
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')) {
                return None;
            }
            at += colon + 1;
            let wrapper = jdbc
                && matches!(
                    name,
                    "aws-wrapper"
                        | "p6spy"
                        | "otel"
                        | "tracing"
                        | "log4jdbc"
                        | "secretsmanager"
                        | "jdbc-secretsmanager"
                );
            if !wrapper {
                break;
            }
        }
        let scheme = scheme_of(name);
        if !jdbc && !self.get(&(at..range.end)).starts_with("//") {
            return None;
        }
        if scheme == Scheme::Other && !jdbc {
            return None;
        }
        let mut url = DatabaseUrl::empty(scheme, jdbc);
        match scheme {
            Scheme::SqlServer if jdbc => self.sql_server(at..range.end, &mut url),
            Scheme::Oracle if jdbc => self.oracle(at..range.end, &mut url),
            Scheme::Sqlite => {
                let path = if self.get(&(at..range.end)).starts_with("//") { at + 2 } else { at };
                url.database = self.part(path..range.end);
            }
            _ => self.hierarchical(at..range.end, &mut url),
        }
        Some(url)
    }

    /// `//user:password@host:port,host/database?key=value`.
    fn hierarchical(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        let Some(after) = self.get(&range).strip_prefix("//") else {
            // `jdbc:postgresql:database` is PostgreSQL on this host.
            let (path, query) = self.split(range, b'?');
            url.database = self.part(path);
            return self.query(query, url);
        };
        self.authorised(range.end - after.len()..range.end, url);
    }

    /// What follows `//`; Go's MySQL strings (`user:password@tcp(host)/database`) are that much alone.
    fn authorised(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        let (front, query) = self.split(range, b'?');
        let (authority, path) = self.authority(front);
        // The last `@` ends the user: unencoded passwords hold others.
        let hosts = match find_last(self.get(&authority), b'@') {
            Some(sign) => {
                self.userinfo(authority.start..authority.start + sign, url);
                authority.start + sign + 1..authority.end
            }
            None => authority,
        };
        self.hosts(hosts, url);
        url.database = self.part(path);
        self.query(query, url);
    }

    /// The authority ends at the first `/` that is outside of something filled in and after the last `@`.
    fn authority(&self, range: Range<usize>) -> (Range<usize>, Range<usize>) {
        let text = self.get(&range);
        let from = find_last(text, b'@').map_or(0, |sign| sign + 1);
        match outside(text, from, b'/') {
            Some(slash) => (range.start..range.start + slash, range.start + slash + 1..range.end),
            None => (range.clone(), range.end..range.end),
        }
    }

    fn userinfo(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        let text = self.get(&range);
        match outside(text, 0, b':') {
            Some(colon) => {
                url.user = self.part(range.start..range.start + colon);
                self.password(range.start + colon + 1..range.end, url);
            }
            None => url.user = self.part(range),
        }
    }

    fn password(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        let text = self.get(&range);
        if !text.is_empty() {
            url.literal_password = !is_filled(text) && !text.bytes().all(|b| b == b'*');
            url.password = Some(range);
        }
    }

    fn hosts(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        for piece in self.pieces(range, b',') {
            // `tcp(host:port)` is Go's way with MySQL.
            let text = self.get(&piece);
            let inner = text.strip_prefix("tcp(").and_then(|rest| rest.strip_suffix(')'));
            let piece = if inner.is_some() { piece.start + 4..piece.end - 1 } else { piece };
            self.host(piece, url);
        }
    }

    fn host(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        let text = self.get(&range);
        let v6 = text.starts_with('[').then(|| text.find(']')).flatten();
        let (host, port) = match v6 {
            Some(close) => (range.start + 1..range.start + close, text[close + 1..].strip_prefix(':')),
            None => match outside(text, 0, b':') {
                Some(colon) => (range.start..range.start + colon, Some(&text[colon + 1..])),
                None => (range, None),
            },
        };
        if let Some(host) = self.part(host) {
            url.hosts.push(Address { host, port: port.and_then(|port| port.parse().ok()) });
        }
    }

    fn query(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        for pair in self.pieces(range, b'&') {
            let (key, value) = self.split(pair, b'=');
            self.setting(&self.get(&key).to_ascii_lowercase(), value, url);
        }
    }

    /// A parameter of a query, a property list or a `key=value` string.
    fn setting(&self, key: &str, value: Range<usize>, url: &mut DatabaseUrl) {
        match key {
            "currentschema" | "search_path" | "searchpath" | "schema" => url.schema = self.part(value),
            "options" => {
                let text = self.get(&value);
                if let Some(found) = text.find("search_path") {
                    let from = value.start + found + "search_path".len();
                    let rest = self.get(&(from..value.end));
                    let skip = if rest.starts_with("%3D") || rest.starts_with("%3d") { 3 } else { 1 };
                    url.schema = self.part((from + skip).min(value.end)..value.end);
                }
            }
            "user" | "username" | "uid" | "user id" => url.user = self.part(value),
            "password" | "pwd" | "pass" => self.password(value, url),
            "host" | "hostaddr" | "server" | "data source" | "addr" if url.hosts.is_empty() => {
                let value = match self.get(&value).strip_prefix("tcp:") {
                    Some(rest) => value.end - rest.len()..value.end,
                    None => value,
                };
                for piece in self.pieces(value, b',') {
                    match (self.get(&piece).parse::<u16>(), url.hosts.last_mut()) {
                        (Ok(port), Some(last)) => last.port = Some(port),
                        _ => self.host(piece, url),
                    }
                }
            }
            "port" => {
                let port = self.get(&value).parse().ok();
                url.hosts.iter_mut().filter(|address| address.port.is_none()).for_each(|address| address.port = port);
            }
            "dbname" | "database" | "databasename" | "initial catalog" => url.database = self.part(value),
            _ => {}
        }
    }

    /// `//host\instance:port;databaseName=x;user=y;password=z`.
    fn sql_server(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        let text = self.get(&range);
        let range = if text.starts_with("//") { range.start + 2..range.end } else { range };
        let mut pieces = self.pieces(range, b';').into_iter();
        if let Some(front) = pieces.next() {
            self.host(front, url);
        }
        for pair in pieces {
            let (key, value) = self.split(pair, b'=');
            self.setting(&self.get(&key).trim().to_ascii_lowercase(), value, url);
        }
    }

    /// `thin:user/password@//host:port/service` and `thin:@host:port:sid`.
    fn oracle(&self, range: Range<usize>, url: &mut DatabaseUrl) {
        let Some(sign) = find_last(self.get(&range), b'@') else { return };
        let user = self.get(&(range.start..range.start + sign)).find(':').map_or(0, |colon| colon + 1);
        let (name, password) = self.split(range.start + user..range.start + sign, b'/');
        url.user = self.part(name);
        self.password(password, url);
        let mut rest = range.start + sign + 1..range.end;
        if self.get(&rest).starts_with("//") {
            rest.start += 2;
        }
        let text = self.get(&rest);
        let (address, service) = match outside(text, 0, b'/') {
            Some(slash) => (rest.start..rest.start + slash, rest.start + slash + 1..rest.end),
            None => match find_last(text, b':').filter(|_| text.matches(':').count() > 1) {
                Some(colon) => (rest.start..rest.start + colon, rest.start + colon + 1..rest.end),
                None => (rest.clone(), rest.end..rest.end),
            },
        };
        self.host(address, url);
        let (service, _) = self.split(service, b'?');
        url.database = self.part(service);
    }

    /// `host=... dbname=... user=...` of libpq and `Server=...;Database=...` of ADO.NET.
    fn key_values(&self, range: Range<usize>) -> Option<DatabaseUrl> {
        let text = self.get(&range);
        let semicolons = text.contains(';');
        let mut url = DatabaseUrl::empty(if semicolons { Scheme::Other } else { Scheme::Postgres }, false);
        let (mut ports, mut known) = (Vec::new(), 0);
        for pair in self.pieces(range, if semicolons { b';' } else { b' ' }) {
            let (key, mut value) = self.split(pair, b'=');
            if value.is_empty() {
                continue;
            }
            let key = self.get(&key).trim().to_ascii_lowercase();
            let quoted = self.get(&value);
            if quoted.len() > 1 && (quoted.starts_with('\'') && quoted.ends_with('\'')) {
                value = value.start + 1..value.end - 1;
            }
            let named = ["host", "hostaddr", "server", "data source", "dbname", "database", "initial catalog"];
            known += usize::from(named.contains(&key.as_str()));
            if key == "port" {
                ports.push(value);
            } else {
                self.setting(&key, value, &mut url);
            }
        }
        for port in ports {
            self.setting("port", port, &mut url);
        }
        (known > 0).then_some(url)
    }

    fn split(&self, range: Range<usize>, sign: u8) -> (Range<usize>, Range<usize>) {
        match outside(self.get(&range), 0, sign) {
            Some(at) => (range.start..range.start + at, range.start + at + 1..range.end),
            None => (range.clone(), range.end..range.end),
        }
    }

    fn pieces(&self, range: Range<usize>, sign: u8) -> Vec<Range<usize>> {
        let text = self.get(&range);
        let mut signs = Outside::of(text, sign);
        let mut found = Vec::new();
        loop {
            let end = signs.next();
            let piece = range.start + signs.start..range.start + end.unwrap_or(text.len());
            if !piece.is_empty() {
                found.push(piece);
            }
            let Some(end) = end else { return found };
            signs.start = end + 1;
        }
    }
}

impl DatabaseUrl {
    fn empty(scheme: Scheme, jdbc: bool) -> Self {
        Self {
            scheme,
            jdbc,
            hosts: Vec::new(),
            database: None,
            schema: None,
            user: None,
            password: None,
            literal_password: false,
        }
    }

    /// The first host, if it is written out.
    pub fn host(&self) -> Option<&str> {
        self.hosts.first().and_then(|address| address.host.text.as_deref())
    }

    /// The database's name, if it is written out.
    pub fn database_name(&self) -> Option<&str> {
        self.database.as_ref().and_then(|part| part.text.as_deref())
    }

    /// The schema's name, if it is written out.
    pub fn schema_name(&self) -> Option<&str> {
        self.schema.as_ref().and_then(|part| part.text.as_deref())
    }

    /// The user's name, if it is written out.
    pub fn user_name(&self) -> Option<&str> {
        self.user.as_ref().and_then(|part| part.text.as_deref())
    }

    /// Whether a password stands in the address.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }
}

fn scheme_of(name: &str) -> Scheme {
    let base = name.split('+').next().unwrap_or(name).to_ascii_lowercase();
    match base.as_str() {
        "postgres" | "postgresql" | "pgx" | "pgx5" | "cockroach" | "cockroachdb" | "crdb" | "yugabytedb"
        | "redshift" | "pgbouncer" | "ecto" | "postgis" => Scheme::Postgres,
        "mysql" | "mysql2" | "mariadb" => Scheme::Mysql,
        "sqlserver" | "mssql" | "jtds" => Scheme::SqlServer,
        "oracle" => Scheme::Oracle,
        "clickhouse" | "clickhousedb" | "ch" => Scheme::Clickhouse,
        "mongodb" => Scheme::Mongodb,
        "sqlite" | "sqlite3" => Scheme::Sqlite,
        _ => Scheme::Other,
    }
}

/// Percent-decoding; a text that is no UTF-8 afterwards stays as written.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}
