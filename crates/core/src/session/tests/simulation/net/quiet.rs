//! What is left to do when the network has become quiet.

use super::*;

impl Net {
    fn settled(&self) -> bool {
        let [host, guest] = &self.sessions;
        host.live().is_some()
            && host.live() == guest.live()
            && host.queued() + guest.queued() == 0
            && self.nominee.is_none()
            && self.flows.iter().all(Vec::is_empty)
            && host.streams.is_idle()
            && guest.streams.is_idle()
    }

    /// The network is quiet: what is under way arrives, time passes, and one more
    /// link is possible whenever an end has none.
    pub(crate) fn settle(&mut self) {
        self.unstall();
        ROLES
            .iter()
            .for_each(|role| self.act(&Action::Unblock(*role)));
        for _ in 0..200 {
            self.accept_all();
            self.close_ended();
            while self.step() {}
            if self.settled() {
                return;
            }
            let lonely = self.sessions.iter().any(|session| session.live().is_none());
            if lonely && self.nominee.is_none() {
                self.begin();
                self.nominate(self.wires.len() - 1);
            } else {
                self.pass(SECOND);
                self.listen();
            }
        }
        panic!("no common link");
    }

    fn step(&mut self) -> bool {
        let mut moved = false;
        for role in ROLES {
            for wire in 0..self.wires.len() {
                moved |= self.deliver(wire, role);
                self.listen();
                let waiting = !self.wires[wire].ends[at(role)].arriving.is_empty();
                moved |= !waiting && self.notice(wire, role);
            }
            moved |= self.flush(role);
            self.listen();
        }
        moved
    }
}
