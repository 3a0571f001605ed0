//! `[IO]` The network interfaces of this machine: names, indexes, hardware addresses, IP addresses with their prefixes.
//!
//! A list is what the kernel said at one moment; whoever needs to follow changes lists again and compares.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::sys::interfaces::{Entry, entries};

/// The interfaces at one moment, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interfaces {
    list: Vec<Interface>,
}

/// One network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The name, such as `eth0`.
    pub name: String,
    /// The index, > 0.
    pub index: u32,
    /// The hardware address; `None` when there is none or it is not of Ethernet's six octets (InfiniBand, tunnels).
    pub mac: Option<[u8; 6]>,
    /// IPv4 addresses with their prefix lengths (0–32), in the kernel's order: the primary address first.
    pub ipv4: Vec<(Ipv4Addr, u8)>,
    /// IPv6 addresses with their prefix lengths (0–128), in the kernel's order.
    pub ipv6: Vec<(Ipv6Addr, u8)>,
    /// What it is and in what state.
    pub flags: Flags,
}

/// The `IFF_…` flags of an interface (netdevice(7)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub(crate) u32);

impl Interfaces {
    /// Asks the kernel (getifaddrs(3)).
    pub fn list() -> io::Result<Self> {
        Ok(Self::from_entries(&entries()?))
    }

    /// The interface with this index.
    pub fn by_index(&self, index: u32) -> Option<&Interface> {
        self.list.iter().find(|interface| interface.index == index)
    }

    /// The interface with this name.
    pub fn by_name(&self, name: &str) -> Option<&Interface> {
        self.list.iter().find(|interface| interface.name == name)
    }

    /// The interface that owns this address.
    pub fn by_address(&self, address: IpAddr) -> Option<&Interface> {
        self.list.iter().find(|interface| match address {
            IpAddr::V4(address) => interface.ipv4.iter().any(|(own, _)| *own == address),
            IpAddr::V6(address) => interface.ipv6.iter().any(|(own, _)| *own == address),
        })
    }

    /// All of them, by index.
    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.list.iter()
    }

    /// Joins the kernel's list, which has one entry for the hardware (with the index) and one for each address (with a
    /// name only, which may be a label such as `eth0:1`).
    fn from_entries(entries: &[Entry]) -> Self {
        let mut list: Vec<Interface> = Vec::new();
        for entry in entries {
            if let Entry::Hardware { name, index, mac, flags } = entry {
                let (ipv4, ipv6) = (Vec::new(), Vec::new());
                list.push(Interface { name: name.clone(), index: *index, mac: *mac, ipv4, ipv6, flags: Flags(*flags) });
            }
        }
        list.sort_by_key(|interface| interface.index);
        for entry in entries {
            if let Entry::Address { label, address, prefix } = entry {
                let base = label.split_once(':').map_or(label.as_str(), |(base, _)| base);
                let owner = list.iter().position(|interface| interface.name == *label);
                let owner = owner.or_else(|| list.iter().position(|interface| interface.name == base));
                match (owner.map(|owner| &mut list[owner]), *address) {
                    (Some(interface), IpAddr::V4(address)) => interface.ipv4.push((address, *prefix)),
                    (Some(interface), IpAddr::V6(address)) => interface.ipv6.push((address, *prefix)),
                    // The interface came between the two halves of the kernel's list; the next listing has it whole.
                    (None, _) => {}
                }
            }
        }
        Self { list }
    }
}

impl Flags {
    /// Administratively up (`IFF_UP`).
    pub fn up(self) -> bool {
        self.has(libc::IFF_UP)
    }

    /// Up and with a carrier (`IFF_RUNNING`).
    pub fn running(self) -> bool {
        self.has(libc::IFF_RUNNING)
    }

    /// Can broadcast (`IFF_BROADCAST`).
    pub fn broadcast(self) -> bool {
        self.has(libc::IFF_BROADCAST)
    }

    /// Can multicast (`IFF_MULTICAST`).
    pub fn multicast(self) -> bool {
        self.has(libc::IFF_MULTICAST)
    }

    /// The loopback interface (`IFF_LOOPBACK`).
    pub fn loopback(self) -> bool {
        self.has(libc::IFF_LOOPBACK)
    }

    fn has(self, flag: libc::c_int) -> bool {
        self.0 & flag.cast_unsigned() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hardware(name: &str, index: u32, mac: Option<[u8; 6]>, flags: u32) -> Entry {
        Entry::Hardware { name: name.to_owned(), index, mac, flags }
    }

    fn address(label: &str, address: &str, prefix: u8) -> Entry {
        Entry::Address { label: label.to_owned(), address: address.parse().unwrap(), prefix }
    }

    #[test]
    fn addresses_find_their_interface_by_name_and_by_label() {
        let mac = Some([2, 0, 0, 0, 0, 1]);
        let interfaces = Interfaces::from_entries(&[
            hardware("ib0", 9, None, 0),
            hardware("eth0", 2, mac, 0x1043),
            hardware("eth0:9", 3, None, 0),
            address("eth0", "10.1.0.1", 16),
            address("eth0:1", "10.2.0.1", 24),
            address("eth0:9", "10.9.0.1", 32),
            address("eth0", "fe80::1", 64),
            address("gone", "10.3.0.1", 24),
        ]);
        let indexes: Vec<_> = interfaces.iter().map(|interface| interface.index).collect();
        assert_eq!(indexes, [2, 3, 9]);
        let eth0 = interfaces.by_name("eth0").unwrap();
        assert_eq!((eth0.index, eth0.mac), (2, mac));
        assert_eq!(eth0.ipv4, [(Ipv4Addr::new(10, 1, 0, 1), 16), (Ipv4Addr::new(10, 2, 0, 1), 24)]);
        assert_eq!(eth0.ipv6, [("fe80::1".parse().unwrap(), 64)]);
        assert!(eth0.flags.up() && eth0.flags.running() && eth0.flags.broadcast() && eth0.flags.multicast());
        assert!(!eth0.flags.loopback());
        assert_eq!(interfaces.by_address("10.9.0.1".parse().unwrap()).map(|interface| interface.index), Some(3));
        assert_eq!(interfaces.by_address("10.3.0.1".parse().unwrap()), None);
        assert_eq!(interfaces.by_index(9).map(|interface| interface.name.as_str()), Some("ib0"));
        assert_eq!((interfaces.by_name("gone"), interfaces.by_index(1)), (None, None));
    }

    #[test]
    fn this_machine_has_a_loopback_interface() {
        let interfaces = Interfaces::list().unwrap();
        let loopback =
            interfaces.by_address(Ipv4Addr::LOCALHOST.into()).expect("127.0.0.1 is an address of this machine");
        assert!(loopback.flags.loopback() && loopback.flags.up());
        assert!(loopback.ipv4.contains(&(Ipv4Addr::LOCALHOST, 8)));
        assert_eq!(loopback.mac, None, "its hardware type is not Ethernet's");
        assert_eq!(interfaces.by_index(loopback.index), Some(loopback));
    }
}
