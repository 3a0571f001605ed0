//! What holds for any text.

use std::path::{Path, PathBuf};

use corefile::{Corefile, Directive, Error, Span};
use proptest::prelude::*;

/// Imports of this crate's tests find one file, whose text may import it again.
fn parse(text: &str, imported: &str) -> Result<Corefile, Vec<Error>> {
    let mut load = |path: &Path| {
        let found = path == Path::new("f") || path == Path::new("*");
        Ok(if found { vec![(PathBuf::from("f"), imported.to_owned())] } else { Vec::new() })
    };
    corefile::parse(Path::new("Corefile"), text, &mut load, &|name| (name == "A").then(|| "value".to_owned()))
}

/// Text made of what means something to the parser.
fn soup() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "{",
        "}",
        "\n",
        " ",
        ",",
        ".",
        "a.example",
        "log",
        "import",
        "f",
        "*",
        "(s)",
        "s",
        "\"",
        "\\\"",
        "#",
        "{$A}",
        "{$B}",
        "{%A%}",
        ":53",
        "tls://",
        "10.0.0.0/9",
        "fd00::/7",
        "\r\n",
        "ä",
        "\u{feff}",
        "bind",
    ]);
    prop::collection::vec((word, prop::sample::select(vec!["", " ", "\n"])), 0..60)
        .prop_map(|words| words.into_iter().flat_map(|(word, blank)| [word, blank]).collect())
}

fn spans_of<'a>(directive: &'a Directive, spans: &mut Vec<&'a Span>) {
    spans.push(&directive.span);
    spans.extend(directive.args.iter().map(|word| &word.span));
    directive.block.iter().flatten().for_each(|inner| spans_of(inner, spans));
}

/// A span lies in its text, on character borders, and its line and column say the same as its offset.
fn check(span: &Span, main: &str, imported: &str) {
    let text = if span.file.as_ref() == Path::new("f") { imported } else { main };
    assert!(text.get(span.range.clone()).is_some(), "{span:?}");
    let before = &text[..span.range.start];
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    assert_eq!(span.line, before.matches('\n').count() + 1);
    assert_eq!(span.column, before.rsplit('\n').next().unwrap_or("").chars().count() + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_text_is_read_or_refused_with_a_place_in_it(main in soup(), imported in soup()) {
        match parse(&main, &imported) {
            Ok(file) => {
                let mut spans: Vec<_> = file.warnings.iter().map(|warning| &warning.span).collect();
                for block in &file.blocks {
                    prop_assert!(!block.keys.is_empty());
                    spans.extend(block.keys.iter().map(|key| &key.span));
                    block.directives.iter().for_each(|directive| spans_of(directive, &mut spans));
                }
                for span in spans {
 check(span, &main, &imported);
 }
                for error in file.conflicts(53) {
 check(&error.span, &main, &imported);
 }
            }
            Err(errors) => {
                prop_assert!(errors.iter().any(|error| !error.is_warning()));
                for error in &errors {
 check(&error.span, &main, &imported);
 }
            }
        }
    }

    #[test]
    fn any_characters_are_read_or_refused(main in "\\PC{0,80}", imported in any::<String>()) {
        let _ = parse(&main, &imported);
        let _ = parse(&format!("import f\n{main}"), &imported);
    }
}
