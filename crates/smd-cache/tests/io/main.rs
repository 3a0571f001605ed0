//! The IO rooms against a scripted server on a loopback port: every way in which SMD, BSS or a gateway can fail.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod boot;
mod client;
mod files;
mod refresh;
mod server;
mod sites;
mod tls;
mod token;
