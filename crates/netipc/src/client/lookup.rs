//! Lookups: one logical answer, however many requests it takes.
//!
//! A lookup is cut into requests that fit the session, and its answer is put together of what comes back, in the order
//! of the keys. What makes it more than a loop: replies that are full part of the way, limits that change with a
//! reconnect, data that changes between two requests, and existing servers that call an item oversized although it
//! would fit alone.

use std::ops::Range;
use std::time::Duration;

use netipc_proto::codec::{BuildError, ListLen, Stitcher, Writer};
use netipc_proto::error::Violation;
use netipc_proto::limits::WIDE_REQUEST_PAYLOAD;
use netipc_proto::service::{Lookup, Outcome};

use crate::client::link::{Link, is_refused_proposal};
use crate::client::{Client, request_header};
use crate::clock::Deadline;
use crate::connection::Envelope;
use crate::error::Error;

/// A lookup of more requests than this is worth a reconnect with larger ones.
const MANY_REQUESTS: usize = 16;

/// Bounds of one logical lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookupLimits {
    /// Most keys. Default: 65536.
    pub max_keys: usize,
    /// Most requests. Default: 4096.
    pub max_requests: u32,
    /// Most bytes of the answer. Default: 64 MiB.
    pub max_reply: usize,
    /// How often it may start again because the data of the server changed meanwhile. Default: 3.
    pub max_restarts: u32,
}

impl Default for LookupLimits {
    fn default() -> Self {
        Self { max_keys: 65_536, max_requests: 4096, max_reply: 64 << 20, max_restarts: 3 }
    }
}

impl<S: Lookup> Client<S> {
    /// Looks all keys up. The reply has one item for each of them, in their order, all of one generation of the server's
    /// data; it is valid until the client is used again.
    ///
    /// Takes as many requests as it needs within [`LookupLimits`]; with no keys, one that brings the generation. An
    /// item is marked oversized only when the server says so of a request for this key alone, or of one in which it was
    /// not the first; or when the key fits no request that may be sent.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]. `LimitExceeded` also when one of [`LookupLimits`] is reached, or when the server cannot fit
    /// even the shortest answer to a single key; `PeerMisbehaved` when the server answers something else than was asked.
    pub fn lookup(&mut self, keys: &[S::Key<'_>]) -> Result<S::Reply<'_>, Error> {
        self.lookup_within(keys, Duration::ZERO)
    }

    /// As [`Client::lookup`], with a timeout of its own; zero stands for
    /// [`ClientConfig::call_timeout`](crate::ClientConfig).
    ///
    /// # Errors
    ///
    /// As [`Client::lookup`].
    pub fn lookup_within(&mut self, keys: &[S::Key<'_>], timeout: Duration) -> Result<S::Reply<'_>, Error> {
        let found = self.look_up_all(keys, timeout);
        self.tally.count(found.is_ok());
        Ok(match found? {
            Found::InOneReply(envelope) => S::view_reply(self.link.message(&envelope)?.payload),
            Found::Stitched => S::view_reply(&self.stitched),
        })
    }

    fn look_up_all(&mut self, keys: &[S::Key<'_>], timeout: Duration) -> Result<Found, Error> {
        self.link.check_ready()?;
        let limits = self.link.lookup_limits();
        limit("the keys of a lookup", keys.len(), limits.max_keys)?;
        for &key in keys {
            S::check_key(key)?;
        }
        let deadline = self.link.deadline(timeout);
        self.widen(keys, deadline)?;
        let mut search = Search::<S> {
            link: &mut self.link,
            request: &mut self.request,
            keys,
            deadline,
            limits,
            requests: 0,
            cap: usize::MAX,
            hope: usize::MAX,
        };
        for _ in 0..=limits.max_restarts {
            self.stitched.clear();
            let stitcher = S::stitcher(Writer::new(&mut self.stitched, limits.max_reply), keys.len());
            match search.run(stitcher)? {
                Round::Found(found) => return Ok(found),
                Round::DataChanged => {}
            }
        }
        Err(Error::LimitExceeded {
            what: "the restarts of a lookup whose data keeps changing",
            got: u64::from(limits.max_restarts) + 1,
            allowed: limits.max_restarts.into(),
        })
    }

    /// Asks for room for larger requests once, when the keys would take a great many of those that are agreed on.
    fn widen(&mut self, keys: &[S::Key<'_>], deadline: Deadline) -> Result<(), Error> {
        let agreed = self.link.agreed_payloads().request;
        let mut request = ListLen::new(S::REQUEST_LEN);
        keys.iter().for_each(|&key| request.add(S::key_len(key)));
        if request.total() / MANY_REQUESTS <= agreed as usize {
            return Ok(());
        }
        // Servers take as much unless they are configured otherwise.
        let wanted = u32::try_from(request.total()).unwrap_or(u32::MAX).min(WIDE_REQUEST_PAYLOAD);
        self.link.widen(wanted, deadline)
    }
}

/// Where the answer is.
enum Found {
    /// In the message that was received last: one request was enough.
    InOneReply(Envelope),
    /// In the client's buffer.
    Stitched,
}

/// How one attempt at the whole lookup ended.
enum Round {
    Found(Found),
    /// Two replies were of different generations.
    DataChanged,
}

/// One logical lookup under way.
struct Search<'c, 'k, 'q, S: Lookup> {
    link: &'c mut Link,
    request: &'c mut Vec<u8>,
    keys: &'k [S::Key<'q>],
    deadline: Deadline,
    limits: LookupLimits,
    requests: u32,
    /// Most keys of one request, halved when a reply has no room for the first of them.
    cap: usize,
    /// As many keys as one reply will probably have room for, by the size of the answers so far. Keys beyond that cost
    /// room for records that say nothing, and are asked for again: without this a lookup of many keys would never end.
    hope: usize,
}

/// How much of a reply can be used.
enum Usable {
    /// So many items from the first on; the keys after them are to be asked for again.
    Items(usize),
    /// Not even the first item had room.
    Nothing,
    /// The first item is called oversized, which existing servers say wrongly of a first item; the others are as above.
    FirstInDoubt(usize),
}

/// What came of a request.
enum Asked {
    Reply(Envelope),
    /// Nothing: the limits are others now, and the keys have to be chosen anew.
    Again,
    /// The shortest answers to so many keys do not fit the response limit, however far it may grow.
    TooManyKeys,
    /// The server takes no request as large as this one key.
    KeyTooLarge,
}

impl<'k, 'q, S: Lookup> Search<'_, 'k, 'q, S> {
    fn run(&mut self, mut stitcher: Stitcher<'_>) -> Result<Round, Error> {
        let mut generation = None;
        let mut at = 0;
        while at < self.keys.len() {
            let asked = self.fitting(at);
            let envelope = match self.ask(asked)? {
                Asked::Reply(envelope) => envelope,
                Asked::Again => continue,
                Asked::TooManyKeys => {
                    self.halve(asked.len())?;
                    continue;
                }
                Asked::KeyTooLarge => {
                    S::push_oversized(&mut stitcher, self.keys[at])?;
                    at += 1;
                    continue;
                }
            };
            let usable = self.judge(&envelope, asked)?;
            if !self.is_same(&envelope, &mut generation)? {
                return Ok(Round::DataChanged);
            }
            match usable {
                Usable::Items(count) if count == self.keys.len() => {
                    limit("the answer to a lookup", self.payload(&envelope)?.len(), self.limits.max_reply)?;
                    return Ok(Round::Found(Found::InOneReply(envelope)));
                }
                Usable::Items(count) => {
                    let before = stitcher.size();
                    copy::<S>(&mut stitcher, &self.reply(&envelope)?, 0..count)?;
                    self.expect(stitcher.size() - before, count, asked.len());
                    at += count;
                }
                Usable::Nothing => self.halve(asked.len())?,
                Usable::FirstInDoubt(count) => {
                    let kept = self.payload(&envelope)?.to_vec();
                    let before = stitcher.size();
                    if !self.settle_first(at, &mut stitcher, &mut generation)? {
                        return Ok(Round::DataChanged);
                    }
                    copy::<S>(&mut stitcher, &S::view_reply(&kept), 1..count)?;
                    self.expect(stitcher.size() - before, count, asked.len());
                    at += count;
                }
            }
        }
        self.finish(stitcher, generation)
    }

    /// The most keys from `at` on that one request may carry: the request has to fit, and so does a reply that says of
    /// each key only that there is no answer. At least one.
    fn fitting(&self, at: usize) -> &'k [S::Key<'q>] {
        let agreed = self.link.agreed_payloads();
        let (mut request, mut reply) = (ListLen::new(S::REQUEST_LEN), ListLen::new(S::REPLY_LEN));
        let rest: &'k [S::Key<'q>] = &self.keys[at..];
        let fits = |&&key: &&S::Key<'q>| {
            request.add(S::key_len(key));
            reply.add(S::short_len(key));
            request.total() <= agreed.request as usize && reply.padded() <= agreed.response as usize
        };
        let count = rest.iter().take(self.cap.min(self.hope)).take_while(fits).count();
        &rest[..count.max(1)]
    }

    fn ask(&mut self, keys: &[S::Key<'q>]) -> Result<Asked, Error> {
        self.request.clear();
        let ceiling = self.link.request_ceiling();
        match S::encode_keys(keys, Writer::new(self.request, ceiling)) {
            Err(BuildError::Overflow { .. }) if keys.len() == 1 => return Ok(Asked::KeyTooLarge),
            built => built?,
        }
        self.requests += 1;
        limit("the requests of a lookup", self.requests as usize, self.limits.max_requests as usize)?;
        let header = request_header::<S>(self.request);
        match self.link.exchange(header, self.request, S::IDEMPOTENT, self.deadline) {
            Ok(envelope) => Ok(Asked::Reply(envelope)),
            // Asking again is what must not be done to a service that acts on being asked.
            Err(Error::LimitExceeded { .. }) if S::IDEMPOTENT && !keys.is_empty() => {
                self.link.revive(self.deadline)?;
                Ok(Asked::TooManyKeys)
            }
            Err(error) if is_refused_proposal(&error) => {
                // What was proposed may have grown for another call: with what is configured there may be a session.
                self.link.revive(self.deadline)?;
                let fits = self.request.len() <= self.link.agreed_payloads().request as usize;
                Ok(if keys.len() == 1 && !fits { Asked::KeyTooLarge } else { Asked::Again })
            }
            Err(error) => Err(error),
        }
    }

    /// Adds the item of a key that was the first of several and called oversized, as a request for it alone brings it.
    /// False when the data has changed meanwhile.
    fn settle_first(
        &mut self,
        at: usize,
        stitcher: &mut Stitcher<'_>,
        generation: &mut Option<u64>,
    ) -> Result<bool, Error> {
        let alone = &self.keys[at..=at];
        loop {
            match self.ask(alone)? {
                Asked::Again => {}
                Asked::TooManyKeys => self.halve(1)?,
                Asked::KeyTooLarge => {
                    S::push_oversized(stitcher, self.keys[at])?;
                    return Ok(true);
                }
                Asked::Reply(envelope) => {
                    if !matches!(self.judge(&envelope, alone)?, Usable::Items(_)) {
                        self.halve(1)?;
                    }
                    let same = self.is_same(&envelope, generation)?;
                    if same {
                        copy::<S>(stitcher, &self.reply(&envelope)?, 0..1)?;
                    }
                    return Ok(same);
                }
            }
        }
    }

    /// Whether a reply is of the same generation as those before it.
    fn is_same(&self, envelope: &Envelope, generation: &mut Option<u64>) -> Result<bool, Error> {
        let got = S::generation(&self.reply(envelope)?);
        Ok(*generation.get_or_insert(got) == got)
    }

    /// Checks that a reply answers what was asked.
    fn judge(&mut self, envelope: &Envelope, asked: &[S::Key<'q>]) -> Result<Usable, Error> {
        let verdict = judge::<S>(&S::decode_reply(self.payload(envelope)?)?, asked);
        verdict.map_err(|violation| self.link.reject(violation))
    }

    fn payload(&self, envelope: &Envelope) -> Result<&[u8], Error> {
        Ok(self.link.message(envelope)?.payload)
    }

    fn reply(&self, envelope: &Envelope) -> Result<S::Reply<'_>, Error> {
        Ok(S::view_reply(self.payload(envelope)?))
    }

    /// Learns how many keys the next reply will have room for from the bytes that `usable` items of `asked` took.
    fn expect(&mut self, bytes: usize, usable: usize, asked: usize) {
        if usable == asked {
            // Perhaps there would have been room for some more.
            self.hope = self.hope.max(asked).saturating_add(asked / 4 + 1);
            self.cap = self.cap.saturating_add(self.cap / 4 + 1);
        } else {
            let budget = self.link.agreed_payloads().response as usize;
            self.hope = (usable * budget / bytes.max(1)).clamp(1, asked);
        }
    }

    /// The next requests carry at most half of `keys`, until answers have come.
    fn halve(&mut self, keys: usize) -> Result<(), Error> {
        if keys > 1 {
            self.cap = keys / 2;
            return Ok(());
        }
        let allowed = self.link.agreed_payloads().response;
        Err(Error::LimitExceeded {
            what: "the shortest answer to one key, of at least so many bytes",
            got: u64::from(allowed) + 1,
            allowed: allowed.into(),
        })
    }

    fn finish(&mut self, stitcher: Stitcher<'_>, generation: Option<u64>) -> Result<Round, Error> {
        let generation = match generation {
            Some(generation) => generation,
            // No key was asked for; the generation is wanted all the same.
            None => loop {
                match self.ask(&[])? {
                    Asked::Again => {}
                    Asked::Reply(envelope) => {
                        self.judge(&envelope, &[])?;
                        break S::generation(&self.reply(&envelope)?);
                    }
                    _ => return Err(Error::Bug("a request without keys has too many of them")),
                }
            },
        };
        S::finish_stitched(stitcher, generation)?;
        Ok(Round::Found(Found::Stitched))
    }
}

fn judge<S: Lookup>(reply: &S::Reply<'_>, asked: &[S::Key<'_>]) -> Result<Usable, Violation> {
    let count = asked.len();
    if S::len(reply) != count {
        return Err(Violation::ReplyItems { got: S::len(reply), expected: count });
    }
    if let Some(index) = (0..count).find(|&index| !S::echoes(reply, index, asked[index])) {
        return Err(Violation::ReplyKey { index });
    }
    let is_exceeded = |&index: &usize| S::outcome(reply, index) == Outcome::Exceeded;
    let usable = (0..count).find(is_exceeded).unwrap_or(count);
    if let Some(index) = (usable..count).find(|index| !is_exceeded(index)) {
        return Err(Violation::ReplyGap { index });
    }
    Ok(match usable {
        0 if count > 0 => Usable::Nothing,
        _ if count > 1 && S::outcome(reply, 0) == Outcome::Oversized => Usable::FirstInDoubt(usable),
        _ => Usable::Items(usable),
    })
}

fn copy<S: Lookup>(stitcher: &mut Stitcher<'_>, reply: &S::Reply<'_>, items: Range<usize>) -> Result<(), Error> {
    for index in items {
        stitcher.copy(S::item_bytes(reply, index))?;
    }
    Ok(())
}

fn limit(what: &'static str, got: usize, allowed: usize) -> Result<(), Error> {
    if got > allowed {
        return Err(Error::LimitExceeded { what, got: got as u64, allowed: allowed as u64 });
    }
    Ok(())
}
