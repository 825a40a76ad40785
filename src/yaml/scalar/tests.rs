use super::*;

fn scalar(text: &str, style: Style, tag: Option<&str>) -> Scalar {
    Scalar { text: text.into(), style, tag: tag.map(Arc::from) }
}

fn plain(text: &str) -> Scalar {
    scalar(text, Style::Plain, None)
}

fn string(text: &str) -> Meaning<'_> {
    Meaning::Str(Cow::Borrowed(text))
}

#[test]
fn yaml_1_1_reads_more_than_one_thinks() {
    for text in ["y", "Yes", "ON", "true"] {
        assert_eq!(plain(text).meaning(), Meaning::Bool(true), "{text}");
    }
    assert_eq!(plain("off").meaning(), Meaning::Bool(false));
    for text in ["", "~", "NULL"] {
        assert_eq!(plain(text).meaning(), Meaning::Null, "{text}");
    }
    for text in
        ["yES", "oN", "nULL", "_1", "0b", "0x", "1e", "12:30:45", "2001-01-01", "1e400", "0x1.8p3", ".5_", "+-1"]
    {
        assert_eq!(plain(text).meaning(), string(text), "{text}");
    }
    assert_eq!(scalar("on", Style::SingleQuoted, None).meaning(), string("on"));
}

#[test]
fn numbers_are_spelled_in_many_ways() {
    for (text, n) in [
        ("0777", 511),
        ("0o777", 511),
        ("-0o7", -7),
        ("0_7", 7),
        ("0b11", 3),
        ("-0B11", -3),
        ("0b-1", -1),
        ("0x_1F", 31),
        ("1__000_", 1000),
        ("+1", 1),
        ("-0", 0),
        ("-9223372036854775808", i64::MIN),
    ] {
        assert_eq!(plain(text).meaning(), Meaning::Int(n), "{text}");
    }
    assert_eq!(plain("18446744073709551615").meaning(), Meaning::Uint(u64::MAX));
    for (text, f) in [
        ("08", 8.0),
        ("1.", 1.0),
        (".5", 0.5),
        (".1_0", 0.1),
        ("1_0.5e1", 105.0),
        ("18446744073709551616", 2f64.powi(64)),
    ] {
        assert_eq!(plain(text).meaning(), Meaning::Float(f), "{text}");
    }
    assert_eq!(plain("-.INF").meaning(), Meaning::Float(f64::NEG_INFINITY));
}

#[test]
fn a_tag_decides_and_can_be_wrong() {
    assert_eq!(scalar("3", Style::Plain, Some("!!float")).meaning(), Meaning::Float(3.0));
    assert_eq!(scalar("3", Style::DoubleQuoted, Some("!!int")).meaning(), Meaning::Int(3));
    assert_eq!(scalar("3", Style::Plain, Some("!")).meaning(), string("3"));
    assert_eq!(scalar("3", Style::Plain, Some("!")).meaning_v3(), Meaning::Int(3));
    assert_eq!(scalar("3", Style::Plain, Some("!!str")).meaning(), string("3"));
    assert_eq!(scalar("", Style::Plain, Some("!secret")).meaning(), string(""));
    assert_eq!(scalar("aGk=", Style::Plain, Some("!!binary")).meaning(), string("hi"));
    for (text, tag) in
        [("x", "!!int"), ("3.5", "!!int"), ("x", "!!null"), ("1", "!!bool"), ("x", "!!timestamp"), ("?", "!!binary")]
    {
        assert!(scalar(text, Style::Plain, Some(tag)).read(Dialect::V2).is_err(), "{tag} {text}");
    }
}

#[test]
fn yaml_v3_keeps_yes_and_on_as_strings() {
    for text in ["yes", "on", "n"] {
        assert_eq!(plain(text).meaning_v3(), string(text));
    }
    assert_eq!(plain("0777").meaning_v3(), Meaning::Int(511));
    assert_eq!(plain("0o-7").meaning_v3(), Meaning::Int(-7));
    assert_eq!(plain("0o-7").meaning(), string("0o-7"));
    assert_eq!(plain("true").meaning_v3(), Meaning::Bool(true));
}

#[test]
fn keys_are_what_json_makes_of_them() {
    let key = |text| plain(text).key(Dialect::V2);
    for (text, name) in [
        ("on", "true"),
        ("n", "false"),
        ("0x10", "16"),
        ("1.50", "1.5"),
        ("1e6", "1e+06"),
        ("16777217.5", "1.6777218e+07"),
        (".inf", ".inf"),
        ("2001-01-01", "2001-01-01"),
    ] {
        assert_eq!(key(text).as_deref(), Some(name), "{text}");
    }
    assert_eq!(key("~"), None);
    assert_eq!(key("18446744073709551615"), None);
    assert_eq!(plain("on").key(Dialect::V3).as_deref(), Some("on"));
}

#[test]
fn floats_are_written_as_go_does() {
    for (f, text) in [
        (1e6, "1e+06"),
        (100_000.0, "100000"),
        (123_456_789.0, "1.23456789e+08"),
        (0.0001, "0.0001"),
        (0.000_01, "1e-05"),
        (1.5, "1.5"),
        (-2.25e-7, "-2.25e-07"),
        (0.0, "0"),
        (-0.0, "-0"),
        (f64::INFINITY, "+Inf"),
    ] {
        assert_eq!(format_g(f, 64), text);
    }
    assert_eq!(format_g(1.5e300, 32), "+Inf");
    assert_eq!(format_g(0.1, 32), "0.1");
}

#[test]
fn dates_are_recognised_as_go_does() {
    for text in [
        "2001-01-01",
        "2001-1-2",
        "2001-1-2T3:4:5Z",
        "2001-01-02t03:04:05.123456789123+01:00",
        "2001-1-2  3:4:5,5",
        "2000-02-29",
    ] {
        assert!(is_timestamp(text), "{text}");
    }
    for text in [
        "2001-02-30",
        "2001-13-01",
        "01-01-01",
        "2001-1-2T3:4:5",
        "2001-1-2 3:4:5 +1",
        "2001-1-2T3:4:5+25:00",
        "2001-1-",
        "2001-1-2 ",
    ] {
        assert!(!is_timestamp(text), "{text}");
    }
    assert!(
        looks_like_base60("190:20:30.15")
            && looks_like_base60("1:30")
            && !looks_like_base60("1:99")
            && !looks_like_base60("a:1")
    );
}
