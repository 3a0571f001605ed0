//! End to end over veth pairs: the clients that a cluster's nodes really run against the release binaries, from DHCP to
//! the resolved name, each test in network namespaces of its own. Needs root, iproute2 and Debian's DHCP clients, so
//! plain `cargo test` names these tests as ignored and `tests/run` runs them.
#![expect(clippy::disallowed_methods, reason = "an end-to-end test is IO throughout")]

mod boot;
mod clients;
mod clients6;
mod combinations;
mod dhcp6;
mod differential;
mod gateway;
mod lab;
mod lab6;
mod pool;
mod relayed;
mod reserved;
mod resolvers;
mod secondaries;
mod secondary;
mod tftp;
mod zones;
