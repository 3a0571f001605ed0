//! `loop`: finds out whether an upstream sends our questions back to us. A question that nobody else can ask is sent
//! upstream; when a client asks it here, the circle is closed.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::name::Name;
use crate::wire::{CLASS_IN, Rtype};

/// The question of one server block and whether it came back.
#[derive(Debug)]
pub struct Probe {
    /// The zone of the block, for messages.
    pub zone: Name,
    name: Name,
    returned: AtomicBool,
}

impl Probe {
    /// A question below `zone` that nobody can guess; `random` makes it so.
    pub fn new(zone: &Name, random: [u64; 2]) -> Self {
        let [high, low] = random;
        // a zone without room for it is tried at the root: only the question's way matters
        let labels = format!("{high}.{low}");
        let name = zone.child(&labels).or_else(|_| Name::root().child(&labels)).unwrap_or_else(|_| Name::root());
        Self { zone: zone.clone(), name, returned: AtomicBool::new(false) }
    }

    /// The question as a message.
    pub fn message(&self, id: u16) -> Vec<u8> {
        let [high, low] = id.to_be_bytes();
        let mut message = vec![high, low, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        message.extend_from_slice(self.name.as_wire());
        message.extend_from_slice(&Rtype::HINFO.0.to_be_bytes());
        message.extend_from_slice(&CLASS_IN.to_be_bytes());
        message
    }

    /// Whether a question is the one; then it came back.
    pub fn recognises(&self, name: &[u8], qtype: Rtype) -> bool {
        let same = qtype == Rtype::HINFO && name == self.name.as_wire();
        if same {
            self.returned.store(true, Ordering::Relaxed);
        }
        same
    }

    /// Whether it came back.
    pub fn returned(&self) -> bool {
        self.returned.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Header, Query};

    #[test]
    fn it_knows_its_own_question_and_no_other() {
        let probe = Probe::new(&Name::parse("example.org").unwrap(), [7, u64::MAX]);
        let message = probe.message(9);
        let query = Query::decode(&Header::decode(&message).unwrap(), &message).unwrap();
        assert_eq!(query.lower_name().to_string(), format!("7.{}.example.org.", u64::MAX));
        assert!(!probe.recognises(query.lower_name().as_wire(), Rtype::A));
        assert!(!probe.recognises(b"\x017\0", Rtype::HINFO) && !probe.returned());
        assert!(probe.recognises(query.lower_name().as_wire(), query.qtype) && probe.returned());
    }
}
