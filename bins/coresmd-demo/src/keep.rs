//! What to type while the demo is kept running.

use std::fmt::Write;
use std::path::Path;

use crate::plan::NodePlan;
use crate::settings::{self, Ports, SERVER};
use crate::source::Source;

/// Commands that query by hand what is running, with `node` as the example: ready to be pasted into a shell.
pub(crate) fn commands(source: &Source, node: &NodePlan, ports: Ports, directory: &Path) -> String {
    let dig = format!("dig @{SERVER} -p {}", ports.dns);
    let smd = source.settings().smd;
    let directory = directory.display();
    let mut sections = vec![
        (
            "the name of a node, and its address",
            vec![format!("{dig} {}", node.hostname), format!("{dig} -x {}", node.address)],
        ),
        ("its boot script", vec![format!("curl '{}?mac={}'", source.script_url(), node.mac)]),
        (
            "are the servers ready?",
            vec![
                format!("curl {}", settings::dhcp_ready_url(ports)),
                format!("curl {}", settings::dns_ready_url(ports)),
            ],
        ),
        (
            "metrics",
            vec![
                format!("curl {}", settings::dhcp_metrics_url(ports)),
                format!("curl {}", settings::dns_metrics_url(ports)),
            ],
        ),
        (
            "the inventory",
            vec![
                format!("curl {smd}/hsm/v2/State/Components"),
                format!("curl {smd}/hsm/v2/Inventory/EthernetInterfaces"),
            ],
        ),
    ];
    if source.simulated {
        sections.push(("break the simulator for a minute (the servers go on), and heal it", faults(smd)));
    }
    sections.push((
        "configuration and logs",
        vec![
            format!("cat {directory}/{} {directory}/{}", settings::DHCP_FILE, settings::DNS_FILE),
            format!("tail -f {directory}/*.log"),
        ],
    ));

    let mut text = "Everything goes on running until Ctrl-C. In another terminal:\n".to_owned();
    for (title, commands) in sections {
        let _ = writeln!(text, "\n  # {title}");
        for command in commands {
            let _ = writeln!(text, "  {command}");
        }
    }
    text.push('\n');
    text
}

/// The simulator's own knob: SMD answers with an error, which no client of the servers should notice.
fn faults(simulator: &str) -> Vec<String> {
    let fault = r#"[{"path":"/hsm/v2","seconds":60,"kind":{"status":{"code":500}}}]"#;
    vec![format!("curl -X PUT {simulator}/sim/faults -d '{fault}'"), format!("curl -X DELETE {simulator}/sim/faults")]
}
