//! A connection that is refused or closed: whether, how often and how soon it is dialled again.

use undertone_core::frame::BadLength;

use super::*;
use crate::link::port::Port;
use std::sync::atomic::{AtomicU32, Ordering};

fn here() -> Port {
    Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap()
}

fn target(address: SocketAddr) -> Target {
    let plan = Plan {
        candidates: vec![address],
        ..Plan::default()
    };
    plan.targets(false).next().unwrap()
}

#[tokio::test]
async fn a_connection_that_is_closed_without_a_word_is_tried_again() {
    let (one, other) = (here(), here());
    let tries = AtomicU32::new(0);
    let dialled = dial(
        one.dialler(),
        target(other.address()),
        async |_| match tries.fetch_add(1, Ordering::Relaxed) {
            2 => Ok("third"),
            _ => Err(FrameError::Closed),
        },
    );
    assert_eq!(dialled.await, Some("third"));
}

#[tokio::test]
async fn a_stranger_is_not_spoken_to_twice() {
    let (one, other) = (here(), here());
    let tries = AtomicU32::new(0);
    let dialled = dial(one.dialler(), target(other.address()), async |_| {
        tries.fetch_add(1, Ordering::Relaxed);
        Err::<(), _>(FrameError::from(BadLength(7)))
    });
    assert_eq!(dialled.await, None);
    assert_eq!(tries.into_inner(), 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_come_to_an_end() {
    let one = here();
    let closed = here().address();
    let begun = Instant::now();
    let dialled = dial(one.dialler(), target(closed), async |_| Ok(()));
    assert_eq!(dialled.await, None);
    assert!(begun.elapsed() <= PATH_TIMEOUT, "{:?}", begun.elapsed());
}

#[test]
fn pauses_are_neither_in_step_nor_endless() {
    let quick: Vec<_> = (1..=QUICK).map(pause).collect();
    assert!(quick.iter().all(|p| (PAUSE_MIN..=PAUSE_MAX).contains(p)));
    assert!(quick.iter().any(|p| *p != quick[0]));
    let all: Duration = (1..=FROM_PORT)
        .map(|tries| paused(tries, u8::MAX / 2))
        .sum();
    assert!(all >= PATH_TIMEOUT / 2, "to the end, or nearly: {all:?}");
}
