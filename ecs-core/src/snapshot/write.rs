//! Writes a snapshot.

use alloc::vec::Vec;
use core::hash::Hasher;

use twox_hash::XxHash3_64;

use super::{END, FORMAT, HEAD, MAGIC, ORDER, Snapshot, bits_present};
use crate::component::Storage;
use crate::entities::saved::Gone;
use crate::memory::bits;
use crate::relation::listing;
use crate::schema::Mask;
use crate::table::Table;

/// What is written of a table.
struct Chosen<'w> {
    table: &'w Table,
    /// The components of its mask.
    tabled: Mask,
    /// The sparse components that some entity has.
    sparse: Mask,
}

/// Passes the parts of a snapshot to `put`, with how many bytes there are from this one
/// on.
pub(super) fn write<E>(
    snapshot: &Snapshot<'_>,
    mut put: impl FnMut(&[u8], usize) -> Result<(), E>,
) -> Result<(), E> {
    let chosen = |table| Chosen {
        table,
        tabled: table.mask() & snapshot.keep,
        sparse: bits_present(table) & snapshot.keep,
    };
    let tables: Vec<_> = snapshot.tables.all().iter().map(chosen).collect();
    let begin = begin(snapshot, &tables);
    let mut rest = begin.len() + END;
    for chosen in &tables {
        rows(snapshot, chosen, |part| {
            rest += part.len();
            Ok::<(), E>(())
        })?;
    }
    let mut begin = begin;
    begin[HEAD - 8..HEAD].copy_from_slice(&(rest as u64).to_ne_bytes());
    let mut checksum = XxHash3_64::with_seed(0);
    let mut hashed = |part: &[u8]| {
        checksum.write(part);
        put(part, rest)?;
        rest -= part.len();
        Ok(())
    };
    hashed(&begin)?;
    tables.iter().try_for_each(|chosen| rows(snapshot, chosen, &mut hashed))?;
    put(&checksum.finish().to_ne_bytes(), END)
}

/// All before the rows; the length is written later.
fn begin(snapshot: &Snapshot<'_>, tables: &[Chosen<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(&(text.len() as u32).to_ne_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&ORDER);
    out.extend_from_slice(&FORMAT.to_ne_bytes());
    out.extend_from_slice(&0_u64.to_ne_bytes());

    // Bits are counted in this list, so that a schema may list its components otherwise.
    let all = tables.iter().fold(0, |all, chosen| all | chosen.tabled | chosen.sparse);
    text(&mut out, snapshot.schema);
    out.extend_from_slice(&all.count_ones().to_ne_bytes());
    for index in bits(all) {
        let info = &snapshot.components[index];
        text(&mut out, info.name);
        let storage = u32::from(info.storage == Storage::Sparse);
        for number in [info.size as u32, info.align as u32, info.version, storage] {
            out.extend_from_slice(&number.to_ne_bytes());
        }
    }

    let entities = snapshot.entities;
    let number = |out: &mut Vec<u8>, number: u64| out.extend_from_slice(&number.to_ne_bytes());
    number(&mut out, entities.origin().into());
    let free = entities.free();
    number(&mut out, free.len() as u64);
    free.for_each(|entity| number(&mut out, entity.to_bits()));
    let is_away = |gone: &Gone| matches!(gone, Gone::Away(_));
    let (away, retired): (Vec<_>, Vec<_>) = entities.gone().partition(is_away);
    for gone in [away, retired] {
        number(&mut out, gone.len() as u64);
        for gone in gone {
            number(
                &mut out,
                match gone {
                    Gone::Away(entity) => entity.to_bits(),
                    Gone::Retired(index) => index.into(),
                },
            );
        }
    }

    let listed = |mask: Mask| {
        let place = |index: usize| (all & ((1 << index) - 1)).count_ones();
        bits(mask).fold(0, |listed: Mask, index| listed | 1 << place(index))
    };
    number(&mut out, tables.len() as u64);
    for Chosen { table, tabled, sparse } in tables {
        out.extend_from_slice(&listed(*tabled).to_ne_bytes());
        out.extend_from_slice(&listed(*sparse).to_ne_bytes());
        number(&mut out, table.len() as u64);
    }
    out
}

/// Passes the ids and values of a table on, in their order.
fn rows<E>(
    snapshot: &Snapshot<'_>,
    chosen: &Chosen<'_>,
    mut put: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let Chosen { table, tabled, sparse } = *chosen;
    put(table.ids_as_bytes())?;
    for index in bits(tabled) {
        debug_assert!(snapshot.components[index].plain.is_some());
        // SAFETY: only what is plain is kept, and that has no uninitialised bytes.
        put(unsafe { table.rows_as_bytes(index, 0, table.len()) })?;
    }
    for index in bits(sparse) {
        let words = table.bitmap_words(index);
        put(bytemuck::cast_slice(words))?;
        let has = |row: usize| words[row / 64] >> (row % 64) & 1 == 1;
        if let Some(info) = listing(snapshot.components, index) {
            let mut lists = Vec::new();
            for row in (0..table.len()).filter(|&row| has(row)) {
                // SAFETY: the row has a list of the relation's sources.
                let list = unsafe { &*(info.list)(table.cell(index, row)) };
                lists.extend_from_slice(&(list.len() as u64).to_ne_bytes());
                lists.extend_from_slice(bytemuck::cast_slice(list));
            }
            put(&lists)?;
            continue;
        }
        let mut row = 0;
        while row < table.len() {
            let end = (row..table.len()).find(|&row| !has(row)).unwrap_or(table.len());
            if row < end {
                // SAFETY: as above; these rows have the component.
                put(unsafe { table.rows_as_bytes(index, row, end) })?;
            }
            row = (end..table.len()).find(|&row| has(row)).unwrap_or(table.len());
        }
    }
    Ok(())
}
