//! What characters map to, as text: a line for each run of characters, which begins with the first
//! of them. What each maps to follows, one field a code point, between tabs; an empty field maps
//! nothing. Lines are in the order of code points.

/// A table of that form.
#[derive(Clone, Copy)]
pub(crate) struct Table(pub(crate) &'static str);

impl Table {
    /// What the character maps to.
    pub(crate) fn get(self, c: char) -> Option<&'static str> {
        let mut line = self.line(c)?.chars();
        let first = line.next()?;
        let at = usize::try_from(u32::from(c) - u32::from(first)).ok()?;
        let field = line.as_str().split('\t').nth(at)?;
        (!field.is_empty()).then_some(field)
    }

    /// All that is mapped.
    pub(crate) fn entries(self) -> impl Iterator<Item = (char, &'static str)> {
        self.0
            .lines()
            .filter_map(|line| Some((line.chars().next()?, line)))
            .flat_map(|(first, line)| {
                let fields = line.get(first.len_utf8()..).unwrap_or_default();
                (first..=char::MAX).zip(fields.split('\t'))
            })
            .filter(|(_, field)| !field.is_empty())
    }

    /// The last line that does not begin behind `c`. Found by halves: in UTF-8 the order of bytes
    /// is that of code points.
    fn line(self, c: char) -> Option<&'static str> {
        let mut key = [0; 4];
        let key = c.encode_utf8(&mut key).as_bytes();
        let mut found = None;
        let mut lines = self.0.as_bytes();
        while !lines.is_empty() {
            let (before, behind) = lines.split_at(lines.len() / 2);
            let begin = before.iter().rposition(|byte| *byte == b'\n');
            let begin = begin.map_or(0, |at| at + 1);
            let end = before.len() + behind.iter().position(|byte| *byte == b'\n')?;
            let line = lines.get(begin..end)?;
            lines = match line <= key || line.starts_with(key) {
                true => {
                    found = Some(line);
                    lines.get(end + 1..)?
                }
                false => lines.get(..begin)?,
            };
        }
        str::from_utf8(found?).ok()
    }
}
