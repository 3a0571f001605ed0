//! What one listening address serves: the server blocks of the Corefile that share it, and which of them a name
//! belongs to.
//!
//! A view never changes; a new snapshot means a new view, swapped in whole, so that one query sees one state of
//! everything.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::chain::Chain;
use crate::name::{Name, suffixes};
use crate::wire::Rtype;

/// The server blocks behind one listening address.
#[derive(Debug, Clone)]
pub struct View {
    /// The keys of the blocks.
    pub keys: Vec<Key>,
    /// The blocks.
    pub blocks: Vec<Block>,
}

/// A key of a server block: the zone that brings a name to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The zone.
    pub zone: Name,
    /// The block, as an index.
    pub block: usize,
}

/// A server block, as far as it answers.
#[derive(Debug, Clone)]
pub struct Block {
    /// What its `coresmd` directive knows; `None` where it has none.
    pub catalog: Option<Arc<Catalog>>,
    /// Its other directives.
    pub chain: Arc<Chain>,
}

impl Block {
    /// A block with this catalog, or none, and these directives.
    pub fn new(catalog: Option<Arc<Catalog>>, chain: Chain) -> Self {
        Self { catalog, chain: Arc::new(chain) }
    }
}

impl View {
    /// The key that a name belongs to: the one with the most labels, matched at label borders. A question for DS is
    /// about the delegation, which the zone above holds (RFC 4035 §3.1.4.1): there, the one with the fewest labels
    /// below the root.
    pub fn route(&self, name: &[u8], qtype: Rtype) -> Option<usize> {
        match &self.keys[..] {
            [only] if only.zone.is_root() => Some(0),
            keys => {
                let mut fitting =
                    suffixes(name).filter_map(|suffix| keys.iter().position(|key| key.zone.as_wire() == suffix));
                if qtype == Rtype::DS {
                    let (root, below): (Vec<_>, Vec<_>) = fitting.partition(|key| keys[*key].zone.is_root());
                    below.last().or(root.first()).copied()
                } else {
                    fitting.next()
                }
            }
        }
    }

    /// Whether anything in it looks at the time.
    pub fn needs_clock(&self) -> bool {
        self.keys.iter().any(|key| self.blocks[key.block].chain.needs_clock())
    }

    /// The block of a key.
    pub fn block(&self, key: usize) -> &Block {
        &self.blocks[self.keys[key].block]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_key_wins_at_label_borders() {
        let keys = ["example", ".", "deep.alpha.example", "alpha.example"];
        let keys = keys.iter().map(|text| Key { zone: Name::parse(text).unwrap(), block: 0 }).collect();
        let view = View { keys, blocks: Vec::new() };
        for (name, key) in [
            ("www.alpha.example", 3),
            ("alpha.example", 3),
            ("www.deep.alpha.example", 2),
            ("alphaalpha.example", 0),
            ("org", 1),
            (".", 1),
        ] {
            assert_eq!(view.route(Name::parse(name).unwrap().as_wire(), Rtype::A), Some(key), "{name}");
        }
        for (name, key) in [("www.deep.alpha.example", 0), ("org", 1)] {
            assert_eq!(view.route(Name::parse(name).unwrap().as_wire(), Rtype::DS), Some(key), "DS of {name}");
        }
    }

    #[test]
    fn a_name_in_no_key_has_no_block() {
        let view = View { keys: vec![Key { zone: Name::parse("example").unwrap(), block: 0 }], blocks: Vec::new() };
        let name = Name::parse("example.org").unwrap();
        assert_eq!(view.route(name.as_wire(), Rtype::A), None);
        assert_eq!(view.route(name.as_wire(), Rtype::DS), None);
    }
}
