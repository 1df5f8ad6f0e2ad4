//! What a page calls for files.

use undertone_core::files::Outcome;
use undertone_core::time::Instant;

use crate::Page;
use crate::call::Op;
use crate::fields::Reader;
use crate::files::OfferedFile;

impl Page {
    pub(super) fn transfer(
        &mut self,
        op: Op,
        mut fields: Reader<'_>,
        now: Instant,
        out: &mut Vec<u8>,
    ) {
        let Some(session) = &mut self.session else {
            return;
        };
        let number = match op {
            Op::Files => 0,
            _ => fields.u32(),
        };
        match op {
            Op::Files => {
                let mut files = Vec::new();
                while !fields.0.is_empty() {
                    files.push(OfferedFile {
                        name: fields.text().to_owned(),
                        size: fields.whole(),
                        mtime: fields.whole(),
                    });
                }
                self.files.offer(files, session, out);
            }
            Op::Answer => {
                let accept = fields.u8() != 0;
                self.files.answer(number, accept, session, now, out);
            }
            Op::Cancel => {
                let outcome = match fields.u8() {
                    4 => Outcome::Source,
                    6 => Outcome::TooLarge,
                    _ => Outcome::Cancelled,
                };
                self.files.end(number, outcome, session, out);
            }
            Op::Read => {
                let (file, at) = (fields.u32(), fields.whole());
                self.files.read(number, file, at, fields.rest());
            }
            Op::Took => self.files.took(number, fields.whole(), session, now),
            Op::Saved => self.files.end(number, Outcome::Received, session, out),
            _ => {}
        }
    }
}
