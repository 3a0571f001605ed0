//! \[IO\] The server: sockets, the inventory's refresh, the admin port, and their orderly end.
//!
//! One thread for each socket of `listen`, for a broadcast reaches every socket of a port; a runtime for all the rest.

pub(crate) mod address_files;
mod addresses;
mod admin;
mod held;
mod leases;
mod metrics;
mod state_file;
mod tftp;
mod transaction_log;
mod troubles;
mod v4;
mod v6;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use serve::drain::{Grace, Stop, Straggler};
use serve::link::LinkSocket;
use serve::udp::{BindSpec, RecvMeta, Replies, UdpEndpoint};
use smd_cache::refresh::{Refresher, StartError};
use smd_cache::{Snapshot, SnapshotHandle};
use thiserror::Error;
use tokio::runtime::Runtime;

use self::addresses::Addresses;
use self::admin::Admin;
use self::leases::Leases;
use self::metrics::Metrics;
use self::troubles::Troubles;
use self::v4::{Door, Outbox, Porter};
use crate::config::{Config, Listen};
use crate::pool::store::StoreError;

/// Datagrams that are received and answered at a time.
const BATCH: usize = 32;
/// Datagrams that may wait for each socket when more comes than can be answered: a tenth of a second's work.
const QUEUE: usize = 4096;
/// How long a stopping server waits for its threads.
const GRACE: Duration = Duration::from_secs(2);

/// A server whose sockets are bound and whose inventory is about to be read.
pub(crate) struct Server {
    stop: Stop,
    runtime: Runtime,
    endpoints: Vec<(String, Arc<UdpEndpoint>)>,
    door: Arc<Door>,
    /// `None` without `server6`.
    dhcp6: Option<v6::Service>,
    /// `None` where nothing is asked of SMD.
    refresher: Option<Refresher>,
    admin: Option<Admin>,
    /// `None` without a pool.
    leases: Option<Arc<Leases>>,
    /// `None` where no step names boot files.
    tftp: Option<tftp::Service>,
}

/// Why the server cannot be started, or had to end.
#[derive(Debug, Error)]
pub(crate) enum ServerError {
    /// A socket of `listen` cannot be bound.
    #[error("cannot listen on {name}: {source}")]
    Bind { name: String, source: io::Error },
    /// A socket cannot be used any more.
    #[error("the socket on {name} failed: {source}")]
    Socket { name: String, source: io::Error },
    /// The address that `admin` names cannot be bound.
    #[error("cannot serve admin requests on {address}: {source}")]
    Admin { address: SocketAddr, source: io::Error },
    /// What is said about SMD or BSS cannot be used.
    #[error(transparent)]
    Inventory(#[from] StartError),
    /// A file of the server's own state cannot be read or written.
    #[error("cannot keep state in {}: {source}", path.display())]
    State { path: PathBuf, source: io::Error },
    /// A DHCPv6 server must have a DUID (RFC 8415 §11), and nothing here makes one.
    #[error("no interface has a MAC address to make a DUID of: set `server_id` in `server6`")]
    NoDuid,
    /// The lease file cannot be used.
    #[error(transparent)]
    Leases(#[from] StoreError),
    /// The system refused something that every server needs.
    #[error("cannot {what}: {source}")]
    System { what: &'static str, source: io::Error },
}

impl Server {
    /// Binds and opens everything; nothing is answered yet.
    pub(crate) fn start(config: Config) -> Result<Self, ServerError> {
        let stop = Stop::on_signals().map_err(system("wait for signals"))?;
        let runtime = runtime().map_err(system("start the runtime"))?;
        let shared = config.listen.len() > 1;
        let endpoints = config.listen.iter().map(|listen| bind(listen, shared)).collect::<Result<Vec<_>, _>>()?;
        let refresher = config.source.map(Refresher::new).transpose()?;
        let (snapshots, state) = match &refresher {
            Some(refresher) => (refresher.handle(), Some(refresher.state())),
            None => (SnapshotHandle::default(), None),
        };
        let addresses = Addresses::list().map_err(system("list the interfaces"))?;

        let sockets =
            endpoints.iter().map(|(name, endpoint)| (name.clone(), Arc::clone(endpoint.counters()))).collect();
        let mut registry = metrics::registry(sockets, state.clone());
        let tftp = config.tftp.as_ref().map(|tftp| tftp::Service::open(tftp, snapshots.clone(), &mut registry));
        let metrics = Arc::new(Metrics::register(&mut registry));
        let link = if endpoints.is_empty() { None } else { open_link() };
        let outbox = Arc::new(Outbox::new(link, metrics));
        let leases = config.policy.pool.as_ref().map(|pool| Leases::open(pool, Arc::clone(&outbox)).map(Arc::new));
        let leases = leases.transpose()?;
        if let Some(leases) = &leases {
            metrics::add_pool(&mut registry, leases);
        }
        let (addresses, troubles) = (Arc::new(ArcSwap::from_pointee(addresses)), Troubles::default());
        let surroundings = v6::Surroundings {
            limits: config.limits,
            snapshots: snapshots.clone(),
            addresses: Arc::clone(&addresses),
            state_directory: config.state_directory,
            troubles: troubles.clone(),
        };
        let dhcp6 = config.server6.map(|config| v6::Service::start(config, surroundings, &mut registry)).transpose()?;
        let registry = Arc::new(RwLock::new(registry));
        let admin = Admin::bind(&runtime, &config.admin, registry, state, leases.clone(), troubles)?;
        address_files::follow(config.policy.address_files().cloned()).map_err(system("start a thread"))?;
        let door = Arc::new(Door::new(config.policy, config.limits, snapshots, addresses, outbox, leases.clone()));
        Ok(Self { stop, runtime, endpoints, door, dhcp6, refresher, admin, leases, tftp })
    }

    /// Serves until a signal comes or a socket fails.
    pub(crate) fn run(self) -> Result<(), ServerError> {
        let Self { stop, runtime, endpoints, door, dhcp6, refresher, admin, leases, tftp } = self;
        runtime.spawn(addresses::follow(door.addresses()));
        let sender = Arc::clone(&door);
        runtime.spawn(async move { sender.send_held().await });
        if let Some(dhcp6) = &dhcp6 {
            dhcp6.spawn(&runtime);
        }
        if let Some(leases) = leases.clone() {
            runtime.spawn(async move { leases.expire().await });
        }
        if let Some(admin) = admin {
            runtime.spawn(admin.run(stop.wait()));
        }
        let refresh = refresher.map(|refresher| runtime.spawn(refresher.run(published, stop.wait())));

        let (failed, failure) = mpsc::channel();
        let mut threads = Vec::new();
        for (name, endpoint) in endpoints {
            let mut porter = Porter::new(Arc::clone(&door), Arc::clone(&endpoint));
            let handle = move |meta: &RecvMeta, datagram: &[u8], replies: &mut Replies| {
                porter.handle(meta, datagram, replies);
            };
            threads.push(receive("dhcp4", name, endpoint, crate::v4::is_urgent, handle, &stop, failed.clone())?);
        }
        for (name, endpoint, mut porter) in dhcp6.into_iter().flat_map(v6::Service::porters) {
            let handle = move |meta: &RecvMeta, datagram: &[u8], replies: &mut Replies| {
                porter.handle(meta, datagram, replies);
            };
            threads.push(receive("dhcp6", name, endpoint, crate::v6::is_urgent, handle, &stop, failed.clone())?);
        }
        drop(failed);
        if let Some(tftp) = tftp {
            threads.extend(tftp.serve(runtime.handle(), &stop).map_err(system("start a thread"))?);
        }
        tracing::info!(version = env!("CARGO_PKG_VERSION"), sockets = threads.len(), "serving");

        runtime.block_on(stop.wait());
        let grace = Grace::starting_now(GRACE);
        for straggler in grace.join_threads(threads) {
            tracing::warn!("{straggler}");
        }
        for straggler in leases.map(|leases| close(leases, &grace)).transpose()?.into_iter().flatten() {
            tracing::warn!("{straggler}");
        }
        if let Some(refresh) = refresh
            && runtime.block_on(grace.finish(refresh)).is_none()
        {
            tracing::warn!("the refresh of the inventory did not end in time");
        }
        failure.try_iter().next().map_or(Ok(()), Err)
    }
}

/// Writes the last leases, as long as the disk takes no longer than it may.
fn close(leases: Arc<Leases>, grace: &Grace) -> Result<Vec<Straggler>, ServerError> {
    let closing = thread::Builder::new().name("closing".into()).spawn(move || leases.close());
    closing.map(|closing| grace.join_threads(vec![closing])).map_err(system("start a thread"))
}

/// Starts the thread of one socket. A socket that fails ends the server.
fn receive(
    family: &str,
    name: String,
    endpoint: Arc<UdpEndpoint>,
    is_urgent: fn(&[u8]) -> bool,
    handle: impl FnMut(&RecvMeta, &[u8], &mut Replies) + Send + 'static,
    stop: &Stop,
    failed: mpsc::Sender<ServerError>,
) -> Result<JoinHandle<()>, ServerError> {
    let stop = stop.clone();
    let serve = move || {
        if let Err(source) = endpoint.run_by_urgency(BATCH, QUEUE, &stop, is_urgent, handle) {
            tracing::error!(socket = %name, error = %source, "a socket failed");
            // Whoever waits for the failure is gone only when the server ends anyway.
            let _ = failed.send(ServerError::Socket { name, source });
            stop.set();
        }
    };
    thread::Builder::new().name(family.into()).spawn(serve).map_err(system("start a thread"))
}

/// Binds a socket of `listen`; the name is the address that it got. Several may share a port: one for all addresses, say,
/// and one for an interface. A broadcast reaches both, and both answer it alike.
fn bind(listen: &Listen, shared: bool) -> Result<(String, Arc<UdpEndpoint>), ServerError> {
    let name = listen.to_string();
    let spec = BindSpec {
        device: listen.interface.clone(),
        broadcast: true,
        reuse_address: shared,
        ..BindSpec::new(SocketAddr::V4(listen.address))
    };
    let bound = UdpEndpoint::bind(&spec).and_then(|endpoint| Ok((endpoint.local_addr()?, endpoint)));
    match bound {
        Ok((address, endpoint)) => {
            tracing::info!(%address, interface = listen.interface, "listening");
            Ok((name, Arc::new(endpoint)))
        }
        Err(source) => Err(ServerError::Bind { name, source }),
    }
}

/// The right to send frames is good to have: without it, clients that cannot take an ordinary packet yet get a broadcast.
fn open_link() -> Option<LinkSocket> {
    LinkSocket::open()
        .inspect_err(
            |error| tracing::warn!(%error, "no frames can be sent (CAP_NET_RAW): replies go by broadcast instead"),
        )
        .ok()
}

fn published(snapshot: &Arc<Snapshot>) {
    let counts = snapshot.counts();
    tracing::info!(hosts = counts.hosts, interfaces = counts.interfaces, components = counts.components, "inventory");
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("background").enable_all().build()
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> ServerError {
    move |source| ServerError::System { what, source }
}
