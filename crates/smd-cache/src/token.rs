//! Tokens for the services that ask for one: how they are got, kept and renewed (facts: openchami-today §3; RFC 6749,
//! RFC 6750, RFC 8693).
//!
//! ```text
//! TokenConfig ──keeper──▶ Session: what to ask for, and when        the state machine: pure
//!                │          ▲ Grant | refusal | failure
//!                ├──ask──▶ endpoint ──reply──▶ what the answer says   one POST
//!                └──▶ TokenHandle ──▶ Authorization of each request, TokenStatus for people
//! ```
//! A secret is a [`Secret`] from where it is read to where it is sent: it has no `Display`, and its `Debug` is a word.

mod config;
#[cfg(feature = "client")]
mod credentials;
#[cfg(feature = "client")]
mod endpoint;
#[cfg(feature = "client")]
mod handle;
mod jwt;
#[cfg(feature = "client")]
mod keeper;
mod keys;
mod redact;
mod reply;
#[cfg(feature = "client")]
mod saved;
mod secret;
mod session;
mod status;

pub use config::{ClientAuth, GrantKind, TokenConfig};
#[cfg(feature = "client")]
pub use handle::TokenHandle;
pub use jwt::expiry;
#[cfg(feature = "client")]
pub use keeper::Keeper;
pub use keys::{GrantName, KeysError, TokenKeys, TokenMode};
pub use redact::redact;
pub use reply::{Grant, Refresh, Refusal, ReplyError, Sender, read_grant, read_refusal};
pub use secret::Secret;
pub use session::{Ask, Failure, Session, Step};
pub use status::{TokenState, TokenStatus};
