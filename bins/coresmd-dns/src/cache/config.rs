//! What the directive `cache` says; read from the Corefile in [`crate::config`].

use std::time::Duration;

use corefile::Span;

use crate::name::Name;

/// `cache [TTL] [ZONES] { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// The zones whose names are cached; none: every name.
    pub zones: Vec<Name>,
    /// `success`: how much and how long.
    pub success: Share,
    /// `denial`: how much and how long.
    pub denial: Share,
    /// `servfail`: how long a failure is remembered, to the second; zero: not at all.
    pub failure: Duration,
    /// `prefetch`.
    pub prefetch: Option<Prefetch>,
    /// `serve_stale`.
    pub stale: Option<Stale>,
    /// `disable success ZONES`: the zones whose answers are not cached.
    pub uncached_success: Vec<Name>,
    /// `disable denial ZONES`: the zones whose denials are not cached.
    pub uncached_denial: Vec<Name>,
    /// `keepttl`: answers keep their TTL until they are forgotten.
    pub keep_ttl: bool,
    /// Where the directive stands.
    pub span: Span,
}

/// How much of one kind is kept, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many answers; one of more than 512 octets counts as several.
    pub capacity: usize,
    /// The longest time, in seconds.
    pub longest: u32,
    /// The shortest time, in seconds.
    pub shortest: u32,
}

impl Share {
    /// How long an answer with this TTL is kept, in seconds: the longest time wins over the shortest.
    pub fn lifetime(self, ttl: u32) -> u32 {
        ttl.max(self.shortest).min(self.longest)
    }
}

/// `prefetch AMOUNT [DURATION] [PERCENTAGE%]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefetch {
    /// How often a name must have been asked for.
    pub amount: u32,
    /// The longest gap between two of these queries.
    pub gap: Duration,
    /// What part of its lifetime an answer has left when it is fetched anew.
    pub percentage: u8,
}

/// `serve_stale [DURATION] [immediate|verify]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale {
    /// How long after its time an answer may still be given.
    pub duration: Duration,
    /// Whether the upstream is asked first, and the stale answer given only if it fails.
    pub verify: bool,
}
