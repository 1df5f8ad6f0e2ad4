//! What may be dialled, and what entries say and must not say.

use super::*;
use proptest::prelude::*;

fn list(addresses: &[&str]) -> Candidates {
    Candidates::new(addresses.iter().map(|a| a.parse().unwrap()))
}

fn dialled(addresses: &[&str], mediator: &str) -> Vec<String> {
    let mediator = mediator.parse().unwrap();
    list(addresses)
        .dialable(mediator)
        .map(|a| a.to_string())
        .collect()
}

#[test]
fn addresses_that_reach_nobody_are_never_dialled() {
    let bad = [
        "0.0.0.0:1",
        "[::]:1",
        "224.0.0.1:1",
        "[ff02::1]:1",
        "255.255.255.255:1",
        "192.0.2.1:0",
        "[::ffff:0.0.0.0]:1",
        "[::ffff:224.0.0.1]:1",
    ];
    for mediator in ["127.0.0.1", "192.0.2.9", "::1"] {
        assert_eq!(dialled(&bad, mediator), Vec::<String>::new());
    }
}

#[test]
fn a_remote_mediator_opens_no_way_to_our_own_machine() {
    let local = [
        "127.0.0.1:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
        "169.254.1.1:1",
        "[fe80::1]:1",
    ];
    assert_eq!(dialled(&local, "192.0.2.9"), Vec::<String>::new());
    assert_eq!(dialled(&local, "127.0.0.1").len(), 3);
    assert_eq!(
        dialled(&local, "169.254.7.7"),
        ["169.254.1.1:1", "[fe80::1]:1"]
    );
}

#[test]
fn more_than_eight_are_cut_and_doubles_dropped() {
    let many = (1..20).map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
    assert_eq!(Candidates::new(many.clone()).tcp().len(), TCP_MAX);
    assert_eq!(Candidates::default().with_udp(many).udp().len(), UDP_MAX);
    assert_eq!(list(&["192.0.2.1:5", "192.0.2.1:5"]).tcp().len(), 1);
}

fn encoded(candidates: &Candidates, role: Role) -> Vec<u8> {
    let mut out = Vec::new();
    candidates.encode(&mut out, &[7; 32], role, &Unused::random());
    out
}

fn decoded(bytes: &[u8]) -> Result<Candidates, PairingError> {
    Candidates::decode(bytes).map(|(candidates, _)| candidates)
}

fn ice() -> Ice {
    Ice {
        fingerprint: [3; 32],
        ufrag: "abcd".into(),
        password: "0123456789abcdefghijkl".into(),
    }
}

#[test]
fn a_machine_is_shown_to_the_same_one_in_the_other_role_only() {
    let machine = MachineId::new("boot");
    let ours = Candidates::default().on_machine(Some(machine.clone()));
    let (theirs, tag) = Candidates::decode(&encoded(&ours, Role::Guest)).unwrap();
    assert_eq!(theirs.machine, None);
    let tag = tag.unwrap();
    assert!(machine.is_shown(&tag, &[7; 32], Role::Guest));
    // What we said ourselves shows nothing when it comes back.
    assert!(!machine.is_shown(&tag, &[7; 32], Role::Host));
    assert!(!machine.is_shown(&tag, &[8; 32], Role::Guest));
    assert!(!MachineId::new("booT").is_shown(&tag, &[7; 32], Role::Guest));
    assert_eq!(format!("{ours:?}").matches("boot").count(), 0);
}

#[test]
fn as_much_as_may_be_said_fits_the_longer_sealed_and_little_the_shorter() {
    let addresses =
        |first| (0..9).map(move |n| SocketAddr::from(([first, 0, 0, 0, 0, 0, 0, n], 9)));
    let all = Candidates {
        ice: Some(ice()),
        browser: true,
        machine: Some(MachineId::new("boot")),
        ..Candidates::new(addresses(1)).with_udp(addresses(2))
    };
    let most = encoded(&all, Role::Host);
    assert!(most.len() <= 896, "{}", most.len());
    let (read, _) = Candidates::decode(&most).unwrap();
    assert_eq!(
        read,
        Candidates {
            machine: None,
            ..all.clone()
        }
    );
    let usual = Candidates {
        ice: None,
        browser: false,
        ..all
    };
    assert!(encoded(&usual, Role::Host).len() <= 400);
}

#[test]
fn what_is_there_twice_though_it_may_be_once_is_refused() {
    for twice in [
        Candidates {
            ice: Some(ice()),
            ..Candidates::default()
        },
        Candidates {
            browser: true,
            ..Candidates::default()
        },
        Candidates {
            machine: Some(MachineId::new("boot")),
            ..Candidates::default()
        },
    ] {
        let once = encoded(&twice, Role::Host);
        assert!(decoded(&once).is_ok());
        let twice = [once.clone(), once].concat();
        assert_eq!(decoded(&twice), Err(PairingError::Candidates));
    }
    let address = encoded(&list(&["192.0.2.1:5"]), Role::Host);
    let twice = decoded(&[address.clone(), address].concat());
    assert_eq!(twice, Ok(list(&["192.0.2.1:5"])));
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(addresses in prop::collection::vec(any::<SocketAddr>(), 0..12), padding in 0..40usize) {
        // Flow labels and scopes mean nothing on another machine and do not travel.
        let plain = addresses.iter().map(|a| SocketAddr::new(a.ip(), a.port()));
        let candidates = Candidates::new(plain.clone()).with_udp(plain);
        let mut bytes = encoded(&candidates, Role::Host);
        bytes.resize(bytes.len() + padding, 0);
        prop_assert_eq!(decoded(&bytes), Ok(candidates));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..900)) {
        let _ = decoded(&bytes);
    }
}
