//! Interfaces come, change and go (facts §2). POST checks and folds; PATCH checks next to nothing.

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::cluster::rows::{EthernetInterface, IpAddressMapping};
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;

/// `POST /Inventory/EthernetInterfaces`. The component need not exist, an address need only be a text.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let new = || {
        let new: NewInterface = go_json::read_or_500(call.body)?;
        let mac_address = folded_mac(&new.mac_address)?;
        let (component_id, component_type) = match new.component_id.as_str() {
            "" => (String::new(), ""),
            id => Xname::parse(id)
                .map(|xname| (xname.id, xname.component_type))
                .ok_or_else(|| Reply::bad_request("Invalid CompEthInterface component ID"))?,
        };
        if new.ip_addresses.iter().any(|entry| entry.ip_address.is_empty()) {
            return Err(Reply::bad_request(NO_ADDRESS));
        }
        Ok(EthernetInterface {
            id: EthernetInterface::key_of(&mac_address),
            description: new.description,
            mac_address,
            last_update: call.now,
            component_id,
            component_type: component_type.into(),
            ip_addresses: new.ip_addresses.into_iter().map(Address::into_row).collect(),
        })
    };
    match new() {
        Err(reply) => reply,
        Ok(new) if cluster.interfaces.iter().any(|row| row.id == new.id) => Reply::conflict(MAC_TAKEN),
        Ok(new) => {
            let reply = Reply::created(&format!("{COLLECTION}/{}", new.id));
            cluster.interfaces.push(new);
            reply
        }
    }
}

/// `PATCH /Inventory/EthernetInterfaces/{id}`. The ID is taken as it is; one that nobody has answers 200 with nothing.
pub(crate) fn patch(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let owner = |id: &String| {
        let xname = Xname::parse(id);
        xname.ok_or_else(|| Reply::bad_request("bad query param: Argument was not a valid xname ID"))
    };
    let patch = || {
        let patch: Patch = go_json::read_or_500(call.body)?;
        if patch.description.is_none() && patch.component_id.is_none() && patch.ip_addresses.is_none() {
            return Err(Reply::bad_request("Request must have at least one patch field."));
        }
        let owner = patch.component_id.as_ref().map(owner).transpose()?;
        Ok((patch, owner))
    };
    let (patch, owner) = match patch() {
        Ok(patch) => patch,
        Err(reply) => return reply,
    };
    let Some(row) = cluster.interfaces.iter_mut().find(|row| row.id == call.parameter) else {
        return Reply::json(&Nothing::default());
    };
    if let Some(description) = patch.description {
        row.description = description;
    }
    if let Some(owner) = owner {
        (row.component_id, row.component_type) = (owner.id, owner.component_type.into());
    }
    if let Some(addresses) = patch.ip_addresses {
        row.ip_addresses = addresses.into_iter().map(Address::into_row).collect();
        row.last_update = call.now;
    }
    Reply::json(row)
}

/// `DELETE /Inventory/EthernetInterfaces/{id}`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let before = cluster.interfaces.len();
    cluster.interfaces.retain(|row| row.id != call.parameter);
    Reply::deleted(before - cluster.interfaces.len(), "no such component ethernet interface.")
}

/// `DELETE /Inventory/EthernetInterfaces`.
pub(crate) fn delete_all(_: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let entries = std::mem::take(&mut cluster.interfaces).len();
    Reply::deleted(entries, "no entries to delete")
}

/// The collection, as locations name it.
pub(super) const COLLECTION: &str = "/hsm/v2/Inventory/EthernetInterfaces";
/// What SMD says of an empty address.
pub(crate) const NO_ADDRESS: &str = "Invalid CompEthInterface IP Address";
/// What SMD says of a MAC that is there already.
pub(crate) const MAC_TAKEN: &str =
    "operation would conflict with an existing component ethernet interface that has the same MAC address.";

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewInterface {
    #[serde(rename = "macaddress")]
    mac_address: String,
    #[serde(rename = "componentid")]
    component_id: String,
    description: String,
    #[serde(rename = "ipaddresses")]
    ip_addresses: Vec<Address>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Patch {
    description: Option<String>,
    #[serde(rename = "componentid")]
    component_id: Option<String>,
    #[serde(rename = "ipaddresses")]
    ip_addresses: Option<Vec<Address>>,
}

/// An address as a client sends it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    /// The text of the address.
    #[serde(rename = "ipaddress")]
    pub(super) ip_address: String,
    /// Name of its network, where it was sent.
    pub(super) network: Option<String>,
}

impl Address {
    /// As it is stored.
    pub(super) fn into_row(self) -> IpAddressMapping {
        IpAddressMapping { ip_address: self.ip_address, network: self.network.unwrap_or_default() }
    }
}

/// A row in which nothing is: even the time is an empty text, and the addresses are `null`.
#[derive(Default, Serialize)]
struct Nothing {
    #[serde(rename = "ID")]
    id: &'static str,
    #[serde(rename = "Description")]
    description: &'static str,
    #[serde(rename = "MACAddress")]
    mac_address: &'static str,
    #[serde(rename = "LastUpdate")]
    last_update: &'static str,
    #[serde(rename = "ComponentID")]
    component_id: &'static str,
    #[serde(rename = "Type")]
    component_type: &'static str,
    #[serde(rename = "IPAddresses")]
    ip_addresses: Option<()>,
}

/// Lower case with colons, whatever the separators were.
fn folded_mac(text: &str) -> Result<String, Reply> {
    let digits: String = text.trim().to_lowercase().chars().filter(|c| !"-:.".contains(*c)).collect();
    if digits.len() != 12 {
        return Err(Reply::bad_request("MAC string has invalid length"));
    }
    if !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(Reply::bad_request(&format!("{digits:?} is no hexadecimal number")));
    }
    Ok(digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_folded() {
        for text in ["52:54:00:BE:EF:01", " 525400beef01 ", "5254.00be.ef01", "52-54-00-be-ef-01"] {
            assert_eq!(folded_mac(text).unwrap(), "52:54:00:be:ef:01", "{text}");
        }
        for text in ["", "52:54:00:be:ef", "52:54:00:be:ef:zz", "ééé", "52:54:00:be:ef:0é"] {
            assert!(folded_mac(text).is_err(), "{text}");
        }
    }
}
