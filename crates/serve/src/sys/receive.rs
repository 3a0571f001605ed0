//! recvmmsg(2) with the packet information of ip(7) and ipv6(7), into buffers that are made once.

use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::ptr;

use socket2::Socket;

/// Octets that one datagram may have; longer ones arrive cut and are reported so.
pub(crate) const DATAGRAM_MAX: usize = 4096;

/// Room for one datagram's control messages, aligned as `cmsghdr` wants: one `in_pktinfo` or `in6_pktinfo`, and one count
/// of what was lost.
type Control = [u64; 8];

/// Buffers for as many datagrams as are received at once.
pub(crate) struct ReceiveBatch {
    payload: Vec<u8>,
    sources: Vec<libc::sockaddr_storage>,
    controls: Vec<Control>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
    /// How many of the slots hold a datagram of the last call.
    filled: usize,
}

/// One received datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received<'a> {
    /// Who sent it; `None` when the kernel named no IP address.
    pub(crate) source: Option<SocketAddr>,
    /// To which address, through which interface.
    pub(crate) arrival: Arrival,
    /// The octets; at most [`DATAGRAM_MAX`].
    pub(crate) payload: &'a [u8],
    /// The datagram was longer than the buffer, its end is lost.
    pub(crate) truncated: bool,
}

/// What the control message says about a datagram's arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The destination address in the datagram's header.
    pub(crate) destination: Option<IpAddr>,
    /// The address of this machine that stands for it: what the kernel would answer from.
    pub(crate) local: Option<IpAddr>,
    /// Index of the interface; 0 unknown.
    pub(crate) interface: u32,
    /// How many datagrams the socket's buffer had no room for, since the socket was made (`SO_RXQ_OVFL`); 0 also where the
    /// kernel does not say.
    pub(crate) lost: u32,
}

impl ReceiveBatch {
    /// Buffers for `slots` datagrams (at least one).
    pub(crate) fn new(slots: usize) -> Self {
        let slots = slots.max(1);
        // SAFETY: these C structures consist of integers and pointers, for which all bits zero is a value (null).
        let (source, vector, header) = unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
        Self {
            payload: vec![0; slots * DATAGRAM_MAX],
            sources: vec![source; slots],
            controls: vec![Control::default(); slots],
            vectors: vec![vector; slots],
            headers: vec![header; slots],
            filled: 0,
        }
    }

    /// How many datagrams fit.
    pub(crate) fn slots(&self) -> usize {
        self.headers.len()
    }

    /// Takes what waits on the socket without waiting for more; returns how many datagrams that were, > 0.
    /// [`io::ErrorKind::WouldBlock`] when there were none.
    pub(crate) fn receive(&mut self, socket: &Socket) -> io::Result<usize> {
        self.filled = 0;
        self.point_headers();
        // SAFETY: every header points to this batch's own buffers of the sizes given (`point_headers` has just done
        // so), which stay where they are while `self` is borrowed; the count is the number of headers.
        let result = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        self.filled = usize::try_from(result).map_err(|_| io::Error::last_os_error())?;
        Ok(self.filled)
    }

    /// The datagram in slot `slot`, which must be below what [`Self::receive`] returned.
    pub(crate) fn datagram(&self, slot: usize) -> Received<'_> {
        assert!(slot < self.filled, "the slot holds a datagram");
        let header = &self.headers[slot];
        let start = slot * DATAGRAM_MAX;
        let length = (header.msg_len as usize).min(DATAGRAM_MAX);
        Received {
            source: socket_address(&self.sources[slot]),
            arrival: arrival(&header.msg_hdr),
            payload: &self.payload[start..start + length],
            truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
        }
    }

    /// Points every header to the buffers of its slot and says how large these are; the kernel overwrites the lengths
    /// with each call.
    fn point_headers(&mut self) {
        for (slot, payload) in self.payload.chunks_exact_mut(DATAGRAM_MAX).enumerate() {
            let vector = &mut self.vectors[slot];
            vector.iov_base = payload.as_mut_ptr().cast();
            vector.iov_len = payload.len();
            let (source, control) = (&mut self.sources[slot], &mut self.controls[slot]);
            let message = &mut self.headers[slot].msg_hdr;
            message.msg_name = ptr::from_mut(source).cast();
            message.msg_namelen = size_of_val(source) as libc::socklen_t;
            message.msg_iov = vector;
            message.msg_iovlen = 1;
            message.msg_control = control.as_mut_ptr().cast();
            message.msg_controllen = size_of_val(control) as _;
            message.msg_flags = 0;
        }
    }
}

/// The IP address and port in a socket address that the kernel wrote.
fn socket_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the storage, which is large and aligned enough for it, begins with a
            // `sockaddr_in`; all its bits are values.
            let inet = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
            let address = Ipv4Addr::from_bits(u32::from_be(inet.sin_addr.s_addr));
            Some(SocketAddrV4::new(address, u16::from_be(inet.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for `sockaddr_in6`.
            let inet6 = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
            let address = Ipv6Addr::from(inet6.sin6_addr.s6_addr);
            let (port, scope) = (u16::from_be(inet6.sin6_port), inet6.sin6_scope_id);
            Some(SocketAddrV6::new(address, port, u32::from_be(inet6.sin6_flowinfo), scope).into())
        }
        _ => None,
    }
}

/// Reads the packet information among the control messages of `message`.
///
/// `message` must be a header of a batch that recvmmsg has filled.
fn arrival(message: &libc::msghdr) -> Arrival {
    let mut arrival = Arrival::default();
    // SAFETY: `message` is a header that the kernel has filled, so that `msg_control` points to `msg_controllen`
    // octets of whole control messages inside the batch's own buffer, which the caller still borrows.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !next.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR return null or a whole `cmsghdr` within the buffer.
        let control = unsafe { &*next };
        // SAFETY: the data follows its header; it is only read below, by the size of the type that the kernel wrote.
        let data = unsafe { libc::CMSG_DATA(next) };
        match (control.cmsg_level, control.cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                // SAFETY: for this level and type the kernel wrote an `in_pktinfo`.
                let info = unsafe { ptr::read_unaligned(data.cast::<libc::in_pktinfo>()) };
                let address = |field: libc::in_addr| IpAddr::V4(Ipv4Addr::from_bits(u32::from_be(field.s_addr)));
                arrival.destination = Some(address(info.ipi_addr));
                arrival.local = Some(address(info.ipi_spec_dst)).filter(|local| !local.is_unspecified());
                arrival.interface = info.ipi_ifindex.cast_unsigned();
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                // SAFETY: for this level and type the kernel wrote an `in6_pktinfo`.
                let info = unsafe { ptr::read_unaligned(data.cast::<libc::in6_pktinfo>()) };
                let destination = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                arrival.destination = Some(destination.into());
                arrival.local = (!destination.is_multicast()).then_some(destination.into());
                arrival.interface = info.ipi6_ifindex;
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                // SAFETY: for this level and type the kernel wrote a `u32`.
                arrival.lost = unsafe { ptr::read_unaligned(data.cast::<u32>()) };
            }
            _ => {}
        }
        // SAFETY: `next` is a control message of `message`, as above.
        next = unsafe { libc::CMSG_NXTHDR(message, next) };
    }
    arrival
}
