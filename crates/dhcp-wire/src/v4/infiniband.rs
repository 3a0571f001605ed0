//! Who a client is whose hardware address does not fit `chaddr`: IP over InfiniBand (RFC 4390).
//!
//! An inventory lists such a port by the MAC address that drivers and iPXE make of its GUID: the first three octets and
//! the last three. The GUID stands in `chaddr` (iPXE: `hlen` 8) or in the client identifier, which RFC 4390 §2.1 asks of
//! every such client.

use smd_cache::MacAddr;

use super::received::Received;
use crate::hardware::guid;
use crate::v6::Duid;

/// Hardware type of InfiniBand; its link-layer address has 20 octets, of which the last eight are the port's GUID.
pub(super) const INFINIBAND: u8 = 32;
/// Length of the link-layer address, which some clients put into `hlen` although `chaddr` cannot hold it.
pub(super) const ADDRESS_LENGTH: u8 = 20;

/// The MAC address of an InfiniBand port; `None` for other hardware, and where nothing identifies the port.
pub(super) fn mac(message: &Received<'_>) -> Option<MacAddr> {
    if message.htype() != INFINIBAND {
        return None;
    }
    if message.hlen() == 8 {
        return guid(message.chaddr());
    }
    match &*message.client_identifier()? {
        [1, address @ ..] => address.try_into().ok().map(MacAddr),
        [INFINIBAND, address @ ..] => guid(address),
        [255, _, _, _, _, duid @ ..] => Duid::new(duid).ok()?.mac(), // RFC 4361 §6.1: IAID and DUID
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use dhcproto::v4::OptionCode;

    use super::super::{BOOTREQUEST, Outgoing};
    use super::*;

    const GUID: [u8; 8] = [0x00, 0x02, 0xc9, 0x03, 0x00, 0x10, 0xb4, 0xa1];
    const MAC: MacAddr = MacAddr([0x00, 0x02, 0xc9, 0x10, 0xb4, 0xa1]);

    /// The MAC address of a client with this header and this client identifier.
    fn identified(htype: u8, hlen: u8, chaddr: &[u8], id: &[u8]) -> Option<MacAddr> {
        let mut message = Outgoing { htype, hlen, ..Outgoing::new(BOOTREQUEST) };
        message.chaddr[..chaddr.len()].copy_from_slice(chaddr);
        message.options.set(OptionCode::ClientIdentifier, id);
        let mut bytes = Vec::new();
        message.encode(1472, &mut bytes);
        Received::decode(&bytes).unwrap().client_mac()
    }

    #[test]
    fn a_port_is_known_by_its_guid() {
        let address = [&[0x80, 0, 4, 4, 0xfe, 0x80, 0, 0, 0, 0, 0, 0][..], &GUID].concat();
        let joined = |head: &[u8], tail: &[u8]| [head, tail].concat();
        for (name, hlen, id) in [
            ("link-layer address", 0, joined(&[32], &address)),
            ("link-layer address, hlen of it", 20, joined(&[32], &address)),
            ("GUID", 0, joined(&[32], &GUID)),
            ("DUID-LL", 0, joined(&[255, 0, 0, 0, 1, 0, 3, 0, 32], &address)),
            ("DUID-LLT", 0, joined(&[255, 0, 0, 0, 1, 0, 1, 0, 32, 1, 2, 3, 4], &address)),
            ("DUID-LL of an Ethernet port", 0, joined(&[255, 0, 0, 0, 1, 0, 3, 0, 1], &MAC.octets())),
            ("FlexBoot", 0, joined(&[255, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0xc9, 0], &GUID)),
            ("a MAC address", 0, joined(&[1], &MAC.octets())),
        ] {
            assert_eq!(identified(32, hlen, &[], &id), Some(MAC), "{name}");
        }
        assert_eq!(identified(32, 8, &GUID, &[]), Some(MAC), "iPXE");
    }

    #[test]
    fn nothing_else_is_taken_for_a_port() {
        assert_eq!(identified(1, 0, &[], &[&[32][..], &GUID].concat()), None);
        for id in [&[][..], &[32, 1, 2], &[0, 1, 2, 3, 4, 5, 6, 7, 8], &[1, 2, 3], &[255, 0, 0, 0, 1, 0, 4, 1, 2, 3]] {
            assert_eq!(identified(32, 0, &[], id), None, "{id:?}");
        }
        assert_eq!(identified(1, 6, &[1, 2, 3, 4, 5, 6], &[]), Some(MacAddr([1, 2, 3, 4, 5, 6])));
    }
}
