//! What groups and partitions ask of labels and members (facts §4).

use std::collections::HashSet;

use serde::Deserialize;

use crate::cluster::Cluster;
use crate::cluster::xname::Xname;
use crate::reply::Reply;

/// Members as a client sends them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::smd) struct SentMembers {
    ids: Vec<String>,
}

impl SentMembers {
    /// The members in SMD's spelling.
    pub(in crate::smd) fn normal(&self, what: &str) -> Result<Vec<String>, Reply> {
        let invalid = || Reply::bad_request(&format!("couldn't validate {what}: Argument was not a valid xname ID"));
        self.ids.iter().map(|id| Ok(Xname::parse(id).ok_or_else(invalid)?.id)).collect()
    }
}

/// A label or name in SMD's spelling: lower case, and of these characters only.
pub(in crate::smd) fn label(text: &str, what: &str) -> Result<String, Reply> {
    let label = text.to_lowercase();
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-:._".contains(c);
    if label.is_empty() || !label.chars().all(good) {
        let detail = format!("couldn't validate {what}: group or partition field has invalid characters");
        return Err(Reply::bad_request(&detail));
    }
    Ok(label)
}

/// Each of them in SMD's spelling.
pub(in crate::smd) fn labels(texts: &[String], what: &str) -> Result<Vec<String>, Reply> {
    texts.iter().map(|text| label(text, what)).collect()
}

/// Members are components, each of them once.
pub(in crate::smd) fn members(ids: &[String], cluster: &Cluster, twice: &str) -> Result<(), Reply> {
    let known: HashSet<&str> = cluster.components.iter().map(|row| row.id.as_str()).collect();
    let mut seen = HashSet::new();
    if !ids.iter().all(|id| seen.insert(id)) {
        return Err(Reply::conflict(twice));
    }
    if !ids.iter().all(|id| known.contains(id.as_str())) {
        return Err(Reply::bad_request("linked component does not exist"));
    }
    Ok(())
}

/// No member is in another group of the same exclusive set.
pub(in crate::smd) fn exclusive(ids: &[String], label: &str, set: &str, cluster: &Cluster) -> Result<(), Reply> {
    let others = cluster.groups.iter().filter(|group| group.label != label && group.exclusive_group == set);
    let taken = |id: &String| others.clone().any(|group| group.members.ids.contains(id));
    if !set.is_empty() && ids.iter().any(taken) {
        let detail = "operation would conflict with an existing member in another exclusive group.";
        return Err(Reply::conflict(detail));
    }
    Ok(())
}
