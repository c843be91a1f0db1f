//! A world goes back to the state of a snapshot.

use super::{World, admits};
use crate::config::WorldConfig;
use crate::schema::Schema;
use crate::snapshot::{Parsed, RestoreError, Target, parse};

impl<W: WorldConfig> World<W> {
    /// Makes the entities of this world those of a snapshot: with their ids, in their
    /// order, and with the same ids to be given next, so that the world goes on as the
    /// one that was written did. Those that were here are despawned. Resources and
    /// hooks stay; no entity wants to leave. Observers are told nothing: what they did
    /// when the entities were made is in the snapshot. All that is tracked has changed,
    /// and nothing was added or removed. The memory of the tables is used again.
    ///
    /// Drop the ids that were given after the snapshot was taken: they will be given
    /// again. In a coordinator, restore the worlds of one point in time together: an
    /// entity that was away then is expected to come home.
    ///
    /// The bytes are checked, and none can make a world that is not whole; but the
    /// checksum finds damage, not malice. Bytes that were made up can hold other values,
    /// and ids of guests for whose places the world takes up to 128 MiB for each origin
    /// that they name: restore what you trust.
    ///
    /// # Errors
    /// If the bytes are damaged, of another schema or format, or the world can't take
    /// all entities. The world is as it was then.
    ///
    /// # Panics
    /// If the drop of a component does; the entities of some tables are despawned then,
    /// and nothing is restored.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), RestoreError> {
        let target = Target {
            desc: W::DESC,
            schema: W::Schema::NAME,
            components: W::Schema::COMPONENTS,
            sparse: W::Schema::SPARSE,
            origin: self.origin(),
            admits: admits::<W>,
        };
        let Parsed { masks, parts, entities } = parse(snapshot, &target)?;
        self.end_all();
        self.tables.arrange(&masks);
        for part in parts.iter().filter(|part| part.rows > 0) {
            let table = self.tables.get_mut(part.table);
            table.make_room(part.rows);
            table.hold(part.sparse.iter().fold(0, |mask, sparse| mask | 1 << sparse.index));
            // SAFETY: there is room, and the part was read for the table with this number
            // of this world, whose sparse components are held; the entities below have
            // their places in it.
            unsafe { table.append(part) };
        }
        self.replace_entities(entities);
        Ok(())
    }
}
