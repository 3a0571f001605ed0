//! \[IO\] Who this server is (RFC 8415 §11): `server_id`, else a DUID that is the same after every start.
//!
//! The DUID of our own making is a DUID-LL, of the lowest MAC address that the machine's interfaces have from their makers,
//! or else of the lowest one at all. With `$STATE_DIRECTORY` it is written down at the first start, so that it stays when
//! interfaces come and go, and a copy of the directory makes another machine the same server.

use std::path::Path;

use dhcp_wire::v6::Duid;
use serve::interfaces::Interfaces;
use smd_cache::MacAddr;

use crate::hex;
use crate::server::troubles::Troubles;
use crate::server::{ServerError, state_file};

/// The file in the state directory.
const FILE: &str = "server-duid";

/// The DUID of the configuration, of the state directory, or of the interfaces.
pub(super) fn server_id(
    configured: Option<Duid>,
    state_directory: Option<&Path>,
    interfaces: &Interfaces,
    troubles: &Troubles,
) -> Result<Duid, ServerError> {
    if let Some(duid) = configured {
        return Ok(duid);
    }
    let path = state_directory.map(|directory| directory.join(FILE));
    let Some(path) = path else { return derived(interfaces) };
    let state = |source| ServerError::State { path: path.clone(), source };
    if let Some(text) = state_file::read(&path).map_err(state)? {
        if let Some(kept) = hex::decode(text.trim()).and_then(|octets| Duid::new(&octets).ok()) {
            return Ok(kept);
        }
        let aside = state_file::set_aside(&path).map_err(state)?;
        let what = format!("{} was damaged and is now {}: the DUID is a new one", path.display(), aside.display());
        tracing::error!("{what}");
        troubles.raise(FILE, what);
    }
    let derived = derived(interfaces)?;
    state_file::replace(&path, &(hex::encode(derived.as_bytes()) + "\n")).map_err(state)?;
    Ok(derived)
}

fn derived(interfaces: &Interfaces) -> Result<Duid, ServerError> {
    let macs = || interfaces.iter().filter_map(|interface| interface.mac).filter(|mac| *mac != [0; 6]);
    let is_from_maker = |mac: &[u8; 6]| mac[0] & 2 == 0;
    let lowest = macs().filter(is_from_maker).min().or_else(|| macs().min());
    lowest.map(|mac| Duid::link_layer(MacAddr(mac))).ok_or(ServerError::NoDuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    #[test]
    fn what_is_configured_wins_and_what_is_kept_stays() {
        let directory = tempfile::tempdir().unwrap();
        let (path, troubles) = (directory.path().join(FILE), Troubles::default());
        let of = |configured, interfaces: &Interfaces| {
            server_id(configured, Some(directory.path()), interfaces, &troubles).ok()
        };
        let (here, nowhere) = (Interfaces::list().unwrap(), Interfaces::default());
        assert_eq!(of(Some(Duid::link_layer(MAC)), &nowhere), Some(Duid::link_layer(MAC)));
        assert_eq!(of(None, &nowhere), None, "nothing to make a DUID of");
        assert!(!path.exists());
        state_file::replace(&path, "00030001020000000001\n").unwrap();
        for interfaces in [&here, &nowhere] {
            assert_eq!(of(None, interfaces), Some(Duid::link_layer(MAC)));
        }
        assert_eq!(troubles.list(), [""; 0]);
        state_file::replace(&path, "0003oops").unwrap();
        assert_eq!(of(None, &nowhere), None);
        assert!(troubles.list()[0].contains("server-duid was damaged"), "{:?}", troubles.list());
        assert_eq!(state_file::read(&directory.path().join("server-duid.damaged")).unwrap().unwrap(), "0003oops");
    }
}
