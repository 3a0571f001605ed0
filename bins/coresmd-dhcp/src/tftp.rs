//! TFTP (RFC 1350), read only: boot files for firmware. Nothing here does IO or reads a clock but [`library`].
//!
//! ```text
//! request     datagram → what the client wants
//! negotiate   its options → ours: blksize, tsize, timeout, windowsize (RFC 2347–2349, 7440)
//! transfer    which blocks go out, after an ACK and after silence
//! conversation  a transfer with the file that it is of
//! message     OACK, DATA, ERROR as octets
//! library     [IO] names → contents: files beneath one directory, and those that are made up
//! ```
//! The packet codec is the crate `tftpd`'s; DATA is written here, for the codec copies it.

pub mod conversation;
pub mod library;
pub mod message;
pub mod negotiate;
pub mod request;
pub mod transfer;

pub use tftpd::ErrorCode;
