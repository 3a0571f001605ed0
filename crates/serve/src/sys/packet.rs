//! Addresses of `AF_PACKET` sockets (packet(7)).

use socket2::{SockAddr, SockAddrStorage};

/// The `sockaddr_ll` of the station `mac` on the link of the interface with index `interface`, for IPv4 packets.
pub(crate) fn ethernet_station(interface: u32, mac: [u8; 6]) -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: `SockAddrStorage` is at least as large and as aligned as every socket address, `sockaddr_ll` consists of
    // integers only, and no other reference to the storage exists.
    let address = unsafe { storage.view_as::<libc::sockaddr_ll>() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_IP as u16).to_be();
    // The kernel's type of an index is a signed int; one beyond it names no interface, and the kernel says so.
    address.sll_ifindex = interface.cast_signed();
    address.sll_halen = mac.len() as u8;
    address.sll_addr[..mac.len()].copy_from_slice(&mac);
    // SAFETY: the storage holds a whole `sockaddr_ll`, whose size is the length given.
    unsafe { SockAddr::new(storage, size_of::<libc::sockaddr_ll>() as libc::socklen_t) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn station_is_a_link_layer_address_of_six_octets() {
        let station = ethernet_station(7, [2, 0, 0, 0, 0, 0x2a]);
        assert_eq!((station.domain(), station.len()), (socket2::Domain::PACKET, 20));
        // SAFETY: the address was made as a `sockaddr_ll` and is that long.
        let raw = unsafe { &*station.as_ptr().cast::<libc::sockaddr_ll>() };
        assert_eq!((raw.sll_ifindex, raw.sll_halen, raw.sll_protocol), (7, 6, 0x0800_u16.to_be()));
        assert_eq!(raw.sll_addr, [2, 0, 0, 0, 0, 0x2a, 0, 0]);
    }
}
