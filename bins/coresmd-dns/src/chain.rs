//! What a server block does with a query beside its `coresmd` directive. The order is fixed, whatever the order of the
//! Corefile:
//!
//! ```text
//! acl ─▶ rrl (queries) ─▶ loop ─▶ coresmd, hosts, file, template, whoami ─▶ cache ─▶ forward
//! header, loadbalance, rrl (answers) ◀─ reply
//! ```
//! Local data goes before what others say: in CoreDNS with CoreSMD it is the other way round for `hosts`, `file`,
//! `template` and `whoami`, which `forward .` hides there, and for `cache`, which never sees a forwarded answer (facts,
//! coredhcp-coredns §B3).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::hosts::Hosts;
use crate::plugins::acl::{Acl, Action};
use crate::plugins::header::HeaderRules;
use crate::plugins::loadbalance::LoadBalance;
use crate::plugins::probe::Probe;
use crate::plugins::rate_limit::{Kind, RateLimit, Verdict};
use crate::plugins::{Composed, Found, Question, acl, whoami};
use crate::query::{HEADER, Query};
use crate::resolve::Resolver;
use crate::response::{MAX_UDP, Manner, Transport, truncate};
use crate::template::Template;
use crate::wire::Rcode;
use crate::zone_file::ZoneFile;

/// The directives of a server block that decide about queries or change replies.
#[derive(Debug)]
pub struct Chain {
    /// `acl`.
    pub acl: Option<Acl>,
    /// What `acl` did, by [`Action`].
    pub access: [AtomicU64; 4],
    /// `rrl`.
    pub rate_limit: Option<RateLimit>,
    /// `loop`.
    pub probe: Option<Probe>,
    /// `hosts`.
    pub hosts: Option<Arc<Hosts>>,
    /// `file`, in the order of the text.
    pub files: Vec<Arc<ZoneFile>>,
    /// `template`, in the order of the text.
    pub templates: Vec<Template>,
    /// `whoami`.
    pub whoami: bool,
    /// `cache` and `forward`.
    pub resolver: Option<Arc<Resolver>>,
    /// `header`.
    pub header: HeaderRules,
    /// `loadbalance`.
    pub loadbalance: Option<LoadBalance>,
    /// `nsid`: what this server is called.
    pub nsid: Option<Vec<u8>>,
    /// `bufsize`: the largest reply over UDP.
    pub max_udp: u16,
    /// What a name gets that nothing in the block knows.
    pub otherwise: Rcode,
    /// The directive that an error message names when nothing in the block knows.
    pub last: &'static str,
}

impl Chain {
    /// A block without any of these directives.
    pub fn empty(otherwise: Rcode) -> Self {
        Self {
            acl: None,
            access: Default::default(),
            rate_limit: None,
            probe: None,
            hosts: None,
            files: Vec::new(),
            templates: Vec::new(),
            whoami: false,
            resolver: None,
            header: HeaderRules::default(),
            loadbalance: None,
            nsid: None,
            max_udp: MAX_UDP,
            otherwise,
            last: "errors",
        }
    }

    /// What `acl` says to a question; `None`: it may be answered.
    pub fn access(&self, question: &Question<'_>) -> Option<Action> {
        let action = self.acl.as_ref()?.decide(question);
        self.access[action as usize].fetch_add(1, Ordering::Relaxed);
        (action != Action::Allow).then_some(action)
    }

    /// Whether `acl` lets a question through that is answered outside of the corridor; what it denies is counted where
    /// it is denied.
    pub fn permits(&self, question: &Question<'_>) -> bool {
        let Some(acl) = &self.acl else { return true };
        let permitted = acl.decide(question) == Action::Allow;
        self.access[Action::Allow as usize].fetch_add(u64::from(permitted), Ordering::Relaxed);
        permitted
    }

    /// Whether `rrl` lets a query in.
    pub fn admits(&self, question: &Question<'_>, now: Instant) -> bool {
        let limit = self.rate_limit.as_ref().filter(|_| question.transport == Transport::Udp);
        limit.is_none_or(|limit| limit.admits_request(question.client, now))
    }

    /// What the directives with data of their own say.
    pub fn local(&self, question: &Question<'_>) -> Option<Composed> {
        let hosts = self.hosts.iter().map(|hosts| hosts.find(question));
        let files = self.files.iter().map(|file| file.find(question));
        let templates = self.templates.iter().map(|template| template.find(question));
        let whoami = self.whoami.then(|| whoami::find(question)).into_iter();
        hosts.chain(files).chain(templates).chain(whoami).find_map(|found| match found {
            Found::Answer(composed) => Some(composed),
            Found::Next => None,
        })
    }

    /// `cache` and `forward`, if they are for this name.
    pub fn resolver(&self, question: &Question<'_>) -> Option<&Arc<Resolver>> {
        self.resolver.as_ref().filter(|resolver| resolver.admits(question.name))
    }

    /// How replies of this block are encoded.
    pub fn manner(&self, transport: Transport) -> Manner<'_> {
        Manner { transport, max_udp: self.max_udp, nsid: self.nsid.as_deref() }
    }

    /// The last changes to the reply that begins at `start`: `header`, `loadbalance`, then `rrl`, which may take it
    /// away altogether. Whether something is left.
    pub fn finish(&self, question: &Question<'_>, start: usize, now: Instant, out: &mut Vec<u8>) -> bool {
        self.header.response.apply(&mut out[start..]);
        if let Some(loadbalance) = &self.loadbalance {
            let (question_end, seed) = (HEADER + question.query.question.len(), seed(question, &out[start..]));
            loadbalance.apply(&mut out[start..], question_end, seed);
        }
        let verdict = match &self.rate_limit {
            Some(limit) if question.transport == Transport::Udp => {
                limit.judge(question.client, Kind::of(&out[start..]), question.name, question.query.qtype, now)
            }
            _ => Verdict::Send,
        };
        match verdict {
            Verdict::Send => {}
            Verdict::Slip => truncate(question.query, start, out),
            Verdict::Drop => out.truncate(start),
        }
        out.len() > start
    }

    /// Whether somebody needs the time of day to decide.
    pub fn needs_clock(&self) -> bool {
        self.rate_limit.is_some() || self.resolver.is_some()
    }
}

/// What a blocked or filtered question is answered; `None`: nothing at all.
pub fn denial(action: Action) -> Option<Composed> {
    match action {
        Action::Block => Some(acl::blocked()),
        Action::Filter | Action::Allow => Some(acl::filtered()),
        Action::Drop => None,
    }
}

/// What `loadbalance` chooses the order by: the id and the port of a query, which clients draw at random.
fn seed(question: &Question<'_>, reply: &[u8]) -> u32 {
    let id = reply.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    u32::from(id) << 16 | u32::from(question.client.port())
}

/// Whether a query speaks an EDNS version that we know.
pub fn speaks_edns(query: &Query<'_>) -> bool {
    query.edns.is_none_or(|edns| edns.version == 0)
}

#[cfg(test)]
mod tests;
