//! Which of the mediators on a network goes first, that of the smallest id; what ours answers.

use crate::engine::mediator::*;
use crate::stun::mapped_address;

#[test]
fn the_smallest_id_comes_first() {
    let id = |digit: &str| digit.repeat(16).parse::<InstanceId>().unwrap();
    let url = |host: &str| host.parse::<MediatorUrl>().unwrap();
    let known = Known::from([
        (id("2"), url("10.0.0.2")),
        (id("1"), url("10.0.0.1")),
        (id("4"), url("10.0.0.4")),
    ]);
    let before = |current| before(&known, current).map(|(_, url)| url);
    assert_eq!(before(id("3")), Some(url("10.0.0.1")));
    assert_eq!(before(id("2")), Some(url("10.0.0.1")));
    assert_eq!(before(id("1")), None);
}

#[tokio::test]
async fn the_one_in_this_program_answers_stun_at_the_same_port() {
    let here = IpAddr::from(Ipv4Addr::LOCALHOST);
    let free = listen(SocketAddr::new(here, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let Embedded { stop, server } = start(Some(here), port).unwrap();
    let asker = listen_udp(SocketAddr::new(here, 0)).unwrap();
    let seen = mapped_address(&asker, SocketAddr::new(here, port)).await;
    assert_eq!(seen.unwrap(), asker.local_addr().unwrap());
    // The port is free again once it has stopped.
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    listen_udp(SocketAddr::new(here, port)).unwrap();
}
