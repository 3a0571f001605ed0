//! getifaddrs(3) as a list of owned values.

use std::ffi::CStr;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

/// One entry of the kernel's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The interface itself.
    Hardware { name: String, index: u32, mac: Option<[u8; 6]>, flags: u32 },
    /// One of its addresses. An IPv4 address may carry a label of its own, `eth0:1`, in place of the name.
    Address { label: String, address: IpAddr, prefix: u8 },
}

/// The whole list, in the kernel's order.
pub(crate) fn entries() -> io::Result<Vec<Entry>> {
    let mut head: *mut libc::ifaddrs = ptr::null_mut();
    // SAFETY: `head` is valid for writing; on success it points to a list that is ours until freeifaddrs.
    if unsafe { libc::getifaddrs(&raw mut head) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut list = Vec::new();
    let mut next = head;
    while !next.is_null() {
        // SAFETY: `next` is a non-null node of the list, which is not freed before the end of this function, and
        // nobody writes to it.
        let node = unsafe { &*next };
        list.extend(entry(node));
        next = node.ifa_next;
    }
    // SAFETY: `head` is what getifaddrs gave (null is allowed), it is freed once, and no reference into it is left:
    // `entry` returns owned values.
    unsafe { libc::freeifaddrs(head) };
    Ok(list)
}

/// One node, if it is of a kind that we know.
fn entry(node: &libc::ifaddrs) -> Option<Entry> {
    // SAFETY: getifaddrs gives every node a name that ends with NUL and lives as long as the list.
    let name = unsafe { CStr::from_ptr(node.ifa_name) }.to_string_lossy().into_owned();
    if node.ifa_addr.is_null() {
        return None;
    }
    // SAFETY: non-null, and every socket address begins with its family.
    let family = unsafe { (*node.ifa_addr).sa_family };
    match i32::from(family) {
        libc::AF_PACKET => {
            // SAFETY: getifaddrs gives a `sockaddr_ll` for this family, aligned for its 4-octet fields.
            let link = unsafe { ptr::read_unaligned(node.ifa_addr.cast::<libc::sockaddr_ll>()) };
            let mac = (link.sll_halen == 6).then(|| link.sll_addr[..6].try_into().ok()).flatten();
            let mac = mac.filter(|_| link.sll_hatype == libc::ARPHRD_ETHER);
            Some(Entry::Hardware { name, index: link.sll_ifindex.cast_unsigned(), mac, flags: node.ifa_flags })
        }
        libc::AF_INET => {
            let address = ipv4(node.ifa_addr)?;
            let prefix = ipv4(node.ifa_netmask).map_or(32, |mask| mask.to_bits().leading_ones() as u8);
            Some(Entry::Address { label: name, address: address.into(), prefix })
        }
        libc::AF_INET6 => {
            let address = ipv6(node.ifa_addr)?;
            let prefix = ipv6(node.ifa_netmask).map_or(128, |mask| mask.to_bits().leading_ones() as u8);
            Some(Entry::Address { label: name, address: address.into(), prefix })
        }
        _ => None,
    }
}

/// The IPv4 address of a `sockaddr_in` of the list, or `None` for null.
fn ipv4(address: *const libc::sockaddr) -> Option<Ipv4Addr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: called only for addresses and masks of `AF_INET` nodes, which are whole `sockaddr_in` (a mask of the
    // list has the size of its address); read unaligned, so that alignment does not matter.
    let inet = unsafe { ptr::read_unaligned(address.cast::<libc::sockaddr_in>()) };
    Some(Ipv4Addr::from_bits(u32::from_be(inet.sin_addr.s_addr)))
}

/// The IPv6 address of a `sockaddr_in6` of the list, or `None` for null.
fn ipv6(address: *const libc::sockaddr) -> Option<Ipv6Addr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: as in `ipv4`, for `AF_INET6` and `sockaddr_in6`.
    let inet6 = unsafe { ptr::read_unaligned(address.cast::<libc::sockaddr_in6>()) };
    Some(Ipv6Addr::from(inet6.sin6_addr.s6_addr))
}
