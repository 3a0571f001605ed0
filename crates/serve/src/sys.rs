//! `[IO]` The system calls that neither the standard library nor socket2 offers. The only room of the workspace with
//! `unsafe` code: each block carries its invariant, and what leaves this room is safe to use in any order.

#![expect(unsafe_code, reason = "recvmmsg(2), sendmmsg(2), getifaddrs(3) and their C structures have no safe binding")]

pub(crate) mod interfaces;
pub(crate) mod packet;
pub(crate) mod receive;
pub(crate) mod transmit;

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use socket2::Socket;

/// Sets an option whose value is a C `int`.
pub(crate) fn set_option(socket: &Socket, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: `value` lives until the call returns and `length` is its size; the kernel only reads it.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What poll(2) reported on one descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Nothing.
    None,
    /// What was waited for, or an error that the next call on the descriptor returns.
    Ready,
    /// The descriptor is not open.
    Invalid,
}

/// Waits until the first descriptor is readable (or writable, by `first_events`) or the second is readable.
/// `timeout` `None` waits for ever. A signal ends the wait with nothing reported.
pub(crate) fn poll(
    first: BorrowedFd<'_>,
    first_events: libc::c_short,
    second: BorrowedFd<'_>,
    timeout: Option<Duration>,
) -> io::Result<[Readiness; 2]> {
    let mut descriptors = [
        libc::pollfd { fd: first.as_raw_fd(), events: first_events, revents: 0 },
        libc::pollfd { fd: second.as_raw_fd(), events: libc::POLLIN, revents: 0 },
    ];
    let milliseconds = timeout.map_or(-1, |timeout| i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX));
    // SAFETY: the array is valid for reading and writing, and the count is its length.
    let result = unsafe { libc::poll(descriptors.as_mut_ptr(), descriptors.len() as libc::nfds_t, milliseconds) };
    if result < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok([Readiness::None; 2]) } else { Err(error) };
    }
    Ok(descriptors.map(|descriptor| match descriptor.revents {
        0 => Readiness::None,
        events if events & libc::POLLNVAL != 0 => Readiness::Invalid,
        _ => Readiness::Ready,
    }))
}
