//! An end that starts anew, and what the peer makes of it.

use super::*;

impl Net {
    /// `role` loses its session and all that it said; every socket of it closes.
    pub(super) fn crash(&mut self, role: Role) {
        self.give_up();
        for wire in 0..self.wires.len() {
            ROLES.iter().for_each(|role| self.close(wire, *role));
        }
        self.sessions[at(role)] = session(role);
        self.flows.iter_mut().for_each(Vec::clear);
        self.late.iter_mut().for_each(Vec::clear);
        let other = &mut self.told[at(role.other())];
        other.before = other.said;
        let (hears, heard) = (other.life, other.delivered);
        let former = &mut self.told[at(role)];
        *former = Told {
            life: former.life + 1,
            blocked: former.blocked,
            hears,
            heard,
            ..Told::default()
        };
        // Where that one has nothing of ours either, both begin.
        if self.widowed.replace(role.other()) == Some(role) {
            self.go_on();
        }
    }

    /// Before a link with an end that started anew, the peer takes the new session up.
    pub(super) fn go_on(&mut self) {
        self.unstall();
        if let Some(role) = self.widowed.take() {
            let former = std::mem::replace(&mut self.sessions[at(role)], session(role));
            self.sessions[at(role)].succeed(former);
            self.flows[at(role)].clear();
            self.late[at(role)].clear();
            self.told[at(role)].hears = self.told[at(role.other())].life;
            self.told[at(role)].heard = 0;
        }
    }

    /// Messages come in order and without gaps, and what is not marked has never been shown.
    pub(super) fn hear(&mut self, role: Role, seq: u64, text: &str, resent: bool) {
        let [reader, writer] = [at(role), at(role.other())];
        let told = &mut self.told[reader];
        told.shown += 1;
        told.heard += 1;
        let (life, number) = (told.hears, told.heard);
        assert_eq!(seq, told.shown);
        assert_eq!(text, word(role.other(), life, number));
        let told = &mut self.told[writer];
        if life < told.life {
            // Held back until now, since before the crash.
            return;
        }
        match resent {
            true => assert!(number <= told.before),
            false => assert!(number > told.seen, "shown before, and not marked"),
        }
        told.seen = told.seen.max(number);
    }
}
