//! What the directive `forward` says; read from the Corefile in [`crate::config`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use corefile::Span;

use super::policy::Policy;
use crate::name::Name;

/// The response codes that `next` and `failover` name (RFC 6895 §2.3).
pub const RCODES: [(&str, u16); 12] = [
    ("NOERROR", 0),
    ("FORMERR", 1),
    ("SERVFAIL", 2),
    ("NXDOMAIN", 3),
    ("NOTIMP", 4),
    ("REFUSED", 5),
    ("YXDOMAIN", 6),
    ("YXRRSET", 7),
    ("NXRRSET", 8),
    ("NOTAUTH", 9),
    ("NOTZONE", 10),
    ("BADVERS", 16),
];

/// `forward FROM TO… { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardConfig {
    /// The zone whose names are forwarded.
    pub from: Name,
    /// Where to, in the order of the text; never empty.
    pub to: Vec<To>,
    /// The zones below it that are not.
    pub except: Vec<Name>,
    /// `max_fails`: an upstream is down when more health checks than this have failed in a row; 0: it never is.
    pub max_fails: u32,
    /// `max_connect_attempts`: how often upstreams are tried for one query; 0: until the time is over.
    pub max_connect_attempts: u32,
    /// `health_check`.
    pub health_check: HealthCheck,
    /// `force_tcp`, `prefer_udp`.
    pub protocol: Protocol,
    /// `tls`: whom to trust, and who we are, with the upstreams that are asked over TLS.
    pub tls: TlsFiles,
    /// `tls_servername`: the name that their certificates must be for, where the upstream has none of its own.
    pub tls_servername: Option<String>,
    /// `expire`: how long an idle connection is kept.
    pub expire: Duration,
    /// `max_idle_conns`: how many idle connections to an upstream are kept; 0: as many as we keep at all.
    pub max_idle_conns: usize,
    /// `policy`.
    pub policy: Policy,
    /// `max_concurrent`: how many queries may be under way; more are refused. `None`: as many as we do at all.
    pub max_concurrent: Option<usize>,
    /// `next`: the response codes with which the next `forward` is asked.
    pub next: Vec<u16>,
    /// `failover`: the response codes with which the next upstream is asked.
    pub failover: Vec<u16>,
    /// `failfast_all_unhealthy_upstreams`: fail at once when every upstream is down, where one is tried otherwise.
    pub failfast: bool,
    /// Where the directive stands.
    pub span: Span,
}

/// An upstream, or a file that names some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// DNS over UDP and TCP.
    Plain(SocketAddr),
    /// DNS over TLS (RFC 7858).
    Tls {
        /// Where.
        address: SocketAddr,
        /// The name that its certificate must be for; `None`: see [`ForwardConfig::tls_servername`].
        name: Option<String>,
    },
    /// The `nameserver` lines of a file like `/etc/resolv.conf`.
    ResolvConf(PathBuf),
}

/// `health_check INTERVAL [no_rec] [domain NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// How long after a failed check the next one follows.
    pub interval: Duration,
    /// Whether the checks ask for recursion.
    pub recursion: bool,
    /// The name whose NS records they ask for.
    pub domain: Name,
}

/// Which protocol an upstream without TLS is asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The client's.
    Clients,
    /// TCP.
    Tcp,
    /// UDP, and TCP where the reply was cut short.
    UdpFirst,
}

/// The files of `tls [CERT KEY [CA]]` or `tls CA`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsFiles {
    /// Our certificate and its key, in PEM form.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The CA that an upstream's certificate must come from; `None`: the system's.
    pub ca: Option<PathBuf>,
}
