//! What can befall the sources of a site, and how each looks to whom it befalls.

use std::fs;
use std::path::Path;

use smd_sim::tokensmith::Knobs;
use smd_sim::{Fault, FaultKind, Sim};

use super::{Combination, Place, Sources, replace};

/// What can befall the sources of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody listens; there are no files.
    Down,
    /// Every answer is 500; what has a file's name is a directory.
    ServerError,
    /// Every answer is a page for people, with 503; so are the files.
    HtmlPage,
    /// Every answer ends half-way; so do the files.
    Truncated,
    /// Tokens end, and who gives them does not answer.
    TokensEnd,
    /// Tokens are refused, and so is whatever asks for new ones.
    TokensRefused,
}

impl Trouble {
    /// All that can befall this combination.
    pub fn of(combination: Combination) -> &'static [Self] {
        const ALL: &[Trouble] = &[
            Trouble::Down,
            Trouble::ServerError,
            Trouble::HtmlPage,
            Trouble::Truncated,
            Trouble::TokensEnd,
            Trouble::TokensRefused,
        ];
        if combination == Combination::Successors { ALL } else { &ALL[..4] }
    }

    /// What somebody who looks at a server's readiness must read there.
    pub fn shown(self, combination: Combination) -> &'static str {
        match (self, combination) {
            (Self::Down, Combination::Files) => "No such file",
            (Self::ServerError, Combination::Files) => "no regular file",
            (Self::HtmlPage, Combination::Files) => "nodes.yaml:1:",
            (Self::HtmlPage, _) => "HTML",
            (Self::Truncated, Combination::Files) => "nodes.yaml:",
            (Self::Down, _) => "Connection refused",
            (Self::ServerError, _) => "status 500",
            (Self::Truncated, _) => "ended",
            (Self::TokensEnd, _) => "not asked without a token",
            (Self::TokensRefused, _) => "put a new bootstrap token into",
        }
    }

    /// The fault that makes simulated services behave so; refusing tokens is a knob of `TokenSmith` instead.
    fn fault(self) -> Option<Fault> {
        let fault = match self {
            Self::Down => Fault::everywhere(FaultKind::Refused),
            Self::ServerError => Fault::everywhere(FaultKind::Status { code: 500, detail: "trouble".to_owned() }),
            Self::HtmlPage => Fault::everywhere(FaultKind::Html503),
            Self::Truncated => Fault::on("/hsm", FaultKind::Truncated { bytes: None }),
            Self::TokensEnd => Fault::on("/oauth", FaultKind::Html503),
            Self::TokensRefused => return None,
        };
        Some(fault)
    }

    /// What becomes of a file.
    fn damage(self, file: &Path, text: &str) {
        match self {
            Self::Down => fs::remove_file(file).expect("the file was there"),
            Self::ServerError => {
                fs::remove_file(file).expect("the file was there");
                fs::create_dir(file).expect("its name is free");
            }
            Self::HtmlPage => replace(file, "<html><body><h1>503 Service Unavailable</h1></body></html>\n"),
            Self::Truncated => replace(file, &text[..text.len() / 2]),
            Self::TokensEnd | Self::TokensRefused => panic!("nobody needs a token for a file"),
        }
    }
}

impl Sources {
    /// From now on the sources are in this trouble; connections that are refused are refused when this returns.
    pub fn suffer(&self, trouble: Trouble) {
        match &self.place {
            Place::Files { directory, nodes, .. } => trouble.damage(&directory.join("nodes.yaml"), nodes),
            Place::Services { sim, runtime, .. } => {
                if trouble == Trouble::TokensRefused {
                    refuse_tokens(sim, true);
                    sim.revoke_tokens();
                }
                sim.set_faults(trouble.fault().into_iter().collect()).expect("the fault makes sense");
                runtime.block_on(sim.settled());
            }
        }
    }

    /// From now on the inventory lists nobody, although all is well.
    pub fn list_nobody(&self) {
        match &self.place {
            Place::Files { directory, .. } => replace(&directory.join("nodes.yaml"), "nodes: []\n"),
            Place::Services { sim, .. } => {
                let nobody = Fault::on("/hsm", FaultKind::MassDeletion { keep: 0.0 });
                sim.set_faults(vec![nobody]).expect("the fault makes sense");
            }
        }
    }

    /// All is well again; new bootstrap tokens are mounted where tokens are needed.
    pub fn heal(&self) {
        match &self.place {
            Place::Files { directory, .. } => {
                let file = directory.join("nodes.yaml");
                if file.is_dir() {
                    fs::remove_dir(file).expect("it is empty");
                }
            }
            Place::Services { sim, runtime, .. } => {
                refuse_tokens(sim, false);
                sim.clear_faults();
                runtime.block_on(sim.settled());
            }
        }
        self.place.mount();
    }
}

/// Has `TokenSmith` refuse whatever is shown for a token, or not any more.
fn refuse_tokens(sim: &Sim, refuse: bool) {
    let knobs = sim.tokensmith().knobs;
    sim.set_tokensmith(Knobs { refuse_refresh: refuse, refuse_bootstrap: refuse, ..knobs });
}
