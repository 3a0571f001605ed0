//! "Did you mean …": the known word that is nearest to an unknown one.

/// The nearest of `known`, if it is near enough to be meant: at most a third of the letters of `word` are inserted, left
/// out, replaced or swapped with their neighbours.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let scored = known.into_iter().map(|candidate| (strsim::osa_distance(word, candidate), candidate));
    let (best, candidate) = scored.min_by_key(|(score, _)| *score)?;
    (best * 3 <= word.chars().count().max(3)).then_some(candidate)
}

/// The help for an unknown word: did you mean the nearest, or the list of all.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("known are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["router", "netmask", "dns", "server_id", "prometheus", "health", "bind"];
        for (word, meant) in [
            ("ruoter", Some("router")),
            ("routers", Some("router")),
            ("netmsk", Some("netmask")),
            ("server-id", Some("server_id")),
            ("dsn", Some("dns")),
            ("prometeus", Some("prometheus")),
            ("healthz", Some("health")),
            ("bnid", Some("bind")),
            ("bootloop", None),
            ("frobnicate", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(did_you_mean("bnd", &known), "did you mean `bind`?");
        assert!(did_you_mean("bootloop", &known).starts_with("known are: router, netmask"));
    }
}
