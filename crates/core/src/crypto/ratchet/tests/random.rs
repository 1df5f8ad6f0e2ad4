//! Headers and whole links at random.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn header_round_trip(key: [u8; 32], previous: u32, number: u32) {
        let key = SecretKey::from_bytes(&key).public();
        let header = Header { key, previous, number };
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn any_forty_bytes_decode_or_are_refused(bytes: [u8; 32], rest: [u8; 8]) {
        let mut all = [0; 40];
        all[..32].copy_from_slice(&bytes);
        all[32..].copy_from_slice(&rest);
        if let Ok(header) = Header::decode(&all) {
            prop_assert_eq!(header.encode(), all);
        }
    }
}

/// One thing that happens on a link that runs both ways.
#[derive(Debug, Clone)]
enum Step {
    /// A side sends, asking for the DH step or not.
    Send { a: bool, step: bool },
    /// The oldest record on its way to a side arrives.
    Arrive { a: bool },
    /// A forgery arrives instead: that record with one bit of header or body flipped.
    Forge {
        a: bool,
        at: prop::sample::Index,
        bit: u32,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => any::<(bool, bool)>().prop_map(|(a, step)| Step::Send { a, step }),
        3 => any::<bool>().prop_map(|a| Step::Arrive { a }),
        1 => (any::<bool>(), any::<prop::sample::Index>(), 0..8_u32)
            .prop_map(|(a, at, bit)| Step::Forge { a, at, bit }),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_turns_with_postponed_steps_and_forgeries(steps in steps()) {
        let (mut a, mut b) = pair();
        let mut queues = [std::collections::VecDeque::new(), std::collections::VecDeque::new()];
        let mut count = 0_u32;
        for step in steps {
            match step {
                Step::Send { a: from_a, step } => {
                    let from = if from_a { &mut a } else { &mut b };
                    if !can_send(from) {
                        prop_assert!(from.next_sending(step).is_err());
                        continue;
                    }
                    let text = count.to_be_bytes();
                    queues[usize::from(from_a)].push_back((send(from, step, &text), text));
                    count += 1;
                }
                Step::Arrive { a: to_a } => {
                    let to = if to_a { &mut a } else { &mut b };
                    if let Some((record, text)) = queues[usize::from(!to_a)].pop_front() {
                        prop_assert_eq!(receive(to, &record), Ok(text.to_vec()));
                    }
                }
                Step::Forge { a: to_a, at, bit } => {
                    let to = if to_a { &mut a } else { &mut b };
                    let Some((record, _)) = queues[usize::from(!to_a)].front() else { continue };
                    let (mut header, mut sealed) = (record.0.encode(), record.1.clone());
                    let at = at.index(header.len() + sealed.len());
                    match at.checked_sub(header.len()) {
                        None => header[at] ^= 1 << bit,
                        Some(at) => sealed[at] ^= 1 << bit,
                    }
                    let before = snapshot(to);
                    if let Ok(header) = Header::decode(&header) {
                        prop_assert!(receive(to, &(header, sealed)).is_err());
                    }
                    prop_assert_eq!(snapshot(to), before);
                }
            }
        }
        for (to, queue) in [(&mut a, 0), (&mut b, 1)] {
            for (record, text) in queues[queue].drain(..) {
                prop_assert_eq!(receive(to, &record), Ok(text.to_vec()));
            }
        }
    }
}
