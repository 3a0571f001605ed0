//! Waiting for a condition, not for a time.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a condition may stay unmet before the test fails: far more than any of them needs, so that a slow machine
/// does not fail a test and a hang does not hold one up for ever.
const PATIENCE: Duration = Duration::from_mins(2);

/// Probes until `probe` gives a value and returns it. `what` names the condition; the text of the last `Err` is in the
/// panic if it never came true.
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match probe() {
            Ok(value) => return value,
            Err(last) => assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}; last seen: {last}"),
        }
        sleep(Duration::from_millis(20));
    }
}
