//! What is where in a region, and whether what a header says can be.

use std::fmt;

use netipc_proto::header::HEADER_LEN as MESSAGE_HEADER_LEN;

/// Bytes of the header of a region, and what offsets and capacities are multiples of.
pub(crate) const HEADER_LEN: u32 = 64;
const MAGIC: u32 = 0x4e53_484d;
const VERSION: u16 = 3;

/// Offsets of the words that change. NIPC-SHM-03.
pub(crate) mod at {
    pub(crate) const REQUEST_SEQUENCE: usize = 32;
    pub(crate) const RESPONSE_SEQUENCE: usize = 40;
    pub(crate) const REQUEST_LENGTH: usize = 48;
    pub(crate) const RESPONSE_LENGTH: usize = 52;
    pub(crate) const REQUEST_SIGNAL: usize = 56;
    pub(crate) const RESPONSE_SIGNAL: usize = 60;
}

/// The words of the header that do not change, four bytes each. NIPC-SHM-03.
pub(crate) type Head = [u32; 8];

/// Where one direction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) offset: u32,
    pub(crate) capacity: u32,
}

impl Area {
    fn end(self) -> u64 {
        u64::from(self.offset) + u64::from(self.capacity)
    }
}

/// Where both directions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) request: Area,
    pub(crate) response: Area,
}

/// Who made a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) pid: i32,
    /// Never 0 in a region that is in use.
    pub(crate) generation: u32,
}

/// What is wrong with the header of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFault {
    /// The file is shorter than a header.
    Short {
        /// Bytes that it has.
        got: u64,
    },
    /// It does not begin as a region does.
    Magic {
        /// The word found.
        got: u32,
    },
    /// It has another version.
    Version {
        /// The version found.
        got: u16,
    },
    /// Its header has another length.
    HeaderLength {
        /// The length found.
        got: u16,
    },
    /// An offset or a capacity is no multiple of 64.
    Alignment {
        /// The word found.
        got: u32,
    },
    /// An area is empty or lies in the header.
    Empty {
        /// Its offset.
        offset: u32,
        /// Its capacity.
        capacity: u32,
    },
    /// The response area begins before the request area ends.
    Order {
        /// Where it begins.
        got: u32,
        /// Where the other ends.
        needed: u64,
    },
    /// An area ends behind the end of the file.
    Bounds {
        /// Bytes that the file has.
        got: u64,
        /// Bytes that the areas need.
        needed: u64,
    },
}

impl HeaderFault {
    /// Whether the file may be one that its server has not finished.
    pub(crate) fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Short { .. }
                | Self::Magic { got: 0 }
                | Self::Empty { offset: 0, .. }
                | Self::Empty { capacity: 0, .. }
        )
    }
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { got } => write!(f, "it has {got} bytes, its header alone takes {HEADER_LEN}"),
            Self::Magic { got } => write!(f, "it begins with {got:#010x} instead of {MAGIC:#010x}"),
            Self::Version { got } => write!(f, "it has version {got}, only {VERSION} is known"),
            Self::HeaderLength { got } => write!(f, "its header says to have {got} bytes instead of {HEADER_LEN}"),
            Self::Alignment { got } => {
                write!(f, "{got} is an offset or a capacity in it, but no multiple of {HEADER_LEN}")
            }
            Self::Empty { offset, capacity } => {
                write!(f, "an area of {capacity} bytes at offset {offset} cannot hold a message")
            }
            Self::Order { got, needed } => {
                write!(f, "its response area begins at {got}, before its request area ends at {needed}")
            }
            Self::Bounds { got, needed } => write!(f, "it has {got} bytes, but its areas end at {needed}"),
        }
    }
}

impl Layout {
    /// Areas for messages with these largest payloads; none when an offset would not fit its word. NIPC-SHM-04.
    pub(crate) fn new(max_request: u32, max_response: u32) -> Option<Self> {
        let capacity =
            |payload: u32| payload.checked_add(MESSAGE_HEADER_LEN as u32)?.checked_next_multiple_of(HEADER_LEN);
        let request = Area { offset: HEADER_LEN, capacity: capacity(max_request)? };
        let offset = u32::try_from(request.end()).ok()?;
        let response = Area { offset, capacity: capacity(max_response)? };
        usize::try_from(response.end()).ok()?;
        Some(Self { request, response })
    }

    /// Bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.response.end()
    }

    /// The words that do not change.
    pub(crate) fn head(&self, owner: Owner) -> Head {
        let ([a, b], [c, d]) = (VERSION.to_ne_bytes(), (HEADER_LEN as u16).to_ne_bytes());
        let Self { request, response } = *self;
        [
            MAGIC,
            u32::from_ne_bytes([a, b, c, d]),
            owner.pid.cast_unsigned(),
            owner.generation,
            request.offset,
            request.capacity,
            response.offset,
            response.capacity,
        ]
    }

    /// What a header says, if a file of `size` bytes can have it. NIPC-SHM-10.
    pub(crate) fn check(head: &Head, size: u64) -> Result<(Self, Owner), HeaderFault> {
        let &[magic, version, pid, generation, request_at, request_capacity, response_at, response_capacity] = head;
        if size < u64::from(HEADER_LEN) {
            return Err(HeaderFault::Short { got: size });
        }
        if magic != MAGIC {
            return Err(HeaderFault::Magic { got: magic });
        }
        let [a, b, c, d] = version.to_ne_bytes();
        let (version, header_len) = (u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d]));
        if version != VERSION {
            return Err(HeaderFault::Version { got: version });
        }
        if u32::from(header_len) != HEADER_LEN {
            return Err(HeaderFault::HeaderLength { got: header_len });
        }
        let request = Area { offset: request_at, capacity: request_capacity };
        let response = Area { offset: response_at, capacity: response_capacity };
        for Area { offset, capacity } in [request, response] {
            if offset < HEADER_LEN || capacity == 0 {
                return Err(HeaderFault::Empty { offset, capacity });
            }
            if let Some(got) = [offset, capacity].into_iter().find(|word| !word.is_multiple_of(HEADER_LEN)) {
                return Err(HeaderFault::Alignment { got });
            }
        }
        if u64::from(response.offset) < request.end() {
            return Err(HeaderFault::Order { got: response.offset, needed: request.end() });
        }
        if size < response.end() {
            return Err(HeaderFault::Bounds { got: size, needed: response.end() });
        }
        Ok((Self { request, response }, Owner { pid: pid.cast_signed(), generation }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { pid: 4711, generation: 9 };

    fn changed(at: usize, value: u32) -> Head {
        let mut head = Layout::new(1000, 2000).unwrap().head(OWNER);
        head[at] = value;
        head
    }

    #[test]
    fn areas_follow_from_limits() {
        // NIPC-SHM-04
        let layout = Layout::new(1000, 2000).unwrap();
        assert_eq!(layout.request, Area { offset: 64, capacity: 1088 });
        assert_eq!(layout.response, Area { offset: 1152, capacity: 2048 });
        assert_eq!(layout.size(), 3200);
        assert_eq!(Layout::new(0, 32).unwrap().size(), 64 + 64 + 64);
        assert_eq!(Layout::new(33, 0).unwrap().size(), 64 + 128 + 64);
        assert_eq!(Layout::new(u32::MAX - 31, 0), None);
        assert_eq!(Layout::new(u32::MAX - 158, 0), None, "the second offset has no room in its word");
        assert!(Layout::new(u32::MAX - 159, 0).is_some());
    }

    #[test]
    fn a_header_says_what_its_maker_meant() {
        // NIPC-SHM-03: magic 0, version 4, header length 6, pid 8, generation 12, offsets and capacities from 16.
        let layout = Layout::new(1000, 2000).unwrap();
        let bytes: Vec<u8> = layout.head(OWNER).iter().flat_map(|word| word.to_ne_bytes()).collect();
        let u16_at = |at: usize| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
        let u32_at = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((u32_at(0), u16_at(4), u16_at(6)), (0x4e53_484d, 3, 64));
        assert_eq!([8, 12, 16, 20, 24, 28].map(u32_at), [4711, 9, 64, 1088, 1152, 2048]);
        assert_eq!(Layout::check(&layout.head(OWNER), 3200), Ok((layout, OWNER)));
        assert_eq!(Layout::check(&layout.head(OWNER), 1 << 40), Ok((layout, OWNER)), "a longer file does no harm");
    }

    #[test]
    fn whatever_passes_lies_in_the_file() {
        // NIPC-SHM-10
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise
        };
        let mut passed = 0;
        for _ in 0..200_000 {
            let mut head = Layout::new(1000, 2000).unwrap().head(OWNER);
            for word in &mut head[4..] {
                *word = match next() % 4 {
                    0 => *word,
                    1 => next() as u32,
                    2 => (next() as u32 % 64) * 64,
                    _ => u32::MAX - (next() as u32 % 4) * 64 - 63,
                };
            }
            let size = match next() % 3 {
                0 => 3200,
                1 => next() % 10_000,
                _ => next() % (3 << 32),
            };
            let Ok((layout, _)) = Layout::check(&head, size) else { continue };
            passed += 1;
            assert!(layout.request.offset >= HEADER_LEN && layout.request.capacity > 0 && layout.response.capacity > 0);
            assert!(layout.request.end() <= layout.response.offset.into() && layout.response.end() <= size);
        }
        assert!(passed > 1000, "{passed}");
    }

    #[test]
    fn every_word_is_checked() {
        // NIPC-SHM-10
        use HeaderFault as Fault;
        let check = |head: &Head, size| Layout::check(head, size).unwrap_err();
        assert_eq!(check(&changed(0, 7), 63), Fault::Short { got: 63 });
        assert_eq!(check(&changed(0, 7), 3200), Fault::Magic { got: 7 });
        assert!(matches!(check(&changed(1, 0), 3200), Fault::Version { got: 0 }));
        assert!(matches!(check(&changed(1, u32::from_ne_bytes([3, 0, 65, 0])), 3200), Fault::HeaderLength { .. }));
        assert_eq!(check(&changed(4, 0), 3200), Fault::Empty { offset: 0, capacity: 1088 });
        assert_eq!(check(&changed(5, 0), 3200), Fault::Empty { offset: 64, capacity: 0 });
        assert_eq!(check(&changed(6, 0), 3200), Fault::Empty { offset: 0, capacity: 2048 });
        for (at, value) in [(4, 72), (5, 1089), (6, 1153), (7, 2049)] {
            assert_eq!(check(&changed(at, value), 3200), Fault::Alignment { got: value });
        }
        assert_eq!(check(&changed(6, 1088), 3200), Fault::Order { got: 1088, needed: 1152 });
        assert_eq!(check(&changed(5, 1152), 3200), Fault::Order { got: 1152, needed: 1216 });
        let far = u32::MAX - 63;
        assert_eq!(check(&changed(4, far), 3200), Fault::Order { got: 1152, needed: u64::from(far) + 1088 });
        assert_eq!(check(&changed(7, far), 3200), Fault::Bounds { got: 3200, needed: u64::from(far) + 1152 });
        assert_eq!(check(&changed(0, 0x4e53_484d), 3199), Fault::Bounds { got: 3199, needed: 3200 });
        // What a server may not have got to yet, and what it can never have meant.
        assert!([changed(0, 0), changed(4, 0), changed(7, 0)].iter().all(|head| check(head, 3200).may_pass()));
        assert!([changed(0, 1), changed(1, 0), changed(5, 1)].iter().all(|head| !check(head, 3200).may_pass()));
    }
}
