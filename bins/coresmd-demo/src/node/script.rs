//! \[IO\] The boot script over HTTP, and whether it boots what BSS says.

use std::time::Duration;

use super::{Failure, Timed, clock};
use crate::plan::NodePlan;

/// Between the attempts at a server that does not answer or answers 5xx.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Fetches what option 67 named and checks the kernel line.
pub(super) async fn fetch(http: &reqwest::Client, url: &str, node: &NodePlan) -> Result<Timed<()>, Failure> {
    let start = clock();
    let mut pauses = PAUSES.iter();
    let mut retries = 0;
    let script = loop {
        match (get(http, url).await, pauses.next()) {
            (Ok(script), _) => break script,
            (Err(Refusal { passing: true, .. }), Some(pause)) => tokio::time::sleep(*pause).await,
            (Err(refusal), _) => return Err(Failure::Http(format!("GET {url}: {}", refusal.reason))),
        }
        retries += 1;
    };
    let took = start.elapsed();
    verify(&script, node.kernel.as_deref()).map_err(|wrong| Failure::Wrong(vec![wrong]))?;
    Ok(Timed { value: (), took, retries })
}

struct Refusal {
    reason: String,
    /// Worth another attempt.
    passing: bool,
}

async fn get(http: &reqwest::Client, url: &str) -> Result<String, Refusal> {
    let answer = http.get(url).send().await.map_err(unreachable)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(Refusal { reason: format!("status {status}"), passing: status.is_server_error() });
    }
    answer.text().await.map_err(unreachable)
}

/// The whole chain of causes: what reqwest itself says ("error sending request") names none.
fn unreachable(error: reqwest::Error) -> Refusal {
    let error = error.without_url();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |cause| cause.source());
    let reason = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    Refusal { reason, passing: true }
}

/// An iPXE script has to have a `kernel` line, with the URL that the cluster has for this node.
fn verify(script: &str, kernel: Option<&str>) -> Result<(), String> {
    if !script.starts_with("#!ipxe") {
        return Err(format!("the boot script does not begin with #!ipxe but with {:?}", first_line(script)));
    }
    let Some(line) = script.lines().map(str::trim).find(|line| line.split_whitespace().next() == Some("kernel")) else {
        return Err(format!("the boot script has no kernel line: {:?}", script.trim_end()));
    };
    match kernel {
        Some(url) if !line.split_whitespace().any(|word| word == url) => {
            Err(format!("the boot script's kernel line is {line:?}, should name {url}"))
        }
        _ => Ok(()),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_to_boot_the_right_kernel() {
        let script =
            "#!ipxe\nkernel --name kernel http://s/vmlinuz initrd=initrd console=ttyS0 || goto boot_retry\nboot\n";
        assert_eq!(verify(script, Some("http://s/vmlinuz")), Ok(()));
        assert_eq!(verify(script, None), Ok(()));
        assert!(verify(script, Some("http://s/vmlinuz-2")).unwrap_err().ends_with("should name http://s/vmlinuz-2"));
    }

    #[test]
    fn what_is_no_boot_is_shown() {
        let unknown = "#!ipxe\nsleep 10\nchain http://s/boot/v1/bootscript?mac=02\n";
        assert!(verify(unknown, None).unwrap_err().contains("no kernel line"));
        assert!(verify("<html>503</html>\n", None).unwrap_err().contains("<html>503</html>"));
        assert!(verify("", None).is_err());
    }
}
