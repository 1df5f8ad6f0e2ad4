//! What people type as a room or a link, and what it comes to.

use super::*;
use crate::crypto::words;
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
    for odos in ["ΟΔΟΣ", "οδος", "οδοσ", "ΟΔΟς"] {
        assert_eq!(room(odos).name(), "οδοσ");
    }
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
        ("a/b#c", NearlyLink),
        (
            "mediator.example:7700#den#otter",
            NoScheme("http://mediator.example:7700".into()),
        ),
        (
            "192.168.1.20#den#otter",
            NoScheme("http://192.168.1.20:7700".into()),
        ),
        (
            "www.mediator.example#den",
            NoScheme("http://www.mediator.example:7700".into()),
        ),
        ("http://a/#den#ott…", Cut),
        ("http://a/#den#ott...", Cut),
        (
            "//10.0.0.7:7700/#den#otter",
            NoScheme("http://10.0.0.7:7700".into()),
        ),
        (
            "https:/m.example/#den",
            NoScheme("https://m.example".into()),
        ),
        (
            "http//m.example/#den",
            NoScheme("http://m.example:7700".into()),
        ),
        (
            "10.0.0.7:7700/#den#otter",
            NoScheme("http://10.0.0.7:7700".into()),
        ),
        (
            "ws://10.0.0.7:7700/#den#otter",
            Mediator(MediatorUrlError::Scheme("ws".into())),
        ),
        ("a[1]", NearlyLink),
        ("ocean-panda#tiger-velvt-olive-table", Misspelt("secret", 2)),
        ("ocean-panda#tiger-velvet-", Cut),
        ("http://a/#ocean-panda#tiger-velv", Cut),
        ("ocean-panda#tiger-velvet-olive", Cut),
        ("ocean-panda#tig", Cut),
        ("ocaen-panda#tiger-velvet-olive-table", Misspelt("room", 1)),
        ("tiger-velvet-olive-table", SecretAlone),
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
    assert_eq!("a".repeat(1_000_000).parse::<Room>(), Err(TooLong));
    assert!(
        format!("{}#{}", "a".repeat(64), "b".repeat(128))
            .parse::<Room>()
            .is_ok()
    );
}

#[test]
fn a_link_says_mediator_and_room() {
    let invite: Invite = " HTTP://192.168.1.20/#Ocean-Panda#tiger%2dvelvet-olive-table"
        .parse()
        .unwrap();
    let mediator = invite.mediator.unwrap();
    assert_eq!(mediator.to_string(), "http://192.168.1.20:7700");
    assert_eq!(invite.room, room("ocean-panda#tiger-velvet-olive-table"));
    assert_eq!(
        invite.room.invite_link(&mediator).as_str(),
        "http://192.168.1.20:7700/#ocean-panda#tiger-velvet-olive-table"
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

const LINK: &str = "http://192.168.1.20:7700/#ocean-panda#tiger-velvet-olive-table";
const OWN: &str = "http://192.168.1.20:7700/#den#otter";

#[test]
fn a_link_is_found_in_what_chat_apps_make_of_it() {
    for link in [LINK, OWN, "https://[fd00::7]:443/#den#otter"] {
        let meant: Invite = link.parse().unwrap();
        for around in [
            "<@>",
            "\"@\"",
            "'@'",
            "`@`",
            "“@”",
            "„@“",
            "«@»",
            "(@)",
            "[@]",
            "{@}",
            "**@**",
            "__@__",
            "*@*",
            "~~@~~",
            "||@||",
            "[join me](@)",
            "[@](@)",
            "<@|@>",
            "<URL:@>",
            "@.",
            "@,",
            "@!",
            "@?",
            "@ …",
            "“@”.",
            "(see @)",
            "Come here: @",
            "> @",
            " \u{200b}@\u{feff}",
            "@\r\n",
            "\t@\t",
        ] {
            let text = around.replace('@', link);
            assert_eq!(text.parse::<Invite>().as_ref(), Ok(&meant), "{text:?}");
        }
        let escaped = link.replacen('#', "%23", 1);
        assert_eq!(escaped.parse::<Invite>(), Ok(meant), "{escaped}");
    }
}

#[test]
fn what_mail_and_web_pages_make_of_an_invite_is_read() {
    let meant: Invite = LINK.parse().unwrap();
    let room = LINK.split_once('#').unwrap().1;
    for hash in [
        "&#35;",
        "&#035;",
        "&#35",
        "&#x23;",
        "&#X0023;",
        "&num;",
        "&amp;#35;",
        "&amp;amp;num;",
        "=23",
        "%23",
    ] {
        let text = LINK.replace('#', hash);
        assert_eq!(text.parse::<Invite>().as_ref(), Ok(&meant), "{text}");
        let text = room.replace('#', hash);
        let alone = text.parse::<Invite>().map(|invite| invite.room);
        assert_eq!(alone.as_ref(), Ok(&meant.room), "{text}");
    }
    for text in [
        LINK.replacen('#', "%2523", 1).replace('#', "%2523"),
        LINK.replace("://", "&#58;&#x2F;&sol;"),
        format!("&lt;{LINK}&gt;"),
        format!("&quot;{LINK}&quot;."),
        format!("<a href=3D\"{LINK}\">")
            .replace('#', "=23")
            .replace("<a href=3D", "see "),
    ] {
        assert_eq!(text.parse::<Invite>().as_ref(), Ok(&meant), "{text}");
    }
    for at in 8..LINK.len() {
        for gap in ["=\n", "=\r\n", "= \n"] {
            let text = [&LINK[..at], gap, &LINK[at..]].concat();
            assert_eq!(text.parse::<Invite>().as_ref(), Ok(&meant), "{text:?}");
        }
    }
    let quoted: Invite = "&quot;den#otter&quot;".parse().unwrap();
    assert_eq!(*quoted.room.typed(), "den#otter");
    let umlauts: Invite = "http://10.0.0.1/#den#k\u{e4}se-brot".parse().unwrap();
    let text = "http://10.0.0.1/#den#k=C3=A4se=\n-brot";
    assert_eq!(text.parse::<Invite>(), Ok(umlauts));
}

#[test]
fn what_looks_encoded_in_a_secret_that_was_typed_stays() {
    for text in [
        "den#a=23b",
        "den#a&amp;b",
        "den#a&#35;b",
        "den#50%23",
        "den#a=",
        "d=1#x",
    ] {
        let invite = text.parse::<Invite>().unwrap();
        assert_eq!(*invite.room.typed(), text);
    }
    for broken in [
        "a&b",
        "a&#xzz;b#c",
        "a&#1114112;b",
        "a&#;b",
        "den%23",
        "a%23%zz",
    ] {
        assert!(broken.parse::<Invite>().is_err(), "{broken}");
    }
}

#[test]
fn a_broken_link_is_whole_again() {
    let meant: Invite = LINK.parse().unwrap();
    for at in 8..LINK.len() - 1 {
        for gap in ["\n", "\r\n", "\n  ", "\n> "] {
            let text = [&LINK[..at], gap, &LINK[at..]].concat();
            assert_eq!(text.parse::<Invite>().as_ref(), Ok(&meant), "{text:?}");
        }
    }
    let text = format!("{LINK}\nSee you there, ada");
    assert_eq!(text.parse::<Invite>(), Ok(meant));
}

#[test]
fn words_that_may_belong_to_the_secret_are_refused_before_anything_starts() {
    for after in [" thanks", "\nthanks", "\tsee you"] {
        let text = [OWN, after].concat();
        let understood = RoomError::OtherWords("http://192.168.1.20:7700/#den#…".into());
        assert_eq!(text.parse::<Invite>(), Err(understood), "{text:?}");
    }
    let two = format!("{LINK}\n{OWN}");
    assert_eq!(two.parse::<Invite>(), Err(RoomError::TwoLinks));
    assert!(format!("x{LINK}").parse::<Invite>().is_err());
}

#[test]
fn a_room_is_found_between_quotes_and_before_a_full_stop() {
    for (text, meant) in [
        ("`den#otter`", "den#otter"),
        ("\"den\"", "den"),
        ("**den#otter**", "den#otter"),
        ("<den#otter>", "den#otter"),
        (
            "ocean-panda#tiger-velvet-olive-table.",
            "ocean-panda#tiger-velvet-olive-table",
        ),
        (
            "Ocean‑Panda＃tiger–velvet–olive–table,",
            "ocean-panda#tiger-velvet-olive-table",
        ),
        // A mark may belong to a secret that somebody chose.
        ("den#otter!", "den#otter!"),
    ] {
        let invite = text.parse::<Invite>().unwrap();
        assert_eq!(*invite.room.typed(), meant, "{text}");
    }
}

#[test]
fn rooms_come_to_the_form_and_tag_that_another_implementation_computes() {
    let vectors = include_str!("../../../../tests/vectors/rooms.tsv");
    let rows = vectors.lines().filter(|line| !line.starts_with("# "));
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let text = |field: &str| String::from_utf8(hex(field)).unwrap();
    for row in rows {
        let [typed, name, secret, tag] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let room = room(&text(typed));
        assert_eq!(room.name(), text(name), "{row}");
        assert_eq!(room.secret().unwrap().expose(), text(secret), "{row}");
        assert_eq!(room.tag().as_slice(), hex(tag), "{row}");
    }
}

#[test]
fn words_are_offered_behind_a_dash_or_a_hash() {
    for (text, offered) in [
        ("ocean-panda#tiger-velv", true),
        ("http://a/#ocean-p", true),
        ("ocean", false),
        ("ocean-panda#", false),
        ("", false),
    ] {
        assert_eq!(
            words_for(text).len(),
            if offered { 2048 } else { 0 },
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn what_stands_around_a_link_never_becomes_part_of_it(
        before in "[^h]{0,12}", after in any::<String>(),
    ) {
        let meant: Invite = LINK.parse().unwrap();
        if let Ok(invite) = format!("{before}{LINK} {after}").parse::<Invite>() {
            prop_assert_eq!(invite, meant);
        }
    }

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
