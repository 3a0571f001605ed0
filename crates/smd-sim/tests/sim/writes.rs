//! Recorded sequences of writes, from an empty SMD on, and BSS in both storage modes behind a recorded SMD.

use smd_sim::{BssMode, BssSettings, Cluster, Settings, Sim};

use super::player::play;

fn empty() -> Sim {
    Sim::new(Cluster::default())
}

/// Made-up NIDs, `Force`, the transition graph, bulk changes, node maps.
#[tokio::test]
async fn components() {
    play(&[include_str!("../recorded/smd-write-components.jsonl")], empty()).await;
}

/// Folded MACs, unchecked patches, the time that moves with addresses only, addresses one by one.
#[tokio::test]
async fn interfaces() {
    play(&[include_str!("../recorded/smd-write-interfaces.jsonl")], empty()).await;
}

/// Groups, members, exclusive sets, partitions.
#[tokio::test]
async fn groups() {
    play(&[include_str!("../recorded/smd-write-groups.jsonl")], empty()).await;
}

/// The V2 parser, and what a deleted BMC leaves behind; subscriptions.
#[tokio::test]
async fn endpoints_and_subscriptions() {
    play(&[include_str!("../recorded/smd-write-endpoints.jsonl")], empty()).await;
}

#[tokio::test]
async fn bss_on_postgres() {
    bss(BssMode::Sql, include_str!("../recorded/bss-sql.jsonl")).await;
}

#[tokio::test]
async fn bss_on_etcd() {
    bss(BssMode::Kv, include_str!("../recorded/bss-kv.jsonl")).await;
}

async fn bss(mode: BssMode, recording: &str) {
    let bss = BssSettings {
        mode,
        ipxe_server: "boot.example:8081".into(),
        chain_proto: "http".into(),
        gw_uri: String::new(),
        advertise: "http://10.1.1.1:8081/cloud-init".into(),
        ..BssSettings::default()
    };
    let sim = Sim::with_settings(Cluster::default(), Settings { bss, ..Settings::default() });
    play(&[include_str!("../recorded/bss-seed.jsonl"), recording], sim).await;
}
