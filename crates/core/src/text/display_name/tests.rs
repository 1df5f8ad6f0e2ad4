use proptest::prelude::*;
use unicode_security::mixed_script::AugmentedScriptSet;

use super::*;

#[test]
fn names_of_many_scripts_are_names() {
    for name in [
        "bob",
        "Ada Lovelace",
        "O'Brien",
        "Zoë",
        "Мария",
        "Ελένη",
        "山田たろう",
        "山田 Taro",
        "김민수",
        "अनिल",
        "دینا",
        "ada 🦊",
        "x-1",
    ] {
        assert_eq!(
            DisplayName::parse(name).map(|n| n.as_str().to_owned()),
            Ok(name.to_owned())
        );
    }
    assert_eq!(DisplayName::parse("  e\u{301}va ").unwrap().as_str(), "éva");
}

#[test]
fn names_that_deceive_are_refused() {
    use NameError::*;
    for (name, why) in [
        ("", Blank),
        (" ", Blank),
        ("\u{a0}", Blank),
        ("b\u{43e}b", MixedScripts),
        ("раypal", MixedScripts),
        ("you", Reserved),
        ("YOU", Reserved),
        ("y\u{3bf}u", MixedScripts),
        ("y0u", Reserved),
        ("-n", Dash),
        ("al\u{200b}ice", Forbidden(Safe::line("\u{200b}"))),
        ("bob ✓", Forbidden(Safe::line("✓"))),
        ("◆", Forbidden(Safe::line("◆"))),
        ("a\u{2003}b", Forbidden(Safe::line("\u{2003}"))),
        ("a\nb", Forbidden(Safe::line("\n"))),
        ("bob*", Forbidden(Safe::line("*"))),
        ("\u{1b}[2J", Forbidden(Safe::line("\u{1b}"))),
        ("👩\u{200d}👩", Forbidden(Safe::line("\u{200d}"))),
    ] {
        assert_eq!(DisplayName::parse(name), Err(why), "{name:?}");
    }
    assert_eq!(DisplayName::parse(&"a".repeat(33)), Err(TooLong));
    assert_eq!(DisplayName::parse(&"世".repeat(17)), Err(TooLong));
    assert_eq!(DisplayName::parse(&"a".repeat(1_000_000)), Err(TooLong));
    assert!(DisplayName::parse(&"a".repeat(32)).is_ok());
    assert!(matches!(
        DisplayName::parse(&format!("Z{}", "\u{301}".repeat(20))),
        Err(Forbidden(_))
    ));
}

#[test]
fn names_that_look_alike_have_one_skeleton() {
    for (a, b) in [
        ("bob", "BOB"),
        ("bob", "b\u{43e}b"),
        ("bob", "b0b"),
        ("Al", "AI"),
        ("bill", "b1ll"),
        ("modern", "rnodern"),
        ("alice", "al\u{200b}ice"),
        ("ada l", "adal"),
        ("bob", "ｂｏｂ"),
    ] {
        assert_eq!(folded_skeleton(a), folded_skeleton(b), "{a} {b}");
    }
    assert_ne!(folded_skeleton("bob"), folded_skeleton("rob"));
    assert_ne!(folded_skeleton("bob"), folded_skeleton("bob 2"));
}

#[test]
fn a_number_fits_behind_every_name() {
    let long = DisplayName::parse(&"世".repeat(16)).unwrap();
    assert_eq!(
        long.numbered(12).unwrap().as_str(),
        format!("{} 12", "世".repeat(14))
    );
}

proptest::proptest! {
    #[test]
    fn a_name_shows_as_it_is_and_is_read_back(text in "\\PC{1,20}|[a-zA-Z -]{1,20}|\\p{Han}{1,5}") {
        if let Ok(name) = DisplayName::parse(&text) {
            proptest::prop_assert_eq!(name.to_string(), name.as_str());
            proptest::prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
        }
    }
}

/// What `one_script` says, by `unicode-security`.
fn is_one_script(name: &str) -> bool {
    let latin = AugmentedScriptSet::for_char('a');
    let is_latin = |c: &char| {
        let mut set = AugmentedScriptSet::for_char(*c);
        let is_all = set.is_all();
        set.intersect_with(latin);
        !is_all && !set.is_empty()
    };
    let rest: String = name.chars().filter(|c| !is_latin(c)).collect();
    let rest = AugmentedScriptSet::for_str(&rest);
    !AugmentedScriptSet::for_str(name).is_empty() || rest.jpan || rest.kore || rest.hanb
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn scripts_are_mixed_where_unicode_security_says_so(
        name in prop::collection::vec(prop_oneof![
            "[a-z0-9 \u{c0}-\u{3ff}\u{400}-\u{4ff}\u{3040}-\u{30ff}\u{3100}-\u{312f}\u{4e00}-\u{4eff}\u{ac00}-\u{acff}]",
            "[\u{640}-\u{65f}\u{900}-\u{980}\u{3001}-\u{303f}]",
            any::<char>().prop_map(String::from),
        ], 0..5)
    ) {
        let name = name.concat();
        prop_assert_eq!(one_script(&name), is_one_script(&name));
    }
}
