//! `{$NAME}` and `{%NAME%}`: environment variables inside any token (facts: coredhcp-coredns §B2).

/// `text` with its variables replaced; one that is not set leaves nothing, `{$}` and `{%%}` stay as written.
///
/// A value is taken as it is: a variable inside it is not replaced again (the original does, and hangs on one that
/// names itself).
pub(crate) fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, reference) = rest.split_at(at);
        expanded.push_str(before);
        if let Some((name, behind)) = name(reference) {
            expanded.push_str(&variable(name).unwrap_or_default());
            rest = behind;
        } else {
            expanded.push('{');
            rest = &reference[1..];
        }
    }
    expanded.push_str(rest);
    expanded
}

/// The variable's name and what follows the reference that `text` starts with.
fn name(text: &str) -> Option<(&str, &str)> {
    let (name, behind) = match text.strip_prefix("{$") {
        Some(rest) => rest.split_once('}')?,
        None => text.strip_prefix("{%")?.split_once("%}")?,
    };
    (!name.is_empty()).then_some((name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_once() {
        let variable = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "SELF" => Some("{$SELF}".to_owned()),
            _ => None,
        };
        for (text, want) in [
            ("a-{$A}.b", "a-1.b"),
            ("{%A%}{$A}", "11"),
            ("x{$UNSET}y{%UNSET%}z", "xyz"),
            ("{$} {%%} {$A", "{$} {%%} {$A"),
            ("nid{04d}{$A}", "nid{04d}1"),
            ("{{$A}}", "{1}"),
            ("{$SELF}", "{$SELF}"),
        ] {
            assert_eq!(expand(text, &variable), want, "{text}");
        }
    }
}
