//! What a system can ask for.

use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::access::SystemAccess;
use crate::commands::Commands;
use crate::config::WorldConfig;
use crate::resources::Resource;
use crate::tick::Tick;
use crate::world::World;

/// What a system is run on: a world, of which it uses what its access says, and its
/// commands.
pub struct SystemContext<'w, W: WorldConfig> {
    world: NonNull<World<W>>,
    commands: NonNull<Commands<W>>,
    /// When the system ran last.
    seen: Tick,
    borrows: PhantomData<(&'w World<W>, &'w mut Commands<W>)>,
}

impl<W: WorldConfig> Clone for SystemContext<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<W: WorldConfig> Copy for SystemContext<'_, W> {}

impl<'w, W: WorldConfig> SystemContext<'w, W> {
    pub(crate) fn new(world: &'w mut World<W>, commands: &'w mut Commands<W>) -> Self {
        // SAFETY: both are borrowed for as long as the context lives.
        unsafe { Self::from_raw(NonNull::from(world), NonNull::from(commands)) }
    }

    /// # Safety
    /// Both are valid for `'w`.
    pub(crate) unsafe fn from_raw(
        world: NonNull<World<W>>,
        commands: NonNull<Commands<W>>,
    ) -> Self {
        Self { world, commands, seen: Tick::default(), borrows: PhantomData }
    }

    /// The same for a system that ran at `seen`.
    pub(crate) fn since(self, seen: Tick) -> Self {
        Self { seen, ..self }
    }

    /// When the system ran last: what changed after that, and before the present tick, is
    /// news to it.
    pub fn seen(self) -> Tick {
        self.seen
    }

    /// The world, of which others use other parts.
    ///
    /// # Safety
    /// Nobody has all of the world.
    pub unsafe fn world(self) -> &'w World<W> {
        // SAFETY: the world is valid for `'w`; the caller keeps `world_mut` away.
        unsafe { self.world.as_ref() }
    }

    /// All of the world.
    ///
    /// # Safety
    /// Nobody else uses it.
    pub unsafe fn world_mut(self) -> &'w mut World<W> {
        let mut world = self.world;
        // SAFETY: the world is valid for `'w`, and the caller keeps others away.
        unsafe { world.as_mut() }
    }

    /// The system's commands.
    ///
    /// # Safety
    /// They are asked for once.
    pub unsafe fn commands(self) -> &'w mut Commands<W> {
        let mut commands = self.commands;
        // SAFETY: the commands are valid for `'w`, and the caller asks once.
        unsafe { commands.as_mut() }
    }
}

impl<W: WorldConfig> fmt::Debug for SystemContext<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemContext").finish_non_exhaustive()
    }
}

/// What a system can ask for: [`Query`](super::Query), [`Res`], [`ResMut`], [`Local`],
/// [`EventReader`](super::EventReader), [`EventWriter`](super::EventWriter),
/// `&mut Commands<W>`, `&mut World<W>`, `&World<W>`, an `Option` of a resource, and
/// tuples of up to 16 of these.
///
/// # Safety
/// `get` answers what uses of the world no more than `ACCESS` says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a parameter of systems of the world `{W}`",
    label = "not a parameter",
    note = "commands come as `&mut Commands<{W}>`, a query as `Query<Schema, (&mut A, &B)>`, with the schema of the world",
    note = "else ask for `Res<R>`, `ResMut<R>`, `EventReader<E>`, `EventWriter<E>`, `Local<T>` or `&mut World<{W}>`"
)]
pub unsafe trait SystemParam<W: WorldConfig> {
    /// What the system keeps of it from run to run.
    type State: Send + 'static;
    /// What the system is given: the parameter itself, for one run.
    type Item<'w, 's>;
    /// What it uses.
    const ACCESS: SystemAccess;

    /// What is kept before the first run.
    fn state() -> Self::State;

    /// What the system is given.
    ///
    /// # Errors
    /// If the world lacks it: the system does not run.
    ///
    /// # Safety
    /// For `'w` nobody else uses the world in conflict with `ACCESS`.
    unsafe fn get<'w, 's>(
        state: &'s mut Self::State,
        context: SystemContext<'w, W>,
    ) -> Result<Self::Item<'w, 's>, MissingResource>;
}

// SAFETY: the access is all of the world.
unsafe impl<W: WorldConfig> SystemParam<W> for &mut World<W> {
    type State = ();
    type Item<'w, 's> = &'w mut World<W>;
    const ACCESS: SystemAccess = SystemAccess { commands: false, ..SystemAccess::ALONE };

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<&'w mut World<W>, MissingResource> {
        // SAFETY: nobody else uses anything of the world.
        Ok(unsafe { context.world_mut() })
    }
}

// SAFETY: the access is all of the world: resources of it need not be `Sync`.
unsafe impl<W: WorldConfig> SystemParam<W> for &World<W> {
    type State = ();
    type Item<'w, 's> = &'w World<W>;
    const ACCESS: SystemAccess = SystemAccess { commands: false, ..SystemAccess::ALONE };

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<&'w World<W>, MissingResource> {
        // SAFETY: nobody else uses anything of the world.
        Ok(unsafe { context.world() })
    }
}

// SAFETY: the commands are no part of the world.
unsafe impl<W: WorldConfig> SystemParam<W> for &mut Commands<W> {
    type State = ();
    type Item<'w, 's> = &'w mut Commands<W>;
    const ACCESS: SystemAccess = SystemAccess { commands: true, ..SystemAccess::NONE };

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<&'w mut Commands<W>, MissingResource> {
        // SAFETY: two parameters that ask for commands clash.
        Ok(unsafe { context.commands() })
    }
}

/// A resource, to read. A resource that is not `Sync` is asked for by [`ResMut`].
#[derive(Debug)]
pub struct Res<'w, R>(&'w R);

/// A resource, to change.
#[derive(Debug)]
pub struct ResMut<'w, R>(&'w mut R);

impl<R> Deref for Res<'_, R> {
    type Target = R;
    fn deref(&self) -> &R {
        self.0
    }
}

impl<R> Deref for ResMut<'_, R> {
    type Target = R;
    fn deref(&self) -> &R {
        self.0
    }
}

impl<R> DerefMut for ResMut<'_, R> {
    fn deref_mut(&mut self) -> &mut R {
        self.0
    }
}

// SAFETY: the resource is read.
unsafe impl<W: WorldConfig, R: Resource + Sync> SystemParam<W> for Res<'_, R> {
    type State = ();
    type Item<'w, 's> = Res<'w, R>;
    const ACCESS: SystemAccess = SystemAccess::of_resource(R::NAME, false);

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<Res<'w, R>, MissingResource> {
        // SAFETY: nobody has all of the world, or writes the resource.
        unsafe { context.world() }.resource().map(Res).ok_or(MissingResource::of::<R>())
    }
}

// SAFETY: the resource is written.
unsafe impl<W: WorldConfig, R: Resource> SystemParam<W> for ResMut<'_, R> {
    type State = ();
    type Item<'w, 's> = ResMut<'w, R>;
    const ACCESS: SystemAccess = SystemAccess::of_resource(R::NAME, true);

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<ResMut<'w, R>, MissingResource> {
        // SAFETY: nobody has all of the world, or uses the resource.
        let resource = unsafe { context.world().resources().cell::<R>().map(|r| &mut *r.as_ptr()) };
        resource.map(ResMut).ok_or(MissingResource::of::<R>())
    }
}

// SAFETY: as the resource's.
unsafe impl<W: WorldConfig, R: Resource + Sync> SystemParam<W> for Option<Res<'_, R>> {
    type State = ();
    type Item<'w, 's> = Option<Res<'w, R>>;
    const ACCESS: SystemAccess = SystemAccess::of_resource(R::NAME, false);

    fn state() {}

    unsafe fn get<'w>(
        state: &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<Option<Res<'w, R>>, MissingResource> {
        // SAFETY: the caller promises the same.
        Ok(unsafe { <Res<'_, R> as SystemParam<W>>::get(state, context) }.ok())
    }
}

// SAFETY: as the resource's.
unsafe impl<W: WorldConfig, R: Resource> SystemParam<W> for Option<ResMut<'_, R>> {
    type State = ();
    type Item<'w, 's> = Option<ResMut<'w, R>>;
    const ACCESS: SystemAccess = SystemAccess::of_resource(R::NAME, true);

    fn state() {}

    unsafe fn get<'w>(
        state: &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<Option<ResMut<'w, R>>, MissingResource> {
        // SAFETY: the caller promises the same.
        Ok(unsafe { <ResMut<'_, R> as SystemParam<W>>::get(state, context) }.ok())
    }
}

/// A value of the system's own, kept from run to run; at first its default.
#[derive(Debug)]
pub struct Local<'s, T>(&'s mut T);

impl<T> Deref for Local<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0
    }
}

impl<T> DerefMut for Local<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0
    }
}

// SAFETY: nothing of the world is used.
unsafe impl<W: WorldConfig, T: Default + Send + 'static> SystemParam<W> for Local<'_, T> {
    type State = T;
    type Item<'w, 's> = Local<'s, T>;
    const ACCESS: SystemAccess = SystemAccess::NONE;

    fn state() -> T {
        T::default()
    }

    unsafe fn get<'s>(
        state: &'s mut T,
        _: SystemContext<'_, W>,
    ) -> Result<Local<'s, T>, MissingResource> {
        Ok(Local(state))
    }
}

/// The id of the world that the system runs in, by which the members of an array tell
/// themselves apart; `None` in a world on its own.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Job(u16);
/// # #[world_config(components(Job), source)] struct Base;
/// # coordinator!(type Four = [Base; 4]);
/// fn stamp(mut jobs: Query<Base, &mut Job>, WorldId(id): WorldId) {
///     jobs.iter_mut().for_each(|job| job.0 = id.unwrap_or_default());
/// }
///
/// let mut four = Four::new();
/// four.add_system::<Base, _>(stamp);
/// let job = four.world_at_mut::<Base>(2).spawn(Job(0))?;
/// four.start()?;
/// four.tick()?;
/// assert_eq!(four.world_at::<Base>(2).get::<Job>(job)?.0, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldId(pub Option<u16>);

// SAFETY: the id is read, which nobody changes who has not all of the world.
unsafe impl<W: WorldConfig> SystemParam<W> for WorldId {
    type State = ();
    type Item<'w, 's> = WorldId;
    const ACCESS: SystemAccess = SystemAccess { shares: true, ..SystemAccess::NONE };

    fn state() {}

    unsafe fn get((): &mut (), context: SystemContext<'_, W>) -> Result<WorldId, MissingResource> {
        // SAFETY: nobody has all of the world.
        Ok(WorldId(unsafe { context.world() }.id()))
    }
}

// SAFETY: nothing is used.
unsafe impl<W: WorldConfig> SystemParam<W> for () {
    type State = ();
    type Item<'w, 's> = ();
    const ACCESS: SystemAccess = SystemAccess::NONE;

    fn state() {}

    unsafe fn get((): &mut (), _: SystemContext<'_, W>) -> Result<(), MissingResource> {
        Ok(())
    }
}

macro_rules! param {
    ($($name:ident)+) => {
        // SAFETY: the parts use what their own accesses say.
        unsafe impl<W: WorldConfig, $($name: SystemParam<W>),+> SystemParam<W> for ($($name,)+) {
            type State = ($($name::State,)+);
            type Item<'w, 's> = ($($name::Item<'w, 's>,)+);
            const ACCESS: SystemAccess = SystemAccess::of_parts(&[$(&$name::ACCESS),+]);

            fn state() -> Self::State {
                ($($name::state(),)+)
            }

            #[allow(non_snake_case)]
            unsafe fn get<'w, 's>(
                state: &'s mut Self::State,
                context: SystemContext<'w, W>,
            ) -> Result<Self::Item<'w, 's>, MissingResource> {
                let ($($name,)+) = state;
                // SAFETY: the caller promises so for all parts.
                Ok(unsafe { ($($name::get($name, context)?,)+) })
            }
        }
    };
}
crate::tuples::for_each_tuple!(param);

/// The world has no such resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingResource {
    /// The resource's path.
    pub name: &'static str,
}

impl MissingResource {
    fn of<R: Resource>() -> Self {
        Self { name: R::NAME }
    }
}

impl fmt::Display for MissingResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name } = self;
        write!(
            f,
            "the world has no resource `{name}`: put one in with `insert_resource`, or ask for an `Option`"
        )
    }
}
impl Error for MissingResource {}
