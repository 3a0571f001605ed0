//! `/sim`: the simulator's own routes. Never spoilt by a fault; JSON in and out; mistakes are problem+json.
//!
//! ```text
//! GET PUT DELETE /sim/faults    the list of faults: [{"path":"/hsm/v2","seconds":5,"kind":"html503"}]
//! GET DELETE     /sim/requests  how often each route has been asked
//! GET PUT PATCH  /sim/cluster   the nodes; PUT takes a nodes.yaml (or JSON), PATCH a list of changes
//! PUT            /sim/boot      boot parameters as a YAML (or JSON) list
//! GET PATCH DELETE /sim/tokensmith          its knobs and counts; DELETE ends all tokens
//! POST           /sim/tokensmith/bootstrap  one more bootstrap token, as plain text
//! ```

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post, put};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cluster::edit::Change;
use crate::cluster::{Cluster, Node, load};
use crate::fault::{Fault, FaultKind};
use crate::reply::Reply;
use crate::sim::Sim;
use crate::tokensmith::Knobs;

/// The routes.
pub(crate) fn router(sim: Sim) -> Router {
    Router::new()
        .route("/sim/faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/sim/requests", get(requests).delete(reset_requests))
        .route("/sim/cluster", get(cluster).put(put_cluster).patch(change_cluster))
        .route("/sim/boot", put(put_boot))
        .route("/sim/tokensmith", get(tokensmith).patch(turn_knobs).delete(revoke_tokens))
        .route("/sim/tokensmith/bootstrap", post(add_bootstrap_token))
        .with_state(sim)
}

async fn faults(State(sim): State<Sim>) -> Reply {
    Reply::json(&sim.faults())
}

/// Replaces the list. Answers when it is in force, the closed listener included.
async fn set_faults(State(sim): State<Sim>, body: String) -> Reply {
    let faults: Vec<Fault> = match strict(&body) {
        Ok(faults) => faults,
        Err(reply) => return reply,
    };
    if faults.iter().any(|fault| fault.kind == FaultKind::Refused && fault.seconds.is_none()) {
        return Reply::bad_request("a fault that refuses connections needs \"seconds\": nobody could end it");
    }
    match sim.set_faults(faults) {
        Ok(()) => {
            sim.settled().await;
            Reply::json(&sim.faults())
        }
        Err(error) => Reply::bad_request(&error.to_string()),
    }
}

async fn clear_faults(State(sim): State<Sim>) -> Reply {
    sim.clear_faults();
    Reply::no_content(None)
}

async fn requests(State(sim): State<Sim>) -> Reply {
    Reply::json(&sim.requests())
}

async fn reset_requests(State(sim): State<Sim>) -> Reply {
    sim.reset_requests();
    Reply::no_content(None)
}

async fn cluster(State(sim): State<Sim>) -> Reply {
    Reply::json(&sim.cluster().nodes().iter().map(NodeView::new).collect::<Vec<_>>())
}

/// Replaces the inventory; boot parameters stay.
async fn put_cluster(State(sim): State<Sim>, body: String) -> Reply {
    let put = sim.change(|cluster, now| {
        let new = Cluster::from_inventory("body", &body, now)?;
        *cluster = Cluster { boot: std::mem::take(&mut cluster.boot), ..new };
        Ok::<_, load::LoadError>(())
    });
    done(put)
}

async fn change_cluster(State(sim): State<Sim>, body: String) -> Reply {
    let changes: Vec<Change> = match strict(&body) {
        Ok(changes) => changes,
        Err(reply) => return reply,
    };
    done(sim.apply(&changes))
}

async fn put_boot(State(sim): State<Sim>, body: String) -> Reply {
    let put = load::boot_parameters("body", &body).map(|boot| sim.change(|cluster, _| cluster.boot = boot));
    done(put)
}

async fn tokensmith(State(sim): State<Sim>) -> Reply {
    Reply::json(&sim.tokensmith())
}

/// Turns the knobs that are named; the others stay.
async fn turn_knobs(State(sim): State<Sim>, body: String) -> Reply {
    let turned = |named: Map<String, Value>| {
        let mut knobs = serde_json::to_value(sim.tokensmith().knobs)?;
        knobs.as_object_mut().expect("knobs have names").extend(named);
        serde_json::from_value::<Knobs>(knobs)
    };
    match serde_json::from_str(&body).and_then(turned) {
        Ok(knobs) => {
            sim.set_tokensmith(knobs);
            Reply::json(&sim.tokensmith())
        }
        Err(error) => Reply::bad_request(&error.to_string()),
    }
}

async fn revoke_tokens(State(sim): State<Sim>) -> Reply {
    sim.revoke_tokens();
    Reply::no_content(None)
}

async fn add_bootstrap_token(State(sim): State<Sim>, body: String) -> Reply {
    match body.trim() {
        "" => Reply::bad_request("the body is the token"),
        token => {
            sim.add_bootstrap_token(token);
            Reply::no_content(None)
        }
    }
}

fn done<E: ToString>(result: Result<(), E>) -> Reply {
    match result {
        Ok(()) => Reply::no_content(None),
        Err(error) => Reply::bad_request(&error.to_string()),
    }
}

/// JSON whatever the content type says; the error names line and column.
fn strict<T: DeserializeOwned>(body: &str) -> Result<T, Reply> {
    serde_json::from_str(body).map_err(|error| Reply::bad_request(&error.to_string()))
}

/// A node as `GET /sim/cluster` shows it.
#[derive(Serialize)]
struct NodeView {
    id: String,
    nid: Option<u64>,
    interfaces: Vec<InterfaceView>,
}

#[derive(Serialize)]
struct InterfaceView {
    mac_address: String,
    addresses: Vec<String>,
}

impl NodeView {
    fn new(node: &Node) -> Self {
        let interfaces = node.interfaces.iter().map(|interface| InterfaceView {
            mac_address: interface.mac.to_string(),
            addresses: interface.addresses.iter().map(ToString::to_string).collect(),
        });
        Self { id: node.id.to_string(), nid: node.nid.map(|nid| nid.0), interfaces: interfaces.collect() }
    }
}
