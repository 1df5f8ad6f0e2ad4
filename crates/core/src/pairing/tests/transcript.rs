//! The frozen transcript, `tests/vectors/transcript.json`: from the inputs in it
//! every output must come out byte for byte. It is written anew, after a
//! deliberate change of the protocol, by running this test with
//! `UNDERTONE_FREEZE_TRANSCRIPT=1`; the inputs are kept.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::time::Instant;
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

use super::*;
use crate::crypto::kem::{DecapsulationSeed, encapsulate_with};
use crate::crypto::words::fingerprint;
use crate::payload::decode;
use crate::session::record::{Channel, PREFIX_LEN};

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/transcript.json"
);

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key}"))
}

fn bytes<const N: usize>(value: &Value, key: &str) -> [u8; N] {
    unhex(&value[key]).try_into().unwrap()
}

fn unhex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn hex(bytes: impl AsRef<[u8]>) -> Value {
    HEXLOWER.encode(bytes.as_ref()).into()
}

/// One end's inputs.
struct Person<'a>(&'a Value);

impl Person<'_> {
    fn offering(&self, room: &str, secret: &str) -> Offering {
        let meeting = Meeting {
            tag: room_tag(room.as_bytes()),
            prs: prs(Some(secret.as_bytes())),
        };
        let scalar = bytes(self.0, "cpace_scalar");
        let share = Share::with_scalar(&meeting.prs, &channel(&meeting.tag), &[], &scalar);
        let fresh = Fresh {
            ephemeral: self.key("ephemeral"),
            share,
            nonce: Secret::copy(&bytes(self.0, "nonce")),
            unused: Unused::from_bytes(bytes(self.0, "unused")),
        };
        Offering::with(meeting, self.key("identity").public(), fresh)
    }

    fn key(&self, name: &str) -> SecretKey {
        SecretKey::from_bytes(&bytes(self.0, name))
    }

    fn candidates(&self) -> Candidates {
        let list = self.0["candidates"].as_array().unwrap();
        let parse = |address: &Value| address.as_str().unwrap().parse::<SocketAddr>().unwrap();
        let machine = MachineId::new(text(self.0, "machine"));
        Candidates::new(list.iter().map(parse)).on_machine(Some(machine))
    }

    fn ratchet_keys(&self) -> VecDeque<SecretKey> {
        let keys = self.0["ratchet_keys"].as_array().unwrap();
        let keys = keys.iter().map(|key| unhex(key).try_into().unwrap());
        keys.map(|key| SecretKey::from_bytes(&key)).collect()
    }
}

/// Both ends up to their SEALEDs.
fn meet(inputs: &Value, outputs: &mut Map<String, Value>) -> (Matched, Matched) {
    let (room, secret) = (text(inputs, "room"), text(inputs, "secret"));
    let (host, guest) = (Person(&inputs["host"]), Person(&inputs["guest"]));
    let (a, b) = (host.offering(room, secret), guest.offering(room, secret));
    let (offer_a, offer_b) = (a.offer().to_vec(), b.offer().to_vec());
    let (a, sealed_a) = a.paired(Role::Host, &offer_b, &host.candidates()).unwrap();
    let (b, sealed_b) = b
        .paired(Role::Guest, &offer_a, &guest.candidates())
        .unwrap();
    let mut put = |name: &str, value: &[u8]| outputs.insert(name.into(), hex(value));
    put("tag", &room_tag(room.as_bytes()));
    put("offer_a", &offer_a);
    put("offer_b", &offer_b);
    put("th0", &a.th0);
    put(
        "key_sealed_a",
        a.ck0.expand(Label::SealedA, &a.th0).as_bytes(),
    );
    put(
        "key_sealed_b",
        a.ck0.expand(Label::SealedB, &a.th0).as_bytes(),
    );
    put("sealed_a", &sealed_a);
    put("sealed_b", &sealed_b);
    let a = a.sealed(&sealed_b, None).ok().unwrap();
    let b = b.sealed(&sealed_a, None).ok().unwrap();
    let a = a.agree(&host.key("identity")).ok().unwrap();
    (a, b.agree(&guest.key("identity")).ok().unwrap())
}

fn confirm(inputs: &Value, outputs: &mut Map<String, Value>) -> (Established, Established) {
    let (a, b) = meet(inputs, outputs);
    let th1 = a.th1;
    let ck2 = ChainingKey::new(a.ck2.as_bytes());
    let name = |role: &str| text(&inputs[role], "name").to_owned();
    let first = Person(&inputs["guest"]).ratchet_keys().remove(0).unwrap();
    let key = |label, th: &[u8; 32]| hex(a.ck2.expand(label, th).as_bytes());
    let key_confirm_b = key(Label::ConfirmB, &th1);
    let kem = DecapsulationSeed::from_bytes(&bytes(&inputs["guest"], "kem_seed"));
    let guest = b.guest_with(&name("guest"), first, kem).unwrap();
    let th2 = hash(&[&th1, guest.confirm_b()]);
    let key_confirm_a = key(Label::ConfirmA, &th2);
    let mut host = a.host(&name("host")).ok().unwrap();
    let m = Secret::copy(&bytes(&inputs["host"], "kem_m"));
    let (confirm_a, a) = host.confirm_with(guest.confirm_b(), &m).unwrap();
    let (kem_key, ciphertext, ss) = encapsulated(inputs);
    let (a, b) = (a.unwrap(), guest.confirm(&confirm_a).ok().unwrap());
    assert_same(&a, &b);

    let nonce = bytes(inputs, "knock_nonce");
    let values = [
        ("th1", hex(th1)),
        ("key_confirm_b", key_confirm_b),
        ("confirm_b", hex(guest.confirm_b())),
        ("th2", hex(th2)),
        ("key_confirm_a", key_confirm_a),
        ("confirm_a", hex(&confirm_a)),
        ("th3", hex(hash(&[&th2, &confirm_a]))),
        ("encapsulation_key", hex(kem_key)),
        ("ciphertext", hex(ciphertext)),
        ("kem_shared", hex(ss.as_bytes())),
        ("ck3", hex(ck2.extract(ss.as_bytes()).as_bytes())),
        ("root_key", hex(a.link.root.as_bytes())),
        ("session_id", hex(a.link.session_id)),
        ("resume_room", hex(a.resume.room().as_bytes())),
        ("resume_tag", hex(room_tag(a.resume.room().as_bytes()))),
        ("resume_secret", hex(a.resume.secret().as_bytes())),
        (
            "knock",
            hex([nonce.as_slice(), &a.resume.knock_tag(&nonce)].concat()),
        ),
        ("words_a", json!(a.peer.words.a)),
        ("words_b", json!(a.peer.words.b)),
        ("fingerprint_a", fingerprint(&a.link.s_a).to_string().into()),
        ("fingerprint_b", fingerprint(&a.link.s_b).to_string().into()),
    ];
    outputs.extend(values.map(|(name, value)| (name.into(), value)));
    (a, b)
}

/// The key in CONFIRM_B, the ciphertext in CONFIRM_A, and ss, which it holds.
fn encapsulated(inputs: &Value) -> (Vec<u8>, Vec<u8>, Secret<32>) {
    let kem = DecapsulationSeed::from_bytes(&bytes(&inputs["guest"], "kem_seed"));
    let m = Secret::copy(&bytes(&inputs["host"], "kem_m"));
    let key = kem.encapsulation_key();
    let (ciphertext, ss) = encapsulate_with(&key, &m).unwrap();
    assert_eq!(kem.decapsulate(&ciphertext).as_bytes(), ss.as_bytes());
    (key.to_vec(), ciphertext.to_vec(), ss)
}

/// The frames of the records, each opened by the other end.
fn records(inputs: &Value, a: Established, b: Established) -> Vec<Value> {
    let mut keys = ["host", "guest"].map(|role| Person(&inputs[role]).ratchet_keys());
    let first = keys[0].pop_front();
    let mut host = Channel::new_with(a.link, || first.unwrap()).unwrap();
    let mut guest = Channel::new(b.link).unwrap();
    keys[1].pop_front();
    let start = Instant::now();
    let mut frames = Vec::new();
    for record in inputs["records"].as_array().unwrap() {
        let from_host = text(record, "from") == "host";
        let (sender, receiver, keys) = match from_host {
            true => (&mut host, &mut guest, &mut keys[0]),
            false => (&mut guest, &mut host, &mut keys[1]),
        };
        let now = start + Duration::from_millis(record["at_ms"].as_u64().unwrap());
        let payloads = unhex(&record["payloads"]);
        assert!(decode(&payloads).all(|payload| payload.is_ok()));
        let mut frame = Vec::new();
        let fill = |buf: &mut Vec<u8>| buf.extend_from_slice(&payloads);
        let next = || keys.pop_front().expect("a further ratchet key");
        sender.seal_with(now, &mut frame, next, fill).unwrap();
        let mut body = frame[PREFIX_LEN..].to_vec();
        assert!(receiver.open(&mut body).unwrap().starts_with(&payloads));
        frames.push(hex(frame));
    }
    assert!(
        keys.iter().all(VecDeque::is_empty),
        "every ratchet key is used"
    );
    frames
}

#[test]
fn the_frozen_transcript_comes_out_of_its_inputs_byte_for_byte() {
    let mut file: Value = serde_json::from_slice(&std::fs::read(PATH).unwrap()).unwrap();
    let mut outputs = Map::new();
    let inputs = &file["inputs"];
    let (a, b) = confirm(inputs, &mut outputs);
    outputs.insert("records".into(), records(inputs, a, b).into());
    if std::env::var_os("UNDERTONE_FREEZE_TRANSCRIPT").is_some() {
        file["outputs"] = outputs.into();
        let written = serde_json::to_string_pretty(&file).unwrap();
        std::fs::write(PATH, written + "\n").unwrap();
        panic!("the transcript was written anew: look at what changed");
    }
    let frozen = file["outputs"].as_object().unwrap();
    assert_eq!(frozen.len(), outputs.len());
    for (name, value) in &outputs {
        assert_eq!(frozen.get(name), Some(value), "{name}");
    }
}

#[test]
fn every_frozen_value_is_one_of_its_own() {
    // Guards against a constant frozen in place of a derivation.
    let file: Value = serde_json::from_slice(&std::fs::read(PATH).unwrap()).unwrap();
    let outputs = file["outputs"].as_object().unwrap();
    let values: Vec<&str> = outputs.values().filter_map(Value::as_str).collect();
    let distinct: std::collections::HashSet<_> = values.iter().collect();
    assert_eq!((distinct.len(), values.len()), (27, 27));
}
