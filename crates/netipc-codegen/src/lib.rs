//! Schema compiler: a service described once becomes codecs and reference tables that cannot disagree.
//!
//! ```text
//! schema --parse--> declarations --check--> model --+-- rust      --+
//!                                                   +-- markdown  --+--> text tree --> files
//! ```
//!
//! * [`schema`] reads a TOML file and tells everything that is wrong with it at once, with line, column and remedy.
//! * [`model`] is what a schema means: offsets resolved, rules as data, nothing of any language. It can be serialised.
//! * [`rust`] and [`markdown`] print it. A printer knows only the model, so no service is special to it.
//! * [`project`] says which files of this project are generated, and whether they are up to date.
//!
//! # Notation
//!
//! One file describes one service: its request, its reply, and the records these are made of.
//!
//! ```
//! let schema = r#"
//!     [service]
//!     name = "uptime"             # default endpoint name
//!     method = 0x8001             # in the envelope; 0x8000 and above are free to use
//!     batchable = true            # several requests may travel in one message
//!     idempotent = true           # may be sent again when the answer was lost
//!     request = "query"           # names of records
//!     reply = "answer"
//!     doc = "Tells how long a unit has been up."
//!
//!     [record.query]
//!     doc = "Which unit."
//!     trailing = "rejected"       # bytes behind the content: tolerated or rejected
//!     requirements = ["MINE-UP-01"]
//!
//!     [[record.query.field]]
//!     name = "unit"
//!     type = "string"             # u8 u16 u32 u64 string list
//!     at = 0                      # optional; checked against the offset that follows from the fields before
//!     min_length = 1              # strings: also max_length, and offset for a fixed place
//!     nul_inside = "rejected"
//!     doc = "Name of the unit."
//!     example = "sshd.service"
//!
//!     [record.answer]
//!     doc = "How long."
//!     trailing = "tolerated"
//!
//!     [[record.answer.field]]
//!     name = "layout_version"
//!     type = "u16"
//!     value = 1                   # numbers: always this value; or reserved = true for 0
//!     doc = "Version of this layout."
//!
//!     [[record.answer.field]]
//!     name = "flags"
//!     type = "u16"
//!     reserved = true
//!     doc = "For later."
//!
//!     [[record.answer.field]]
//!     name = "uptime"
//!     type = "u32"
//!     unit = "seconds"
//!     doc = "Time since the start."
//!     example = 3600
//! "#;
//! let service = netipc_codegen::schema::parse("uptime.toml", schema)?;
//! assert_eq!(service.records[1].fields[2].at, 4);
//! let code = netipc_codegen::rust::module(&service, &Default::default());
//! assert!(code.contains("impl Service for Uptime"));
//! # Ok::<(), netipc_codegen::schema::Diagnostics>(())
//! ```
//!
//! A field of type `list` comes last in its record: a directory right behind the fixed part, then items of the record that
//! `of` names; `count` names the `u32` field that holds their number, and `gaps` says whether unused bytes between items are
//! tolerated. `[service.snapshot]` names the `list` of the reply and the `hash` and `name` fields that identify an item.
#![forbid(unsafe_code)]

pub mod errors;
pub mod markdown;
pub mod model;
pub mod pages;
pub mod project;
pub mod rust;
pub mod schema;
pub mod text;
