//! What has changed: of components with `#[component(track)]`.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::component::{Component, Storage};
use crate::query::{
    Access, Fault, Filter, QueryData, ReadOnlyQueryData, Rows, Values, reads, writes,
};
use crate::schema::{Contains, Mask};
use crate::table::{Table, WORD};
use crate::tick::seen_of_word;

pub use crate::removed::{DEFAULT_REMOVED, Removed, RemovedReader};
pub use crate::tick::{Tick, Ticks};
pub use crate::world::Since;

/// Matches entities that got a `C` that they did not have, since the one who asks last
/// looked: a system since its last run, others as told to
/// [`World::since`](crate::world::World::since).
///
/// A `C` that came with its entity from another world was not added by that.
///
/// `C` is declared with `#[component(track)]`, or else this does not compile.
#[derive(Debug)]
pub struct Added<C>(PhantomData<C>);

/// Matches entities whose `C` was added, or changed, since the one who asks last looked,
/// as by [`Added`]. What a system changes by itself in one run is no news to it; what its
/// commands change is, at its next run.
///
/// A value counts as changed when it is given to be changed: by `&mut C` in a query, also
/// one that is looked up, by its slice, by `get_mut`; by [`Mut`] only when it is written
/// through. So does a value that an insert puts in the place of another, and one that
/// came from another world.
///
/// `C` is declared with `#[component(track)]`, or else this does not compile.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// #[derive(Component)]
/// #[component(track)]
/// struct Health(i32);
/// # #[world_config(components(Health))] struct Base;
///
/// # let mut world = World::<Base>::new();
/// let (hero, _) = (world.spawn(Health(10))?, world.spawn(Health(20))?);
/// let mut seen = Tick::default();
/// assert_eq!(world.since(&mut seen).view_filtered::<&Health, Added<Health>>().count(), 2);
///
/// world.get_mut::<Health>(hero)?.0 -= 3;
/// let changed = world.since(&mut seen);
/// let changed: Vec<_> = changed.view_filtered::<Entity, Changed<Health>>().collect();
/// assert_eq!(changed, [hero]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Changed<C>(PhantomData<C>);

/// Which of the two stamps.
const ADDED: usize = 0;
const CHANGED: usize = 1;

/// Which rows of a word have a stamp of a component that is news.
#[inline(always)]
fn news<S: Contains<C>, C: 'static, const WHICH: usize>(rows: Rows<'_>, word: usize) -> u64 {
    let Rows { table, ticks, .. } = rows;
    if !S::Component::TRACK || table.possible() & S::BIT == 0 {
        return 0;
    }
    let (first, len) = (word * WORD, table.len());
    let stamps = table.stamps(S::INDEX)[WHICH];
    let seen = if first + WORD <= len {
        // SAFETY: the table has the component, and so stamps for each row.
        seen_of_word(ticks, unsafe { stamps.add(first).cast().as_ref() })
    } else {
        // SAFETY: as above.
        let sees = |row: usize| ticks.sees(unsafe { stamps.add(row).read() });
        (first..len).fold(0, |bits, row| bits | u64::from(sees(row)) << (row - first))
    };
    match S::Component::STORAGE {
        Storage::Table => seen,
        Storage::Sparse => seen & table.present(S::INDEX, word),
    }
}

macro_rules! filter {
    ($name:ident $which:ident) => {
        // SAFETY: what lacks the component has no news of it.
        unsafe impl<S: Contains<C>, C: 'static> Filter<S> for $name<C> {
            const ROWS: bool = true;
            const WITH: Mask = S::BIT;
            const READ: Mask = S::BIT;
            const FAULT: Option<Fault> = untracked::<S, C>();

            #[inline(always)]
            fn table(table: &Table) -> bool {
                table.possible() & S::BIT != 0
            }

            #[inline]
            fn rows(rows: Rows<'_>, word: usize) -> u64 {
                news::<S, C, $which>(rows, word)
            }
        }
    };
}
filter!(Added ADDED);
filter!(Changed CHANGED);

/// Where the values and the stamps of a tracked component are.
pub struct Stamped<C> {
    values: Values<C>,
    added: NonNull<u32>,
    changed: NonNull<u32>,
    ticks: Ticks,
}

impl<C> Clone for Stamped<C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<C> Copy for Stamped<C> {}

impl<C> fmt::Debug for Stamped<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stamped").field(&self.values.column).finish()
    }
}

impl<C: 'static> Stamped<C> {
    #[inline(always)]
    fn of<S: Contains<C>>(table: &Table, ticks: Ticks) -> Self {
        let [added, changed] = table.stamps(S::INDEX);
        Self { values: Values::of::<S>(table), added, changed, ticks }
    }

    /// When the value of a row was added and changed, and what of that is news.
    ///
    /// # Safety
    /// The row is in the table, and nobody writes its stamps meanwhile.
    #[inline(always)]
    unsafe fn history(self, row: usize) -> History {
        // SAFETY: there are stamps for each row.
        unsafe {
            History {
                added: self.ticks.sees(self.added.add(row).read()),
                changed: self.ticks.sees(self.changed.add(row).read()),
            }
        }
    }
}

/// What of a value was news when it was given.
#[derive(Clone, Copy)]
struct History {
    added: bool,
    changed: bool,
}

/// A component to read, in a query, which tells whether it has changed.
///
/// `C` is declared with `#[component(track)]`, or else this does not compile.
pub struct Ref<'w, C> {
    value: &'w C,
    history: History,
}

impl<'w, C> Ref<'w, C> {
    /// Whether the entity got the component since the one who asks last looked: see
    /// [`Added`].
    pub fn is_added(&self) -> bool {
        self.history.added
    }

    /// Whether the value has changed since then: see [`Changed`].
    pub fn is_changed(&self) -> bool {
        self.history.changed
    }

    /// The value for as long as the query's borrow.
    pub fn into_inner(self) -> &'w C {
        self.value
    }
}

impl<C> Deref for Ref<'_, C> {
    type Target = C;

    #[inline(always)]
    fn deref(&self) -> &C {
        self.value
    }
}

impl<C: fmt::Debug> fmt::Debug for Ref<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ref").field(&self.value).finish()
    }
}

/// A component to change, in a query, which counts as changed only if it is written
/// through, and tells whether it was before.
///
/// `C` is declared with `#[component(track)]`, or else this does not compile.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// #[derive(Component, PartialEq)]
/// #[component(track)]
/// struct Speed(u32);
/// # #[world_config(components(Speed))] struct Base;
///
/// # let mut world = World::<Base>::new();
/// world.spawn_batch([Speed(3), Speed(90)])?;
/// let mut seen = world.advance();
/// for mut speed in world.query::<Mut<Speed>>() {
///     if speed.0 > 50 {
///         speed.0 = 50;
///     }
///     assert!(!speed.set_if_neq(Speed(speed.0)));
/// }
/// assert_eq!(world.since(&mut seen).view_filtered::<&Speed, Changed<Speed>>().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Mut<'w, C> {
    value: &'w mut C,
    /// Not a reference: who looks for news, and conflicts with nobody, may read it.
    changed: NonNull<u32>,
    now: u32,
    history: History,
}

// SAFETY: as a mutable reference to the value, with its stamp, which is a number.
unsafe impl<C: Send> Send for Mut<'_, C> {}
// SAFETY: shared, it only lets the value be read.
unsafe impl<C: Sync> Sync for Mut<'_, C> {}

impl<'w, C> Mut<'w, C> {
    /// Whether the entity got the component since the one who asks last looked: see
    /// [`Added`].
    pub fn is_added(&self) -> bool {
        self.history.added
    }

    /// Whether the value had changed since then, before it was given: see [`Changed`].
    pub fn is_changed(&self) -> bool {
        self.history.changed
    }

    /// The value counts as changed.
    #[inline(always)]
    pub fn set_changed(&mut self) {
        // SAFETY: the stamp is the value's, which nobody else uses.
        unsafe { self.changed.write(self.now) }
    }

    /// Puts another value in the place of one that is not equal; answers whether it did.
    pub fn set_if_neq(&mut self, value: C) -> bool
    where
        C: PartialEq,
    {
        let differs = *self.value != value;
        if differs {
            self.set_changed();
            *self.value = value;
        }
        differs
    }

    /// The value, to change without counting as changed.
    pub fn bypass_change_detection(&mut self) -> &mut C {
        self.value
    }

    /// The value, which counts as changed, for as long as the query's borrow.
    pub fn into_inner(mut self) -> &'w mut C {
        self.set_changed();
        self.value
    }
}

impl<C> Deref for Mut<'_, C> {
    type Target = C;

    #[inline(always)]
    fn deref(&self) -> &C {
        self.value
    }
}

impl<C> DerefMut for Mut<'_, C> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut C {
        self.set_changed();
        self.value
    }
}

impl<C: fmt::Debug> fmt::Debug for Mut<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mut").field(&self.value).finish()
    }
}

// SAFETY: reads the one component of the access.
unsafe impl<S: Contains<C>, C: 'static> QueryData<S> for Ref<'_, C> {
    type Item<'w> = Ref<'w, C>;
    type Slices<'w> = NoSlices;
    type Fetch = Stamped<C>;
    const ACCESS: Access = by_row::<S, C>(reads(S::BIT));

    #[inline(always)]
    unsafe fn fetch(table: &Table, ticks: Ticks) -> Stamped<C> {
        Stamped::of::<S>(table, ticks)
    }

    #[inline(always)]
    unsafe fn present(fetch: Stamped<C>, word: usize) -> u64 {
        // SAFETY: the caller promises the same.
        unsafe { fetch.values.present::<S>(word) }
    }

    #[inline(always)]
    unsafe fn item<'w>(fetch: Stamped<C>, row: usize) -> Ref<'w, C> {
        // SAFETY: the row is in the column and its stamps, and no one writes it for `'w`.
        unsafe { Ref { value: fetch.values.column.add(row).as_ref(), history: fetch.history(row) } }
    }

    unsafe fn slices<'w>(_: Stamped<C>, _: usize) -> Self::Slices<'w> {
        NoSlices(())
    }
}
// SAFETY: writes nothing.
unsafe impl<S: Contains<C>, C: 'static> ReadOnlyQueryData<S> for Ref<'_, C> {}

// SAFETY: writes the one component of the access.
unsafe impl<S: Contains<C>, C: 'static> QueryData<S> for Mut<'_, C> {
    type Item<'w> = Mut<'w, C>;
    type Slices<'w> = NoSlices;
    type Fetch = Stamped<C>;
    const ACCESS: Access = by_row::<S, C>(writes::<S>(S::BIT));

    #[inline(always)]
    unsafe fn fetch(table: &Table, ticks: Ticks) -> Stamped<C> {
        Stamped::of::<S>(table, ticks)
    }

    #[inline(always)]
    unsafe fn present(fetch: Stamped<C>, word: usize) -> u64 {
        // SAFETY: the caller promises the same.
        unsafe { fetch.values.present::<S>(word) }
    }

    #[inline(always)]
    unsafe fn item<'w>(fetch: Stamped<C>, row: usize) -> Mut<'w, C> {
        // SAFETY: the row is in the column and its stamps, and no one else uses it for
        // `'w`.
        unsafe {
            Mut {
                value: fetch.values.column.add(row).as_mut(),
                changed: fetch.changed.add(row),
                now: fetch.ticks.now(),
                history: fetch.history(row),
            }
        }
    }

    unsafe fn slices<'w>(_: Stamped<C>, _: usize) -> Self::Slices<'w> {
        NoSlices(())
    }
}

/// There are no slices of [`Ref`] and [`Mut`].
#[derive(Debug)]
pub struct NoSlices(());

/// What is asked of a component and its stamps, row by row.
const fn by_row<S: Contains<C>, C: 'static>(access: Access) -> Access {
    let fault = Fault::either(access.fault, untracked::<S, C>());
    Access { by_row: true, fault, ..access }
}

/// The fault of who asks for changes where nothing is ever stamped.
pub(crate) const fn untracked<S: Contains<C>, C: 'static>() -> Option<Fault> {
    if S::Component::TRACK { None } else { Some(Fault::Untracked(S::INDEX)) }
}
