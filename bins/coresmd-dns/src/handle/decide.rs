//! What is done with a query of a block: who of it answers.

use std::time::Instant;

use super::{DropReason, Failure, Unfinished};
use crate::answer::{Answer, answer};
use crate::cache::{Key, Lookup};
use crate::chain::{denial, speaks_edns};
use crate::plugins::{Composed, Question};
use crate::query::Header;
use crate::relayed::Relayed;
use crate::view::Block;
use crate::wire::{Rcode, Rtype};

/// What is done. `miss` in several: what to count for a `coresmd` block that had nothing to say.
pub(super) enum Decision<'v> {
    /// The catalog answers.
    Catalog(Answer<'v>),
    /// A directive has made an answer.
    Composed(Composed, Miss),
    /// The cache answers; whether the entry is to be fetched anew.
    Cached(Relayed, bool, Miss),
    /// An upstream has to be asked.
    Ask,
    /// An upstream has to be asked for the end of an alias: by the block with this key.
    AskForEnd(usize, Unfinished),
    /// Nobody answers.
    Fail(Rcode, Option<Failure>, Miss),
    /// Nothing is said.
    Drop(DropReason),
}

/// A `coresmd` block that had nothing to say.
pub(super) type Miss = Option<(Option<usize>, bool)>;

/// Decides about a query of a block, in the order that [`crate::chain`] tells.
pub(super) fn decide<'v>(block: &'v Block, header: &Header, question: &Question<'_>, now: Instant) -> Decision<'v> {
    let (chain, query) = (&block.chain, question.query);
    if !speaks_edns(query) {
        return Decision::Fail(Rcode::BadVers, None, None);
    }
    if let Some(action) = chain.access(question) {
        return denial(action)
            .map_or(Decision::Drop(DropReason::Access), |composed| Decision::Composed(composed, None));
    }
    if !chain.admits(question, now) {
        return Decision::Drop(DropReason::RateLimit);
    }
    if chain.probe.as_ref().is_some_and(|probe| probe.recognises(question.name, query.qtype)) {
        return Decision::Fail(Rcode::ServFail, None, None);
    }
    find(block, header, question, now)
}

/// What the directives of a block that know names say to a question, whoever asks it.
pub(super) fn find<'v>(block: &'v Block, header: &Header, question: &Question<'_>, now: Instant) -> Decision<'v> {
    let (chain, query) = (&block.chain, question.query);
    let catalog = block.catalog.as_ref().filter(|_| query.is_internet());
    let passed_on = match catalog.map(|catalog| answer(catalog, question.name, query.qtype)) {
        Some(answer) if !answer.passes_on => return Decision::Catalog(answer),
        passed_on => passed_on,
    };
    // zones are taken from nobody else
    if matches!(query.qtype, Rtype::AXFR | Rtype::IXFR) {
        let of_file = chain.files.iter().any(|file| file.has(question.name));
        let no_zone = passed_on.filter(|_| !of_file).map_or(Rcode::Refused, |answer| answer.rcode);
        return Decision::Fail(no_zone, None, None);
    }
    let miss = passed_on.map(|answer| (answer.zone, false));
    if query.is_internet()
        && let Some(composed) = chain.local(question)
    {
        return Decision::Composed(composed, miss);
    }
    if let Some(resolver) = chain.resolver(question) {
        return match resolver.lookup(&Key::new(header, query, question.name), now) {
            Lookup::Hit { relayed, refresh } => Decision::Cached(relayed, refresh, miss),
            Lookup::Miss => Decision::Ask,
        };
    }
    if !query.is_internet() {
        return Decision::Fail(Rcode::Refused, None, None);
    }
    // nobody is behind `fallthrough`
    if let Some(missing) = passed_on.filter(|answer| answer.zone.is_some()) {
        return Decision::Catalog(missing);
    }
    let failure = (chain.otherwise == Rcode::ServFail).then_some(Failure::NoNext(chain.last));
    Decision::Fail(chain.otherwise, failure, miss)
}
