//! \[IO\] Where the cluster comes from: a simulated SMD and BSS in this process, or real ones.

mod real;
mod simulated;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::http;
use crate::plan::Machine;
use crate::settings::Sources;
use crate::trouble::Trouble;

/// The services that everything is read from, and what they describe.
#[derive(Debug)]
pub(crate) struct Source {
    /// The nodes of the cluster.
    pub(crate) machines: Vec<Machine>,
    /// How many of them boot; `None`: all.
    pub(crate) limit: Option<usize>,
    /// A client that can reach the services, and the servers.
    pub(crate) http: reqwest::Client,
    /// Whether they are simulated.
    pub(crate) simulated: bool,
    smd: String,
    bss: String,
    ca: Option<PathBuf>,
    token: Option<PathBuf>,
    /// Why BSS did not tell which kernels are right.
    no_boot_parameters: Option<String>,
}

/// The simulated cluster's size unless `--nodes` says otherwise.
const NODES: usize = 32;

impl Source {
    /// As the command line says.
    pub(crate) async fn open(arguments: &Arguments) -> Result<Self, Trouble> {
        let limit = arguments.nodes.map(usize::from);
        let Some(smd) = &arguments.smd_url else {
            let (machines, url) = simulated::start(limit.unwrap_or(NODES)).await?;
            let http = http::client(None, false)?;
            return Ok(Self {
                machines,
                limit: None,
                http,
                simulated: true,
                smd: url.clone(),
                bss: url,
                ca: None,
                token: None,
                no_boot_parameters: None,
            });
        };
        let smd = base(smd);
        let bss = arguments.bss_url.as_deref().map_or_else(|| smd.clone(), base);
        let (ca, token) = (arguments.ca_cert.clone(), arguments.token_file.clone());
        let tls = [&smd, &bss].into_iter().any(|url| url.starts_with("https:"));
        let http = http::client(ca.as_deref().filter(|_| tls), tls)?;
        let (machines, no_boot_parameters) = real::read(&smd, &bss, arguments).await?;
        Ok(Self { machines, limit, http, simulated: false, smd, bss, ca, token, no_boot_parameters })
    }

    /// What the servers' configuration has to say of it.
    pub(crate) fn settings(&self) -> Sources<'_> {
        Sources { smd: &self.smd, bss: &self.bss, ca: self.ca.as_deref(), token: self.token.as_deref() }
    }

    /// What option 67 has to be for iPXE, up to `?mac=`.
    pub(crate) fn script_url(&self) -> String {
        format!("{}/boot/v1/bootscript", self.bss)
    }

    /// For the user: the services and where they are.
    pub(crate) fn describe(&self) -> Vec<String> {
        if self.simulated {
            vec![format!("simulator     {}, SMD and BSS in one", self.smd)]
        } else {
            let mut lines = vec![format!("SMD           {}", self.smd), format!("BSS           {}", self.bss)];
            if let Some(reason) = &self.no_boot_parameters {
                lines.push(format!("              any kernel counts as right: {reason}"));
            }
            lines
        }
    }
}

/// The demo's nodes boot over IPv4 only.
fn only_v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

/// A base URL: paths are appended to it.
fn base(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}
