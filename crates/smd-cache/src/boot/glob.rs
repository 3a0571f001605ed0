//! Patterns of hosts: `*` is any text, `?` any one character, all else is itself.

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Box<str>);

impl Glob {
    /// The pattern that a text is; `None` where it is an ordinary name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.contains(['*', '?']).then(|| Self(text.into()))
    }

    /// Whether the whole of `text` fits. Takes at most the product of both lengths, whatever the pattern.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.chars(), text.chars());
        // behind the last `*`: the pattern that follows it, and the text from which to try it next
        let mut retry = None;
        loop {
            let (wanted, got) = (pattern.clone().next(), rest.clone().next());
            match (wanted, got) {
                (Some('*'), _) => {
                    pattern.next();
                    retry = Some((pattern.clone(), rest.clone()));
                }
                (Some(wanted), Some(got)) if wanted == '?' || wanted == got => {
                    pattern.next();
                    rest.next();
                }
                (None, None) => return true,
                _ => {
                    let Some((after_star, from)) = &mut retry else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    (pattern, rest) = (after_star.clone(), from.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("x0c0s*", "x0c0s3b0n0", true),
            ("x0c0s*", "x0c0", false),
            ("*n0", "x0c0s3b0n0", true),
            ("x*b?n0", "x0c0s3b0n0", true),
            ("x*b?n1", "x0c0s3b0n0", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("é*", "é1", true),
            ("*a*b*c", "xaxbxbxc", true),
            ("*a*b*c", "xaxbxbx", false),
            ("X0*", "x0", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert_eq!(Glob::parse("x0c0s3b0n0"), None);
    }

    #[test]
    fn no_pattern_takes_for_ever() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
        assert!(!matches(&format!("{}b", "*a".repeat(200)), &"a".repeat(4000)));
    }

    proptest::proptest! {
        #[test]
        fn a_text_fits_itself_with_parts_left_out(before in "[ab]{0,6}", cut in "[ab]{0,6}", after in "[ab]{0,6}") {
            let text = format!("{before}{cut}{after}");
            let (starred, marked) = (format!("{before}*{after}"), format!("{before}{}{after}*", "?".repeat(cut.len())));
            proptest::prop_assert!(matches(&starred, &text));
            proptest::prop_assert!(matches(&marked, &text));
        }
    }
}
