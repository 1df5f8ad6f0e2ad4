//! What benchmarks share that put two ways of the same beside each other: one core, turns,
//! medians, the verdict.

#![allow(dead_code, reason = "each benchmark uses a part")]

mod median;
mod pin;

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};

pub(crate) use median::median;
pub(crate) use pin::pin;

/// How often both have their turn; the first one warms up and does not count.
const ROUNDS: usize = 61;

/// Runs `body` on one core.
pub(crate) fn on_one_core(body: impl Future<Output = ()>) {
    pin();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(body);
}

/// Both in turns, so that what else the machine does hits both alike: the medians of what `ours`
/// and `bare` give, and of their ratio.
pub(crate) async fn in_turns(
    mut ours: impl AsyncFnMut() -> f64,
    mut bare: impl AsyncFnMut() -> f64,
) -> [f64; 3] {
    let mut all = [(); 3].map(|()| Vec::with_capacity(ROUNDS));
    for round in 0..ROUNDS {
        let (ours, bare) = (ours().await, bare().await);
        if round > 0 {
            for (values, value) in all.iter_mut().zip([ours, bare, ours / bare]) {
                values.push(value);
            }
        }
    }
    all.map(median)
}

pub(crate) fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "MISSED" }
}

/// The two ends of a connection over loopback.
pub(crate) async fn sockets() -> (TcpStream, TcpStream) {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let listener = TcpListener::bind(any).await.unwrap();
    let dialled = TcpStream::connect(listener.local_addr().unwrap()).await;
    let (accepted, _) = listener.accept().await.unwrap();
    let dialled = dialled.unwrap();
    accepted.set_nodelay(true).unwrap();
    dialled.set_nodelay(true).unwrap();
    (accepted, dialled)
}
