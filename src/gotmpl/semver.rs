//! Versions and constraints as Masterminds/semver has them, which Helm and sprig use (`semver v3.4 constraints.go`).

use std::cmp::Ordering;
use std::sync::LazyLock;

use super::expression::Expression;

/// A version; missing parts count as zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The parts.
    pub numbers: [u64; 3],
    /// What follows `-`.
    pub pre: String,
    /// What follows `+`; it does not count when versions are compared.
    pub metadata: String,
    /// The text it was read from.
    pub original: String,
}

const VERSION: &str =
    r"v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const PARTIAL: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const SPACE: &str = r"[\t\n\x0C\r ]";
const SPACES: [char; 5] = ['\t', '\n', '\x0C', '\r', ' '];

/// An expression of this file; one that could not be compiled matches nothing.
type Known = LazyLock<Option<Expression>>;

static LOOSE: Known = LazyLock::new(|| Expression::new(&format!("^{VERSION}$")));
static ONE: Known = LazyLock::new(|| Expression::new(&format!("^{SPACE}*({OPERATORS}){SPACE}*({PARTIAL}){SPACE}*$")));
static RANGE: Known =
    LazyLock::new(|| Expression::new(&format!("{SPACE}*({PARTIAL}){SPACE}+-{SPACE}+({PARTIAL}){SPACE}*")));
static FIND: Known = LazyLock::new(|| Expression::new(&format!("({OPERATORS}){SPACE}*({PARTIAL})")));
static VALID: Known = LazyLock::new(|| {
    let one = format!("({OPERATORS}){SPACE}*({PARTIAL}){SPACE}*");
    Expression::new(&format!("^({SPACE}*{one})((?:{SPACE}+|,{SPACE}*){one})*$"))
});

impl Version {
    /// Reads a version, leniently: `v1`, `1.2` and `01.2.3` are versions.
    ///
    /// # Errors
    /// In the library's words.
    pub fn new(text: &str) -> Result<Self, String> {
        const INVALID: &str = "invalid semantic version";
        let groups = LOOSE.as_ref().and_then(|expression| expression.groups(text)).ok_or(INVALID)?;
        let group = |n: usize| groups[n];
        let mut numbers = [0; 3];
        for (i, number) in numbers.iter_mut().enumerate() {
            let digits = group(i + 1).trim_start_matches('.');
            if digits.is_empty() {
                continue;
            }
            *number = digits.parse().map_err(|_| {
                format!("error parsing version segment: strconv.ParseUint: parsing \"{digits}\": value out of range")
            })?;
        }
        let pre = group(5).to_owned();
        for part in pre.split('.').filter(|_| !pre.is_empty()) {
            if part.bytes().all(|b| b.is_ascii_digit()) && part.len() > 1 && part.starts_with('0') {
                return Err("version segment starts with 0".to_owned());
            }
        }
        Ok(Self { numbers, pre, metadata: group(8).to_owned(), original: text.to_owned() })
    }

    /// The version in full, without a leading `v`.
    pub fn canonical(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        if !self.pre.is_empty() {
            text = format!("{text}-{}", self.pre);
        }
        if !self.metadata.is_empty() {
            text = format!("{text}+{}", self.metadata);
        }
        text
    }

    /// Which version comes first; metadata does not count.
    pub fn compare(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| compare_pre(&self.pre, &other.pre))
    }

    fn major(&self) -> u64 {
        self.numbers[0]
    }

    fn minor(&self) -> u64 {
        self.numbers[1]
    }
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (x, y) = (a.next(), b.next());
        let order = match (x, y) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Alternatives of conditions on a version.
#[derive(Debug, Clone)]
pub struct Constraints {
    alternatives: Vec<Vec<Condition>>,
}

#[derive(Debug, Clone)]
struct Condition {
    operator: String,
    version: Version,
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

impl Constraints {
    /// Reads a constraint (`>= 1.2, < 2 || ~3.1`).
    ///
    /// # Errors
    /// In the library's words; `quotes` as version 3.5 of it writes them.
    pub fn new(text: &str, quotes: bool) -> Result<Self, String> {
        let improper = |text: &str| {
            let shown = if quotes { super::quote::quote(text) } else { text.to_owned() };
            format!("improper constraint: {shown}")
        };
        let text = rewrite_ranges(text);
        let mut alternatives = Vec::new();
        for part in text.split("||") {
            // One condition needs no expressions that find several, and these take longer to compile than all else here.
            if !part.trim_matches(SPACES).contains(|c| c == ',' || SPACES.contains(&c)) {
                alternatives.push(vec![Condition::new(part).ok_or_else(|| improper(part))??]);
                continue;
            }
            if !VALID.as_ref().is_some_and(|expression| expression.is_match(part)) {
                return Err(improper(part));
            }
            let mut conditions = Vec::new();
            for groups in FIND.as_ref().into_iter().flat_map(|expression| expression.all_groups(part)) {
                conditions.push(Condition::new(groups[0]).ok_or_else(|| improper(groups[0]))??);
            }
            alternatives.push(conditions);
        }
        Ok(Self { alternatives })
    }

    /// Whether a version satisfies an alternative. Pre-releases count only where the alternative names one.
    pub fn check(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|conditions| {
            let pre = conditions.iter().any(|condition| !condition.version.pre.is_empty());
            conditions.iter().all(|condition| (version.pre.is_empty() || pre) && condition.check(version))
        })
    }
}

fn rewrite_ranges(text: &str) -> String {
    let mut out = text.to_owned();
    if !text.split(SPACES).any(|word| word == "-") {
        return out;
    }
    for groups in RANGE.as_ref().into_iter().flat_map(|expression| expression.all_groups(text)) {
        out = out.replacen(groups[0], &format!(">= {}, <= {} ", groups[1], groups[11]), 1);
    }
    out
}

impl Condition {
    fn new(text: &str) -> Option<Result<Self, String>> {
        let groups = ONE.as_ref()?.groups(text)?;
        let group = |n: usize| groups[n];
        let any = |text: &str| matches!(text, "" | "x" | "X" | "*");
        let (mut dirty, mut minor_dirty, mut patch_dirty) = (true, false, false);
        let written = if any(group(3)) {
            format!("0.0.0{}", group(6))
        } else if any(group(4).trim_start_matches('.')) {
            minor_dirty = true;
            format!("{}.0.0{}", group(3), group(6))
        } else if any(group(5).trim_start_matches('.')) {
            patch_dirty = true;
            format!("{}{}.0{}", group(3), group(4), group(6))
        } else {
            dirty = false;
            group(2).to_owned()
        };
        let version = Version::new(&written).map_err(|_| "constraint parser error".to_owned());
        Some(version.map(|version| Self { operator: group(1).to_owned(), version, dirty, minor_dirty, patch_dirty }))
    }

    fn check(&self, v: &Version) -> bool {
        let con = &self.version;
        let order = v.compare(con);
        match self.operator.as_str() {
            "" | "=" if self.dirty => self.tilde(v),
            "" | "=" => order == Ordering::Equal,
            "!=" => self.differs(v),
            ">" if !self.dirty => order == Ordering::Greater,
            ">" if v.major() != con.major() => v.major() > con.major(),
            ">" if self.minor_dirty => false,
            ">" if self.patch_dirty => v.minor() > con.minor(),
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" if !self.dirty => order != Ordering::Greater,
            "<=" | "=<" => {
                !(v.major() > con.major() || v.major() == con.major() && v.minor() > con.minor() && !self.minor_dirty)
            }
            "~" | "~>" => self.tilde(v),
            _ => self.caret(v),
        }
    }

    fn differs(&self, v: &Version) -> bool {
        let con = &self.version;
        if self.dirty {
            if con.major() != v.major() {
                return true;
            }
            if con.minor() != v.minor() && !self.minor_dirty {
                return true;
            }
            if self.minor_dirty {
                return false;
            }
            if con.numbers[2] != v.numbers[2] && !self.patch_dirty {
                return true;
            }
            if self.patch_dirty {
                let pre = !v.pre.is_empty() || !con.pre.is_empty();
                return pre && compare_pre(&v.pre, &con.pre) != Ordering::Equal;
            }
        }
        v.compare(con) != Ordering::Equal
    }

    fn tilde(&self, v: &Version) -> bool {
        let con = &self.version;
        if v.compare(con) == Ordering::Less {
            return false;
        }
        if con.numbers == [0, 0, 0] && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        v.major() == con.major() && (v.minor() == con.minor() || self.minor_dirty)
    }

    fn caret(&self, v: &Version) -> bool {
        let con = &self.version;
        if v.compare(con) == Ordering::Less {
            return false;
        }
        if con.major() > 0 || self.minor_dirty {
            return v.major() == con.major();
        }
        if v.major() > 0 {
            return false;
        }
        if con.minor() > 0 || self.patch_dirty {
            return v.minor() == con.minor();
        }
        v.minor() == 0 && con.numbers[2] == v.numbers[2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(constraint: &str, version: &str) -> bool {
        Constraints::new(constraint, false).unwrap().check(&Version::new(version).unwrap())
    }

    proptest::proptest! {
        #![proptest_config(crate::proptests::same_cases())]
        #[test]
        fn one_condition_is_read_as_one_of_several(text in "[ \t]?(=|!=|>|<|>=|=>|<=|=<|~|~>|\\^|[0-9xX*v.+|a-c-]){0,9}[ \t]?") {
            let one = Constraints::new(&text, false).map(|all| format!("{all:?}"));
            let parts: Vec<String> = text.split("||").map(|part| format!("{part},{part}")).collect();
            let twice = Constraints::new(&parts.join("||"), false).map(|all| {
                let first = |conditions: &Vec<Condition>| conditions[..conditions.len() / 2].to_vec();
                format!("{:?}", Constraints { alternatives: all.alternatives.iter().map(first).collect() })
            });
            proptest::prop_assert_eq!(one.is_ok(), twice.is_ok());
            if let (Ok(one), Ok(twice)) = (one, twice) {
                proptest::prop_assert_eq!(one, twice);
            }
        }
    }

    #[test]
    fn constraints_hold_as_in_go() {
        let cases = [
            (">=1.19-0", "1.20.0-rc.1", true),
            (">=1.19", "1.20.0-rc.1", false),
            ("^0.0.3", "0.0.4", false),
            ("~1", "1.9.9", true),
            ("1.2 - 2.3", "2.3.9", true),
            ("!=1.x", "1.5.0", false),
            ("<2 || >=3, <4", "3.5.0", true),
            ("*", "9.9.9", true),
        ];
        for (constraint, version, wanted) in cases {
            assert_eq!(check(constraint, version), wanted, "{constraint} {version}");
        }
        assert_eq!(Constraints::new("foo", false).unwrap_err(), "improper constraint: foo");
        assert_eq!(Version::new("a.b").unwrap_err(), "invalid semantic version");
    }
}
