//! Two ends of a link, paired by hand, over the two ends of a connection: without a conversation
//! around them.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::sleep_until;
use undertone_core::crypto::keys::{SecretKey, prs, room_tag};
use undertone_core::pairing::{Candidates, Established, Meeting, Offering, Role};
use undertone_core::session::record::Channel;
use undertone_core::session::{Event, LinkId, Session};
use undertone_net::link::frame::FrameReader;
use undertone_net::link::framed::Framed;
use undertone_net::link::path::Path;
use undertone_net::link::stream::Stream;

/// One end of a conversation, driven as the chat drives its own.
pub(crate) struct End {
    pub(crate) session: Session,
    framed: Framed,
    /// Its streams are as long as they are sent.
    pub(crate) streams: bool,
    /// Bytes of streams that came.
    pub(crate) taken: u64,
}

impl End {
    /// Runs until something happened that `is_awaited`.
    pub(crate) async fn run(&mut self, is_awaited: impl Fn(&Event) -> bool) {
        loop {
            while let Some(event) = self.session.poll_event() {
                self.show(&event);
                if is_awaited(&event) {
                    return;
                }
            }
            // What was shown is acknowledged at once.
            self.transmit();
            self.turn().await;
        }
    }

    fn show(&mut self, event: &Event) {
        match event {
            Event::Piece {
                stream,
                offset,
                bytes,
                ..
            } => {
                let upto = offset + bytes.len() as u64;
                self.taken += bytes.len() as u64;
                self.session.took(*stream, upto, Instant::now());
            }
            event => {
                if let Some(seq) = event.seq() {
                    self.session.shown(seq, Instant::now());
                }
            }
        }
    }

    fn transmit(&mut self) {
        if self.framed.is_idle() {
            if self.streams {
                for wanted in self.session.wanted() {
                    self.session.supply(wanted, &vec![0; wanted.len], false);
                }
            }
            let sent = self
                .session
                .poll_transmit(Instant::now(), &mut self.framed.out);
            sent.unwrap();
            self.framed.try_flush().unwrap();
        }
    }

    async fn turn(&mut self) {
        let more = self.streams && self.framed.is_idle() && !self.session.wanted().is_empty();
        let deadline = self.session.deadline(self.framed.is_idle()).unwrap();
        tokio::select! {
            turned = self.framed.turn() => {
                turned.unwrap();
                self.read();
            }
            () = yield_now(), if more => {}
            () = sleep_until(deadline.into()) => {
                self.session.handle_timeout(Instant::now()).unwrap();
            }
        }
    }

    fn read(&mut self) {
        let now = Instant::now();
        while let Some(record) = self.framed.next_record().unwrap() {
            self.session.receive(LinkId(1), record, now).unwrap();
        }
    }
}

/// Both ends of a live link: the host's over the first socket, and the guest's.
pub(crate) fn ends((host, guest): (TcpStream, TcpStream)) -> (End, End) {
    let way = |socket: TcpStream| {
        let path = Path::direct(socket.peer_addr().unwrap());
        (Stream::from(socket), path)
    };
    ends_over(way(host), way(guest))
}

/// The same over what carries them, whatever it is.
pub(crate) fn ends_over(host_way: (Stream, Path), guest_way: (Stream, Path)) -> (End, End) {
    let (host, guest) = paired();
    let now = Instant::now();
    let end = |role, established: Established, (stream, path): (Stream, Path)| {
        let channel = Channel::new(established.link).unwrap();
        let framed = Framed::new(LinkId(1), path, stream, FrameReader::default());
        (Session::new(role, established.resume), channel, framed)
    };
    let (mut a, mut a_channel, a_framed) = end(Role::Host, host, host_way);
    let (mut b, mut b_channel, mut b_framed) = end(Role::Guest, guest, guest_way);
    let go = a.nominate();
    let mut record = Vec::new();
    a_channel
        .seal(now, &mut record, |buf| go.encode(buf))
        .unwrap();
    let opened = b_channel.open(&mut record[4..]).unwrap().to_vec();
    b.link_opened(LinkId(1), b_channel, &opened, now).unwrap();
    b.poll_transmit(now, &mut b_framed.out).unwrap();
    let answer = a_channel.open(&mut b_framed.out[4..]).unwrap().to_vec();
    b_framed.out.clear();
    a.link_answered(LinkId(1), a_channel, &answer, now).unwrap();
    let [host, guest] = [(a, a_framed), (b, b_framed)].map(|(session, framed)| End {
        session,
        framed,
        streams: false,
        taken: 0,
    });
    (host, guest)
}

/// A pairing, its messages passed by hand: what the host has of it, and the guest.
fn paired() -> (Established, Established) {
    let meeting = Meeting {
        tag: room_tag(b"bench"),
        prs: prs(Some(b"secret")),
    };
    let [s_a, s_b] = [(); 2].map(|()| SecretKey::generate());
    let [a, b] = [&s_a, &s_b].map(|key| Offering::new(meeting.clone(), key.public()));
    let (offer_a, offer_b) = (a.offer().to_vec(), b.offer().to_vec());
    let nowhere = Candidates::default();
    let (a, sealed_a) = a.paired(Role::Host, &offer_b, &nowhere).unwrap();
    let (b, sealed_b) = b.paired(Role::Guest, &offer_a, &nowhere).unwrap();
    let (a, b) = (a.sealed(&sealed_b, None), b.sealed(&sealed_a, None));
    let a = a.unwrap().agree(&s_a).unwrap();
    let b = b.unwrap().agree(&s_b).unwrap();
    let (mut host, guest) = (a.host("a").unwrap(), b.guest("b").unwrap());
    let (confirm_a, established) = host.confirm(guest.confirm_b()).unwrap();
    (established.unwrap(), guest.confirm(&confirm_a).unwrap())
}

/// How long messages take from an end whose stream goes at full speed, from the shortest; and how many
/// bytes of it arrived a second. One is said `every` so often.
pub(crate) async fn beside_a_stream(
    (mut host, mut guest): (End, End),
    messages: u64,
    every: Duration,
) -> (Vec<Duration>, f64) {
    let stream = guest.session.open_stream().unwrap();
    host.session.accept(stream, 0, Instant::now()).unwrap();
    guest.streams = true;
    let (said, hears) = mpsc::channel();
    let talking = tokio::spawn(async move {
        for _ in 0..messages {
            let pause = tokio::time::sleep(every);
            tokio::select! {
                () = guest.run(|_| false) => {}
                () = pause => {}
            }
            said.send(Instant::now()).unwrap();
            guest.session.say(0, &"m".repeat(64)).unwrap();
        }
        guest.run(|_| false).await;
    });
    let begun = Instant::now();
    let mut delays = Vec::new();
    for _ in 0..messages {
        host.run(|event| matches!(event, Event::Text { .. })).await;
        delays.push(hears.recv().unwrap().elapsed());
    }
    talking.abort();
    // Until it has gone, its peer must not.
    let _ = talking.await;
    delays.sort();
    (delays, host.taken as f64 / begun.elapsed().as_secs_f64())
}
