//! The verdict of a soak, printed and returned: messages and memory.

use std::time::Duration;

use crate::PATIENCE;
use crate::person::Person;

/// Memory is to be flat after this long.
const WARM_UP: Duration = Duration::from_secs(120);
const GROWTH_LIMIT_KIB: u64 = 2048;

/// Whether everything that was said arrived, once and in order, and is shown on both screens.
pub(crate) fn messages(people: &[Person; 2], said: &[Vec<String>; 2]) -> bool {
    let mut good = true;
    for (person, who) in [(0, "ada"), (1, "bob")] {
        let (said, other) = (&said[person], &people[1 - person]);
        other.wait_for(PATIENCE, |seen| seen.heard.len() >= said.len());
        people[person].wait_for(PATIENCE, |seen| seen.own.len() >= said.len());
        let same = |what: &str, shown: &[String]| {
            let pairs = said.iter().zip(shown);
            let wrong: Vec<_> = pairs.filter(|(said, shown)| said != shown).collect();
            let holds = wrong.is_empty() && said.len() == shown.len();
            println!(
                "{who} said {}, {what} {}, {} of them otherwise: {}",
                said.len(),
                shown.len(),
                wrong.len(),
                verdict(holds)
            );
            for (said, shown) in wrong.iter().take(10) {
                println!("  said {said:?}, shown {shown:?}");
            }
            holds
        };
        good &= other.seen(|seen| same("the other one was shown", &seen.heard));
        good &= people[person].seen(|seen| same("shown as their own", &seen.own));
        people[person].seen(|seen| {
            println!(
                "  {} bytes for {who}'s terminal; lines: {:?}",
                seen.bytes, seen.said
            );
            if !seen.reaching.is_empty() {
                println!("  escapes that reach printed lines: {:?}", seen.reaching);
            }
            good &= seen.reaching.is_empty();
        });
    }
    good
}

/// Whether memory stayed flat after the warm-up.
pub(crate) fn memory(samples: &[(Duration, [u64; 2])]) -> bool {
    let mut good = true;
    let warm: Vec<_> = samples.iter().filter(|(at, _)| *at >= WARM_UP).collect();
    for (person, who) in [(0, "ada"), (1, "bob")] {
        let of = |sample: &(Duration, [u64; 2])| sample.1[person];
        let first = of(&samples[0]);
        let Some(base) = warm.first().map(|sample| of(sample)) else {
            println!("{who}: {first} KiB at the start, and no longer than a warm-up");
            continue;
        };
        let peak = warm.iter().map(|sample| of(sample)).max().unwrap_or(base);
        let last = warm.last().map_or(base, |sample| of(sample));
        let holds = peak - base < GROWTH_LIMIT_KIB;
        println!(
            "{who}: {first} KiB at the start, {base} after the warm-up, {peak} at the most, {last} at the end; growth {} KiB, limit < {GROWTH_LIMIT_KIB}: {}",
            peak - base,
            verdict(holds)
        );
        good &= holds;
    }
    good
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "MISSED" }
}
