//! Proxies: two that lead to a mediator, one that answers what a test wants.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Serves everyone who comes, each on a thread; the address.
pub(super) fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        thread::scope(|scope| {
            for stream in listener.incoming().flatten() {
                scope.spawn(|| each(stream));
            }
        });
    });
    address
}

/// Copies both ways until one side ends.
pub(super) fn splice(client: &TcpStream, to: &str) {
    let server = TcpStream::connect(to).unwrap();
    let copy = |mut from: &TcpStream, mut to: &TcpStream| {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Both);
    };
    thread::scope(|scope| {
        scope.spawn(|| copy(client, &server));
        copy(&server, client);
    });
}

pub(super) fn take<const N: usize>(mut stream: &TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// An HTTP proxy that leads to `mediator` whatever it is asked for, and tells what that was.
pub(super) fn http_proxy(mediator: &str) -> (String, Receiver<String>) {
    let (to, (asked, requests)) = (mediator.to_owned(), channel());
    let address = serve(move |client| {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.extend(take::<1>(&client));
        }
        asked.send(String::from_utf8(request).unwrap()).unwrap();
        (&client)
            .write_all(b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n")
            .unwrap();
        splice(&client, &to);
    });
    (address, requests)
}

/// A SOCKS5 proxy for `user:it`, which leads to `mediator` and tells the name it was asked for.
pub(super) fn socks5_proxy(mediator: &str) -> (String, Receiver<String>) {
    let (to, (asked, requests)) = (mediator.to_owned(), channel());
    let address = serve(move |client| {
        let [5, methods] = take::<2>(&client) else {
            panic!("no SOCKS5");
        };
        for _ in 0..methods {
            take::<1>(&client);
        }
        (&client).write_all(&[5, 2]).unwrap();
        let login = take::<9>(&client);
        let good = login == *b"\x01\x04user\x02it";
        (&client).write_all(&[1, u8::from(!good)]).unwrap();
        if !good {
            return;
        }
        assert_eq!(take::<4>(&client), [5, 1, 0, 3], "CONNECT to a name");
        let [len] = take::<1>(&client);
        let name: Vec<u8> = (0..len).map(|_| take::<1>(&client)[0]).collect();
        let port = u16::from_be_bytes(take::<2>(&client));
        let name = String::from_utf8(name).unwrap();
        asked.send(format!("{name}:{port}")).unwrap();
        (&client)
            .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .unwrap();
        splice(&client, &to);
    });
    (address, requests)
}

/// A proxy that answers whatever it is sent with this, and then keeps the connection.
pub(super) fn answering(answer: &'static [u8]) -> String {
    serve(move |mut client| {
        take::<1>(&client);
        let _ = client.write_all(answer);
        let _ = std::io::copy(&mut client, &mut std::io::sink());
    })
}
