//! docs/events.md says what the program does: every type, every field, every exit code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use undertone::exit::Exit;

use crate::common::{Home, Mediator, Start};

const PAGE: &str = include_str!("../../docs/events.md");
const INPUT: &str = include_str!("../../src/ui/input.rs");
const FILE: &str = include_str!("../../src/ui/json/file.rs");
const SOURCE: &str = include_str!("../../src/ui/json/line.rs");

type Fields = BTreeSet<String>;

/// Every example of the page, by its type.
fn examples() -> BTreeMap<String, Vec<Map<String, Value>>> {
    let mut examples: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for block in PAGE.split("```json\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        for line in block.lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            let object = value.as_object().unwrap().clone();
            assert_eq!(object["v"], 1, "{line}");
            let kind = object["type"].as_str().unwrap().to_owned();
            examples.entry(kind).or_default().push(object);
        }
    }
    examples
}

/// The events and their fields, as the source has them.
fn events() -> BTreeMap<String, Fields> {
    let (_, body) = SOURCE.split_once("enum Line<'a> {\n").unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let mut events: BTreeMap<String, Fields> = BTreeMap::new();
    let mut current = String::new();
    let (mut renamed, mut skipped) = (None, false);
    for line in body.lines() {
        let indented = line.len() - line.trim_start().len();
        let line = line.trim_start();
        if indented == 4 && line.starts_with("#[serde(rename") {
            renamed = line.split('"').nth(1).map(str::to_owned);
        } else if indented == 8 && std::mem::replace(&mut skipped, line == "#[serde(skip)]") {
        } else if line.starts_with(|c: char| c.is_ascii_uppercase()) && indented == 4 {
            let (own, _) = line.split_once([' ', ',', '(']).unwrap_or((line, ""));
            let own = own.to_lowercase();
            current = renamed.take().unwrap_or(own);
            let common = ["v", "type"].map(str::to_owned);
            events.entry(current.clone()).or_default().extend(common);
        } else if let Some((field, _)) = line.split_once(": ")
            && indented == 8
            && !line.starts_with("//")
        {
            events.get_mut(&current).unwrap().insert(field.to_owned());
        }
    }
    events.get_mut("file").unwrap().extend(fields_of_files());
    events
}

/// The fields of `file`, whatever state it is in.
fn fields_of_files() -> Fields {
    let (_, body) = FILE.split_once("struct FileLine").unwrap();
    let (body, _) = body.split_once("/// A file of an offer.").unwrap();
    let fields = body.lines().filter_map(|line| {
        let (field, rest) = line.trim_start().split_once(": ")?;
        let is_field = rest.ends_with(',') && !field.contains(' ') && field != "step";
        is_field.then(|| field.to_owned())
    });
    fields.chain(["state".to_owned()]).collect()
}

#[test]
fn every_event_and_field_is_documented_with_an_example() {
    let (examples, events) = (examples(), events());
    assert!(events.len() >= 13 && events["message"].contains("text"));
    for (kind, fields) in &events {
        let shown: Fields = examples
            .get(kind)
            .unwrap_or_else(|| panic!("no example of {kind}"))
            .iter()
            .flat_map(|example| example.keys().cloned())
            .collect();
        assert_eq!(&shown, fields, "{kind}");
        let (_, section) = PAGE.split_once(&format!("\n### {kind}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let section = section.split("\n### ").next().unwrap();
        for field in fields
            .iter()
            .filter(|field| !["v", "type"].contains(&field.as_str()))
        {
            assert!(section.contains(&format!("`{field}`")), "{kind}: {field}");
        }
    }
    let others = ["peer", "finding", "identity", "incomplete"].map(str::to_owned);
    let documented: Fields = examples.into_keys().collect();
    let known: Fields = events.into_keys().chain(others).collect();
    assert_eq!(documented, known);
}

#[test]
fn every_command_is_in_the_table_of_the_input() {
    let (_, commands) = INPUT.split_once("const COMMANDS").unwrap();
    let (commands, _) = commands.split_once("];").unwrap();
    let commands: Vec<&str> = commands.split('"').skip(1).step_by(2).collect();
    assert!(commands.contains(&"quit"), "{commands:?}");
    let (_, table) = PAGE.split_once("\n## Input\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    for command in commands {
        let shown = |row: &str| row.starts_with('|') && row.contains(&format!("`/{command}"));
        assert!(table.lines().any(shown), "/{command}");
    }
}

/// Whether the page shows this field of this type with this kind of value.
fn is_documented(examples: &BTreeMap<String, Vec<Map<String, Value>>>, line: &str) {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    let shown = examples
        .get(value["type"].as_str().unwrap())
        .unwrap_or_else(|| panic!("{line}"));
    for (field, value) in value.as_object().unwrap() {
        let alike = |example: &Map<String, Value>| {
            example.get(field).is_some_and(|example| {
                std::mem::discriminant(example) == std::mem::discriminant(value)
            })
        };
        assert!(shown.iter().any(alike), "{field} of {line}");
    }
}

#[test]
fn what_two_programs_write_is_as_documented() {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let mut host = Start::chat(&homes[0], &mediator.url, "ada", "lab#otter").run();
    let mut lines = vec![host.out.next("waiting")];
    let mut guest = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter").run();
    for line in [
        "hi",
        "/who",
        "/verify",
        "/verify a b c d",
        "/peers",
        "/nope",
        "/trust x",
    ] {
        guest.say(line);
    }
    host.say("hello");
    loop {
        let line = guest.out.next("a message");
        let is_message = line.contains("\"type\":\"message\"");
        lines.push(line);
        if is_message {
            break;
        }
    }
    guest.end_input();
    assert_eq!(guest.exit_code(), 0);
    assert_eq!(host.exit_code(), 0);
    lines.extend(host.out.rest());
    lines.extend(guest.out.rest());
    for line in &lines {
        assert!(line.starts_with("{\"v\":1,\"type\":\""), "{line}");
    }
    let peers = Start::new(&homes[0], &["peers", "--json"]).finish(b"").1;
    let doctor = Start::new(
        &homes[0],
        &["doctor", "--json", "--mediator", &mediator.url],
    );
    let others = peers + &doctor.finish(b"").1;
    lines.extend(others.lines().map(str::to_owned));
    let examples = examples();
    let mut seen = BTreeSet::new();
    for line in &lines {
        is_documented(&examples, line);
        let value: Value = serde_json::from_str(line).unwrap();
        seen.insert(value["type"].as_str().unwrap().to_owned());
    }
    for kind in [
        "waiting",
        "connected",
        "message",
        "delivered",
        "who",
        "words",
        "note",
        "error",
        "left",
        "peer",
        "finding",
    ] {
        assert!(seen.contains(kind), "{kind} in {lines:#?}");
    }
}

#[test]
fn every_exit_code_is_in_page_and_manual() {
    let ends = [
        Exit::Done,
        Exit::InternalError,
        Exit::Usage,
        Exit::Mediator,
        Exit::Nobody,
        Exit::NoPath,
        Exit::Identity,
        Exit::Transfer,
        Exit::Protocol,
        Exit::Interrupted,
        Exit::Terminated,
    ];
    let manual = Start::new(&Home::new(), &["man"]).finish(b"").1;
    let (_, codes) = manual.split_once(".SH \"EXIT STATUS\"").unwrap();
    for end in ends.map(Exit::code) {
        assert!(PAGE.contains(&format!("\n| {end} | ")), "{end}");
        assert!(codes.contains(&format!("\\fB{end}\\fR")), "{end}");
    }
}

/// The words in quotes that `text` has behind each `before`.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let word = |rest: &'a str| {
        let (word, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        (!word.is_empty() && word.chars().all(plain)).then_some(word)
    };
    text.split(before).skip(1).filter_map(word).collect()
}

#[test]
fn every_error_code_of_the_source_is_documented_and_no_other() {
    let [
        error,
        event,
        meet,
        commands,
        front,
        verify,
        ours,
        theirs,
        asked,
    ] = [
        include_str!("../../src/engine/error.rs"),
        include_str!("../../src/engine/event.rs"),
        include_str!("../../src/engine/connect/first.rs"),
        include_str!("../../src/engine/conversation/commands.rs"),
        include_str!("../../src/ui/command.rs"),
        include_str!("../../src/engine/conversation/verify.rs"),
        include_str!("../../src/engine/conversation/files/ours.rs"),
        include_str!("../../src/engine/conversation/files/theirs.rs"),
        include_str!("../../src/engine/conversation/files/asked.rs"),
    ];
    let codes = [
        quoted(error, "("),
        quoted(error, "=> "),
        quoted(event, "error("),
        quoted(meet, "{ "),
        quoted(commands, "error("),
        quoted(front, "error("),
        quoted(verify, "error("),
        quoted(ours, "error("),
        quoted(theirs, "error("),
        quoted(asked, "error("),
    ];
    let codes: BTreeSet<&str> = codes.concat().into_iter().collect();
    let (_, table) = PAGE.split_once("| it ends with | codes |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let documented: BTreeSet<&str> = table.split('`').skip(1).step_by(2).collect();
    assert_eq!(codes, documented);
}

#[test]
fn manual_and_completions_know_every_command_and_option() {
    let home = Home::new();
    let run = |arguments: &[&str]| {
        let (code, out, err) = Start::new(&home, arguments).finish(b"");
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        out
    };
    let manual = run(&["man"]);
    for command in [
        "chat",
        "send",
        "receive",
        "files",
        "files clear",
        "peers",
        "peers rename",
        "id",
        "doctor",
        "completions",
        "man",
    ] {
        let title = format!(".SS \"undertone {command}\"");
        assert!(manual.contains(&title), "{title}");
    }
    assert!(manual.contains("echo hi | UNDERTONE_ROOM=lab#otter undertone"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        for word in ["doctor", "require-verified", "rename", "config"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert!(!home.data().exists(), "nothing is made on the way");
}
