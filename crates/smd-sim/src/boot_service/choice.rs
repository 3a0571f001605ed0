//! Which configuration a node boots (facts: openchami-today §4).

use crate::cluster::rows::BootParameters;

/// What boot-service knows of who asks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asker {
    /// Its component's ID; `""`: unknown.
    pub(super) id: String,
    /// Its role.
    pub(super) role: String,
    /// Its NID.
    pub(super) nid: Option<u64>,
    /// The MAC it asks with, or all that it has.
    pub(super) macs: Vec<String>,
    /// Groups that it is in.
    pub(super) groups: Vec<String>,
}

/// The configuration with the highest score, then with the highest priority, then the first.
pub(super) fn choose<'a>(rows: &'a [BootParameters], asker: &Asker) -> Option<(usize, &'a BootParameters)> {
    let scored = rows.iter().enumerate().map(|(index, row)| (score(row, asker), row.priority, index, row));
    let scored = scored.filter(|(score, ..)| *score > 0);
    // of equals, max_by_key gives the last
    let best = scored.rev().max_by_key(|(score, priority, ..)| (*score, *priority))?;
    Some((best.2, best.3))
}

/// 100 for the MAC, 75 for the NID, 50 for the host, 25 for each group; 1 for a configuration without any target.
fn score(row: &BootParameters, asker: &Asker) -> usize {
    if [row.hosts.len(), row.macs.len(), row.nids.len(), row.groups.len()] == [0; 4] {
        return 1;
    }
    let mac = row.macs.iter().any(|mac| asker.macs.iter().any(|own| own.eq_ignore_ascii_case(mac)));
    let nid = row.nids.iter().any(|nid| u64::try_from(*nid).ok() == asker.nid && asker.nid.is_some());
    let host = !asker.id.is_empty() && row.hosts.iter().any(|pattern| glob(pattern, &asker.id));
    let groups = row.groups.iter().filter(|label| asker.groups.contains(label)).count();
    100 * usize::from(mac) + 75 * usize::from(nid) + 50 * usize::from(host) + 25 * groups
}

/// `*` is any text, `?` any character.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern.len() == text.len() && same(pattern, text),
        Some((first, rest)) => {
            let Some(after) = text.get(first.len()..) else { return false };
            let starts = (0..=after.len()).filter_map(|start| after.get(start..));
            same(first, &text[..first.len()]) && starts.into_iter().any(|tail| glob(rest, tail))
        }
    }
}

fn same(pattern: &str, text: &str) -> bool {
    pattern.chars().count() == text.chars().count()
        && pattern.chars().zip(text.chars()).all(|(wanted, got)| wanted == '?' || wanted == got)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str) -> BootParameters {
        BootParameters { name: name.into(), ..BootParameters::default() }
    }

    fn asker() -> Asker {
        Asker {
            id: "x0c0s3b0n0".into(),
            nid: Some(7),
            macs: vec!["52:54:00:be:ef:01".into()],
            groups: vec!["compute".into(), "gpu".into()],
            ..Asker::default()
        }
    }

    #[test]
    fn the_nearest_target_wins_and_then_the_priority() {
        let mut rows = vec![
            row("default"),
            BootParameters { groups: vec!["compute".into()], ..row("group") },
            BootParameters { hosts: vec!["x0c0s*".into()], ..row("host") },
            BootParameters { nids: vec![7], ..row("nid") },
            BootParameters { macs: vec!["52:54:00:BE:EF:01".into()], ..row("mac") },
        ];
        for name in ["mac", "nid", "host", "group", "default"] {
            assert_eq!(choose(&rows, &asker()).unwrap().1.name, name);
            rows.pop();
        }
        assert_eq!(choose(&rows, &asker()), None);
        let rows = [row("first"), BootParameters { priority: 5, ..row("urgent") }, row("last")];
        assert_eq!(choose(&rows, &asker()).unwrap().1.name, "urgent");
        assert_eq!(choose(&rows[..1], &Asker::default()).unwrap().1.name, "first");
        let equal = [row("first"), row("second")];
        assert_eq!(choose(&equal, &asker()).unwrap().0, 0);
        let groups = [
            BootParameters { groups: vec!["compute".into()], ..row("one") },
            BootParameters { groups: vec!["gpu".into(), "compute".into(), "other".into()], ..row("two") },
        ];
        assert_eq!(choose(&groups, &asker()).unwrap().1.name, "two");
        let other = [BootParameters { hosts: vec!["x9*".into()], ..row("other") }];
        assert_eq!(choose(&other, &asker()), None);
        assert_eq!(choose(&[BootParameters { hosts: vec!["*".into()], ..row("any") }], &Asker::default()), None);
    }

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("x0c0s*", "x0c0s3b0n0", true),
            ("x0c0s3", "x0c0s3b0n0", false),
            ("*n0", "x0c0s3b0n0", true),
            ("x*b?n0", "x0c0s3b0n0", true),
            ("x*b?n1", "x0c0s3b0n0", false),
            ("*", "", true),
            ("?", "é", false),
            ("é*", "é1", true),
            ("ab*", "é", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
