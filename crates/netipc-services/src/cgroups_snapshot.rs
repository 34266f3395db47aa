//! All control groups of a host at one moment.

use alloc::vec::Vec;

use netipc_proto::codec::{
    BuildError, DecodeError, Items, ItemsRule, ItemsWriter, Placement, Reader, Record, StringRule, Writer, fixed_part,
    load, store, string_at,
};
use netipc_proto::service::Service;

/// The `cgroups-snapshot` service.
#[derive(Debug)]
pub enum CgroupsSnapshot {}

impl Service for CgroupsSnapshot {
    const NAME: &'static str = "cgroups-snapshot";
    const METHOD: u16 = 2;
    const BATCHABLE: bool = false;
    const IDEMPOTENT: bool = true;

    type Query<'a> = ();
    type Request<'a> = Request;
    type Reply<'a> = Reply<'a>;
    type ReplyBuilder<'a> = ReplyBuilder<'a>;

    #[inline]
    fn encode_request((): (), mut out: Writer<'_>) -> Result<(), BuildError> {
        let _ = Request {}.write(&mut out);
        out.finish()
    }

    #[inline]
    fn decode_request(payload: &[u8]) -> Result<Request, DecodeError> {
        Request::decode(payload)
    }

    #[inline]
    fn reply_builder(out: Writer<'_>) -> ReplyBuilder<'_> {
        ReplyBuilder::new(out)
    }

    #[inline]
    fn finish_reply(builder: ReplyBuilder<'_>) -> Result<(), BuildError> {
        builder.finish()
    }

    #[inline]
    fn decode_reply(payload: &[u8]) -> Result<Reply<'_>, DecodeError> {
        Reply::decode(payload)
    }
}

/// Where the fields of a request start.
mod request {
    pub(super) const LAYOUT_VERSION: usize = 0;
    pub(super) const FLAGS: usize = 2;
    pub(super) const SIZE: usize = 4;
}

/// The request; it carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// The rule that `bytes` break.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let reader = Reader::<{ request::SIZE }>::new("cgroups-snapshot request", bytes)?;
        reader.constant("layout_version", request::LAYOUT_VERSION, 1_u16)?;
        reader.constant("flags", request::FLAGS, 0_u16)?;
        Ok(Self {})
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), BuildError> {
        let mut fixed = [0; request::SIZE];
        store(&mut fixed, request::LAYOUT_VERSION, 1_u16);
        out.bytes(&fixed)
    }
}

/// Where the fields of a reply start.
mod reply {
    pub(super) const LAYOUT_VERSION: usize = 0;
    pub(super) const FLAGS: usize = 2;
    pub(super) const ITEM_COUNT: usize = 4;
    pub(super) const SYSTEMD_ENABLED: usize = 8;
    pub(super) const RESERVED: usize = 12;
    pub(super) const GENERATION: usize = 16;
    pub(super) const SIZE: usize = 24;
}

/// The reply.
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    fixed: &'a [u8; reply::SIZE],
    items: Items<'a, Item<'a>>,
}

impl<'a> Reply<'a> {
    /// Reads a reply.
    ///
    /// # Errors
    ///
    /// The rule that `bytes` break.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let reader = Reader::<{ reply::SIZE }>::new("cgroups-snapshot reply", bytes)?;
        reader.constant("layout_version", reply::LAYOUT_VERSION, 1_u16)?;
        reader.constant("flags", reply::FLAGS, 0_u16)?;
        reader.constant("reserved", reply::RESERVED, 0_u32)?;
        let items = reader.items("items", reader.load(reply::ITEM_COUNT), &ItemsRule { gaps: true })?;
        Ok(Self { fixed: reader.fixed(), items })
    }

    /// Whether systemd manages the control groups.
    #[inline]
    #[must_use]
    pub fn systemd_enabled(&self) -> u32 {
        load(self.fixed, reply::SYSTEMD_ENABLED)
    }

    /// Version of the data.
    #[inline]
    #[must_use]
    pub fn generation(&self) -> u64 {
        load(self.fixed, reply::GENERATION)
    }

    /// The control groups.
    #[inline]
    #[must_use]
    pub fn items(&self) -> Items<'a, Item<'a>> {
        self.items
    }

    /// A copy that does not borrow the payload.
    #[must_use]
    pub fn to_owned(&self) -> OwnedReply {
        OwnedReply {
            systemd_enabled: self.systemd_enabled(),
            generation: self.generation(),
            items: self.items.iter().map(|item| item.to_owned()).collect(),
        }
    }
}

/// A [`Reply`] that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedReply {
    /// Whether systemd manages the control groups.
    pub systemd_enabled: u32,
    /// Version of the data.
    pub generation: u64,
    /// The control groups.
    pub items: Vec<OwnedItem>,
}

/// Builds a [`Reply`].
#[derive(Debug)]
pub struct ReplyBuilder<'a> {
    out: Writer<'a>,
    items: ItemsWriter,
    systemd_enabled: Option<u32>,
    generation: Option<u64>,
}

impl<'a> ReplyBuilder<'a> {
    /// Starts a reply.
    #[must_use]
    pub fn new(mut out: Writer<'a>) -> Self {
        // What does not fit is remembered by the writer and reported by `finish`.
        let _ = out.zeros(reply::SIZE);
        Self { items: ItemsWriter::new(&out), out, systemd_enabled: None, generation: None }
    }

    /// Sets whether systemd manages the control groups.
    pub fn systemd_enabled(&mut self, systemd_enabled: u32) -> &mut Self {
        self.systemd_enabled = Some(systemd_enabled);
        self
    }

    /// Sets the version of the data.
    pub fn generation(&mut self, generation: u64) -> &mut Self {
        self.generation = Some(generation);
        self
    }

    /// Makes room for `additional` more items at once.
    pub fn reserve(&mut self, additional: usize) -> &mut Self {
        self.items.reserve(&mut self.out, additional);
        self
    }

    /// Appends an item.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit.
    pub fn push(&mut self, item: ItemFields<'_>) -> Result<(), BuildError> {
        self.items.push(&mut self.out, item.size(), |out| item.write(out))
    }

    /// Ends the reply.
    ///
    /// # Errors
    ///
    /// [`BuildError::Missing`] when a field was not set, [`BuildError::Overflow`] when something did not fit.
    pub fn finish(self) -> Result<(), BuildError> {
        let Self { mut out, items, systemd_enabled, generation } = self;
        let missing = |field| BuildError::Missing { record: "cgroups-snapshot reply", field };
        let Some(systemd_enabled) = systemd_enabled else {
            out.discard();
            return Err(missing("systemd_enabled"));
        };
        let Some(generation) = generation else {
            out.discard();
            return Err(missing("generation"));
        };
        let mut fixed = [0; reply::SIZE];
        store(&mut fixed, reply::LAYOUT_VERSION, 1_u16);
        store(&mut fixed, reply::ITEM_COUNT, items.finish(&mut out));
        store(&mut fixed, reply::SYSTEMD_ENABLED, systemd_enabled);
        store(&mut fixed, reply::GENERATION, generation);
        out.patch(0, &fixed);
        out.finish()
    }
}

/// Where the fields of an item start.
mod item {
    pub(super) const LAYOUT_VERSION: usize = 0;
    pub(super) const FLAGS: usize = 2;
    pub(super) const HASH: usize = 4;
    pub(super) const OPTIONS: usize = 8;
    pub(super) const ENABLED: usize = 12;
    pub(super) const NAME: usize = 16;
    pub(super) const PATH: usize = 24;
    pub(super) const SIZE: usize = 32;
}

const ITEM_STRING: StringRule = StringRule { placement: Placement::From(item::SIZE as u32), ..StringRule::ANY };

/// One control group.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    fixed: &'a [u8; item::SIZE],
    bytes: &'a [u8],
}

impl<'a> Item<'a> {
    /// Hash of the name.
    #[inline]
    #[must_use]
    pub fn hash(&self) -> u32 {
        load(self.fixed, item::HASH)
    }

    /// Options.
    #[inline]
    #[must_use]
    pub fn options(&self) -> u32 {
        load(self.fixed, item::OPTIONS)
    }

    /// Whether it is enabled.
    #[inline]
    #[must_use]
    pub fn enabled(&self) -> u32 {
        load(self.fixed, item::ENABLED)
    }

    /// Name.
    #[inline]
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        string_at(self.bytes, self.fixed, item::NAME)
    }

    /// Path.
    #[inline]
    #[must_use]
    pub fn path(&self) -> &'a [u8] {
        string_at(self.bytes, self.fixed, item::PATH)
    }

    /// All fields at once, as a builder takes them.
    #[must_use]
    pub fn fields(&self) -> ItemFields<'a> {
        ItemFields {
            hash: self.hash(),
            options: self.options(),
            enabled: self.enabled(),
            name: self.name(),
            path: self.path(),
        }
    }

    /// A copy that does not borrow the payload.
    #[must_use]
    pub fn to_owned(&self) -> OwnedItem {
        OwnedItem {
            hash: self.hash(),
            options: self.options(),
            enabled: self.enabled(),
            name: self.name().to_vec(),
            path: self.path().to_vec(),
        }
    }
}

impl<'a> Record<'a> for Item<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let reader = Reader::<{ item::SIZE }>::new("cgroups-snapshot item", bytes)?;
        reader.constant("layout_version", item::LAYOUT_VERSION, 1_u16)?;
        reader.constant("flags", item::FLAGS, 0_u16)?;
        let name = reader.string("name", item::NAME, &ITEM_STRING)?;
        let path = reader.string("path", item::PATH, &ITEM_STRING)?;
        reader.disjoint(&[("name", item::NAME, &name), ("path", item::PATH, &path)])?;
        Ok(Self { fixed: reader.fixed(), bytes })
    }

    #[inline]
    fn view(bytes: &'a [u8]) -> Self {
        Self { fixed: fixed_part(bytes), bytes }
    }
}

/// The fields of an [`Item`], as a builder takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemFields<'a> {
    /// Hash of the name.
    pub hash: u32,
    /// Options.
    pub options: u32,
    /// Whether it is enabled.
    pub enabled: u32,
    /// Name.
    pub name: &'a [u8],
    /// Path.
    pub path: &'a [u8],
}

impl ItemFields<'_> {
    fn size(&self) -> usize {
        item::SIZE.saturating_add(self.name.len() + 1).saturating_add(self.path.len() + 1)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), BuildError> {
        out.claim(self.size())?;
        let name = item::SIZE;
        let path = name + self.name.len() + 1;
        let mut fixed = [0; item::SIZE];
        store(&mut fixed, item::LAYOUT_VERSION, 1_u16);
        store(&mut fixed, item::HASH, self.hash);
        store(&mut fixed, item::OPTIONS, self.options);
        store(&mut fixed, item::ENABLED, self.enabled);
        store(&mut fixed, item::NAME, name as u32);
        store(&mut fixed, item::NAME + 4, self.name.len() as u32);
        store(&mut fixed, item::PATH, path as u32);
        store(&mut fixed, item::PATH + 4, self.path.len() as u32);
        out.bytes(&fixed)?;
        out.terminated(self.name)?;
        out.terminated(self.path)
    }
}

/// An [`Item`] that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedItem {
    /// Hash of the name.
    pub hash: u32,
    /// Options.
    pub options: u32,
    /// Whether it is enabled.
    pub enabled: u32,
    /// Name.
    pub name: Vec<u8>,
    /// Path.
    pub path: Vec<u8>,
}
