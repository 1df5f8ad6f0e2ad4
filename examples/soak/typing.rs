//! What a person types: messages with a number each, and the detours that hands take on the way
//! to them. Owns no terminal. Every detour ends where it began, so that the message that is to
//! arrive is known beforehand.

/// xorshift64*: the same seed, the same soak (but for the timing).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Anything but 0, and another state for each seed.
        Self(2 * seed + 1)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// A message, and the keys that make it: each a write of its own, Enter last.
pub(crate) struct Message {
    pub text: String,
    pub keys: Vec<String>,
}

const WORDS: [&str; 20] = [
    "the",
    "kettle",
    "naïve",
    "cafe\u{301}",
    "Größe",
    "世界",
    "こんにちは",
    "안녕하세요",
    "漢字かな交じり文",
    "👍",
    "🎉🎉",
    "🦦",
    "🇩🇪",
    "مرحبا",
    "שלום",
    "привет",
    "https://example.org/a/rather/long/path?with=a&query#and-more",
    "x",
    "—",
    "it's",
];

impl Message {
    /// One that is typed key by key.
    pub(crate) fn typed(number: u64, random: &mut Random) -> Self {
        let mut message = Self {
            text: format!("#{number}"),
            keys: format!("#{number}").chars().map(String::from).collect(),
        };
        for _ in 0..1 + random.below(9) {
            let (blank, key) = match random.below(20) {
                0 => ("\n", "\x1b\r"),
                _ => (" ", " "),
            };
            message.text.push_str(blank);
            message.keys.push(key.into());
            if random.one_in(3) {
                let detour = detour(&message.text, random);
                message.keys.extend(detour);
            }
            let word = random.pick(&WORDS);
            message.text.push_str(word);
            if random.one_in(8) {
                message.keys.push(format!("\x1b[200~{word}\x1b[201~"));
            } else {
                message.keys.extend(word.chars().map(String::from));
            }
        }
        message.keys.push("\r".into());
        message
    }

    /// A short one that comes in one write.
    pub(crate) fn at_once(number: u64, random: &mut Random) -> Self {
        let text = format!("#{number} {}", random.pick(&WORDS));
        let keys = vec![format!("{text}\r")];
        Self { text, keys }
    }
}

/// Keys that lead from the draft, the cursor at its end, back to the same.
fn detour(draft: &str, random: &mut Random) -> Vec<String> {
    const LEFT: &str = "\x1b[D";
    const RIGHT: &str = "\x1b[C";
    let keys: &[&str] = match random.below(12) {
        // Typed and taken back.
        0 => &["q", "w", "y", "\x7f", "\x7f", "\x7f"],
        1 => &["世", "👍", "\x7f", "\x7f"],
        2 => &["o", "o", "p", "s", "\x17"],
        3 => &["z", "z", LEFT, LEFT, "\x0b"],
        4 => &["\x01", "q", LEFT, "\x1b[3~", "\x05"],
        // Killed and yanked.
        5 => &["\x15", "\x19"],
        6 => &["\x01", "\x0b", "\x19"],
        // There and back.
        7 => &[LEFT, "\x02", RIGHT, "\x06"],
        8 => &["\x1bb", "\x1bb", "\x1bf", "\x05"],
        // What was said before, and the draft again.
        9 => &["\x1b[A", "\x1b[A", "\x10", "\x0e", "\x1b[B", "\x1b[B"],
        10 => &["\x0c"],
        // Thrown away, and pasted back. A paste loses the line end that it ends with.
        _ => {
            let body = draft.strip_suffix('\n').unwrap_or(draft);
            let mut keys = vec!["x".into(), "\x03".into()];
            keys.push(format!("\x1b[200~{body}\x1b[201~"));
            if body != draft {
                keys.push("\x1b\r".into());
            }
            return keys;
        }
    };
    keys.iter().copied().map(String::from).collect()
}
