//! Rows of what SMD gives to components that do not say otherwise, and of who wants to hear of changes (facts §3, §4).

use serde::Serialize;
use smd_cache::Nid;

/// A row of `/hsm/v2/Defaults/NodeMaps`: NID and role of a node that is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeMap {
    /// Xname of the node.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its NID.
    #[serde(rename = "NID")]
    pub nid: Nid,
    /// Its role; absent on the wire when empty.
    #[serde(rename = "Role", skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Its subrole; absent on the wire when empty.
    #[serde(rename = "SubRole", skip_serializing_if = "String::is_empty")]
    pub sub_role: String,
}

/// A row of `/hsm/v2/Subscriptions/SCN`. Subscriber and URL together are unique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// Counts from 1, never given twice.
    #[serde(rename = "ID")]
    pub id: u64,
    /// Who subscribed: `us@host`.
    #[serde(rename = "Subscriber")]
    pub subscriber: String,
    /// Wants to hear of `Enabled`; absent on the wire where nothing was said.
    #[serde(rename = "Enabled", skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Wants to hear of these roles.
    #[serde(rename = "Roles", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Wants to hear of these subroles.
    #[serde(rename = "SubRoles", skip_serializing_if = "Vec::is_empty")]
    pub sub_roles: Vec<String>,
    /// Wants to hear of these software states.
    #[serde(rename = "SoftwareStatus", skip_serializing_if = "Vec::is_empty")]
    pub software_status: Vec<String>,
    /// Wants to hear of these states.
    #[serde(rename = "States", skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
    /// Where to tell it.
    #[serde(rename = "Url")]
    pub url: String,
}
