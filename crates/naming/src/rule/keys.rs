//! The keys of a rule, and what a word that is none was probably meant to be.

/// Every key of a rule.
const KEYS: [&str; 14] = [
    "type",
    "subnet",
    "id",
    "id_set",
    "hostname",
    "routers",
    "netmask",
    "cidr",
    "domain",
    "domain_append",
    "continue",
    "ignore",
    "log",
    "name",
];

/// How far a word may be from a key (letters changed, added or removed) to be taken for a slip of the pen.
const NEAR: usize = 2;

/// The key that `word` is; letters compare exactly.
pub(super) fn known(word: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|key| *key == word)
}

/// The key that is spelled most like `word`, if one is spelled nearly so or begins so.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    if word == "pattern" {
        return Some("hostname"); // its name in v0.5.6
    }
    let key = KEYS.into_iter().min_by_key(|key| strsim::osa_distance(&word, key))?;
    if strsim::osa_distance(&word, key) <= NEAR.min(key.len() / 2) {
        return Some(key);
    }
    KEYS.into_iter().find(|key| word.len() > 2 && key.starts_with(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        for (word, want) in [
            ("hostnam", Some("hostname")),
            ("Type", Some("type")),
            ("router", Some("routers")),
            ("idset", Some("id_set")),
            ("domain_apend", Some("domain_append")),
            ("cont", Some("continue")),
            ("pattern", Some("hostname")),
            ("mac", None),
            ("bogus", None),
            ("", None),
        ] {
            assert_eq!(nearest(word), want, "{word}");
        }
    }
}
