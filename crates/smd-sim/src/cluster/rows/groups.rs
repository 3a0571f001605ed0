//! Rows of groups and partitions (facts §4).

use serde::Serialize;

/// A row of `/hsm/v2/groups`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Group {
    /// Lower-case label, unique.
    pub label: String,
    /// Free text.
    pub description: String,
    /// A component may be in one group of each exclusive set; `""`: absent on the wire.
    #[serde(rename = "exclusiveGroup", skip_serializing_if = "String::is_empty")]
    pub exclusive_group: String,
    /// Tags to select by; absent on the wire when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its members.
    pub members: Members,
}

/// Component IDs of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Members {
    /// Xnames.
    pub ids: Vec<String>,
}

/// A row of `/hsm/v2/partitions`. A component may be in one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Partition {
    /// `p1` or `p1.2`, unique.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Tags to select by; absent on the wire when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its members.
    pub members: Members,
}
