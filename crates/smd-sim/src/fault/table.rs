//! The faults in force: which one a path meets, and until when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Fault, FaultError, FaultKind};
use crate::cluster::Cluster;
use crate::settings::Settings;
use crate::view::View;

/// All faults in force.
#[derive(Default)]
pub(crate) struct Table(Vec<Active>);

/// A fault in force.
pub(crate) struct Active {
    fault: Fault,
    until: Option<Instant>,
    /// The cluster that was last spoilt, and what it became.
    degraded: Option<(Arc<Cluster>, Arc<View>)>,
}

/// Connections are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Until when; `None`: until the fault is cleared.
    pub(crate) until: Option<Instant>,
}

impl Table {
    /// Checks the faults and puts them into force.
    pub(crate) fn new(faults: Vec<Fault>, now: Instant) -> Result<Self, FaultError> {
        let mut table: Vec<Active> = Vec::with_capacity(faults.len());
        for fault in faults {
            fault.check()?;
            if table.iter().any(|active| active.fault.path == fault.path) {
                return Err(FaultError::Twice(fault.path));
            }
            let until = match fault.seconds {
                None => None,
                // beyond the clock's range is the same as never
                Some(seconds) => now.checked_add(Duration::from_secs_f64(seconds)),
            };
            table.push(Active { fault, until, degraded: None });
        }
        Ok(Self(table))
    }

    /// The fault that this path meets: the one with the longest prefix.
    pub(crate) fn on(&mut self, path: &str, now: Instant) -> Option<&mut Active> {
        self.0.retain(|active| active.until.is_none_or(|until| now < until));
        let met = self.0.iter_mut().filter(|active| covers(&active.fault.path, path));
        met.max_by_key(|active| active.fault.path.len())
    }

    /// The faults, with what is left of their time.
    pub(crate) fn list(&mut self, now: Instant) -> Vec<Fault> {
        self.0.retain(|active| active.until.is_none_or(|until| now < until));
        let left = |active: &Active| Some((active.until? - now).as_secs_f64());
        self.0.iter().map(|active| Fault { seconds: left(active), ..active.fault.clone() }).collect()
    }

    /// Whether connections are to be refused.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let refused = self.0.iter().find(|active| active.fault.kind == FaultKind::Refused)?;
        Some(Refusal { until: refused.until })
    }

    /// Drops the fault that refuses connections.
    pub(crate) fn forget_refusal(&mut self) {
        self.0.retain(|active| active.fault.kind != FaultKind::Refused);
    }
}

impl Active {
    /// What goes wrong.
    pub(crate) fn kind(&self) -> FaultKind {
        self.fault.kind.clone()
    }

    /// The view of the spoilt rows, made once per state of the cluster; `None` if this fault spoils no rows.
    pub(crate) fn degraded(&mut self, cluster: &Arc<Cluster>, settings: &Arc<Settings>) -> Option<Arc<View>> {
        if !self.degraded.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, cluster)) {
            let spoilt = self.fault.kind.spoil(cluster)?;
            let view = Arc::new(View::new(spoilt, Arc::clone(settings)));
            self.degraded = Some((Arc::clone(cluster), view));
        }
        self.degraded.as_ref().map(|(_, view)| Arc::clone(view))
    }
}

/// Whether the prefix covers the path, by whole segments.
fn covers(prefix: &str, path: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(faults: Vec<Fault>) -> Result<Table, FaultError> {
        Table::new(faults, now())
    }

    #[expect(clippy::disallowed_methods, reason = "an instant can be had in no other way; the tests move on from it")]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn the_longest_prefix_wins_by_whole_segments() {
        let mut table =
            table(vec![Fault::everywhere(FaultKind::Null), Fault::on("/hsm/v2/State", FaultKind::Empty)]).unwrap();
        let now = now();
        let mut met = |path| table.on(path, now).map(|active| active.kind());
        assert_eq!(met("/hsm/v2/State/Components"), Some(FaultKind::Empty));
        assert_eq!(met("/hsm/v2/State"), Some(FaultKind::Empty));
        assert_eq!(met("/hsm/v2/Stately"), Some(FaultKind::Null));
        assert_eq!(met("/boot/v1/hosts"), Some(FaultKind::Null));
    }

    #[test]
    fn a_fault_ends_by_itself() {
        let now = now();
        let fault = Fault::everywhere(FaultKind::Refused).lasting(Duration::from_secs(2));
        let mut table = Table::new(vec![fault.clone()], now).unwrap();
        assert_eq!(table.refusal(), Some(Refusal { until: Some(now + Duration::from_secs(2)) }));
        let left = Fault { seconds: Some(1.5), ..fault };
        assert_eq!(table.list(now + Duration::from_millis(500)), [left]);
        assert!(table.on("/", now + Duration::from_secs(2)).is_none());
        assert!(table.list(now).is_empty());
    }

    #[test]
    fn nonsense_is_refused() {
        for (fault, error) in [
            (Fault::on("hsm", FaultKind::Null), FaultError::Path("hsm".into())),
            (Fault::on("/sim/faults", FaultKind::Null), FaultError::OwnPath),
            (Fault::everywhere(FaultKind::Status { code: 600, detail: String::new() }), FaultError::Code(600)),
            (Fault::everywhere(FaultKind::SlowBody { bytes: 0, milliseconds: 1 }), FaultError::NoBytes),
            (Fault::everywhere(FaultKind::MassDeletion { keep: 1.5 }), FaultError::Keep(1.5)),
            (Fault::on("/hsm", FaultKind::Refused), FaultError::RefusedPath("/hsm".into())),
            (Fault { seconds: Some(-1.0), ..Fault::everywhere(FaultKind::Null) }, FaultError::Seconds(-1.0)),
        ] {
            assert_eq!(table(vec![fault]).err(), Some(error));
        }
        let twice = vec![Fault::everywhere(FaultKind::Null), Fault::everywhere(FaultKind::Empty)];
        assert_eq!(table(twice).err(), Some(FaultError::Twice("/".into())));
    }
}
