//! Canonical JSON, read by position: members come in one order, without a space, and nothing is looked up.

use std::fmt;
use std::io::Write as _;

/// JSON that is not canonical, or not what was asked for.
#[derive(Debug)]
pub struct Malformed {
    at: usize,
    what: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed JSON at byte {}: {}", self.at, self.what)
    }
}

impl std::error::Error for Malformed {}

/// Reads one value from its start to its end.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Says what is wrong where the reader stands.
    pub(crate) fn malformed(&self, what: impl Into<String>) -> Malformed {
        Malformed { at: self.at, what: what.into() }
    }

    /// The value must end here.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.malformed("bytes follow the value")) }
    }

    pub(crate) fn begin(&mut self) -> Result<(), Malformed> {
        self.expect(b'{')
    }

    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        self.expect(b'}')
    }

    /// The number called `name`, which must fit its type.
    pub(crate) fn number<T: TryFrom<u64>>(&mut self, name: &str) -> Result<T, Malformed> {
        self.name(name)?;
        let digits = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = &self.bytes[self.at..self.at + digits];
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
        let number = number.and_then(|number| T::try_from(number).ok());
        let number = number.ok_or_else(|| self.malformed(format!("`{name}` is no number, or too large")))?;
        self.at += digits;
        Ok(number)
    }

    /// The byte string called `name`.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Vec<u8>, Malformed> {
        self.name(name)?;
        self.hex()
    }

    /// The word called `name`.
    pub(crate) fn word(&mut self, name: &str) -> Result<&'a str, Malformed> {
        self.name(name)?;
        let text = self.quoted()?;
        std::str::from_utf8(text).map_err(|error| self.malformed(error.to_string()))
    }

    /// The array called `name`, whose items `read` reads.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        self.name(name)?;
        self.expect(b'[')?;
        let mut items = Vec::new();
        while self.bytes.get(self.at) != Some(&b']') {
            if !items.is_empty() {
                self.expect(b',')?;
            }
            items.push(read(self)?);
        }
        self.expect(b']')?;
        Ok(items)
    }

    /// A byte string without a name.
    pub(crate) fn hex(&mut self) -> Result<Vec<u8>, Malformed> {
        let text = self.quoted()?;
        let (pairs, rest) = text.as_chunks::<2>();
        let bytes: Option<Vec<u8>> = pairs.iter().map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect();
        match bytes {
            Some(bytes) if rest.is_empty() => Ok(bytes),
            _ => Err(self.malformed("not pairs of lower-case hexadecimal digits")),
        }
    }

    fn name(&mut self, name: &str) -> Result<(), Malformed> {
        if self.at > 0 && self.bytes[self.at - 1] != b'{' {
            self.expect(b',')?;
        }
        if self.quoted()? != name.as_bytes() {
            return Err(self.malformed(format!("the member `{name}` must stand here")));
        }
        self.expect(b':')
    }

    fn quoted(&mut self) -> Result<&'a [u8], Malformed> {
        self.expect(b'"')?;
        let rest = &self.bytes[self.at..];
        let length =
            rest.iter().position(|byte| *byte == b'"').ok_or_else(|| self.malformed("a string does not end"))?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.bytes.get(self.at) != Some(&byte) {
            return Err(self.malformed(format!("`{}` must stand here", char::from(byte))));
        }
        self.at += 1;
        Ok(())
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Writes one value; commas come by themselves.
#[derive(Default)]
pub(crate) struct Json {
    out: Vec<u8>,
}

impl Json {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    pub(crate) fn begin(&mut self) {
        self.separate();
        self.out.push(b'{');
    }

    pub(crate) fn end(&mut self) {
        self.out.push(b'}');
    }

    pub(crate) fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        // A vector takes every byte.
        let _ = write!(self.out, "{number}");
    }

    pub(crate) fn null(&mut self, name: &str) {
        self.name(name);
        self.out.extend_from_slice(b"null");
    }

    pub(crate) fn word(&mut self, name: &str, word: &str) {
        self.name(name);
        self.bare_word(word);
    }

    pub(crate) fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.name(name);
        self.hex(bytes);
    }

    /// An object as a member, whose members `show` writes.
    pub(crate) fn object(&mut self, name: &str, show: impl FnOnce(&mut Self)) {
        self.name(name);
        self.out.push(b'{');
        show(self);
        self.out.push(b'}');
    }

    pub(crate) fn list<T>(&mut self, name: &str, items: &[T], mut show: impl FnMut(&T, &mut Self)) {
        self.name(name);
        self.out.push(b'[');
        for item in items {
            show(item, self);
        }
        self.out.push(b']');
    }

    /// A byte string as an item of a list.
    pub(crate) fn hex(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.separate();
        self.out.push(b'"');
        for byte in bytes {
            self.out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        self.out.push(b'"');
    }

    /// A word as an item of a list.
    pub(crate) fn bare_word(&mut self, word: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(word.as_bytes());
        self.out.push(b'"');
    }

    /// A number as an item of a list.
    pub(crate) fn bare_number(&mut self, number: u64) {
        self.separate();
        let _ = write!(self.out, "{number}");
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A comma, unless this comes first or behind a name.
    fn separate(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }
}
