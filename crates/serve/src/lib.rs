//! The floor that both servers stand on. It knows sockets, signals, HTTP and log lines; it knows nothing of SMD, DHCP
//! or DNS.
//!
//! | room | what it does |
//! |---|---|
//! | [`udp`] | receives datagrams in batches, gives each to a handler, sends the replies in batches from the address that was asked |
//! | [`link`] | sends a UDP datagram to a hardware address that has no IPv4 address yet (`AF_PACKET`) |
//! | [`interfaces`] | names, indexes, hardware and IP addresses of this machine's network interfaces |
//! | [`admin`] | health, readiness and metrics over HTTP |
//! | [`drain`] | SIGTERM and SIGINT become one [`drain::Stop`] that threads and tasks obey |
//! | [`duration`] | durations of configuration files, in Go's notation |
//! | [`telemetry`] | log lines as `key=value` text or JSON |
//! | [`findings`] | what is wrong with a configuration, shown like a compiler's report |
//!
//! Every function that does IO takes its socket and its shutdown from the caller. The only `unsafe` code of the
//! workspace is in the private room `sys`.

pub mod admin;
pub mod drain;
pub mod duration;
pub mod findings;
pub mod interfaces;
pub mod link;
mod sys;
pub mod telemetry;
pub mod udp;
