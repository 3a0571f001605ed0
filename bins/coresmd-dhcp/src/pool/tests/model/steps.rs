//! What may happen to a pool, and how often.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::super::super::ClientState;
use super::{CLIENTS, address};

#[derive(Debug, Clone)]
pub(super) enum Step {
    Discover {
        who: u8,
        subnet: u8,
        requested: Option<Ipv4Addr>,
    },
    Request {
        who: u8,
        subnet: u8,
        state: ClientState,
        address: Wanted,
    },
    Release {
        who: u8,
        address: Wanted,
    },
    Decline {
        who: u8,
        address: Wanted,
    },
    Forget {
        who: u8,
    },
    Wait(u64),
    /// So many submissions become durable, and their ACKs leave.
    Commit(usize),
    /// What is not durable is lost.
    Crash,
}

/// The address in a client's message.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// The one that it was told last.
    Told,
    Any(Ipv4Addr),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let (who, subnet) = (0..CLIENTS, 0_u8..2);
    let any_address = || (0_u8..2, 0_u8..5).prop_map(|(subnet, host)| address(subnet, host));
    let wanted = || prop_oneof![4 => Just(Wanted::Told), 1 => any_address().prop_map(Wanted::Any)];
    let states = [ClientState::Selecting, ClientState::InitReboot, ClientState::Renewing, ClientState::Rebinding];
    let state = prop::sample::select(states.to_vec());
    prop_oneof![
        6 => (who.clone(), subnet.clone(), prop::option::weighted(0.3, any_address()))
            .prop_map(|(who, subnet, requested)| Step::Discover { who, subnet, requested }),
        8 => (who.clone(), subnet, state, wanted())
            .prop_map(|(who, subnet, state, address)| Step::Request { who, subnet, state, address }),
        1 => (who.clone(), wanted()).prop_map(|(who, address)| Step::Release { who, address }),
        1 => (who.clone(), wanted()).prop_map(|(who, address)| Step::Decline { who, address }),
        1 => who.prop_map(|who| Step::Forget { who }),
        3 => prop_oneof![0_u64..5, 50_u64..70, 290_u64..310].prop_map(Step::Wait),
        4 => (1_usize..8).prop_map(Step::Commit),
        1 => Just(Step::Crash),
    ]
}
