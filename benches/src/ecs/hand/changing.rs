//! Arrays whose entities change, go and come, found by id.

use crate::case::Digest;
use crate::ecs::parts::{self, Vec3};
use crate::ecs::peer;

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id {
    index: u32,
    generation: u32,
}

impl Id {
    fn first(n: usize) -> Self {
        Self { index: n as u32, generation: 1 }
    }
}

/// Where the entity of this generation is.
#[derive(Clone, Copy)]
struct Slot {
    generation: u32,
    place: u32,
}

impl Slot {
    fn first(n: usize) -> Self {
        Self { generation: 1, place: n as u32 }
    }
}

/// Set in a place in the table of those that have a B.
const WITH_B: u32 = 1 << 31;

/// Entities with an A, and those with a B as well: two tables of columns.
pub struct TwoTables {
    ids: Vec<Id>,
    slots: Vec<Slot>,
    without: Table,
    with: Table,
    b: Vec<f32>,
}

#[derive(Default)]
struct Table {
    ids: Vec<Id>,
    a: Vec<f32>,
}

impl Table {
    fn push(&mut self, id: Id, a: f32) -> u32 {
        let row = self.ids.len() as u32;
        self.ids.push(id);
        self.a.push(a);
        row
    }

    /// The A of `row`, and who has moved there.
    fn swap_remove(&mut self, row: usize) -> (f32, Option<Id>) {
        let a = self.a.swap_remove(row);
        self.ids.swap_remove(row);
        (a, self.ids.get(row).copied())
    }

    /// Writes into the slots where the rows from `first` on are.
    fn tell(&self, slots: &mut [Slot], first: usize, with: u32) {
        for (id, place) in self.ids[first..].iter().zip(first as u32..) {
            slots[id.index as usize].place = place | with;
        }
    }

    /// All rows of the other: its columns as they are, where there are none here.
    fn take_over(&mut self, other: &mut Self) {
        if self.ids.is_empty() {
            core::mem::swap(self, other);
        } else {
            self.ids.append(&mut other.ids);
            self.a.append(&mut other.a);
        }
    }
}

impl TwoTables {
    pub fn new(a: impl Iterator<Item = f32>) -> Self {
        let mut without = Table::default();
        for (n, a) in a.enumerate() {
            without.push(Id::first(n), a);
        }
        let ids = without.ids.clone();
        let slots = (0..ids.len()).map(Slot::first).collect();
        Self { ids, slots, without, with: Table::default(), b: Vec::new() }
    }

    /// Where the entity is, if it lives and has a B or not, as asked.
    fn find(&self, id: Id, with: u32) -> Option<usize> {
        let slot = self.slots.get(id.index as usize)?;
        let there = slot.generation == id.generation && slot.place & WITH_B == with;
        there.then_some((slot.place & !WITH_B) as usize)
    }

    fn add(&mut self, id: Id, b: f32) -> bool {
        let Some(row) = self.find(id, 0) else { return false };
        let (a, moved) = self.without.swap_remove(row);
        if let Some(moved) = moved {
            self.slots[moved.index as usize].place = row as u32;
        }
        self.slots[id.index as usize].place = self.with.push(id, a) | WITH_B;
        self.b.push(b);
        true
    }

    fn remove(&mut self, id: Id) -> Option<f32> {
        let row = self.find(id, WITH_B)?;
        let (a, moved) = self.with.swap_remove(row);
        let b = self.b.swap_remove(row);
        if let Some(moved) = moved {
            self.slots[moved.index as usize].place = row as u32 | WITH_B;
        }
        self.slots[id.index as usize].place = self.without.push(id, a);
        Some(b)
    }

    pub fn add_each(&mut self) {
        let ids = core::mem::take(&mut self.ids);
        for (n, &id) in ids.iter().enumerate() {
            assert!(self.add(id, n as f32));
        }
        self.ids = ids;
    }

    pub fn remove_each(&mut self) {
        let ids = core::mem::take(&mut self.ids);
        for &id in &ids {
            self.remove(id).expect("has it");
        }
        self.ids = ids;
    }

    /// A B for all that have none, in the order of their rows.
    pub fn add_all(&mut self) {
        let first = self.with.ids.len();
        self.b.extend((0..self.without.ids.len()).map(|n| n as f32));
        self.with.take_over(&mut self.without);
        self.with.tell(&mut self.slots, first, WITH_B);
    }

    pub fn remove_all(&mut self) {
        let first = self.without.ids.len();
        self.b.clear();
        self.without.take_over(&mut self.with);
        self.without.tell(&mut self.slots, first, 0);
    }

    pub fn each(&mut self, each: &mut dyn FnMut(f32, Option<f32>)) {
        self.without.a.iter().for_each(|&a| each(a, None));
        self.with.a.iter().zip(&self.b).for_each(|(&a, &b)| each(a, Some(b)));
    }
}

/// No place in the set.
const NONE: u32 = u32::MAX;

/// Entities with an A, and a sparse set of those that have a B as well.
pub struct SparseSet {
    ids: Vec<Id>,
    generations: Vec<u32>,
    a: Vec<f32>,
    /// By the entity's index.
    places: Vec<u32>,
    members: Vec<Id>,
    b: Vec<f32>,
}

impl SparseSet {
    pub fn new(a: impl Iterator<Item = f32>) -> Self {
        let a: Vec<_> = a.collect();
        Self {
            ids: (0..a.len()).map(Id::first).collect(),
            generations: vec![1; a.len()],
            places: vec![NONE; a.len()],
            a,
            members: Vec::new(),
            b: Vec::new(),
        }
    }

    fn add(&mut self, id: Id, b: f32) -> bool {
        let index = id.index as usize;
        if self.generations.get(index) != Some(&id.generation) || self.places[index] != NONE {
            return false;
        }
        self.places[index] = self.members.len() as u32;
        self.members.push(id);
        self.b.push(b);
        true
    }

    fn remove(&mut self, id: Id) -> Option<f32> {
        let place = *self.places.get(id.index as usize)? as usize;
        if self.members.get(place) != Some(&id) {
            return None;
        }
        self.members.swap_remove(place);
        if let Some(moved) = self.members.get(place) {
            self.places[moved.index as usize] = place as u32;
        }
        self.places[id.index as usize] = NONE;
        Some(self.b.swap_remove(place))
    }

    pub fn add_each(&mut self) {
        let ids = core::mem::take(&mut self.ids);
        for (n, &id) in ids.iter().enumerate() {
            assert!(self.add(id, n as f32));
        }
        self.ids = ids;
    }

    pub fn remove_each(&mut self) {
        let ids = core::mem::take(&mut self.ids);
        for &id in &ids {
            self.remove(id).expect("has it");
        }
        self.ids = ids;
    }

    pub fn each(&mut self, each: &mut dyn FnMut(f32, Option<f32>)) {
        for (&a, &place) in self.a.iter().zip(&self.places) {
            each(a, self.b.get(place as usize).copied());
        }
    }
}

/// Positions and velocities of entities that go and come.
pub struct Population {
    slots: Vec<Slot>,
    /// The slots of those who died. A list through the slots would need no room
    /// of its own, but each step would wait for the one before.
    free: Vec<u32>,
    ids: Vec<Id>,
    positions: Vec<Vec3>,
    velocities: Vec<Vec3>,
}

impl Population {
    pub fn new(count: usize) -> (Self, Vec<Id>) {
        let ids: Vec<_> = (0..count).map(Id::first).collect();
        let population = Self {
            slots: (0..count).map(Slot::first).collect(),
            free: Vec::new(),
            ids: ids.clone(),
            positions: (0..count).map(parts::position).collect(),
            velocities: (0..count).map(parts::velocity).collect(),
        };
        (population, ids)
    }

    #[inline]
    pub fn position_mut(&mut self, id: Id) -> Option<&mut Vec3> {
        let slot = self.slots.get(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        self.positions.get_mut(slot.place as usize)
    }

    #[inline]
    pub fn kill(&mut self, id: Id) -> bool {
        let Some(slot) = self.slots.get_mut(id.index as usize) else { return false };
        if slot.generation != id.generation {
            return false;
        }
        let row = slot.place as usize;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        // Who moves is known before the row is: to ask the row would be to wait.
        if let Some(&moved) = self.ids.last()
            && moved != id
        {
            self.slots[moved.index as usize].place = row as u32;
        }
        self.ids.swap_remove(row);
        self.positions.swap_remove(row);
        self.velocities.swap_remove(row);
        true
    }

    #[inline]
    pub fn spawn(&mut self, position: Vec3, velocity: Vec3) -> Id {
        let place = self.ids.len() as u32;
        let id = match self.free.pop() {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                slot.place = place;
                Id { index, generation: slot.generation }
            }
            None => {
                let id = Id::first(self.slots.len());
                self.slots.push(Slot { generation: id.generation, place });
                id
            }
        };
        self.ids.push(id);
        self.positions.push(position);
        self.velocities.push(velocity);
        id
    }

    pub fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        for (position, velocity) in self.positions.iter().zip(&self.velocities) {
            peer::digest_two(&mut digest, position, velocity);
        }
        digest
    }
}
