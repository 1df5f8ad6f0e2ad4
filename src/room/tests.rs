//! What people type as a room or a link, and what it comes to.

use super::*;
use crate::mediator_url::MediatorUrl;
use proptest::prelude::*;

fn room(text: &str) -> Room {
    text.parse().unwrap()
}

#[test]
fn both_sides_come_to_one_normal_form() {
    let lab = room("  LAB#Otter ");
    assert_eq!(
        (lab.name(), lab.secret().unwrap().expose()),
        ("lab", "otter")
    );
    assert_eq!(room("cafe\u{301}"), room("CAFÉ"));
    assert_eq!(room("a # b").typed().as_str(), "a#b");
    assert_eq!(room("a#b#c").secret().unwrap().expose(), "b#c");
    assert_eq!(
        room("lab").tag(),
        room("LAB#x").tag(),
        "the secret never enters the tag"
    );
    assert_ne!(room("lab").tag(), room("lab2").tag());
    assert_eq!(*room("lab").prs(), b"N");
    assert_eq!(*room("lab#n").prs(), b"Sn");
}

#[test]
fn what_is_no_room_is_refused_with_a_reason() {
    use RoomError::*;
    for (text, why) in [
        ("", NoName),
        (" ", NoName),
        ("#x", NoName),
        ("a#", NoSecret),
        ("a# ", NoSecret),
        ("a b", Forbidden),
        ("a\u{1b}", Forbidden),
        ("a#b c", Forbidden),
        ("a\u{200b}", Forbidden),
        ("http://a/", NoRoomInLink),
        ("http://a/#%4", Percent),
        ("http://a/#%ff", Percent),
        ("http://a/#", NoName),
        (
            "http://a/b#c",
            Mediator(MediatorUrlError::Extra("/b".into())),
        ),
    ] {
        assert_eq!(text.parse::<Invite>(), Err(why), "{text:?}");
    }
    assert_eq!("a".repeat(65).parse::<Room>(), Err(NameTooLong));
    assert_eq!(
        format!("a#{}", "b".repeat(129)).parse::<Room>(),
        Err(SecretTooLong)
    );
    assert_eq!("a".repeat(1_000_000).parse::<Room>(), Err(NameTooLong));
    assert!(
        format!("{}#{}", "a".repeat(64), "b".repeat(128))
            .parse::<Room>()
            .is_ok()
    );
}

#[test]
fn a_link_says_mediator_and_room() {
    let invite: Invite = " HTTP://192.168.1.20/#Amber-Falcon#cedar%2dotter"
        .parse()
        .unwrap();
    let mediator = invite.mediator.unwrap();
    assert_eq!(mediator.to_string(), "http://192.168.1.20:7700");
    assert_eq!(invite.room, room("amber-falcon#cedar-otter"));
    assert_eq!(
        invite.room.invite_link(&mediator).as_str(),
        "http://192.168.1.20:7700/#amber-falcon#cedar-otter"
    );
}

#[test]
fn made_up_rooms_are_six_words_of_the_list() {
    let made_up = Room::made_up();
    let count = |text: &str| {
        text.split('-')
            .filter(|w| words::bip39().contains(w))
            .count()
    };
    assert_eq!(count(made_up.name()), 2);
    assert_eq!(count(made_up.secret().unwrap().expose()), 4);
    assert_ne!(made_up, Room::made_up());
    let long = Room::made_up_long();
    assert_eq!(long.secret().unwrap().expose().len(), 26);
    for room in [made_up, long] {
        assert_eq!(room.typed().parse(), Ok(room));
    }
}

#[test]
fn a_secret_does_not_show_in_debug() {
    let shown = format!("{:?}", "http://a/#lab#otter".parse::<Invite>());
    assert!(shown.contains("lab") && !shown.contains("otter"), "{shown}");
}

proptest! {
    #[test]
    fn reading_never_panics_and_the_normal_form_is_final(text in any::<String>()) {
        if let Ok(room) = text.parse::<Room>() {
            prop_assert_eq!(room.typed().parse(), Ok(room));
        }
    }

    #[test]
    fn rooms_and_links_are_read_back(name in "[^#\\s\\pC]{1,12}", secret in proptest::option::of("[^\\s\\pC]{1,24}")) {
        let text = secret.map_or(name.clone(), |secret| format!("{name}#{secret}"));
        if let Ok(room) = text.parse::<Room>() {
            prop_assert_eq!(&room.typed().parse::<Room>(), &Ok(room.clone()));
            let mediator: MediatorUrl = "https://[fd00::7]:443".parse().unwrap();
            let invite: Invite = room.invite_link(&mediator).parse().unwrap();
            prop_assert_eq!(invite, Invite { mediator: Some(mediator), room });
        }
    }

    #[test]
    fn hostile_links_never_panic(rest in any::<String>()) {
        let _ = format!("http://{rest}").parse::<Invite>();
        let _ = format!("http://a/#{rest}").parse::<Invite>();
    }
}
