//! What stands in and around a link in what people paste, by its kind.

use proptest::prelude::*;
use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory};

use crate::room::{Invite, RoomError};

const LINK: &str = "http://192.168.1.20:7700/#ocean-panda#tiger-velvet-olive-table";
const OWN: &str = "http://192.168.1.20:7700/#den#otter";

fn of_category(categories: &[Category]) -> Vec<char> {
    let all = char::MIN..=char::MAX;
    all.filter(|c| categories.contains(&c.general_category()))
        .collect()
}

fn read(text: &str) -> Result<Invite, RoomError> {
    text.parse()
}

#[test]
fn brackets_and_quotes_of_every_script_stand_around_a_link_or_a_room() {
    use Category::{ClosePunctuation, FinalPunctuation, InitialPunctuation, OpenPunctuation};
    let opening = of_category(&[OpenPunctuation, InitialPunctuation, FinalPunctuation]);
    let closing = of_category(&[ClosePunctuation, InitialPunctuation, FinalPunctuation]);
    for link in [LINK, OWN] {
        let meant = read(link);
        for open in &opening {
            for close in &closing {
                let text = format!("{open}{link}{close}");
                assert_eq!(read(&text), meant, "{text}");
            }
        }
    }
    for [open, close] in [
        "»«", "«»", "›‹", "【】", "『』", "《》", "〈〉", "「」", "｢｣", "〔〕", "（）", "［］",
        "＜＞", "⟨⟩", "❨❩", "〝〞", "〝〟", "„“", "„\"", "‚‘", "‘’", "“”", "””", "｛｝",
    ]
    .map(|pair| [pair.chars().next().unwrap(), pair.chars().last().unwrap()])
    {
        for around in ["@", " @ ", "**@**"] {
            let inner = around.replace('@', "den#otter");
            let text = format!("{open}{inner}{close}");
            let room = read(&text).map(|invite| invite.room.typed().to_string());
            assert_eq!(room, Ok("den#otter".into()), "{text}");
        }
        let text = format!("Hier: {open}{OWN}{close}, {open}bis{close} gleich");
        assert_eq!(read(&text), read(OWN), "{text}");
    }
}

#[test]
fn words_without_spaces_stand_before_a_link() {
    for before in ["招待：", "请加入", "【邀请】", "(see:", "点击这里👉"] {
        let text = format!("{before}{LINK}");
        assert_eq!(read(&text), read(LINK), "{text}");
        let text = format!("{before}「{OWN}」谢谢");
        assert_eq!(read(&text), read(OWN), "{text}");
    }
}

#[test]
fn a_bracket_or_a_link_in_other_letters_is_no_part_of_a_room() {
    for text in [
        "【den#otter",
        "»den",
        "den』",
        "「den」#otter",
        "den：otter／#x",
        "ｍ//客厅#x",
    ] {
        assert_eq!(read(text), Err(RoomError::NearlyLink), "{text}");
    }
    for text in [
        "１９２．１６８．１．２０：７７００／＃ｄｅｎ＃ｘ",
        "192。168。1。20：7700/＃den",
    ] {
        let meant = RoomError::NoScheme("http://192.168.1.20:7700".into());
        assert_eq!(read(text), Err(meant), "{text}");
    }
    // What people may call a room stays one.
    for text in ["部屋：１", "ｌａｂ", "o’brien", "k\u{e4}se-brot"] {
        assert!(read(text).unwrap().mediator.is_none(), "{text}");
    }
}

#[test]
fn full_width_letters_in_a_made_up_room_are_those_of_the_list() {
    let text = "ｏｃｅａｎ－ｐａｎｄａ＃ｔｉｇｅｒ－ｖｅｌｖｅｔ－ｏｌｉｖｅ－ｔａｂｌｅ";
    assert_eq!(read(text).unwrap().room, read(LINK).unwrap().room);
    // A chosen one is what it is: the other person may have typed it so.
    let chosen = read("http://192.168.1.20:7700/#ｄｅｎ#otter").unwrap().room;
    assert_ne!(chosen, read(OWN).unwrap().room);
}

#[test]
fn a_link_that_leads_elsewhere_first_is_refused() {
    for text in [
        "https://l.example/?u=http%3A%2F%2F192.168.1.20%3A7700%2F%23den%23otter",
        "https://l.example/?u=192.168.1.20%3A7700%2F%23den%23otter",
        "https://l.example/url?q=x#den#otter",
    ] {
        assert!(matches!(read(text), Err(RoomError::Mediator(_))), "{text}");
    }
    // In a room that was typed it stays, for somebody may have chosen it.
    let typed = read("den#a?b=c").unwrap().room;
    assert_eq!(*typed.typed(), "den#a?b=c");
}

/// In the full width of East Asian scripts.
fn wide(c: char) -> char {
    match u32::from(c) {
        code @ 0x21..=0x7e => char::from_u32(code + 0xfee0).unwrap(),
        _ => c,
    }
}

#[test]
fn an_ellipsis_cuts_a_secret_and_not_what_stands_behind_it() {
    for mark in ["...", "…"] {
        assert_eq!(read(&format!("{OWN}?_=&a={mark}")), read(OWN));
        assert_eq!(read(&format!("{OWN}&fbclid=x{mark}")), read(OWN));
        let (place, room) = OWN.split_once("/#").unwrap();
        for cut in [format!("{OWN}{mark}"), format!("{place}/?a=b#{room}{mark}")] {
            assert_eq!(read(&cut), Err(RoomError::Cut), "{cut}");
        }
    }
}

const QUERY: &str =
    "[?&][a-z_]{1,10}=[A-Za-z0-9_.-]{0,10}(&[a-z_]{1,10}=[A-Za-z0-9_.-]{0,10}){0,2}";

proptest! {
    #[test]
    fn any_character_of_an_address_may_be_wide(which in any::<u64>(), own in any::<bool>()) {
        let link = if own { OWN } else { LINK };
        let hash = link.find('#').unwrap();
        let text: String = link
            .char_indices()
            .map(|(at, c)| match which >> (at % 64) & 1 == 1 && (at <= hash || c == '#') {
                true => wide(c),
                false => c,
            })
            .collect();
        prop_assert_eq!(read(&text), read(link), "{}", text);
        let whole: String = link.chars().map(wide).collect();
        prop_assert_eq!(read(&whole), read(link));
    }

    #[test]
    fn a_query_is_no_part_of_a_link(query in QUERY, own in any::<bool>()) {
        let link = if own { OWN } else { LINK };
        let (place, room) = link.split_once("/#").unwrap();
        let (name, secret) = room.split_once('#').unwrap();
        let before = query.replacen('&', "?", 1);
        for text in [
            format!("{place}/{before}#{room}"),
            format!("{place}{before}#{room}"),
            format!("{place}/#{name}{query}#{secret}"),
            format!("{link}{query}"),
            format!("({link}{query})."),
            format!("{link}{}", query.replace('?', "？")),
        ] {
            prop_assert_eq!(read(&text), read(link), "{}", text);
        }
        let typed = format!("ocean-panda#tiger-velvet-olive-table{query}");
        prop_assert_eq!(read(&typed).unwrap().room, read(LINK).unwrap().room);
    }
}
