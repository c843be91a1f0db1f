//! One entity on its way: the fixed layout of the schema's row.

use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use crate::bundle::{Bundle, Cells};
use crate::entity::Entity;
use crate::memory::{DropRows, bits, move_value};
use crate::outbox::TransferMarker;
use crate::schema::{ComponentOf, Contains, Mask, Schema};

/// Components outside of a table. Invariant: the components of `mask` hold values.
pub(crate) struct Row<S: Schema> {
    mask: Mask,
    cells: MaybeUninit<S::Row>,
    /// What the row owns, for auto traits.
    types: PhantomData<S::Types>,
}

impl<S: Schema> Row<S> {
    pub(crate) const fn new() -> Self {
        Self { mask: 0, cells: MaybeUninit::uninit(), types: PhantomData }
    }

    /// Where the component's value is, or would be.
    #[inline(always)]
    pub(crate) fn place(&self, index: usize) -> *const u8 {
        // SAFETY: the schema promises that the offset lies in its row.
        unsafe { self.cells.as_ptr().cast::<u8>().add(S::COMPONENTS[index].offset) }
    }

    /// As [`place`](Self::place), to write.
    #[inline(always)]
    pub(crate) fn place_mut(&mut self, index: usize) -> *mut u8 {
        // SAFETY: the schema promises that the offset lies in its row.
        unsafe { self.cells.as_mut_ptr().cast::<u8>().add(S::COMPONENTS[index].offset) }
    }

    /// The values of `mask` have been written, or moved out.
    ///
    /// # Safety
    /// Exactly the components of `mask` hold values now.
    #[inline(always)]
    pub(crate) unsafe fn set_mask(&mut self, mask: Mask) {
        self.mask = mask;
    }

    /// Moves a value in, bit by bit.
    ///
    /// # Safety
    /// `value` points to a valid value of the component that is not used again;
    /// the row does not have it yet.
    #[inline(always)]
    pub(crate) unsafe fn take(&mut self, index: usize, value: *const u8) {
        debug_assert!(self.mask >> index & 1 == 0);
        // SAFETY: the value has the component's size, and its cell is apart.
        unsafe { move_value(value, self.place_mut(index), S::COMPONENTS[index].size) };
        self.mask |= 1 << index;
    }

    /// Adds a clone of a value. `false` if the component can't be cloned.
    ///
    /// # Safety
    /// `value` points to a valid value of the component; the row does not have
    /// it yet.
    unsafe fn clone_from(&mut self, index: usize, value: *const u8) -> bool {
        let Some(clone) = S::COMPONENTS[index].clone else { return false };
        // SAFETY: the value is valid, and its cell holds none. Should `clone`
        // panic, the mask does not have the component.
        unsafe { clone(value, self.place_mut(index)) };
        self.mask |= 1 << index;
        true
    }

    /// Adds what a bundle holds, without a marker.
    pub(crate) fn put<B: Bundle<S>>(&mut self, bundle: B) {
        debug_assert!(self.mask & B::MASK == 0 && !B::MARKER);
        // SAFETY: the bundle's cells are in the row; they hold no values.
        unsafe { bundle.write(self) };
        self.mask |= B::MASK;
    }

    /// Moves the components of `mask` that it has to a row that does not have them.
    pub(crate) fn move_some(&mut self, mask: Mask, to: &mut Self) {
        let mask = self.mask & mask;
        self.mask &= !mask;
        for index in bits(mask) {
            // SAFETY: the row held the value, which its mask no longer has.
            unsafe { to.take(index, self.place(index)) };
        }
    }

    /// The components that it has.
    pub(crate) fn mask(&self) -> Mask {
        self.mask
    }

    /// Drops the components of `mask` that it has.
    pub(crate) fn drop_some(&mut self, mask: Mask) {
        let mask = self.mask & mask;
        self.mask &= !mask;
        let mask = mask & S::NEEDS_DROP;
        let row = self.cells.as_mut_ptr().cast::<u8>();
        // SAFETY: the components of the mask hold values at their offsets, and
        // the row's mask has them no more.
        unsafe {
            DropRows::run(S::COMPONENTS, mask, 0, 1, |index, _| {
                row.add(S::COMPONENTS[index].offset)
            });
        }
    }
}

impl<S: Schema> Drop for Row<S> {
    fn drop(&mut self) {
        self.drop_some(Mask::MAX);
    }
}

// SAFETY: answers each component's own place in the row.
unsafe impl<S: Schema> Cells<S> for Row<S> {
    fn cell<C: 'static>(&mut self) -> *mut C
    where
        S: Contains<C>,
    {
        self.place_mut(S::INDEX).cast()
    }
    fn put_marker(&mut self, _: TransferMarker) {}
    fn take_marker(&mut self) -> TransferMarker {
        unreachable!("a row holds no marker")
    }
}

/// How a transfer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferFlags {
    /// The entity leaves its world; `false` for a copy.
    pub destroy_on_arrive: bool,
    /// Goes before unprioritised entities.
    pub priority: bool,
    /// All components of the entity go, and its id with them; `false` where only
    /// the packed components go, as a new entity.
    pub full_transfer: bool,
}

/// One entity on its way between worlds with the schema `S`.
///
/// Made from an entity by `World::take`, `World::copy` or `World::split`, or by
/// hand with [`new`](Self::new) and [`pack`](Self::pack); one made by hand gets
/// its id on arrival. Components sit at fixed offsets, so their order does not
/// matter. They are moved in and out, and what is left is dropped with the
/// transfer.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Position(i32);
/// # #[derive(Component)] struct Name(String);
/// # #[world_config(components(Position, Name))] struct Base;
/// let mut transfer = EntityTransfer::<Base>::new(0, 2);
/// transfer.pack(Position(7))?;
/// transfer.pack(Name("Ada".to_owned()))?;
/// let doubled = transfer.pack(Position(8)).unwrap_err();
/// assert_eq!(doubled.into_inner().0, 8);
///
/// assert!(transfer.has::<Position>());
/// assert_eq!(transfer.get::<Name>().map(|name| name.0.as_str()), Some("Ada"));
/// let Position(x) = transfer.unpack().ok_or("it was packed")?;
/// assert_eq!(x, 7);
/// assert!(!transfer.has::<Position>());
///
/// // The name goes on into a world.
/// let mut world = World::<Base>::new();
/// let entity = world.insert_transfer(transfer)?;
/// assert_eq!(world.get::<Name>(entity)?.0, "Ada");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EntityTransfer<S: Schema> {
    row: Row<S>,
    entity: Option<Entity>,
    source: u16,
    target: u16,
    flags: TransferFlags,
}

impl<S: Schema> EntityTransfer<S> {
    /// An empty transfer from the world with id `source` to that with id `target`.
    pub const fn new(source: u16, target: u16) -> Self {
        Self {
            row: Row::new(),
            entity: None,
            source,
            target,
            flags: TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: false },
        }
    }

    pub(crate) fn from_row(row: Row<S>, entity: Option<Entity>, flags: TransferFlags) -> Self {
        Self { row, entity, source: 0, target: 0, flags }
    }

    /// It is this entity, which has left its world.
    #[inline(always)]
    pub(crate) fn depart_as(&mut self, entity: Entity, flags: TransferFlags) {
        (self.entity, self.flags) = (Some(entity), flags);
    }

    /// The id of the world it comes from.
    pub fn source(&self) -> u16 {
        self.source
    }

    /// The id of the world it goes to.
    pub fn target(&self) -> u16 {
        self.target
    }

    /// The same between two other worlds.
    pub fn between(mut self, source: u16, target: u16) -> Self {
        (self.source, self.target) = (source, target);
        self
    }

    /// It comes from this world: who carries it knows by which id others call that.
    #[doc(hidden)]
    #[inline(always)]
    pub fn come_from(&mut self, source: u16) {
        self.source = source;
    }

    /// The entity's id; `None` for a transfer that gets one on arrival.
    pub fn entity(&self) -> Option<Entity> {
        self.entity
    }

    /// How the transfer behaves: what it is made from decides on all but the priority.
    pub fn flags(&self) -> TransferFlags {
        self.flags
    }

    /// The same with, or without, priority.
    pub fn with_priority(mut self, priority: bool) -> Self {
        self.flags.priority = priority;
        self
    }

    /// The components that are in it.
    pub fn mask(&self) -> Mask {
        self.row.mask
    }

    /// Puts a component in.
    ///
    /// # Errors
    /// If it is already there: the value is handed back.
    pub fn pack<C: ComponentOf<S>>(&mut self, value: C) -> Result<(), Doubled<C>> {
        if self.row.mask & C::BIT != 0 {
            return Err(Doubled(value));
        }
        // SAFETY: the place is the component's and holds no value.
        unsafe { self.row.place_mut(C::INDEX).cast::<C>().write(value) };
        self.row.mask |= C::BIT;
        Ok(())
    }

    /// Puts in what a bundle holds.
    ///
    /// # Errors
    /// If one of its components is already there: the bundle is handed back.
    pub fn pack_bundle<B: Bundle<S>>(&mut self, bundle: B) -> Result<(), Doubled<B>> {
        const { crate::bundle::assert_distinct::<S, B>() };
        const { assert!(!B::MARKER, "a transfer has its target already: leave the marker out") };
        if self.row.mask & B::MASK != 0 {
            return Err(Doubled(bundle));
        }
        self.row.put(bundle);
        Ok(())
    }

    /// Looks at a component.
    pub fn get<C: 'static>(&self) -> Option<&C>
    where
        S: Contains<C>,
    {
        // SAFETY: the component is in the mask, so its cell holds a value.
        self.has::<C>().then(|| unsafe { &*self.row.place(S::INDEX).cast::<C>() })
    }

    /// Looks at a component to change it.
    pub fn get_mut<C: 'static>(&mut self) -> Option<&mut C>
    where
        S: Contains<C>,
    {
        // SAFETY: the component is in the mask, so its cell holds a value.
        self.has::<C>().then(|| unsafe { &mut *self.row.place_mut(S::INDEX).cast::<C>() })
    }

    /// Moves a component out.
    pub fn unpack<C: 'static>(&mut self) -> Option<C>
    where
        S: Contains<C>,
    {
        if !self.has::<C>() {
            return None;
        }
        self.row.mask &= !S::BIT;
        // SAFETY: the cell held a value, which the mask no longer has.
        Some(unsafe { self.row.place(S::INDEX).cast::<C>().read() })
    }

    /// Whether a component is in it.
    pub fn has<C: 'static>(&self) -> bool
    where
        S: Contains<C>,
    {
        self.row.mask & S::BIT != 0
    }

    /// Drops what is in it; source and target stay, the id does not.
    pub fn reset(&mut self) {
        let (source, target) = (self.source, self.target);
        *self = Self::new(source, target);
    }

    pub(crate) fn take_id(&mut self) -> Option<Entity> {
        self.entity.take()
    }

    pub(crate) fn row_mut(&mut self) -> &mut Row<S> {
        &mut self.row
    }

    /// The names of the components that are in it.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        bits(self.row.mask).map(|index| S::COMPONENTS[index].name)
    }
}

/// Clones the components of `mask` into a new row; `None` if one can't be cloned.
///
/// # Safety
/// `value` answers where each component of `mask` holds a valid value.
pub(crate) unsafe fn clone_row<S: Schema>(
    mask: Mask,
    value: impl Fn(usize) -> *const u8,
) -> Option<Row<S>> {
    let mut row = Row::new();
    for index in bits(mask) {
        // SAFETY: the caller promises the value; each component comes once.
        if !unsafe { row.clone_from(index, value(index)) } {
            return None;
        }
    }
    Some(row)
}

impl<S: Schema> fmt::Debug for EntityTransfer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Names<'a, S: Schema>(&'a EntityTransfer<S>);
        impl<S: Schema> fmt::Debug for Names<'_, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.0.names()).finish()
            }
        }
        f.debug_struct("EntityTransfer")
            .field("entity", &self.entity)
            .field("source", &self.source)
            .field("target", &self.target)
            .field("flags", &self.flags)
            .field("components", &Names(self))
            .finish()
    }
}

/// The component is already in the transfer. Holds the value that was refused.
pub struct Doubled<T>(T);

impl<T> Doubled<T> {
    /// The value back.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Doubled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doubled").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for Doubled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the transfer already has a `{}`", core::any::type_name::<T>())
    }
}
impl<T> Error for Doubled<T> {}
