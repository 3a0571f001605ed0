//! Hardware addresses (IANA: Hardware Types) as the MAC address by which an inventory lists their port.

use smd_cache::MacAddr;

/// Hardware type of Ethernet.
pub(crate) const ETHERNET: u16 = 1;
/// Hardware type of InfiniBand; its link-layer address has 20 octets, of which the last eight are the port's GUID.
pub(crate) const INFINIBAND: u16 = 32;

/// The MAC address of a port; `None` for other hardware, or an address of the wrong length.
pub(crate) fn mac(hardware_type: u16, address: &[u8]) -> Option<MacAddr> {
    match hardware_type {
        ETHERNET => address.try_into().ok().map(MacAddr),
        INFINIBAND => guid(address),
        _ => None,
    }
}

/// The MAC address in the GUID with which an InfiniBand address ends: as drivers and iPXE make it, of the first three
/// octets and the last three.
pub(crate) fn guid(address: &[u8]) -> Option<MacAddr> {
    let guid: &[u8; 8] = address.last_chunk()?;
    Some(MacAddr([0, 1, 2, 5, 6, 7].map(|octet| guid[octet])))
}
