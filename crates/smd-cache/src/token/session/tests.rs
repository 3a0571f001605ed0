//! A token's life under a clock of the test's own.

use proptest::prelude::*;

use super::*;
use crate::token::Refresh;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn grant(name: &str, lifetime: u64, refresh_lifetime: u64) -> Grant {
    Grant {
        access_token: Secret::new(format!("access-{name}")),
        lifetime: at(lifetime),
        refresh: Some(Refresh { token: Secret::new(format!("refresh-{name}")), lifetime: at(refresh_lifetime) }),
    }
}

fn failure(refused: bool) -> Failure {
    Failure { refused, text: "no".into() }
}

/// With a bootstrap token, two minutes before the end.
fn session() -> Session {
    let mut session = Session::new(Duration::from_mins(2), true);
    session.credentials_offered(at(0));
    session
}

/// After the bootstrap token has brought tokens of an hour and a day, at 0.
fn bootstrapped() -> Session {
    let mut session = session();
    assert_eq!(session.next(at(0)), Step::Ask(Ask::Initial));
    session.granted(&Ask::Initial, grant("1", 3_600, 86_400), at(0), 0.0);
    session
}

fn refresh(name: &str) -> Ask {
    Ask::Refresh(Secret::new(format!("refresh-{name}")))
}

#[test]
fn a_token_is_renewed_ahead_of_its_end_for_ever() {
    let mut session = bootstrapped();
    let mut now = at(0);
    for number in 1..100 {
        let name = number.to_string();
        assert_eq!(session.state(now), TokenState::Valid);
        assert_eq!(session.next(now), Step::Wait(Some(now + at(3_480))), "two minutes before the end");
        now += at(3_480);
        assert_eq!(session.next(now), Step::Ask(refresh(&name)), "the last refresh token, never an older one");
        assert_eq!(session.access_token(now), Some(&Secret::new(format!("access-{name}"))));
        session.granted(&refresh(&name), grant(&(number + 1).to_string(), 3_600, 86_400), now, 0.0);
    }
}

#[test]
fn jitter_spreads_renewals_over_a_tenth_of_the_life() {
    for (jitter, due) in [(0.0, 3_480.0), (0.5, 3_306.0), (0.999_999, 3_132.0)] {
        let mut session = session();
        session.granted(&Ask::Initial, grant("1", 3_600, 86_400), at(0), jitter);
        let Step::Wait(Some(until)) = session.next(at(0)) else { panic!("{jitter}") };
        assert!((until.as_secs_f64() - due).abs() < 0.1, "{until:?}");
    }
}

#[test]
fn short_lives_are_renewed_in_their_last_third_and_never_in_a_hurry() {
    for (lifetime, refresh_lifetime, due) in [(90, 900, 60.0), (1, 900, 1.0), (3_600, 300, 200.0), (2, 1, 1.0)] {
        let mut session = session();
        session.granted(&Ask::Initial, grant("1", lifetime, refresh_lifetime), at(0), 0.0);
        assert_eq!(session.next(at(0)), Step::Wait(Some(Duration::from_secs_f64(due))), "{lifetime}");
    }
}

#[test]
fn a_service_that_is_down_is_asked_again_after_longer_and_longer() {
    let mut session = session();
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..6 {
        session.failed(&Ask::Initial, failure(false), now, 0.0);
        assert_eq!(session.state(now), TokenState::Unavailable);
        let Step::Wait(Some(until)) = session.next(now) else { panic!("{session:?}") };
        waits.push(until.as_secs() - now.as_secs());
        now = until;
        assert_eq!(session.next(now), Step::Ask(Ask::Initial));
    }
    assert_eq!(waits, [1, 2, 4, 8, 15, 15]);
    session.granted(&Ask::Initial, grant("1", 3_600, 86_400), now, 0.0);
    assert_eq!((session.state(now), session.trouble()), (TokenState::Valid, None));
}

#[test]
fn down_at_renewal_the_token_is_used_to_its_end_and_got_back_afterwards() {
    let mut session = bootstrapped();
    let mut now = at(3_480);
    while now < at(3_700) {
        assert_eq!(session.next(now), Step::Ask(refresh("1")));
        session.failed(&refresh("1"), failure(false), now, 0.0);
        let usable = now < at(3_600);
        assert_eq!(session.access_token(now).is_some(), usable);
        assert_eq!(session.state(now), if usable { TokenState::RenewalFailing } else { TokenState::Unavailable });
        while let Step::Wait(Some(until)) = session.next(now) {
            assert!(until > now && (now >= at(3_600) || until <= at(3_600)), "woken at its end");
            now = until;
        }
    }
    session.granted(&refresh("1"), grant("2", 3_600, 86_400), now, 0.0);
    assert_eq!(session.state(now), TokenState::Valid);
}

#[test]
fn a_refused_refresh_takes_new_credentials() {
    let mut session = bootstrapped();
    session.failed(&refresh("1"), failure(true), at(3_480), 0.0);
    assert_eq!(session.state(at(3_480)), TokenState::RenewalFailing);
    assert_eq!(session.next(at(3_480)), Step::Wait(Some(at(3_600))), "a spent bootstrap token is not shown again");
    assert_eq!(session.next(at(3_600)), Step::Wait(None));
    assert_eq!(session.state(at(3_600)), TokenState::NeedsCredentials);
    session.credentials_offered(at(4_000));
    assert_eq!(session.state(at(4_000)), TokenState::Unavailable);
    assert_eq!(session.next(at(4_000)), Step::Ask(Ask::Initial));
    session.granted(&Ask::Initial, grant("2", 60, 600), at(4_000), 0.0);
    assert_eq!(session.state(at(4_000)), TokenState::Valid);
}

#[test]
fn credentials_offered_while_the_token_is_still_good_are_used_at_once_where_they_are_needed() {
    let mut session = bootstrapped();
    session.credentials_offered(at(100));
    assert_eq!(session.next(at(100)), Step::Wait(Some(at(3_480))), "all is well: they are kept in reserve");
    session.failed(&refresh("1"), failure(true), at(3_480), 0.0);
    assert_eq!(session.next(at(3_480)), Step::Ask(Ask::Initial), "the reserve");

    let mut session = bootstrapped();
    session.failed(&refresh("1"), failure(true), at(3_480), 0.0);
    session.credentials_offered(at(3_500));
    assert_eq!(session.next(at(3_500)), Step::Ask(Ask::Initial));
}

#[test]
fn an_expired_refresh_token_is_not_shown() {
    let mut session = bootstrapped();
    session.failed(&refresh("1"), failure(false), at(86_390), 0.0);
    assert_eq!(session.next(at(86_400)), Step::Wait(None));
    assert_eq!(session.state(at(86_400)), TokenState::NeedsCredentials);
    session.credentials_offered(at(90_000));
    assert_eq!(session.next(at(90_000)), Step::Ask(Ask::Initial));
}

#[test]
fn refused_credentials_are_shown_again_seldom_and_new_ones_at_once() {
    let mut session = session();
    session.failed(&Ask::Initial, failure(true), at(0), 0.0);
    assert_eq!(session.state(at(0)), TokenState::NeedsCredentials);
    assert_eq!(session.next(at(0)), Step::Wait(Some(at(300))));
    assert_eq!(session.next(at(300)), Step::Ask(Ask::Initial));
    session.credentials_offered(at(10));
    assert_eq!(session.next(at(10)), Step::Ask(Ask::Initial));
}

#[test]
fn credentials_may_come_late_and_go() {
    let mut session = Session::new(Duration::from_mins(2), true);
    assert_eq!((session.next(at(0)), session.state(at(0))), (Step::Wait(None), TokenState::NeedsCredentials));
    session.credentials_offered(at(50));
    assert_eq!((session.next(at(50)), session.state(at(50))), (Step::Ask(Ask::Initial), TokenState::Pending));
    session.credentials_gone();
    assert_eq!(session.state(at(50)), TokenState::NeedsCredentials);
    let mut session = bootstrapped();
    session.credentials_gone();
    assert_eq!(session.state(at(1)), TokenState::Valid);
}

#[test]
fn credentials_that_last_are_shown_again() {
    let mut session = Session::new(Duration::from_mins(2), false);
    session.credentials_offered(at(0));
    session.granted(&Ask::Initial, Grant { refresh: None, ..grant("1", 3_600, 1) }, at(0), 0.0);
    assert_eq!(session.next(at(3_480)), Step::Ask(Ask::Initial));
    let mut session = Session::new(Duration::from_mins(2), false);
    session.credentials_offered(at(0));
    session.granted(&Ask::Initial, grant("1", 3_600, 86_400), at(0), 0.0);
    session.failed(&refresh("1"), failure(true), at(3_480), 0.0);
    assert_eq!(session.next(at(3_480)), Step::Ask(Ask::Initial), "a certificate needs no refresh token");
}

#[test]
fn a_refresh_token_of_an_earlier_run_comes_before_the_bootstrap_token() {
    let mut session = session();
    session.restored(Secret::new("refresh-0"), at(600));
    assert_eq!((session.next(at(0)), session.state(at(0))), (Step::Ask(refresh("0")), TokenState::Pending));
    session.failed(&refresh("0"), failure(true), at(0), 0.0);
    assert_eq!(session.next(at(0)), Step::Ask(Ask::Initial));
}

#[test]
fn a_denied_token_is_renewed_at_once_and_then_seldom() {
    let mut session = bootstrapped();
    let mut now = at(100);
    let mut waits = Vec::new();
    for _ in 0..12 {
        session.denied(now);
        session.denied(now);
        assert_eq!(session.state(now), TokenState::Denied);
        let due = match session.next(now) {
            Step::Wait(Some(until)) => until,
            Step::Ask(_) => now,
            Step::Wait(None) => panic!("{session:?}"),
        };
        waits.push(due.as_secs() - now.as_secs());
        now = due;
        session.granted(&refresh("1"), grant("1", 3_600, 86_400), now, 0.0);
    }
    assert_eq!(waits, [0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    session.granted(&refresh("1"), grant("1", 3_600, 86_400), now + at(3_480), 0.0);
    session.denied(now + at(4_000));
    assert_eq!(session.next(now + at(4_000)), Step::Ask(refresh("1")), "one that was good for its time ends the row");
}

#[test]
fn a_denial_does_not_hurry_a_service_that_is_down() {
    let mut session = bootstrapped();
    session.failed(&refresh("1"), failure(false), at(3_480), 0.0);
    session.denied(at(3_480));
    assert_eq!(session.next(at(3_480)), Step::Wait(Some(at(3_481))));
    Session::new(at(1), true).denied(at(0));
}

proptest! {
    /// Whatever happens in whatever order: what is shown is alive, whoever waits is woken later than now, and a service
    /// that grants or fails is asked less than twice a second.
    #[test]
    fn nothing_dead_is_shown_and_nobody_is_asked_in_a_hurry(
        events in proptest::collection::vec((0..7_u8, 1..4_000_u64, 0.0..1.0), 1..200),
    ) {
        let mut session = session();
        let mut now = at(0);
        let mut asked = 0_u32;
        for (event, seconds, jitter) in events {
            if let Some(until) = session.expires() {
                prop_assert_eq!(session.access_token(now).is_some(), now < until);
            }
            match session.next(now) {
                Step::Wait(until) => {
                    prop_assert!(until.is_none_or(|until| until > now));
                    now = until.filter(|_| event > 2).unwrap_or(now + at(seconds));
                    asked = 0;
                }
                Step::Ask(ask) => {
                    asked += 1;
                    prop_assert!(asked <= 2, "a refused refresh, and the credentials: {session:?}");
                    match event {
                        0 => session.failed(&ask, failure(false), now, jitter),
                        1 | 2 => session.failed(&ask, failure(true), now, jitter),
                        _ => session.granted(&ask, grant("x", seconds, seconds * 2), now, jitter),
                    }
                }
            }
            match event {
                4 => session.denied(now),
                5 if seconds % 5 == 0 => { session.credentials_offered(now); asked = 0 },
                6 => session.credentials_gone(),
                _ => {}
            }
            let shown = format!("{session:?}");
            prop_assert!(!shown.contains("access-x") && !shown.contains("refresh-x"), "{}", shown);
        }
    }
}
