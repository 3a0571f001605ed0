//! Harness of the tests of the whole: the real servers as processes, the simulated cluster, virtual clients on loopback,
//! and network namespaces for real clients.
//!
//! A test says what the cluster should see; this crate starts what it takes, waits for conditions instead of sleeping,
//! and takes everything down again, on a panic too. The harness fails a test by panicking with what it was doing.
#![expect(clippy::disallowed_methods, reason = "a test harness is IO throughout")]

pub mod dhcp;
pub mod dns;
pub mod http;
pub mod metrics;
pub mod netns;
pub mod ports;
pub mod process;
pub mod program;
pub mod server;
pub mod sources;
pub mod wait;
