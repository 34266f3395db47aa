//! How a message crosses one direction of a region.
//!
//! A direction is three words and an area, all of which only the sender writes: the length of the message, its sequence
//! number, and a signal for whoever sleeps. The order in which they are written is the protocol:
//!
//! ```text
//!  sender                              receiver
//!  copies the message                  value = signal        (acquire)
//!  length  = its length  (release)     sequence == own + 1?  (acquire)   no: sleep while signal == value
//!  sequence = own + 1    (release)     length                (acquire)
//!  signal += 1           (release)     copies the message
//!  wakes who sleeps                    sequence and length once more: a change is a violation
//! ```
//!
//! - Who sees the sequence sees the length and the message: each store releases what was written before it.
//! - No wake-up is lost: the signal is read before the sequence. Who finds the old sequence has the old signal, or a value
//!   that comes before the sender's addition; either that addition comes before the sleep, which then does not begin, or
//!   the wake comes after it.
//! - A sender that publishes again before its message was taken is found out by the last look. One that only writes is
//!   not; the copy is judged by itself in any case, and nothing is read again after it was judged.
//!
//! Others of the receiver's process wake it, too: for the end of the session, and for an abort. They say why first
//! (release), then add to a word of this process, then wake. The receiver reads that word (acquire) before it looks for
//! reasons, and sleeps only while neither word has changed: the argument about wake-ups holds for this word as well.
//!
//! This file knows neither memory maps nor system calls, and `tests/loom.rs` runs it over modelled memory.

use std::sync::atomic::Ordering;

/// One direction.
pub(crate) trait Lane {
    fn sequence(&self, order: Ordering) -> u64;
    fn set_sequence(&self, value: u64, order: Ordering);
    fn length(&self, order: Ordering) -> u32;
    fn set_length(&self, value: u32, order: Ordering);
    fn add_signal(&self, order: Ordering);
    /// Bytes that the area holds.
    fn capacity(&self) -> u32;
    /// Writes a message that fits, in two pieces.
    fn write(&self, head: &[u8], body: &[u8]);
    /// Appends the first `length` bytes of the area, which has them.
    fn read(&self, length: usize, out: &mut Vec<u8>);
    fn fence(&self, order: Ordering);
    /// A place where a test may end the process.
    fn reach(&self, _step: Step) {}
}

/// What a sender or a receiver has just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Copied,
    Measured,
    Published,
    Signalled,
    Seen,
    Taken,
}

/// What a receiver finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Nothing,
    Message,
    /// The sequence is neither where it was nor one further.
    Odd(u64),
}

/// Why a message cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoilt {
    /// No length of a message.
    Length(u32),
    /// It was written to meanwhile.
    Changed,
}

/// Publishes a message as number `own + 1`; the caller wakes who sleeps.
pub(crate) fn publish(lane: &impl Lane, own: u64, head: &[u8], body: &[u8]) {
    lane.write(head, body);
    lane.reach(Step::Copied);
    // A message that fits the area has a length that fits the word.
    lane.set_length((head.len() + body.len()) as u32, Ordering::Release);
    lane.reach(Step::Measured);
    lane.set_sequence(own.wrapping_add(1), Ordering::Release);
    lane.reach(Step::Published);
    lane.add_signal(Ordering::Release);
    lane.reach(Step::Signalled);
}

/// Whether message `own + 1` is there.
pub(crate) fn look(lane: &impl Lane, own: u64) -> Look {
    match lane.sequence(Ordering::Acquire) {
        same if same == own => Look::Nothing,
        next if next == own.wrapping_add(1) => Look::Message,
        odd => Look::Odd(odd),
    }
}

/// Copies message `own + 1`, or the first `most` bytes of a longer one, to `out`; its length. A [`look`] has seen it.
pub(crate) fn take(lane: &impl Lane, own: u64, most: u32, out: &mut Vec<u8>) -> Result<u32, Spoilt> {
    lane.reach(Step::Seen);
    out.clear();
    let length = lane.length(Ordering::Acquire);
    if length == 0 || length > lane.capacity() {
        return Err(Spoilt::Length(length));
    }
    lane.read(length.min(most) as usize, out);
    // The looks below come after the copy.
    lane.fence(Ordering::Acquire);
    if lane.sequence(Ordering::Relaxed) != own.wrapping_add(1) || lane.length(Ordering::Relaxed) != length {
        return Err(Spoilt::Changed);
    }
    lane.reach(Step::Taken);
    Ok(length)
}

/// Whoever sleeps until a direction brings a message, and what his own process tells him.
pub(crate) trait Rest {
    /// The signal of the direction.
    fn signal(&self, order: Ordering) -> u32;
    fn calls(&self, order: Ordering) -> u32;
    fn add_call(&self, order: Ordering);
    fn lost(&self, order: Ordering) -> bool;
    fn set_lost(&self, order: Ordering);
    /// Ends a sleep that has begun; one that begins later sees by the words that it must not.
    fn rouse(&self);
}

/// What a sleeper saw before it looked at anything else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    pub(crate) signal: u32,
    pub(crate) calls: u32,
}

/// To be called before looking at whatever decides whether to sleep: what changes from here on keeps sleep away.
pub(crate) fn before(rest: &impl Rest) -> Before {
    Before { signal: rest.signal(Ordering::Acquire), calls: rest.calls(Ordering::Acquire) }
}

/// Whether the session has ended. What was published before that can still be taken: look at the area after this.
pub(crate) fn is_lost(rest: &impl Rest) -> bool {
    rest.lost(Ordering::Acquire)
}

/// The session has ended.
pub(crate) fn lose(rest: &impl Rest) {
    rest.set_lost(Ordering::Release);
    wake(rest);
}

/// Makes the sleeper look at everything again; the caller has said why.
pub(crate) fn wake(rest: &impl Rest) {
    rest.add_call(Ordering::Release);
    rest.rouse();
}
