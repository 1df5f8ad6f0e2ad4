//! What a page is told, by number.

use undertone_core::session::Event;

use crate::fields::Fields;

/// An event. Its fields stand behind it in the order in which they are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// text, or a number: the answer to a call.
    Value = 0,
    /// why, and what to do.
    Refused = 1,
    /// has a secret(1) ‖ name ‖ link.
    Room = 2,
    /// tag(32) ‖ comes back(1) ‖ OFFER.
    Offer = 3,
    /// SEALED, to be handed to the peer.
    Sealed = 4,
    /// the peer's ephemeral key(32): what our identity agrees on with it is asked for.
    Agree = 5,
    /// candidates of the peer.
    Ways = 6,
    /// why(1) ‖ the same in words: the attempt has failed.
    Failed = 7,
    /// link(4) ‖ bytes to be written there.
    Send = 8,
    /// link(4): to be closed.
    Close = 9,
    /// name ‖ key(32) ‖ its words ‖ our four words ‖ features(4): who the peer is.
    Peer = 10,
    /// link(4): this one counts; all others are to be closed.
    Live = 11,
    /// the live link is gone, and why.
    Lost = 12,
    /// number ‖ time ‖ said before(1) ‖ text.
    Text = 13,
    /// number: ours up to this one have arrived.
    Delivered = 14,
    /// (1) whether the link may be dead.
    Unstable = 15,
    /// What we say is not acknowledged.
    Withheld = 16,
    /// The peer said goodbye.
    Left = 17,
    /// Its program cannot go on.
    PeerFailed = 18,
    /// why: the peer broke the rules, and the session is over.
    Broken = 19,
    /// (1), see [`Verdict`].
    Verdict = 20,
    /// number: of what is no text, and to be shown like one, behind those before it.
    Seq = 21,
    /// transfer(4) ‖ ours(1) ‖ title ‖ files ‖ bytes, or -1 ‖ n(1) ‖ n times name ‖ hidden 1,
    /// executable 2: what is offered.
    Offered = 22,
    /// transfer(4) ‖ file(4) ‖ at ‖ length: to be read of ours.
    Read = 23,
    /// transfer(4) ‖ path ‖ bytes: a file begins.
    Begin = 24,
    /// transfer(4) ‖ at ‖ bytes of it; what was left out before them is zeros.
    Write = 25,
    /// transfer(4) ‖ (1) 0 whole, 1 changed, 2 unreadable: it ends.
    End = 26,
    /// transfer(4) ‖ bytes of the data that are there ‖ of so many. Of theirs it asks for TOOK.
    Progress = 27,
    /// transfer(4): all of it is here, and to be put in its place.
    Whole = 28,
    /// transfer(4) ‖ (1) as PROTOCOL.md §7 numbers them: it has ended.
    Outcome = 29,
    /// transfer(4): the receiver waits for space.
    Paused = 30,
    /// the mediator of an invite, which is another one than the page's.
    Elsewhere = 31,
}

/// What comes of words that were typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same = 0,
    /// They are our own.
    Own = 1,
    /// They are not four words of the list.
    NotWords = 2,
    Differ = 3,
}

/// Why an attempt failed, as far as it makes a difference to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The secrets differ.
    Secret = 0,
    /// The other program is older.
    Older = 1,
    /// It is newer.
    Newer = 2,
    /// Another key than is required.
    Identity = 3,
    /// It broke the protocol.
    Broken = 4,
    /// Somebody in between altered what was said.
    Altered = 5,
}

/// Appends one event.
pub(crate) fn emit(out: &mut Vec<u8>, kind: Kind, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut fields = Vec::new();
    fill(&mut fields);
    out.push(kind as u8);
    out.bytes(&fields);
}

/// Appends what a session tells of the conversation.
pub(crate) fn tell(event: Event, out: &mut Vec<u8>) {
    match event {
        Event::Text {
            seq,
            sent,
            text,
            resent,
        } => emit(out, Kind::Text, |fields| {
            fields.number(seq).number(sent).push(u8::from(resent));
            fields.text(&text);
        }),
        Event::Delivered(upto) => emit(out, Kind::Delivered, |fields| {
            fields.number(upto);
        }),
        Event::Unstable(unstable) => {
            emit(out, Kind::Unstable, |fields| {
                fields.push(u8::from(unstable))
            });
        }
        Event::Withheld | Event::Unheeded => emit(out, Kind::Withheld, |_| {}),
        Event::Left => emit(out, Kind::Left, |_| {}),
        Event::Failed => emit(out, Kind::PeerFailed, |_| {}),
        Event::Agree(theirs) => emit(out, Kind::Agree, |fields| {
            fields.extend_from_slice(theirs.as_bytes());
        }),
        _ => {}
    }
}
