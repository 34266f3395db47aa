//! Canonical JSON: no space, members in the order given, none left out. A reader may rely on it, and this one does.

use std::borrow::Cow;

use crate::offence::Refusal;

/// Appends the text between two values.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends the text before a value, then a string without characters that need an escape.
pub(crate) fn name(out: &mut Vec<u8>, before: &str, name: &str) {
    text(out, before);
    out.push(b'"');
    text(out, name);
    out.push(b'"');
}

/// Appends the text before a value, then a number.
pub(crate) fn number(out: &mut Vec<u8>, before: &str, mut value: u64) {
    text(out, before);
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

/// Appends the text before a value, then a byte string.
pub(crate) fn bytes(out: &mut Vec<u8>, before: &str, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text(out, before);
    out.push(b'"');
    out.extend(bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]));
    out.push(b'"');
}

/// Appends the text before a value, then an array.
pub(crate) fn array<T>(out: &mut Vec<u8>, before: &str, items: &[T], write: impl Fn(&T, &mut Vec<u8>)) {
    text(out, before);
    out.push(b'[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// What is left to read of a value. The readers take the text before a value, then the value.
pub(crate) struct Json<'a> {
    rest: &'a [u8],
}

impl<'a> Json<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// Takes this text, or fails.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Refusal> {
        if self.take(text) { Ok(()) } else { Err(self.unexpected(text)) }
    }

    /// Takes this text if it stands here.
    pub(crate) fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text.as_bytes());
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(crate) fn end(&self) -> Result<(), Refusal> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    pub(crate) fn u64(&mut self, before: &str) -> Result<u64, Refusal> {
        self.text(before)?;
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(count);
        let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        let value = value.ok_or_else(|| self.unexpected("a number up to 18446744073709551615"))?;
        self.rest = rest;
        Ok(value)
    }

    pub(crate) fn u32(&mut self, before: &str) -> Result<u32, Refusal> {
        let value = self.u64(before)?;
        u32::try_from(value).map_err(|e| Refusal::Malformed(format!("{value} for a u32: {e}")))
    }

    pub(crate) fn u16(&mut self, before: &str) -> Result<u16, Refusal> {
        let value = self.u64(before)?;
        u16::try_from(value).map_err(|e| Refusal::Malformed(format!("{value} for a u16: {e}")))
    }

    /// The number of a closed enumeration. One that is too large for its type becomes another one without a name, so
    /// that it is refused as such.
    pub(crate) fn closed(&mut self, before: &str) -> Result<u16, Refusal> {
        Ok(u16::try_from(self.u64(before)?).unwrap_or(u16::MAX))
    }

    pub(crate) fn bytes(&mut self, before: &str) -> Result<Cow<'static, [u8]>, Refusal> {
        self.text(before)?;
        self.text("\"")?;
        let mut bytes = Vec::new();
        loop {
            match self.rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return Ok(Cow::Owned(bytes));
                }
                [high, low, rest @ ..] => {
                    let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { break };
                    bytes.push(high << 4 | low);
                    self.rest = rest;
                }
                _ => break,
            }
        }
        Err(self.unexpected("two lower-case hexadecimal digits or a quote"))
    }

    pub(crate) fn array<T>(
        &mut self,
        before: &str,
        read: impl Fn(&mut Self) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        self.text(before)?;
        self.text("[")?;
        let mut items = Vec::new();
        if self.take("]") {
            return Ok(items);
        }
        loop {
            items.push(read(self)?);
            if self.take("]") {
                return Ok(items);
            }
            self.text(",")?;
        }
    }

    fn unexpected(&self, wanted: &str) -> Refusal {
        let found = String::from_utf8_lossy(&self.rest[..self.rest.len().min(40)]);
        Refusal::Malformed(format!("JSON that is not canonical: {wanted} expected, found {found:?}"))
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
