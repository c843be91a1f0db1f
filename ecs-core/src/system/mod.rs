//! What runs at each tick of a world: functions whose parameters say what they use.

mod access;
mod event;
mod function;
mod param;
mod query;
mod removed;

use alloc::boxed::Box;
use alloc::string::ToString;
use core::any::TypeId;
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;

use crate::commands::Commands;
use crate::config::WorldConfig;
use crate::schedule::SystemError;
use crate::schema::Schema;
use crate::tick::{Outer, Tick};
use crate::world::World;

pub(crate) use access::names;
pub use access::{Clash, EventUse, ResourceUse, SystemAccess};
pub use event::{EventReader, EventWriter};
pub use param::{Local, MissingResource, Res, ResMut, SystemContext, SystemParam, WorldId};
pub use query::{NotSingle, Query, SchemaQuery};

/// What a system fails with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A part of a tick that has the world for itself. Functions are systems without
/// this trait: see [`IntoSystem`].
pub trait System<W: WorldConfig>: Send {
    /// Runs once. Commands take effect when the system has returned.
    ///
    /// # Errors
    /// Whatever the system fails with.
    fn run(&mut self, world: &mut World<W>, commands: &mut Commands<W>) -> Result<(), BoxError>;

    /// What to call it.
    fn name(&self) -> &str;
}

/// A part of a tick that says what it uses, so that others can run beside it.
///
/// # Safety
/// `access` is always the same, and `run` uses nothing of the world beyond it.
pub(crate) unsafe trait SharedSystem<W: WorldConfig>: Send {
    fn access(&self) -> &'static SystemAccess;

    /// # Safety
    /// Nobody uses the world in conflict with `access` meanwhile; the commands are
    /// this system's alone.
    unsafe fn run(&mut self, context: SystemContext<'_, W>) -> Result<(), BoxError>;
}

enum Kind<W: WorldConfig> {
    Alone(Box<dyn System<W>>),
    Shared(Box<dyn SharedSystem<W>>, &'static str),
}

/// A system, whatever it was made of.
pub struct BoxedSystem<W: WorldConfig> {
    kind: Kind<W>,
    function: TypeId,
    /// When it ran last.
    seen: Tick,
}

impl<W: WorldConfig> BoxedSystem<W> {
    fn shared<F: 'static>(system: impl SharedSystem<W> + 'static) -> Self {
        let kind = Kind::Shared(Box::new(system), core::any::type_name::<F>());
        Self { kind, function: TypeId::of::<F>(), seen: Tick::default() }
    }

    /// What to call it.
    pub fn name(&self) -> &str {
        match &self.kind {
            Kind::Alone(system) => system.name(),
            Kind::Shared(_, name) => name,
        }
    }

    /// What it may use.
    pub fn access(&self) -> &'static SystemAccess {
        match &self.kind {
            Kind::Alone(_) => &SystemAccess::ALONE,
            Kind::Shared(system, _) => system.access(),
        }
    }

    /// The function or type that it was made of.
    pub(crate) fn function(&self) -> TypeId {
        self.function
    }

    /// Runs it once.
    ///
    /// # Errors
    /// Whatever the system fails with.
    pub fn run(
        &mut self,
        world: &mut World<W>,
        commands: &mut Commands<W>,
    ) -> Result<(), BoxError> {
        world.advance();
        // SAFETY: both are borrowed for this call, so nobody else uses them.
        let result = unsafe { self.run_beside(SystemContext::new(world, commands)) };
        world.advance();
        result
    }

    /// Runs it once, in a tick of its own or of systems that are not in each other's way:
    /// what these change in it is no news to them.
    ///
    /// # Safety
    /// As [`SharedSystem::run`].
    pub(crate) unsafe fn run_beside(
        &mut self,
        context: SystemContext<'_, W>,
    ) -> Result<(), BoxError> {
        let access = self.access();
        if const { W::Schema::TRACKED == 0 } || !access.shares {
            // SAFETY: the caller promises the same.
            return unsafe { self.run_seen(context) };
        }
        // SAFETY: the system shares the world, so nobody has all of it.
        let now = unsafe { context.world() }.tick();
        let context = context.since(core::mem::replace(&mut self.seen, now));
        // SAFETY: nobody else uses the world, and the system does not yet.
        let _looking = access.alone.then(|| unsafe { Looking::begin(context) });
        // SAFETY: the caller promises the same.
        unsafe { self.run_seen(context) }
    }

    /// # Safety
    /// As [`SharedSystem::run`].
    unsafe fn run_seen(&mut self, context: SystemContext<'_, W>) -> Result<(), BoxError> {
        match &mut self.kind {
            // SAFETY: the access is all of the world, so nobody else uses it.
            Kind::Alone(system) => unsafe { system.run(context.world_mut(), context.commands()) },
            // SAFETY: the caller promises the same.
            Kind::Shared(system, _) => unsafe { system.run(context) },
        }
    }
}

/// A system runs that has all of the world: what is news to it is so to the world.
struct Looking<'w, W: WorldConfig> {
    context: SystemContext<'w, W>,
    outer: Outer,
}

impl<'w, W: WorldConfig> Looking<'w, W> {
    /// # Safety
    /// Until this ends, nobody uses the world but the system between its begin and its end.
    unsafe fn begin(context: SystemContext<'w, W>) -> Self {
        // SAFETY: the caller promises so.
        let outer = unsafe { context.world_mut() }.look_since(context.seen());
        Self { context, outer }
    }
}

impl<W: WorldConfig> Drop for Looking<'_, W> {
    fn drop(&mut self) {
        // SAFETY: the system has ended, and nobody else uses the world.
        unsafe { self.context.world_mut() }.look_back(self.outer);
    }
}

impl<W: WorldConfig> fmt::Debug for BoxedSystem<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoxedSystem").field(&self.name()).finish()
    }
}

/// What can be made a system of the world `W`: functions and closures of up to 16
/// [parameters](SystemParam) that return nothing or a `Result`, and implementors of
/// [`System`].
///
/// Two parameters of which one could write what the other uses do not compile.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a system of the world `{W}`",
    label = "not a system",
    note = "a system is a function or a closure of up to 16 parameters, or implements `System`; a closure's parameters need their types"
)]
pub trait IntoSystem<W: WorldConfig, Marker> {
    /// Fails to compile where a parameter can't be asked for, or two are in each other's way.
    #[doc(hidden)]
    const CHECKED: () = ();

    /// The system.
    fn into_system(self) -> BoxedSystem<W>;
}

/// The signature is found first, whatever is in it, and then looked at part by part, so that the
/// compiler tells of the part that is wrong.
impl<W: WorldConfig, S: HasSignature<M>, M: Signature<W, S>> IntoSystem<W, M> for S {
    const CHECKED: () = M::CHECKED;

    fn into_system(self) -> BoxedSystem<W> {
        M::into_system(self)
    }
}

/// That a system can be made of an `S`. For functions that can't name `S`: they make one of a type
/// that is left open, and ask what it is [`of`](Self::of), so that the compiler shows the line of
/// their caller.
#[doc(hidden)]
#[derive(Debug)]
pub struct Checked<W, M, S>(PhantomData<(W, M, S)>);

impl<W: WorldConfig, M, S: IntoSystem<W, M>> Checked<W, M, S> {
    /// Fails to compile where [`IntoSystem::CHECKED`] does.
    pub const NEW: Self = {
        let () = S::CHECKED;
        Self(PhantomData)
    };

    /// It was of this one.
    pub fn of(&self, _: &S) {}
}

/// Can be called like `M`, a pointer to a function; or is a [`System`].
#[doc(hidden)]
pub trait HasSignature<M> {}

/// The signature of systems of the world `W` that are made of `F`.
#[doc(hidden)]
pub trait Signature<W: WorldConfig, F> {
    /// As [`IntoSystem::CHECKED`].
    const CHECKED: () = ();

    /// The system.
    fn into_system(function: F) -> BoxedSystem<W>;
}

/// The marker of implementors of [`System`].
#[derive(Debug)]
pub struct IsSystem<W>(PhantomData<W>);

impl<W: WorldConfig, S: System<W>> HasSignature<IsSystem<W>> for S {}

impl<W: WorldConfig, S: System<W> + 'static> Signature<W, S> for IsSystem<W> {
    fn into_system(system: S) -> BoxedSystem<W> {
        let kind = Kind::Alone(Box::new(system));
        BoxedSystem { kind, function: TypeId::of::<S>(), seen: Tick::default() }
    }
}

/// What a system may return.
#[diagnostic::on_unimplemented(
    message = "a system can't return `{Self}`",
    label = "returned by a system",
    note = "a system returns nothing, or a `Result<(), E>` whose error is `Send` and `Sync`, such as `Box<dyn Error + Send + Sync>`"
)]
pub trait SystemResult {
    /// As a result.
    ///
    /// # Errors
    /// If the system failed.
    fn into_result(self) -> Result<(), BoxError>;
}

impl SystemResult for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

// Or the compiler would tell of what a boxed error lacks, in three errors.
#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> SystemResult for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

impl<W: WorldConfig> World<W> {
    /// Runs a system once, here and now, and its commands.
    ///
    /// What it keeps from run to run, such as a `Local`, begins anew with each call: to keep
    /// it, use a `Schedule`, or run a [`BoxedSystem`].
    ///
    /// # Errors
    /// If the system fails: its commands take effect nevertheless. If the world refuses one
    /// of its commands, which is then dropped with those after it.
    pub fn run_system<M, S: IntoSystem<W, M>>(&mut self, system: S) -> Result<(), SystemError> {
        // Here as well, so that the compiler's note shows the caller's line.
        let () = S::CHECKED;
        let mut commands = Commands::with_capacity(crate::schedule::DEFAULT_COMMANDS);
        let mut system = system.into_system();
        let result = system.run(self, &mut commands);
        let applied = commands.apply(self).map_err(BoxError::from);
        result
            .and(applied.map(|_| ()))
            .map_err(|source| SystemError::new(system.name().to_string(), source))
    }
}
