//! Comparing answers with recorded ones, in which marks stand for what varies.

use serde_json::Value;

/// Whether a text is as recorded; `<TIME>`, `<UNIX>`, `<UUID>` and `<ANY>` stand for what varies.
pub(crate) fn text_matches(want: &str, got: &str) -> bool {
    type Mark = (&'static str, fn(char) -> bool);
    const MARKS: [Mark; 4] = [
        ("<TIME>", |c| c.is_ascii_digit() || "TZ:.-+".contains(c)),
        ("<UNIX>", |c| c.is_ascii_digit()),
        ("<UUID>", |c| c.is_ascii_hexdigit() || c == '-'),
        ("<ANY>", |_| true),
    ];
    let marks = MARKS.iter().filter_map(|mark| Some((want.find(mark.0)?, mark)));
    let Some((at, (mark, fills))) = marks.min_by_key(|(at, _)| *at) else { return want == got };
    let Some(rest) = got.strip_prefix(&want[..at]) else { return false };
    let after = rest.trim_start_matches(fills);
    after.len() < rest.len() && text_matches(&want[at + mark.len()..], after)
}

/// Whether JSON is as recorded: exactly these keys, arrays in any order but for those whose order means something.
pub(crate) fn json_matches(want: &Value, got: &Value, ordered: bool) -> bool {
    match (want, got) {
        (Value::String(want), Value::String(got)) => text_matches(want, got),
        (Value::String(want), Value::Number(got)) => want == "<UNIX>" && got.is_u64(),
        (Value::Object(want), Value::Object(got)) => {
            want.len() == got.len()
                && want.iter().all(|(key, want)| {
                    let ordered = matches!(key.as_str(), "IPAddresses" | "EthernetNICInfo");
                    got.get(key).is_some_and(|got| json_matches(want, got, ordered))
                })
        }
        (Value::Array(want), Value::Array(got)) if ordered => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| json_matches(want, got, false))
        }
        (Value::Array(want), Value::Array(got)) => {
            let mut left: Vec<&Value> = got.iter().collect();
            want.len() == got.len()
                && want.iter().all(|want| {
                    let hit = left.iter().position(|got| json_matches(want, got, false));
                    hit.map(|index| left.swap_remove(index)).is_some()
                })
        }
        (want, got) => want == got,
    }
}

#[test]
fn marks_fill_what_varies_and_nothing_else() {
    assert!(text_matches("ts=<UNIX>\n", "ts=1700000000\n"));
    assert!(!text_matches("ts=<UNIX>\n", "ts=\n"));
    assert!(!text_matches("ts=<UNIX>\n", "ts=17x\n"));
    let json = |text| serde_json::from_str::<Value>(text).unwrap();
    assert!(json_matches(&json("[1,2,2]"), &json("[2,1,2]"), false));
    assert!(!json_matches(&json("[1,2,2]"), &json("[2,1,1]"), false));
    assert!(!json_matches(&json(r#"{"IPAddresses":[1,2]}"#), &json(r#"{"IPAddresses":[2,1]}"#), false));
    assert!(!json_matches(&json(r#"{"a":1}"#), &json(r#"{"a":1,"b":2}"#), false));
}
