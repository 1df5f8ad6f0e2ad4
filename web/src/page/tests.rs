//! Two pages in memory: the tests are the mediator and the streams between them.

use std::time::Duration;

use undertone_core::crypto::keys::SecretKey;

use super::*;
use crate::event::{Verdict, Why};

const LINK: u32 = 1;

/// A page and what it was told that no test has looked at yet.
struct Tab {
    page: Page,
    now: Instant,
    told: Vec<(u8, Vec<u8>)>,
    /// Where the page keeps its identity.
    key: Option<SecretKey>,
}

impl Tab {
    fn new(name: &str, room: &str) -> Self {
        let mut tab = Self {
            page: Page::default(),
            now: Instant::now(),
            told: Vec::new(),
            key: None,
        };
        tab.ask(Op::Begin, |call| {
            call.text("https://mediator.example");
        });
        tab.ask(Op::Enter, |call| {
            call.text(name).text(room);
        });
        tab
    }

    fn ask(&mut self, op: Op, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut call = vec![op as u8];
        fill(&mut call);
        self.raw(&call);
    }

    fn raw(&mut self, call: &[u8]) {
        let mut out = Vec::new();
        self.page.call(call, self.now, &mut out);
        let mut events = Reader(&out);
        while !events.0.is_empty() {
            let kind = events.u8();
            let fields = events.bytes().to_vec();
            if kind == Kind::Agree as u8
                && let Some(key) = &self.key
            {
                let theirs: [u8; 32] = fields[..].try_into().unwrap();
                let shared = x25519_dalek::x25519(*key.as_bytes(), theirs);
                self.ask(Op::Agreed, |call| {
                    call.extend_from_slice(&theirs);
                    call.extend_from_slice(&shared);
                });
                continue;
            }
            self.told.push((kind, fields));
        }
    }

    /// The fields of the first event of this kind.
    fn take(&mut self, kind: Kind) -> Option<Vec<u8>> {
        let at = self.told.iter().position(|(told, _)| *told == kind as u8)?;
        Some(self.told.remove(at).1)
    }

    /// What is to be written on a stream.
    fn sent(&mut self, link: u32) -> Vec<u8> {
        let mut sent = Vec::new();
        self.told.retain(|(kind, fields)| {
            let is_of_it = *kind == Kind::Send as u8 && fields[..4] == link.to_be_bytes();
            if is_of_it {
                sent.extend_from_slice(&fields[4..]);
            }
            !is_of_it
        });
        sent
    }

    fn hand(&mut self, link: u32, bytes: &[u8]) {
        self.ask(Op::Bytes, |call| {
            call.extend_from_slice(&link.to_be_bytes());
            call.extend_from_slice(bytes);
        });
    }

    fn say(&mut self, text: &str) -> bool {
        self.ask(Op::Say, |call| {
            call.number(1_700_000_000_000).text(text);
        });
        !self.take(Kind::Value).unwrap().is_empty()
    }

    /// The messages that came; they are shown.
    fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(fields) = self.take(Kind::Text) {
            let mut fields = Reader(&fields);
            let number = fields.whole();
            assert_eq!(fields.whole(), 1_700_000_000_000);
            assert_eq!(fields.u8(), 0);
            heard.push(fields.text().to_owned());
            self.ask(Op::Shown, |call| {
                call.number(number);
            });
        }
        heard
    }
}

/// OFFERs and SEALEDs across, as the mediator would hand them; `alter` has the second's SEALED.
fn pair(host: &mut Tab, guest: &mut Tab, alter: impl FnOnce(&mut Vec<u8>)) {
    let [a, b] = [&mut *host, &mut *guest].map(|tab| {
        tab.ask(Op::Offer, |_| {});
        tab.take(Kind::Offer).unwrap()
    });
    assert_eq!(a[..33], b[..33], "they meet in one room");
    let sealed = |tab: &mut Tab, role: u8, offer: &[u8]| {
        tab.ask(Op::Paired, |call| {
            call.push(role);
            call.bytes(offer);
            call.extend_from_slice(&[0, 0]);
        });
        tab.take(Kind::Sealed).unwrap()
    };
    let of_host = sealed(host, b'A', &b[33..]);
    let mut of_guest = sealed(guest, b'B', &a[33..]);
    alter(&mut of_guest);
    host.ask(Op::Sealed, |call| call.extend_from_slice(&of_guest));
    guest.ask(Op::Sealed, |call| call.extend_from_slice(&of_host));
}

/// Carries bytes both ways until there are none.
fn carry(a: &mut Tab, b: &mut Tab, link: u32) {
    loop {
        let (of_a, of_b) = (a.sent(link), b.sent(link));
        if of_a.is_empty() && of_b.is_empty() {
            return;
        }
        b.hand(link, &of_a);
        a.hand(link, &of_b);
    }
}

fn connect(host: &mut Tab, guest: &mut Tab, link: u32) {
    pair(host, guest, |_| {});
    for tab in [&mut *host, &mut *guest] {
        assert_eq!(tab.take(Kind::Ways).unwrap(), [1, 0, 0]);
        tab.ask(Op::Open, |call| call.extend_from_slice(&link.to_be_bytes()));
    }
    carry(host, guest, link);
    for tab in [host, guest] {
        assert_eq!(tab.take(Kind::Live).unwrap(), link.to_be_bytes());
        tab.ask(Op::Unblock, |_| {});
    }
}

fn connected() -> [Tab; 2] {
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| Tab::new(name, "lab#otter"));
    connect(&mut ada, &mut bob, LINK);
    [ada, bob]
}

#[test]
fn two_pages_meet_compare_words_talk_and_part() {
    let [mut ada, mut bob] = connected();
    let words = [&mut ada, &mut bob].map(|tab| {
        let peer = tab.take(Kind::Peer).unwrap();
        let mut fields = Reader(&peer);
        let name = fields.text().to_owned();
        fields.key();
        assert_eq!(fields.text().split(' ').count(), 16);
        let ours = fields.text().to_owned();
        assert_eq!(fields.u32(), KEEPS_NOTHING | FILES);
        (name, ours)
    });
    assert_eq!([&*words[0].0, &*words[1].0], ["bob", "ada"]);
    let mut verdict = |heard: &str| {
        ada.ask(Op::Verify, |call| {
            call.text(heard);
        });
        ada.take(Kind::Verdict).unwrap()
    };
    assert_eq!(verdict(&words[1].1), [Verdict::Same as u8]);
    assert_eq!(verdict(&words[0].1), [Verdict::Own as u8]);
    assert_eq!(
        verdict("absurd adroitness absurd amulet"),
        [Verdict::Differ as u8]
    );
    assert_eq!(verdict("hello"), [Verdict::NotWords as u8]);

    assert!(ada.say("hi"));
    assert!(bob.say("hello"));
    carry(&mut ada, &mut bob, LINK);
    assert_eq!(
        (ada.heard(), bob.heard()),
        (vec!["hello".into()], vec!["hi".into()])
    );
    ada.now += Duration::from_secs(1);
    bob.now += Duration::from_secs(1);
    bob.raw(&[]);
    carry(&mut ada, &mut bob, LINK);
    assert_eq!(Reader(&ada.take(Kind::Delivered).unwrap()).whole(), 1);

    ada.ask(Op::Leave, |_| {});
    carry(&mut ada, &mut bob, LINK);
    assert!(bob.take(Kind::Left).is_some());
}

#[test]
fn nothing_is_told_of_who_came_before_it_is_unblocked() {
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| Tab::new(name, "lab#otter"));
    pair(&mut ada, &mut bob, |_| {});
    for tab in [&mut ada, &mut bob] {
        tab.ask(Op::Open, |call| call.extend_from_slice(&LINK.to_be_bytes()));
    }
    carry(&mut ada, &mut bob, LINK);
    assert!(ada.say("early"));
    carry(&mut ada, &mut bob, LINK);
    assert!(bob.heard().is_empty());
    bob.ask(Op::Unblock, |_| {});
    assert_eq!(bob.heard(), ["early"]);
}

#[test]
fn a_cut_loses_nothing_and_the_session_goes_on_in_a_room_of_its_own() {
    let [mut ada, mut bob] = connected();
    for tab in [&mut ada, &mut bob] {
        tab.ask(Op::Lost, |call| call.extend_from_slice(&LINK.to_be_bytes()));
        assert!(tab.take(Kind::Lost).is_some());
    }
    assert!(ada.say("while away"));
    assert!(ada.sent(LINK).is_empty());
    connect(&mut ada, &mut bob, 2);
    carry(&mut ada, &mut bob, 2);
    assert_eq!(bob.heard(), ["while away"]);
}

#[test]
fn a_better_link_takes_over_and_the_former_one_is_closed() {
    let [mut ada, mut bob] = connected();
    assert!(ada.say("by the first"));
    carry(&mut ada, &mut bob, LINK);
    assert_eq!(bob.heard(), ["by the first"]);
    connect(&mut ada, &mut bob, 2);
    for tab in [&mut ada, &mut bob] {
        assert_eq!(tab.take(Kind::Close).unwrap(), LINK.to_be_bytes());
        assert!(tab.take(Kind::Lost).is_none());
    }
    assert!(bob.say("by the second"));
    carry(&mut ada, &mut bob, 2);
    assert_eq!(ada.heard(), ["by the second"]);
}

/// Two who are connected, and whose host has named another link that nobody answers on.
fn between_links() -> [Tab; 2] {
    let [mut ada, mut bob] = connected();
    pair(&mut ada, &mut bob, |_| {});
    for tab in [&mut ada, &mut bob] {
        tab.ask(Op::Open, |call| {
            call.extend_from_slice(&2_u32.to_be_bytes())
        });
    }
    let confirm = bob.sent(2);
    ada.hand(2, &confirm);
    assert!(!ada.sent(2).is_empty(), "it has named it");
    [ada, bob]
}

#[test]
fn what_came_while_another_link_was_tried_is_read_once_that_is_given_up() {
    let [mut ada, mut bob] = between_links();
    assert!(bob.say("meanwhile"));
    let said = bob.sent(LINK);
    ada.hand(LINK, &said);
    assert!(ada.heard().is_empty());
    ada.ask(Op::GiveUp, |_| {});
    assert_eq!(ada.heard(), ["meanwhile"]);
}

#[test]
fn who_floods_a_link_that_is_not_read_loses_it() {
    let [mut ada, _bob] = between_links();
    let flood = vec![7; 1024 * 1024];
    let taken = (0..64).take_while(|_| {
        ada.hand(LINK, &flood);
        ada.take(Kind::Lost).is_none()
    });
    assert_eq!(taken.count(), 32);
    assert_eq!(ada.take(Kind::Close).unwrap(), LINK.to_be_bytes());
}

#[test]
fn another_secret_and_an_altered_sealed_fail_the_attempt() {
    let mut ada = Tab::new("ada", "lab#otter");
    let mut eve = Tab::new("eve", "lab#badger");
    pair(&mut ada, &mut eve, |_| {});
    for tab in [&mut ada, &mut eve] {
        assert_eq!(tab.take(Kind::Failed).unwrap()[0], Why::Secret as u8);
    }
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| Tab::new(name, "lab#otter"));
    pair(&mut ada, &mut bob, |sealed| sealed[70] ^= 1);
    assert_eq!(ada.take(Kind::Failed).unwrap()[0], Why::Secret as u8);
}

#[test]
fn an_identity_that_the_browser_keeps_is_asked_for_its_agreements() {
    let mut ada = Tab::new("ada", "lab#otter");
    let mut bob = Tab::new("bob", "lab#otter");
    let key = SecretKey::generate();
    bob.ask(Op::Identity, |call| {
        call.extend_from_slice(key.public().as_bytes());
    });
    bob.key = Some(SecretKey::from_bytes(key.as_bytes()));
    connect(&mut ada, &mut bob, LINK);
    let peer = ada.take(Kind::Peer).unwrap();
    let mut fields = Reader(&peer);
    assert_eq!(
        (fields.text(), &fields.key()),
        ("bob", key.public().as_bytes())
    );
    fields.text();
    fields.text();
    assert_eq!(fields.u32(), FILES, "it is kept, and may be");
}

#[test]
fn names_that_look_alike_are_told_from_others() {
    let mut tab = Tab::new("ada", "lab");
    for (one, other, alike) in [("bob", "Bob", 1), ("bob", "b0b", 1), ("bob", "ada", 0)] {
        tab.ask(Op::Alike, |call| {
            call.text(one).text(other);
        });
        assert_eq!(tab.take(Kind::Value).unwrap(), [alike], "{one} {other}");
    }
}

#[test]
fn an_offer_that_nobody_answered_keeps_its_seat() {
    let mut ada = Tab::new("ada", "lab");
    let mut offer = || {
        ada.ask(Op::Offer, |_| {});
        ada.take(Kind::Offer).unwrap()
    };
    let first = offer();
    assert_eq!(first[32], 0);
    assert_eq!(offer(), first);
    ada.ask(Op::GiveUp, |_| {});
    ada.ask(Op::Offer, |_| {});
    assert_eq!(ada.take(Kind::Offer).unwrap(), first);
}

#[test]
fn rooms_are_read_and_made_and_links_lead_to_the_mediator() {
    let mut tab = Tab::new("ada", "lab");
    for typed in [
        "ocean-panda#tiger-velvet-olive-table",
        "https://mediator.example/#ocean-panda#tiger-velvet-olive-table",
    ] {
        tab.ask(Op::ReadRoom, |call| {
            call.text(typed);
        });
        let room = tab.take(Kind::Room).unwrap();
        let mut fields = Reader(&room);
        assert_eq!((fields.u8(), fields.text()), (1, "ocean-panda"));
        let link = "https://mediator.example/#ocean-panda#tiger-velvet-olive-table";
        assert_eq!(fields.text(), link);
    }
    tab.ask(Op::ReadRoom, |call| {
        call.text("http://elsewhere.example/#ocean-panda#tiger-velvet-olive-table");
    });
    let mediator = tab.take(Kind::Elsewhere).unwrap();
    assert_eq!(Reader(&mediator).text(), "http://elsewhere.example:7700");
    tab.ask(Op::ReadRoom, |call| {
        call.text("a room");
    });
    assert!(tab.take(Kind::Refused).is_some());
    tab.ask(Op::MakeRoom, |_| {});
    assert_eq!(tab.take(Kind::Room).unwrap()[0], 1);
}

#[test]
fn garbage_from_a_stream_closes_it_and_no_call_panics() {
    let [mut ada, mut bob] = connected();
    ada.hand(LINK, &[0xff; 64]);
    assert!(ada.take(Kind::Lost).is_some());
    bob.hand(7, b"hello");
    assert_eq!(bob.take(Kind::Close).unwrap(), 7_u32.to_be_bytes());
    for op in 0..=u8::MAX {
        for len in 0..48 {
            Tab::new("ada", "lab").raw(&[&[op], vec![0xff; len].as_slice()].concat());
        }
    }
}

/// Carries bytes, reads what is asked for of `contents`, and takes what comes, until nothing moves.
/// Gives the files that came, each with its path, and how it ended.
fn transfer(from: &mut Tab, to: &mut Tab, contents: &[Vec<u8>]) -> Vec<(String, Vec<u8>, u8)> {
    let mut files: Vec<(String, Vec<u8>, u8)> = Vec::new();
    loop {
        carry(from, to, LINK);
        for tab in [&mut *from, &mut *to] {
            tab.now += Duration::from_millis(50);
            tab.raw(&[]);
        }
        let mut moved = false;
        while let Some(read) = from.take(Kind::Read) {
            let mut fields = Reader(&read);
            let (number, file, at, len) =
                (fields.u32(), fields.u32(), fields.whole(), fields.whole());
            let bytes = &contents[file as usize][at as usize..(at + len) as usize];
            from.ask(Op::Read, |call| {
                call.extend_from_slice(&number.to_be_bytes());
                call.extend_from_slice(&file.to_be_bytes());
                call.number(at).extend_from_slice(bytes);
            });
            moved = true;
        }
        let told = std::mem::take(&mut to.told);
        for (kind, fields) in told {
            let mut fields = Reader(&fields);
            let number = if kind == Kind::Send as u8 {
                0
            } else {
                fields.u32()
            };
            if kind == Kind::Begin as u8 {
                files.push((fields.text().to_owned(), Vec::new(), 9));
            } else if kind == Kind::Write as u8 {
                let (_, file, _) = files.last_mut().unwrap();
                file.resize(fields.whole() as usize, 0);
                file.extend_from_slice(fields.rest());
            } else if kind == Kind::End as u8 {
                files.last_mut().unwrap().2 = fields.u8();
            } else if kind == Kind::Progress as u8 {
                let upto = fields.whole();
                to.ask(Op::Took, |call| {
                    call.extend_from_slice(&number.to_be_bytes());
                    call.number(upto);
                });
            } else if kind == Kind::Whole as u8 {
                to.ask(Op::Saved, |call| {
                    call.extend_from_slice(&number.to_be_bytes())
                });
            } else {
                to.told.push((
                    kind,
                    [number.to_be_bytes().as_slice(), fields.rest()].concat(),
                ));
                if kind == Kind::Send as u8 {
                    to.told.last_mut().unwrap().1.drain(..4);
                }
                continue;
            }
            moved = true;
        }
        let rest = [&mut *from, &mut *to]
            .map(|tab| tab.told.iter().any(|(kind, _)| *kind == Kind::Send as u8));
        if !moved && rest == [false, false] {
            return files;
        }
    }
}

fn offer(from: &mut Tab, files: &[(&str, usize)]) {
    from.ask(Op::Files, |call| {
        for (name, len) in files {
            call.text(name).number(*len as u64).number(1_700_000_000);
        }
    });
}

fn answer(tab: &mut Tab, accept: bool) -> Vec<u8> {
    let offered = tab.take(Kind::Offered).unwrap();
    tab.ask(Op::Answer, |call| {
        call.extend_from_slice(&offered[..4]);
        call.push(u8::from(accept));
    });
    offered
}

#[test]
fn files_go_from_page_to_page_byte_for_byte_in_the_order_of_their_names() {
    let [mut ada, mut bob] = connected();
    let contents: Vec<Vec<u8>> = [3_000_000, 0, 70_000]
        .map(|len: usize| (0..len).map(|n| (n % 251) as u8).collect())
        .into();
    offer(
        &mut ada,
        &[("z.bin", 3_000_000), ("empty", 0), ("b.txt", 70_000)],
    );
    assert_eq!(ada.take(Kind::Offered).unwrap()[4], 1);
    assert!(transfer(&mut ada, &mut bob, &contents).is_empty());
    let offered = answer(&mut bob, true);
    let mut fields = Reader(&offered[4..]);
    assert_eq!((fields.u8(), fields.text()), (0, "b.txt and 2 more"));
    assert_eq!(
        (fields.whole(), fields.whole(), fields.u8()),
        (3, 3_070_000, 3)
    );
    let came = transfer(&mut ada, &mut bob, &contents);
    let expected = [("b.txt", 2), ("empty", 1), ("z.bin", 0)]
        .map(|(name, n)| (name.to_owned(), contents[n].clone(), 0));
    assert!(came == expected);
    assert_eq!(ada.take(Kind::Outcome).unwrap()[4], 0);
    assert!(ada.take(Kind::Progress).is_some());
}

#[test]
fn what_is_declined_or_cancelled_ends_at_both() {
    for (accepted, by_sender, outcome) in [
        (false, false, 1),
        (true, false, 5),
        (true, true, 5),
        (true, true, 4),
        (true, false, 6),
    ] {
        let [mut ada, mut bob] = connected();
        offer(&mut ada, &[("a", 900_000)]);
        carry(&mut ada, &mut bob, LINK);
        let number = answer(&mut bob, accepted)[..4].to_vec();
        if accepted {
            let mine = ada.take(Kind::Offered).unwrap()[..4].to_vec();
            let (tab, number) = if by_sender {
                (&mut ada, mine)
            } else {
                (&mut bob, number)
            };
            tab.ask(Op::Cancel, |call| {
                call.extend_from_slice(&number);
                call.push(outcome);
            });
        }
        carry(&mut ada, &mut bob, LINK);
        for tab in [&mut ada, &mut bob] {
            assert_eq!(tab.take(Kind::Outcome).unwrap()[4], outcome);
        }
        assert!(ada.say("still here"));
        carry(&mut ada, &mut bob, LINK);
        assert_eq!(bob.heard(), ["still here"]);
    }
}

#[test]
fn two_files_of_one_name_and_names_that_lead_elsewhere_are_not_offered() {
    let [mut ada, _bob] = connected();
    for files in [&[("a", 1), ("a", 2)][..], &[("../a", 1)], &[("", 1)], &[]] {
        offer(&mut ada, files);
        assert!(ada.take(Kind::Refused).is_some(), "{files:?}");
        assert!(ada.sent(LINK).is_empty());
    }
}
