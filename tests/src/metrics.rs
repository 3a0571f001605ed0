//! Reading a server's metrics (text exposition, one sample a line).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::http;

/// The samples of one scrape that are whole numbers (counters and what gauges count), by series as it is written:
/// `name{label="value"}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics(BTreeMap<String, u64>);

impl Metrics {
    /// Scrapes `/metrics` of `server`.
    pub fn scrape(server: SocketAddr) -> Result<Self, String> {
        match http::get(server, "/metrics")? {
            (200, text) => Ok(Self::parse(&text)),
            (status, text) => Err(format!("/metrics answered {status}: {text}")),
        }
    }

    /// The sum of all series of `name` whose labels include `labels` (each written `label="value"`); `None` if there is
    /// no such series.
    pub fn sum(&self, name: &str, labels: &[&str]) -> Option<u64> {
        let wanted = self.0.iter().filter(|(series, _)| {
            let (series_name, rest) = series.split_once('{').unwrap_or((series, ""));
            series_name == name && labels.iter().all(|label| rest.contains(label))
        });
        wanted.map(|(_, value)| *value).fold(None, |sum, value| Some(sum.unwrap_or(0) + value))
    }

    fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            samples
                .filter_map(|line| line.rsplit_once(' '))
                .filter_map(|(s, v)| Some((s.to_owned(), v.parse().ok()?)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_series_that_carry_the_labels() {
        let text = "# TYPE polls counter\npolls_total{result=\"ok\"} 3\npolls_total{result=\"failed\",why=\"status\"} 2\n\
                    polls_total_more 9\nage_seconds 1.5\n# EOF\n";
        let metrics = Metrics::parse(text);
        assert_eq!(metrics.sum("polls_total", &[]), Some(5));
        assert_eq!(metrics.sum("polls_total", &["result=\"failed\""]), Some(2));
        assert_eq!(metrics.sum("age_seconds", &[]), None);
        assert_eq!(metrics.sum("absent", &[]), None);
    }
}
