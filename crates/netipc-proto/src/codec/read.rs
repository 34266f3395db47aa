//! Reading one record: every rule is checked here, so that views need not fail.

use core::ops::Range;

use super::{DecodeError, Items, ItemsRule, Problem, Record, Scalar, load};

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
}

/// A record being decoded: its fixed part of `N` bytes is there, its rules are still to be checked.
///
/// Errors name the record and count offsets from its start.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a, const N: usize> {
    record: &'static str,
    bytes: &'a [u8],
    fixed: &'a [u8; N],
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
            Some(fixed) => Ok(Self { record, bytes, fixed }),
            None => Err(DecodeError {
                record,
                field: record,
                offset: 0,
                item: None,
                problem: Problem::Truncated { got: bytes.len(), needed: N },
            }),
        }
    }

    /// The fixed part.
    #[inline]
    #[must_use]
    pub fn fixed(&self) -> &'a [u8; N] {
        self.fixed
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

    /// Checks that the number at byte `at` is `allowed`.
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

    /// Checks the string whose offset and length stand at byte `at`, and says which bytes it takes, its NUL excluded.
    ///
    /// # Errors
    ///
    /// The rule it breaks.
    #[inline]
    pub fn string(&self, field: &'static str, at: usize, rule: &StringRule) -> Result<Range<usize>, DecodeError> {
        let offset: u32 = self.load(at);
        let length: u32 = self.load(at + 4);
        match region(self.bytes, offset, length, rule) {
            Ok(range) => Ok(range),
            Err(problem) => Err(self.error(field, at, problem)),
        }
    }

    /// Checks that no two of the strings share a byte, their NULs included.
    ///
    /// # Errors
    ///
    /// [`Problem::Overlap`] at the later named string of the pair; `at` says where its offset stands.
    #[inline]
    pub fn disjoint(&self, strings: &[(&'static str, usize, &Range<usize>)]) -> Result<(), DecodeError> {
        for (position, (field, at, range)) in strings.iter().enumerate() {
            for (with, _, other) in &strings[..position] {
                // `end` is where the NUL stands, so the inclusive comparison counts it in.
                if range.start <= other.end && other.start <= range.end {
                    return Err(self.error(field, *at, Problem::Overlap { with }));
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
        Items::decode(self.record, field, self.bytes, N, count, rule)
    }

    /// Checks that the record ends at byte `end`.
    ///
    /// # Errors
    ///
    /// [`Problem::TrailingBytes`] when more bytes follow.
    #[inline]
    pub fn ends(&self, end: usize) -> Result<(), DecodeError> {
        if self.bytes.len() == end {
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

/// The bytes of a string inside its record, when all rules hold.
#[inline]
fn region(bytes: &[u8], offset: u32, length: u32, rule: &StringRule) -> Result<Range<usize>, Problem> {
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
    check_string(&bytes[start..end], rule)?;
    Ok(start..end)
}

/// Checks the rules that hold for a string wherever it stands: length and interior NUL.
///
/// # Errors
///
/// The rule it breaks.
#[inline]
pub fn check_string(text: &[u8], rule: &StringRule) -> Result<(), Problem> {
    let got = text.len() as u64;
    if got < u64::from(rule.least) {
        let least = rule.least.into();
        return Err(Problem::TooShort { got, least });
    }
    if got > u64::from(rule.most) {
        let most = rule.most.into();
        return Err(Problem::TooLong { got, most });
    }
    if !rule.interior_nul
        && let Some(at) = text.iter().position(|&byte| byte == 0)
    {
        return Err(Problem::InteriorNul { at });
    }
    Ok(())
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
