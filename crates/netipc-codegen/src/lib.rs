//! Schema compiler: a service described once becomes codecs and reference tables that cannot disagree.
//!
//! ```text
//! schema --parse--> declarations --check--> model --+-- rust      --+
//!                                                   +-- go        --+--> text tree --> files
//!                                                   +-- c         --+
//!                                                   +-- markdown  --+
//! ```
//!
//! * [`schema`] reads a TOML file and tells everything that is wrong with it at once, with line, column and remedy.
//! * [`model`] is what a schema means: offsets resolved, rules as data, nothing of any language. It can be serialised.
//! * [`rust`], [`go`], [`c`] and [`markdown`] print it. A printer knows only the model, so no service is special to it.
//! * [`compat`] compares two schemas.
//! * [`build`] is for users: code from their schemas, made by a build script.
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
//!     type = "string"             # u8 u16 u32 u64 size enum string list table
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
//! tolerated. `[service.snapshot]` names the `list` of the reply and the `hash` and `name` fields that identify an item; a
//! `generation` may name the number of the reply that tells versions of the data apart.
//!
//! A string with `rest = true` has no offset and no length: it takes what is left of its record, up to the NUL at the end.
//!
//! # Versions
//!
//! `version` of `[service]` is its minor version, 1 unless it says otherwise. A record with a field of type `size`, which is a
//! u16, can get more fields in later versions: numbers, enumerations and strings that stand behind the others, each with
//! `since`, the version it came with, and `default`, what it is when an older program left it out. [`compat`] tells whether
//! two schemas are versions of one service.
//!
//! # Enumerations, tables, rules and lookups
//!
//! A field of type `enum` holds a value of the enumeration that `of` names; `unlisted` says whether a decoder passes other
//! numbers through (`tolerated`) or refuses them. A field of type `table` stands for rows of strings behind the strings of
//! its record: `of` names a record of strings only, `count` the field that holds the number of rows. A rule demands
//! something of some fields `when` enumerations have certain values, or `unless` they have: a number, the name of a value,
//! `"empty"` or, of a string, `"present"`.
//!
//! `[service.lookup]` makes a service a lookup: its request is a list of keys, its reply a list of items that answer them one
//! by one. It names both lists, the `generation` of the reply, the fields of an item that `echo` those of the key, the
//! `status` of an item, the two statuses of a key without an answer (`exceeded`: ask again; `oversized`: it does not fit even
//! alone), and what an item looks like that may have a better answer later. With these two statuses the rules must leave
//! nothing in an item but what repeats the key.
//!
//! ```
//! let schema = r#"
//!     [service]
//!     name = "rooms"
//!     method = 0x8002
//!     batchable = false
//!     idempotent = true
//!     request = "question"
//!     reply = "answer"
//!     doc = "Tells who is in which room."
//!
//!     [service.lookup]
//!     keys = "rooms"
//!     items = "people"
//!     generation = "generation"
//!     echo = ["room"]
//!     status = "status"
//!     exceeded = "later"
//!     oversized = "never"
//!     retry_later = { status = "unlit" }      # optional
//!
//!     [enum.status]
//!     doc = "What can be seen of a room."
//!     type = "u16"
//!     unlisted = "rejected"
//!     value = [
//!         { name = "lit", code = 0, doc = "Everything." },
//!         { name = "unlit", code = 1, doc = "Nothing yet." },
//!         { name = "later", code = 2, doc = "No room in this reply." },
//!         { name = "never", code = 3, doc = "No room in any reply." },
//!     ]
//!
//!     [record.question]
//!     doc = "Which rooms."
//!     trailing = "tolerated"
//!     field = [
//!         { name = "count", type = "u32", doc = "How many." },
//!         { name = "spare", type = "u32", reserved = true, doc = "For later." },
//!         { name = "rooms", type = "list", of = "room", count = "count", gaps = "tolerated", doc = "The rooms." },
//!     ]
//!
//!     [record.room]
//!     doc = "One room."
//!     trailing = "rejected"
//!     field = [{ name = "room", type = "u32", doc = "Its number." }]
//!
//!     [record.answer]
//!     doc = "Who is there."
//!     trailing = "tolerated"
//!     field = [
//!         { name = "count", type = "u32", doc = "How many." },
//!         { name = "spare", type = "u32", reserved = true, doc = "For later." },
//!         { name = "generation", type = "u64", doc = "Version of the data." },
//!         { name = "people", type = "list", of = "people", count = "count", gaps = "tolerated", doc = "The people." },
//!     ]
//!
//!     [record.people]
//!     doc = "The people in one room."
//!     trailing = "rejected"
//!     field = [
//!         { name = "status", type = "enum", of = "status", doc = "What can be seen." },
//!         { name = "name_count", type = "u16", doc = "How many names." },
//!         { name = "room", type = "u32", doc = "Number of the room." },
//!         { name = "host", type = "string", nul_inside = "rejected", doc = "Whose room it is.", example = "ann" },
//!         { name = "names", type = "table", of = "person", count = "name_count", doc = "Their names." },
//!     ]
//!     rule = [
//!         { unless = { status = "lit" }, then = { host = "empty", names = "empty" } },
//!     ]
//!
//!     [record.person]
//!     doc = "One of them."
//!     trailing = "rejected"
//!     field = [{ name = "name", type = "string", nul_inside = "rejected", doc = "The name." }]
//! "#;
//! let service = netipc_codegen::schema::parse("rooms.toml", schema)?;
//! let code = netipc_codegen::rust::module(&service, &Default::default());
//! assert!(code.contains("impl Lookup for Rooms"));
//! assert!(code.contains("pub fn lit(&mut self, fields: LitFields<'_>)"));
//! assert!(code.contains("pub fn unlit(&mut self)"));
//! # Ok::<(), netipc_codegen::schema::Diagnostics>(())
//! ```
#![forbid(unsafe_code)]

pub mod build;
pub mod c;
pub mod compat;
pub mod errors;
pub mod go;
pub mod markdown;
pub mod model;
pub mod pages;
pub mod project;
pub mod rust;
pub mod schema;
pub mod text;
pub mod vectors;
