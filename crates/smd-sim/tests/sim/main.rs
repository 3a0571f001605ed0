//! The simulator over real loopback connections: against what the real services were recorded to answer, every fault
//! as a client meets it, changes while it runs, and the successors of the services.

#![expect(clippy::unwrap_used, reason = "tests")]

mod changes;
mod compare;
mod discover;
mod faults;
mod player;
mod recorded;
mod successors;
mod token;
mod writes;

use std::net::SocketAddr;

use smd_sim::Sim;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A simulator that serves on a loopback port, and a client to ask it with.
struct Running {
    sim: Sim,
    address: SocketAddr,
    client: reqwest::Client,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "a test binds its own loopback port")]
    async fn start(sim: Sim) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let (sim, stop) = (sim.clone(), stop.clone());
            async move { sim.serve(listener, stop.cancelled_owned()).await }
        });
        // an error means that another test has installed it
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Self { sim, address, client, stop, server }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn get(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        self.client.get(self.url(path)).send().await
    }

    /// The JSON of a good answer.
    async fn json(&self, path: &str) -> serde_json::Value {
        let response = self.get(path).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
        let response = self.client.request(method, self.url(path)).body(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn stop(self) {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
    }
}
