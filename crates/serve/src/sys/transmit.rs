//! sendmmsg(2) with the source address and interface of each message pinned by a control message (ip(7), ipv6(7)).

use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::ptr;

use socket2::{SockAddr, Socket};

/// Where one message goes and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// The receiver.
    pub(crate) to: SocketAddr,
    /// Source address; `None` lets routing choose.
    pub(crate) from: Option<IpAddr>,
    /// Index of the interface to leave by; 0 lets routing choose.
    pub(crate) interface: u32,
}

/// Messages that are sent together. The allocations are kept from batch to batch.
#[derive(Default)]
pub(crate) struct TransmitBatch {
    targets: Vec<SockAddr>,
    controls: Vec<Control>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

/// One control message with its length: header and `in_pktinfo` or `in6_pktinfo`, or nothing.
struct Control {
    /// Aligned as `cmsghdr` wants.
    octets: [u64; 5],
    length: usize,
}

impl TransmitBatch {
    /// Sends `messages` in order without waiting for buffer space, and returns how many went out: > 0 unless there are
    /// none. An error is the first message's: nothing went out.
    pub(crate) fn send<'a>(
        &mut self,
        socket: &Socket,
        messages: impl Iterator<Item = (Route, &'a [u8])>,
    ) -> io::Result<usize> {
        self.targets.clear();
        self.controls.clear();
        self.vectors.clear();
        for (route, payload) in messages {
            self.targets.push(route.to.into());
            self.controls.push(Control::new(&route));
            // The kernel reads through this pointer and never writes, although the C type has no const.
            self.vectors.push(libc::iovec { iov_base: payload.as_ptr().cast_mut().cast(), iov_len: payload.len() });
        }
        self.point_headers();
        // SAFETY: every header points to an element of this batch's own vectors, none of which grows any more
        // (`point_headers` came last), and these point to payloads borrowed for 'a, which outlives the call; the count
        // is the number of headers.
        let result = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        usize::try_from(result).map_err(|_| io::Error::last_os_error())
    }

    /// Makes one header for each message, pointing to its parts.
    fn point_headers(&mut self) {
        self.headers.clear();
        for ((target, control), vector) in self.targets.iter().zip(&mut self.controls).zip(&mut self.vectors) {
            // SAFETY: `mmsghdr` consists of integers and pointers, for which all bits zero is a value (null).
            let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
            header.msg_hdr.msg_name = target.as_ptr().cast_mut().cast();
            header.msg_hdr.msg_namelen = target.len();
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            if control.length > 0 {
                header.msg_hdr.msg_control = control.octets.as_mut_ptr().cast();
                header.msg_hdr.msg_controllen = control.length as _;
            }
            self.headers.push(header);
        }
    }
}

impl Control {
    /// The packet information for `route`: empty when routing is to choose everything. A `from` of the other family
    /// than the receiver's cannot be a source address there, and is left out.
    fn new(route: &Route) -> Self {
        match (route.to, route.from) {
            (_, None) if route.interface == 0 => Self { octets: [0; 5], length: 0 },
            (SocketAddr::V4(_), from) => {
                let source = if let Some(IpAddr::V4(source)) = from { source } else { Ipv4Addr::UNSPECIFIED };
                let info = libc::in_pktinfo {
                    ipi_ifindex: route.interface.cast_signed(),
                    ipi_spec_dst: libc::in_addr { s_addr: source.to_bits().to_be() },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                Self::with(libc::IPPROTO_IP, libc::IP_PKTINFO, info)
            }
            (SocketAddr::V6(_), from) => {
                let source = if let Some(IpAddr::V6(source)) = from { source } else { Ipv6Addr::UNSPECIFIED };
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr { s6_addr: source.octets() },
                    ipi6_ifindex: route.interface as _,
                };
                Self::with(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info)
            }
        }
    }

    /// A control message with `data` in it, a C structure of at most 20 octets.
    fn with<T: Copy>(level: libc::c_int, kind: libc::c_int, data: T) -> Self {
        let size = size_of::<T>() as libc::c_uint;
        // SAFETY: CMSG_LEN and CMSG_SPACE only calculate.
        let (length, space) = unsafe { (libc::CMSG_LEN(size), libc::CMSG_SPACE(size) as usize) };
        let mut control = Self { octets: [0; 5], length: space };
        assert!(space <= size_of_val(&control.octets), "packet information fits the buffer");
        // SAFETY: a `cmsghdr` is integers only, for which zero is a value.
        let mut header: libc::cmsghdr = unsafe { mem::zeroed() };
        header.cmsg_level = level;
        header.cmsg_type = kind;
        header.cmsg_len = length as _;
        let start: *mut u8 = control.octets.as_mut_ptr().cast();
        // CMSG_LEN counts header, padding and data: what comes before the data is the rest of it.
        let data_offset = (length - size) as usize;
        // SAFETY: the buffer is aligned for `cmsghdr` and was just asserted to hold header, padding and data; the data
        // is written unaligned.
        unsafe {
            ptr::write(start.cast(), header);
            ptr::write_unaligned(start.add(data_offset).cast(), data);
        }
        control
    }
}
