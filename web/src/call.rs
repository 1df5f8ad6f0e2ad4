//! What a page asks for, by number.

/// A call. Its fields stand behind it in the order in which they are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// mediator's URL: where links lead.
    Begin = 0,
    /// what was typed → ROOM, ELSEWHERE or REFUSED.
    ReadRoom = 1,
    /// → ROOM, of one that nobody else knows.
    MakeRoom = 2,
    /// name → REFUSED where it is none.
    CheckName = 3,
    /// several lines(1) ‖ text → VALUE: what may be shown of it.
    Safe = 4,
    /// name ‖ what was typed: from now on this is the room.
    Enter = 5,
    /// public key(32) of an identity that the page keeps, whose agreements are asked for by AGREE; or
    /// nothing: another one that lives as long as the page.
    Identity = 6,
    /// → OFFER, the one that nobody has answered yet or a fresh one.
    Offer = 7,
    /// role letter(1) ‖ OFFER ‖ candidates → SEALED or FAILED.
    Paired = 8,
    /// SEALED → WAYS, or AGREE first, or FAILED.
    Sealed = 9,
    /// their key(32) ‖ what our identity agrees on with it(32), as AGREE asked.
    Agreed = 10,
    /// link(4): a stream is open.
    Open = 11,
    /// link(4) ‖ bytes of it.
    Bytes = 12,
    /// link(4): the stream is gone.
    Lost = 13,
    /// No link comes of the attempt.
    GiveUp = 14,
    /// time ‖ text → VALUE: its number, or nothing.
    Say = 15,
    /// number: this message stands on the screen.
    Shown = 16,
    /// Who is there may be heard.
    Unblock = 17,
    /// words → VERDICT(1).
    Verify = 18,
    /// Time has passed, or (1): whether the live link takes more.
    Tick = 19,
    /// Goodbye, once all is out.
    Leave = 20,
    /// as often as there are files: name ‖ bytes ‖ changed, in seconds since 1970 → OFFERED or REFUSED.
    Files = 21,
    /// transfer(4) ‖ whether it is accepted(1).
    Answer = 22,
    /// transfer(4) ‖ outcome(1), 5 cancelled, 4 it cannot be read or 6 is too large: it ends.
    Cancel = 23,
    /// transfer(4) ‖ file(4) ‖ at ‖ bytes, as READ asked.
    Read = 24,
    /// transfer(4) ‖ bytes of the data: up to there the page has them.
    Took = 25,
    /// transfer(4): it is in its place.
    Saved = 26,
    /// name ‖ name → VALUE(1): whether one may pass for the other.
    Alike = 27,
    /// The conversation is over: its keys are forgotten.
    Forget = 28,
}

impl Op {
    pub(crate) fn of(byte: u8) -> Option<Self> {
        const ALL: [Op; 29] = [
            Op::Begin,
            Op::ReadRoom,
            Op::MakeRoom,
            Op::CheckName,
            Op::Safe,
            Op::Enter,
            Op::Identity,
            Op::Offer,
            Op::Paired,
            Op::Sealed,
            Op::Agreed,
            Op::Open,
            Op::Bytes,
            Op::Lost,
            Op::GiveUp,
            Op::Say,
            Op::Shown,
            Op::Unblock,
            Op::Verify,
            Op::Tick,
            Op::Leave,
            Op::Files,
            Op::Answer,
            Op::Cancel,
            Op::Read,
            Op::Took,
            Op::Saved,
            Op::Alike,
            Op::Forget,
        ];
        ALL.get(usize::from(byte)).copied()
    }
}
