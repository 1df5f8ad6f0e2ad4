//! Which of the connections that a guest opened becomes the link.

use super::*;
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn whom_the_guest_announced_goes_before_who_is_nearer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut ways = Vec::new();
    for (address, listed) in [
        ("192.168.1.9:1", false),
        ("[2001:db8::9]:1", false),
        ("198.51.100.1:1", true),
        ("[2001:db8::1]:1", true),
    ] {
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
        ways.push(Incoming {
            stream: stream.unwrap().into(),
            reader: FrameReader::default(),
            first: Vec::new(),
            path: Path::direct(address.parse().unwrap()),
            listed,
        });
    }
    ways.sort_by_key(rank);
    let order: Vec<_> = ways.iter().map(|way| way.path.address().ip()).collect();
    let order: Vec<_> = order.iter().map(ToString::to_string).collect();
    let expected = ["2001:db8::1", "198.51.100.1", "192.168.1.9", "2001:db8::9"];
    assert_eq!(order, expected);
}
