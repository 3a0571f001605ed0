//! Which directives there are: those that this version has, and those of CoreDNS that it refuses by name.

use corefile::ServerBlock;
use serve::findings::nearest;

use super::report::Report;

/// The directives that this version has.
pub const SUPPORTED: [&str; 23] = [
    "acl",
    "bind",
    "bufsize",
    "cache",
    "coresmd",
    "debug",
    "errors",
    "file",
    "forward",
    "header",
    "health",
    "hosts",
    "loadbalance",
    "log",
    "loop",
    "nsid",
    "prometheus",
    "ready",
    "reload",
    "root",
    "rrl",
    "template",
    "whoami",
];

/// Other directives of CoreDNS.
const ELSEWHERE: [&str; 35] = [
    "any",
    "auto",
    "autopath",
    "azure",
    "cancel",
    "chaos",
    "clouddns",
    "dns64",
    "dnssec",
    "dnstap",
    "erratic",
    "etcd",
    "geoip",
    "grpc",
    "import",
    "k8s_external",
    "k8s_gateway",
    "kubernetes",
    "local",
    "metadata",
    "minimal",
    "multisocket",
    "on",
    "pprof",
    "quic",
    "rewrite",
    "route53",
    "secondary",
    "shutdown",
    "sign",
    "startup",
    "timeouts",
    "tls",
    "transfer",
    "view",
];

/// Refuses the directives of a block that this version does not have.
pub(super) fn check_names(block: &ServerBlock, report: &mut Report<'_>) {
    for directive in &block.directives {
        let name = directive.name.as_str();
        if SUPPORTED.contains(&name) {
            continue;
        }
        if ELSEWHERE.contains(&name) {
            let message = format!("`{name}` is not supported yet by this version");
            report.error(&directive.span, message, format!("remove it; there are {}", SUPPORTED.join(", ")));
        } else {
            let known = SUPPORTED.iter().chain(&ELSEWHERE).copied();
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", SUPPORTED.join(", ")),
            };
            report.error(&directive.span, format!("unknown directive `{name}`"), help);
        }
    }
}
