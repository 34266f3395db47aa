//! The runtime that generated codecs stand on.
//!
//! A codec turns one payload into a typed view and back. What is common to all of them lives here, once: bounds-checked
//! loads, strings placed by an (offset, length) pair, item directories, and a [`Writer`] that keeps a byte budget.
//! What a particular service looks like is never known here; that is the generated code's part.
//!
//! Reading: a [`Reader`] checks every rule of a record while it is decoded, so the views built on it are infallible and
//! borrow from the payload. Writing: a [`Writer`] appends to the caller's buffer, and [`ItemsWriter`] adds a list of
//! records whose number need not be known in advance. Lookups have two more ways to write such a list: an
//! [`AnswersWriter`] gives every key of a request its answer within the budget, and a [`Stitcher`] puts the items of
//! several replies into one.
//!
//! This module must not contain: sockets, envelopes, batches, policy, or the name of any service.
//!
//! # Example
//!
//! A record of one number and one string, encoded and decoded by hand as generated code does it:
//!
//! ```
//! use netipc_proto::codec::{BuildError, DecodeError, Placement, Reader, StringRule, Writer, store, string_at};
//!
//! const RULE: StringRule = StringRule {
//!     placement: Placement::From(12),
//!     ..StringRule::ANY
//! };
//!
//! let mut bytes = Vec::new();
//! let mut out = Writer::new(&mut bytes, 64);
//! let mut fixed = [0; 12];
//! store(&mut fixed, 0, 7_u32);
//! store(&mut fixed, 4, 12_u32);
//! store(&mut fixed, 8, 2_u32);
//! out.bytes(&fixed)?;
//! out.terminated(b"hi")?;
//! out.finish()?;
//!
//! let reader = Reader::<12>::new("greeting", &bytes)?;
//! reader.string("text", 4, &RULE)?;
//! assert_eq!(reader.load::<u32>(0), 7);
//! assert_eq!(string_at(&bytes, reader.fixed(), 4), b"hi");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answers;
mod error;
mod grow;
mod items;
mod read;
mod rows;
mod scalar;
mod stitch;
mod write;

pub use answers::{AnswersWriter, Encode, Keyed, Shortage};
pub use error::{BuildError, DecodeError, Problem, Quoted};
pub use grow::{grown_part, load_or, string_or};
pub use items::{Items, ItemsIter, ItemsRule, ItemsWriter, ListLen, Record};
pub use read::{Extent, Placement, Reader, StringRule, When, fixed_part, judge, rest_of, string_at};
pub use rows::{Row, RowRule, Rows, RowsIter, table_size, write_table};
pub use scalar::{Scalar, load, store};
pub use stitch::Stitcher;
pub use write::Writer;

/// Bytes of one directory entry: a u32 offset and a u32 length.
pub const ENTRY_LEN: usize = 8;

/// Items start at multiples of this, counted from the end of the directory.
pub const ITEM_ALIGN: usize = 8;

/// The next multiple of [`ITEM_ALIGN`] at or above `len`.
pub(crate) const fn align_item(len: usize) -> usize {
    len.saturating_add(ITEM_ALIGN - 1) & !(ITEM_ALIGN - 1)
}
