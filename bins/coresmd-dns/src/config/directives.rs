//! Which directives there are: those that this version has, and those of CoreDNS that it refuses by name.

use corefile::ServerBlock;

use super::report::Report;

/// The directives that this version has.
pub const SUPPORTED: [&str; 7] = ["bind", "coresmd", "errors", "health", "log", "prometheus", "ready"];

/// Directives of the original, or asked for in its place, that will come.
const LATER: [&str; 14] = [
    "acl",
    "cache",
    "debug",
    "file",
    "forward",
    "header",
    "hosts",
    "loadbalance",
    "loop",
    "reload",
    "root",
    "rrl",
    "template",
    "whoami",
];

/// Other directives of CoreDNS.
const ELSEWHERE: [&str; 37] = [
    "any",
    "auto",
    "autopath",
    "azure",
    "bufsize",
    "cancel",
    "chaos",
    "clouddns",
    "dns64",
    "dnssec",
    "dnstap",
    "erratic",
    "etcd",
    "geoip",
    "grpc",
    "import",
    "k8s_external",
    "k8s_gateway",
    "kubernetes",
    "local",
    "metadata",
    "minimal",
    "multisocket",
    "nsid",
    "on",
    "pprof",
    "quic",
    "rewrite",
    "route53",
    "secondary",
    "shutdown",
    "sign",
    "startup",
    "timeouts",
    "tls",
    "transfer",
    "view",
];

/// Refuses the directives of a block that this version does not have.
pub(super) fn check_names(block: &ServerBlock, report: &mut Report<'_>) {
    for directive in &block.directives {
        let name = directive.name.as_str();
        if SUPPORTED.contains(&name) {
            continue;
        }
        if LATER.contains(&name) || ELSEWHERE.contains(&name) {
            let message = format!("`{name}` is not supported yet by this version");
            report.error(&directive.span, message, format!("remove it; there are {}", SUPPORTED.join(", ")));
        } else {
            let known = SUPPORTED.iter().chain(&LATER).chain(&ELSEWHERE).copied();
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", SUPPORTED.join(", ")),
            };
            report.error(&directive.span, format!("unknown directive `{name}`"), help);
        }
    }
}

/// What somebody may have meant: the known word that the fewest changes lead to, if they are few.
pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let close = |candidate: &&str| distance(word, candidate) <= 1 + candidate.len() / 4;
    known.filter(close).min_by_key(|candidate| distance(word, candidate))
}

/// How many characters must be inserted, left out or replaced to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let known = || SUPPORTED.iter().chain(&LATER).copied();
        assert_eq!(nearest("prometeus", known()), Some("prometheus"));
        assert_eq!(nearest("healthz", known()), Some("health"));
        assert_eq!(nearest("bnid", known()), Some("bind"));
        assert_eq!(nearest("frobnicate", known()), None);
    }

    #[test]
    fn distances() {
        for (a, b, want) in [("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0), ("ab", "ba", 2)] {
            assert_eq!(distance(a, b), want, "{a} {b}");
        }
    }
}
