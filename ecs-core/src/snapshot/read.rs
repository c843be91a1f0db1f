//! Reads a snapshot. All is checked before anything is handed on.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use twox_hash::XxHash3_64;

use super::{END, FORMAT, HEAD, Layout, MAGIC, ORDER, RestoreError};
use crate::component::Storage;
use crate::config::WorldDesc;
use crate::entities::saved::{Gone, WrongId};
use crate::entities::{Entities, MAX_TABLES};
use crate::entity::{Entity, ORIGIN_SHIFT};
use crate::error::Refusal;
use crate::memory::bits;
use crate::names;
use crate::relation::listing;
use crate::schema::{ComponentInfo, Mask};

/// The world that a snapshot is read for.
pub(crate) struct Target {
    pub(crate) desc: WorldDesc,
    pub(crate) schema: &'static str,
    pub(crate) components: &'static [ComponentInfo],
    pub(crate) sparse: Mask,
    pub(crate) origin: u16,
    pub(crate) admits: fn(Mask) -> bool,
}

/// What a snapshot holds, fit for the world that it was read for.
pub(crate) struct Parsed<'a> {
    /// The tables that the world is to have, in their order.
    pub(crate) masks: Vec<Mask>,
    pub(crate) parts: Vec<Part<'a>>,
    /// Where each entity will be when the parts are appended to their tables.
    pub(crate) entities: Entities,
}

/// Rows of one table. Each slice has as many bytes as these rows take, and all bytes are
/// values: of ids, or of components that are plain bytes.
pub(crate) struct Part<'a> {
    pub(crate) table: u32,
    pub(crate) rows: usize,
    pub(crate) ids: &'a [u8],
    /// By component of the table's mask.
    pub(crate) columns: Vec<(usize, &'a [u8])>,
    pub(crate) sparse: Vec<Sparse<'a>>,
}

/// A sparse component of the rows of a part.
pub(crate) struct Sparse<'a> {
    pub(crate) index: usize,
    /// The words of the bitmap; no bit is set beyond the rows.
    pub(crate) bitmap: &'a [u8],
    /// The values of the rows whose bit is set; of a list of sources, how many ids they
    /// are (8), and the ids.
    pub(crate) values: &'a [u8],
}

impl Sparse<'_> {
    /// The word of 64 rows.
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.bitmap.as_chunks::<8>().0.iter().map(|&word| u64::from_ne_bytes(word))
    }
}

const SHORT: RestoreError = RestoreError::Malformed("a part is longer than what is left");

/// Reads from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], RestoreError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    /// So many values of a size.
    fn values(&mut self, count: usize, size: usize) -> Result<&'a [u8], RestoreError> {
        self.bytes(count.checked_mul(size).ok_or(SHORT)?)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, RestoreError> {
        self.array().map(u32::from_ne_bytes)
    }

    fn u64(&mut self) -> Result<u64, RestoreError> {
        self.array().map(u64::from_ne_bytes)
    }

    fn mask(&mut self) -> Result<Mask, RestoreError> {
        self.array().map(Mask::from_ne_bytes)
    }

    /// A number of items, which take at least `size` bytes each.
    fn count(&mut self, size: usize) -> Result<usize, RestoreError> {
        let count = self.u64()?;
        if count > (self.0.len() / size) as u64 {
            return Err(SHORT);
        }
        Ok(count as usize)
    }

    fn text(&mut self) -> Result<&'a str, RestoreError> {
        let length = self.u32()? as usize;
        let text = core::str::from_utf8(self.bytes(length)?);
        text.map_err(|_| RestoreError::Malformed("a name is no text"))
    }

    fn entities(&mut self) -> Result<Vec<Entity>, RestoreError> {
        let count = self.count(8)?;
        (0..count).map(|_| self.u64().and_then(entity)).collect()
    }
}

const NO_ID: RestoreError = RestoreError::Malformed("a number is no id");

fn entity(bits: u64) -> Result<Entity, RestoreError> {
    Entity::from_bits(bits).ok_or(NO_ID)
}

impl From<WrongId> for RestoreError {
    fn from(wrong: WrongId) -> Self {
        match wrong {
            WrongId::Twice(entity) => Self::Twice(entity),
            WrongId::Beyond(_) => Self::Malformed("an id has a slot beyond the last"),
            WrongId::Foreign(_) => Self::Malformed("an id that is given next is of another world"),
            WrongId::None => NO_ID,
        }
    }
}

/// Checks all, and reads.
pub(crate) fn parse<'a>(bytes: &'a [u8], target: &Target) -> Result<Parsed<'a>, RestoreError> {
    let mut reader = Reader(open(bytes)?);
    let listed = schema(&mut reader, target)?;

    let origin = reader.u64()?;
    if origin != u64::from(target.origin) {
        let found = u16::try_from(origin);
        let found = found.map_err(|_| RestoreError::Malformed("an origin has 12 bits"))?;
        return Err(RestoreError::OtherOrigin { found, here: target.origin });
    }
    let free = reader.entities()?;
    let away = reader.entities()?;
    let retired = reader.count(8)?;
    let retired: Vec<u64> = (0..retired).map(|_| reader.u64()).collect::<Result<_, _>>()?;

    let tables = tables(&mut reader, &listed, target)?;
    let mut parts = Vec::with_capacity(tables.list.len());
    for listed in tables.list {
        parts.push(part(&mut reader, target, listed)?);
    }
    if !reader.0.is_empty() {
        return Err(RestoreError::Malformed("something stands after the last part"));
    }

    let native = |&bits: &u64| bits >> ORIGIN_SHIFT == origin;
    let natives = parts.iter().map(|part| part.ids().filter(native).count()).sum::<usize>();
    let slots = natives + free.len() + away.len() + retired.len();
    if u32::try_from(slots).is_err() {
        return Err(RestoreError::Malformed("there are more slots than ids"));
    }
    let mut entities = Entities::to_restore(target.origin, slots);
    let mut lengths = alloc::vec![0; tables.masks.len()];
    for part in &parts {
        let length = &mut lengths[part.table as usize];
        entities.restore_rows(part.ids(), part.table, *length)?;
        *length += part.rows as u32;
    }
    free.iter().try_for_each(|&id| entities.restore_free(id))?;
    away.iter().try_for_each(|&id| entities.restore_gone(Gone::Away(id)))?;
    for index in retired {
        let index = u32::try_from(index);
        let index = index.map_err(|_| RestoreError::Malformed("a slot has 32 bits"))?;
        entities.restore_gone(Gone::Retired(index))?;
    }
    Ok(Parsed { masks: tables.masks, parts, entities })
}

/// Checks the frame; answers what is between head and checksum.
fn open(bytes: &[u8]) -> Result<&[u8], RestoreError> {
    let mut reader = Reader(bytes);
    let cut = |_| RestoreError::NotASnapshot;
    if reader.array().map_err(cut)? != MAGIC {
        return Err(RestoreError::NotASnapshot);
    }
    let order: [u8; 4] = reader.array().map_err(cut)?;
    if order != ORDER {
        let mut reversed = order;
        reversed.reverse();
        let other = reversed == ORDER;
        return Err(if other { RestoreError::OtherByteOrder } else { RestoreError::NotASnapshot });
    }
    let found = reader.u32().map_err(cut)?;
    if found != FORMAT {
        return Err(RestoreError::OtherFormat { found, known: FORMAT });
    }
    let written = reader.u64().map_err(cut)?;
    if written != bytes.len() as u64 || bytes.len() < HEAD + END {
        return Err(RestoreError::OtherLength { found: bytes.len(), written });
    }
    let (hashed, checksum) = bytes.split_at(bytes.len() - END);
    if XxHash3_64::oneshot(hashed).to_ne_bytes() != checksum {
        return Err(RestoreError::Damaged);
    }
    Ok(&hashed[HEAD..])
}

/// The components by their number in the snapshot.
fn schema(reader: &mut Reader<'_>, target: &Target) -> Result<Vec<usize>, RestoreError> {
    let name = reader.text()?;
    if name != target.schema {
        return Err(RestoreError::OtherSchema { found: String::from(name), here: target.schema });
    }
    let count = reader.u32()? as usize;
    let mut listed = Vec::new();
    for _ in 0..count {
        let name = reader.text()?;
        let [size, align, version, storage] =
            [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
        let Some(index) = names::find(target.components, name) else {
            let nearest = names::nearest(target.components, name);
            return Err(RestoreError::UnknownComponent { name: String::from(name), nearest });
        };
        if listed.contains(&index) {
            return Err(RestoreError::Malformed("a component is listed twice"));
        }
        let info = &target.components[index];
        if info.plain.is_none() && listing(target.components, index).is_none() {
            return Err(RestoreError::NotPlain(info.name));
        }
        let storage = if storage == 0 { Storage::Table } else { Storage::Sparse };
        let found = Layout { size: size as usize, align: align as usize, version, storage };
        let ComponentInfo { size, align, version, storage, .. } = *info;
        let here = Layout { size, align, version, storage };
        if found != here {
            return Err(RestoreError::OtherLayout { name: info.name, found, here });
        }
        listed.push(index);
    }
    Ok(listed)
}

struct TableList {
    masks: Vec<Mask>,
    list: Vec<Listed>,
}

/// What a snapshot says of a table before its rows.
struct Listed {
    table: u32,
    /// The components, in the order of the snapshot.
    tabled: Vec<usize>,
    sparse: Vec<usize>,
    rows: usize,
}

fn tables(
    reader: &mut Reader<'_>,
    listed: &[usize],
    target: &Target,
) -> Result<TableList, RestoreError> {
    let components = |reader: &mut Reader<'_>, storage: Storage| {
        let component = |place: usize| match listed.get(place) {
            Some(&index) if target.components[index].storage == storage => Ok(index),
            Some(_) => Err(RestoreError::Malformed("a component is stored otherwise")),
            None => Err(RestoreError::Malformed("a table has an unlisted component")),
        };
        bits(reader.mask()?).map(component).collect::<Result<Vec<_>, _>>()
    };
    let count = reader.count(40)?;
    let (mut masks, mut list) = (Vec::new(), Vec::with_capacity(count));
    let mut numbers = BTreeMap::new();
    let mut number = |mask: Mask| {
        let next = numbers.len() as u32;
        let number = *numbers.entry(mask).or_insert(next);
        if number == next {
            masks.push(mask);
        }
        number
    };
    let mut residents: usize = 0;
    // Each world has it first.
    number(0);
    for _ in 0..count {
        let tabled = components(reader, Storage::Table)?;
        let sparse = components(reader, Storage::Sparse)?;
        let rows = usize::try_from(reader.u64()?).map_err(|_| SHORT)?;
        let mask = tabled.iter().fold(0, |mask, index| mask | 1 << index);
        if rows > 0 && !(target.admits)(mask) {
            return Err(Refusal::ClosedArchetype.into());
        }
        residents = residents.saturating_add(rows);
        list.push(Listed { table: number(mask), tabled, sparse, rows });
    }
    for declared in target.desc.archetypes {
        number(declared.mask & !target.sparse);
    }
    if masks.len() > MAX_TABLES as usize {
        return Err(Refusal::TooManyArchetypes { limit: MAX_TABLES }.into());
    }
    if residents > target.desc.max_entities as usize {
        return Err(Refusal::WorldFull { limit: target.desc.max_entities }.into());
    }
    Ok(TableList { masks, list })
}

fn part<'a>(
    reader: &mut Reader<'a>,
    target: &Target,
    listed: Listed,
) -> Result<Part<'a>, RestoreError> {
    let Listed { table, tabled, sparse, rows } = listed;
    let ids = reader.values(rows, 8)?;
    let values = |reader: &mut Reader<'a>, index: usize, rows: usize| {
        let info = &target.components[index];
        let bytes = reader.values(rows, info.size)?;
        // SAFETY: the bytes are as many as so many values have.
        let plain = info.plain.is_some_and(|plain| unsafe { plain(bytes.as_ptr(), rows) });
        if plain { Ok(bytes) } else { Err(RestoreError::NoValue(info.name)) }
    };
    let mut columns = Vec::with_capacity(tabled.len());
    for index in tabled {
        columns.push((index, values(reader, index, rows)?));
    }
    let mut beside = Vec::new();
    for index in sparse {
        let bitmap = reader.values(rows.div_ceil(64), 8)?;
        let mut sparse = Sparse { index, bitmap, values: &[] };
        let present = sparse.words().map(|word| word.count_ones() as usize).sum();
        let last = sparse.words().last().unwrap_or(0);
        if rows % 64 != 0 && last >> (rows % 64) != 0 {
            return Err(RestoreError::Malformed("a row beyond the last has a component"));
        }
        sparse.values = if listing(target.components, index).is_some() {
            lists(reader, present)?
        } else {
            values(reader, index, present)?
        };
        beside.push(sparse);
    }
    Ok(Part { table, rows, ids, columns, sparse: beside })
}

/// The bytes of so many lists of ids.
fn lists<'a>(reader: &mut Reader<'a>, count: usize) -> Result<&'a [u8], RestoreError> {
    let start = reader.0;
    for _ in 0..count {
        reader.entities()?;
    }
    Ok(&start[..start.len() - reader.0.len()])
}

impl Part<'_> {
    /// The ids as numbers.
    fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.ids.as_chunks::<8>().0.iter().map(|&bits| u64::from_ne_bytes(bits))
    }
}
