//! Reading one record: every rule is checked here, so that views need not fail (NIPC-COD-01, NIPC-COD-02).
//!
//! Nothing here allocates (NIPC-COD-03), and bytes behind the content are refused only where a schema says so
//! (NIPC-COD-05).

use super::rows::{self, RowRule};
use super::{BuildError, DecodeError, Items, ItemsRule, Problem, Record, Scalar, load, load_or};

/// Where a string may start, counted from the start of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// At this offset and nowhere else.
    At(u32),
    /// At this offset or later.
    From(u32),
}

/// The rules of one string field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StringRule {
    /// Where it may start.
    pub placement: Placement,
    /// Least length, without the NUL.
    pub least: u32,
    /// Greatest length, without the NUL.
    pub most: u32,
    /// Whether NUL bytes may be part of it.
    pub interior_nul: bool,
}

impl StringRule {
    /// A string of any length and content, anywhere.
    pub const ANY: Self = Self { placement: Placement::From(0), least: 0, most: u32::MAX, interior_nul: true };

    /// Checks a string that is to be written (NIPC-COD-16).
    ///
    /// # Errors
    ///
    /// [`BuildError::Invalid`] with the rule it breaks.
    #[inline]
    pub fn check(&self, record: &'static str, field: &'static str, text: &[u8]) -> Result<(), BuildError> {
        self.content(text).map_err(|problem| BuildError::Invalid { record, field, problem })
    }

    /// The rules that hold wherever the string stands.
    #[inline]
    pub(super) fn content(&self, text: &[u8]) -> Result<(), Problem> {
        let got = text.len() as u64;
        if got < u64::from(self.least) {
            return Err(Problem::TooShort { got, least: self.least.into() });
        }
        if got > u64::from(self.most) {
            return Err(Problem::TooLong { got, most: self.most.into() });
        }
        // `contains` is much faster than `position`, and nearly always all it takes.
        if !self.interior_nul
            && text.contains(&0)
            && let Some(at) = text.iter().position(|&byte| byte == 0)
        {
            return Err(Problem::InteriorNul { at });
        }
        Ok(())
    }
}

/// A record being decoded: its fixed part of `N` bytes is there, its rules are still to be checked.
///
/// Errors name the record and count offsets from its start.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a, const N: usize> {
    record: &'static str,
    bytes: &'a [u8],
    fixed: &'a [u8; N],
    /// Bytes of the fixed part; `N` unless the record can grow.
    size: usize,
    /// Whether the writer knows fields that the reader does not.
    newer: bool,
}

impl<'a, const N: usize> Reader<'a, N> {
    /// Starts on `bytes`, which must hold the fixed part.
    ///
    /// # Errors
    ///
    /// [`Problem::Truncated`] when they do not.
    #[inline]
    pub fn new(record: &'static str, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match bytes.first_chunk() {
            Some(fixed) => Ok(Self { record, bytes, fixed, size: N, newer: false }),
            None => Err(DecodeError {
                record,
                field: record,
                offset: 0,
                item: None,
                problem: Problem::Truncated { got: bytes.len(), needed: N },
            }),
        }
    }

    /// Starts on a record that can grow, whose fixed part is as long as the number `field` at byte `at` says
    /// (NIPC-EVO-02). It had each of `sizes`, which ascend from `N`, in some version.
    ///
    /// # Errors
    ///
    /// [`Problem::Truncated`] when `bytes` do not hold the fixed part, [`Problem::FixedSize`] when no version has one of
    /// that size.
    #[inline]
    pub fn growing(
        record: &'static str,
        bytes: &'a [u8],
        field: &'static str,
        at: usize,
        sizes: &'static [u64],
    ) -> Result<Self, DecodeError> {
        let reader = Self::new(record, bytes)?;
        let size: u16 = reader.load(at);
        let (got, newest) = (u64::from(size), sizes.last().copied().unwrap_or(0));
        let newer = got > newest;
        if !newer && !sizes.contains(&got) {
            return Err(reader.error(field, at, Problem::FixedSize { got, known: sizes }));
        }
        let size = usize::from(size);
        if size > bytes.len() {
            return Err(reader.error(field, at, Problem::Truncated { got: bytes.len(), needed: size }));
        }
        Ok(Self { size, newer, ..reader })
    }

    /// The fixed part, or its beginning when the record can grow.
    #[inline]
    #[must_use]
    pub fn fixed(&self) -> &'a [u8; N] {
        self.fixed
    }

    /// The fixed part as its writer made it.
    #[inline]
    #[must_use]
    pub fn grown(&self) -> &'a [u8] {
        &self.bytes[..self.size]
    }

    /// Bytes of the fixed part as its writer made it.
    #[inline]
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// All bytes of the record.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The number at byte `at` of the fixed part.
    #[inline]
    #[must_use]
    pub fn load<T: Scalar>(&self, at: usize) -> T {
        load(self.fixed, at)
    }

    /// The number at byte `at` of the fixed part, or `default` when its writer did not know it (NIPC-EVO-04).
    #[inline]
    #[must_use]
    pub fn load_or<T: Scalar>(&self, at: usize, default: T) -> T {
        load_or(self.grown(), at, default)
    }

    /// Checks that the number at byte `at`, when there, is `allowed`.
    ///
    /// # Errors
    ///
    /// [`Problem::Constant`] when it is not.
    #[inline]
    pub fn constant_or<T>(&self, field: &'static str, at: usize, allowed: T) -> Result<(), DecodeError>
    where
        T: Scalar + PartialEq + Into<u64>,
    {
        let got = self.load_or(at, allowed);
        if got == allowed {
            return Ok(());
        }
        let (got, allowed) = (got.into(), allowed.into());
        Err(self.error(field, at, Problem::Constant { got, allowed }))
    }

    /// Checks that the number at byte `at`, when there, is one of `listed`, and reads it; else it is `default`.
    ///
    /// # Errors
    ///
    /// [`Problem::Unlisted`] when it is not.
    #[inline]
    pub fn listed_or<T>(
        &self,
        field: &'static str,
        at: usize,
        listed: &'static [u64],
        default: T,
    ) -> Result<T, DecodeError>
    where
        T: Scalar + Into<u64>,
    {
        let value = self.load_or(at, default);
        let got = value.into();
        if listed.contains(&got) {
            return Ok(value);
        }
        Err(self.error(field, at, Problem::Unlisted { got, listed }))
    }

    /// Checks the string whose offset and length stand at byte `at`, when they are there, and says which bytes it takes; else
    /// it is `default` and takes none.
    ///
    /// # Errors
    ///
    /// The rule it breaks.
    #[inline]
    pub fn string_or(
        &self,
        field: &'static str,
        at: usize,
        rule: &StringRule,
        default: &'static [u8],
    ) -> Result<Extent, DecodeError> {
        match self.grown().get(at..).and_then(<[u8]>::first_chunk) {
            Some(reference) => self.referenced(field, at, reference, rule),
            None => Ok(Extent { field, at, start: self.size, end: self.size, len: default.len() }),
        }
    }

    /// Checks that the number at byte `at` is `allowed` (NIPC-COD-04).
    ///
    /// # Errors
    ///
    /// [`Problem::Constant`] when it is not.
    #[inline]
    pub fn constant<T>(&self, field: &'static str, at: usize, allowed: T) -> Result<(), DecodeError>
    where
        T: Scalar + PartialEq + Into<u64>,
    {
        let got: T = self.load(at);
        if got == allowed {
            return Ok(());
        }
        let (got, allowed) = (got.into(), allowed.into());
        Err(self.error(field, at, Problem::Constant { got, allowed }))
    }

    /// Checks that the number at byte `at` is one of `listed` (NIPC-COD-22), and reads it.
    ///
    /// # Errors
    ///
    /// [`Problem::Unlisted`] when it is not.
    #[inline]
    pub fn listed<T>(&self, field: &'static str, at: usize, listed: &'static [u64]) -> Result<T, DecodeError>
    where
        T: Scalar + Into<u64>,
    {
        let value: T = self.load(at);
        let got = value.into();
        if listed.contains(&got) {
            return Ok(value);
        }
        Err(self.error(field, at, Problem::Unlisted { got, listed }))
    }

    /// Says where the offence of `result` is.
    ///
    /// # Errors
    ///
    /// That of `result`.
    #[inline]
    pub fn judge(&self, field: &'static str, at: usize, result: Result<(), Problem>) -> Result<(), DecodeError> {
        result.map_err(|problem| self.error(field, at, problem))
    }

    /// Checks the string whose offset and length stand at byte `at` (NIPC-COD-07, NIPC-COD-09), and says which bytes it
    /// takes.
    ///
    /// # Errors
    ///
    /// The rule it breaks.
    #[inline]
    pub fn string(&self, field: &'static str, at: usize, rule: &StringRule) -> Result<Extent, DecodeError> {
        let mut reference = [0; 8];
        reference.copy_from_slice(&self.fixed[at..at + 8]);
        self.referenced(field, at, &reference, rule)
    }

    #[inline]
    fn referenced(
        &self,
        field: &'static str,
        at: usize,
        reference: &[u8; 8],
        rule: &StringRule,
    ) -> Result<Extent, DecodeError> {
        let placement = match rule.placement {
            // Its writer's fixed part counts, which may be longer than the reader knows (NIPC-EVO-05).
            Placement::From(least) => Placement::From(least.max(self.size as u32)),
            place @ Placement::At(_) => place,
        };
        let rule = StringRule { placement, ..*rule };
        match extent(self.bytes, load(reference, 0), load(reference, 4), &rule) {
            Ok((start, end)) => Ok(Extent { field, at, start, end, len: end - start - 1 }),
            Err(problem) => Err(self.error(field, at, problem)),
        }
    }

    /// Checks the string that takes all bytes behind the fixed part but the last one, which is its NUL.
    ///
    /// # Errors
    ///
    /// The rule it breaks.
    #[inline]
    pub fn rest(&self, field: &'static str, rule: &StringRule) -> Result<Extent, DecodeError> {
        let result = match self.bytes[N..].split_last() {
            None => Err(Problem::Truncated { got: N, needed: N + 1 }),
            Some((0, text)) => rule.content(text),
            Some((&got, _)) => Err(Problem::Unterminated { got }),
        };
        self.judge(field, N, result)?;
        Ok(Extent { field, at: N, start: N, end: self.bytes.len(), len: self.bytes.len() - N - 1 })
    }

    /// Checks the table of `count` rows behind `strings`, which are all strings of the record, and says where the record's
    /// content ends. `row` names the row's strings with their rules; their placement does not matter.
    ///
    /// # Errors
    ///
    /// The rule that the table or one of its strings breaks.
    #[inline]
    pub fn table(
        &self,
        field: &'static str,
        count: u32,
        strings: &[Extent],
        row: &RowRule,
    ) -> Result<usize, DecodeError> {
        let behind = strings.iter().map(Extent::end).max().unwrap_or(N);
        rows::check(self.bytes, behind, count, row).map_err(|offence| {
            let (record, field) = offence.string.map_or((self.record, field), |string| (row.record, string));
            DecodeError { record, field, offset: offence.at, item: None, problem: offence.problem }
        })
    }

    /// Checks that no two of the strings share a byte, their NULs included (NIPC-COD-08).
    ///
    /// # Errors
    ///
    /// [`Problem::Overlap`] at the later named string of the pair.
    #[inline]
    pub fn disjoint(&self, strings: &[Extent]) -> Result<(), DecodeError> {
        for (position, string) in strings.iter().enumerate() {
            for other in &strings[..position] {
                if string.start < other.end && other.start < string.end {
                    return Err(self.error(string.field, string.at, Problem::Overlap { with: other.field }));
                }
            }
        }
        Ok(())
    }

    /// Checks the directory of `count` entries behind the fixed part, and decodes every item once.
    ///
    /// # Errors
    ///
    /// The rule that the directory or the first bad item breaks.
    #[inline]
    pub fn items<T: Record<'a>>(
        &self,
        field: &'static str,
        count: u32,
        rule: &ItemsRule,
    ) -> Result<Items<'a, T>, DecodeError> {
        Items::decode(self.record, field, self.bytes, self.size, count, rule)
    }

    /// Checks that the record ends at byte `end`, unless its writer knows fields that the reader does not: what these refer
    /// to may follow (NIPC-EVO-06).
    ///
    /// # Errors
    ///
    /// [`Problem::TrailingBytes`] when more bytes follow.
    #[inline]
    pub fn ends(&self, end: usize) -> Result<(), DecodeError> {
        if self.newer || self.bytes.len() == end {
            return Ok(());
        }
        let got = self.bytes.len();
        Err(self.error(self.record, end, Problem::TrailingBytes { got, allowed: end }))
    }

    #[cold]
    fn error(&self, field: &'static str, offset: usize, problem: Problem) -> DecodeError {
        DecodeError { record: self.record, field, offset, item: None, problem }
    }
}

/// The bytes that a string takes in its record, its NUL included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    field: &'static str,
    /// Where its offset stands, for errors.
    at: usize,
    start: usize,
    end: usize,
    /// Without the NUL.
    len: usize,
}

impl Extent {
    /// The first byte behind its NUL.
    #[inline]
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }

    /// Bytes of the string, without its NUL.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the string has no bytes.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a string starts in its record, and where its NUL ends, when all rules hold.
#[inline]
pub(super) fn extent(bytes: &[u8], offset: u32, length: u32, rule: &StringRule) -> Result<(usize, usize), Problem> {
    match rule.placement {
        Placement::At(allowed) if offset != allowed => {
            return Err(Problem::Misplaced { got: offset.into(), allowed: allowed.into() });
        }
        Placement::From(least) if offset < least => {
            return Err(Problem::StartsEarly { got: offset.into(), least: least.into() });
        }
        _ => {}
    }
    // In u64 neither sum can wrap, on no host.
    let end = u64::from(offset) + u64::from(length);
    if end >= bytes.len() as u64 {
        return Err(Problem::OutOfBounds { end: end + 1, limit: bytes.len() as u64 });
    }
    // Both are below bytes.len() now.
    let (start, end) = (offset as usize, end as usize);
    if bytes[end] != 0 {
        return Err(Problem::Unterminated { got: bytes[end] });
    }
    rule.content(&bytes[start..end])?;
    Ok((start, end + 1))
}

/// The fixed part of a record that was decoded before.
///
/// Total on purpose: bytes that were never decoded give zeros, not a panic.
#[inline]
#[must_use]
pub fn fixed_part<const N: usize>(bytes: &[u8]) -> &[u8; N] {
    match bytes.first_chunk() {
        Some(fixed) => fixed,
        None => &[0; N],
    }
}

/// The string whose offset and length stand at byte `at`, in a record that was decoded before.
///
/// Total on purpose: bytes that were never decoded give an empty string, not a panic.
#[inline]
#[must_use]
pub fn string_at<'a, const N: usize>(bytes: &'a [u8], fixed: &[u8; N], at: usize) -> &'a [u8] {
    let offset: u32 = load(fixed, at);
    let length: u32 = load(fixed, at + 4);
    let tail = bytes.get(offset as usize..).unwrap_or_default();
    tail.get(..length as usize).unwrap_or_default()
}

/// The string that takes all bytes behind the first `at` but the last one, in a record that was decoded before.
///
/// Total on purpose: bytes that were never decoded give an empty string, not a panic.
#[inline]
#[must_use]
pub fn rest_of(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).and_then(<[u8]>::split_last).map_or(&[], |(_, text)| text)
}

/// What a record demands of its fields under one condition (NIPC-COD-23).
///
/// ```
/// use netipc_proto::codec::{Problem, When};
///
/// let rule = When("`state` is not `up`");
/// assert_eq!(rule.constant(0, 0), Ok(()));
/// let problem = Problem::ConstantWhen { got: 7, allowed: 0, when: "`state` is not `up`" };
/// assert_eq!(rule.constant(7, 0), Err(problem));
/// assert_eq!(problem.to_string(), "must be 0 when `state` is not `up`, got 7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When(pub &'static str);

impl When {
    /// A number must be `allowed`.
    ///
    /// # Errors
    ///
    /// [`Problem::ConstantWhen`] when it is not.
    #[inline]
    pub fn constant(self, got: u64, allowed: u64) -> Result<(), Problem> {
        if got == allowed { Ok(()) } else { Err(Problem::ConstantWhen { got, allowed, when: self.0 }) }
    }

    /// A string or table must have length 0.
    ///
    /// # Errors
    ///
    /// [`Problem::NotEmptyWhen`] when it has another.
    #[inline]
    pub fn empty(self, len: usize) -> Result<(), Problem> {
        if len == 0 { Ok(()) } else { Err(Problem::NotEmptyWhen { got: len as u64, when: self.0 }) }
    }

    /// A string must not have length 0.
    ///
    /// # Errors
    ///
    /// [`Problem::EmptyWhen`] when it has.
    #[inline]
    pub fn present(self, len: usize) -> Result<(), Problem> {
        if len > 0 { Ok(()) } else { Err(Problem::EmptyWhen { when: self.0 }) }
    }
}

/// Says in which record and field a value to be written breaks a rule (NIPC-COD-16).
///
/// # Errors
///
/// That of `result`.
#[inline]
pub fn judge(record: &'static str, field: &'static str, result: Result<(), Problem>) -> Result<(), BuildError> {
    result.map_err(|problem| BuildError::Invalid { record, field, problem })
}
