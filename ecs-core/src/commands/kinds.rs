//! What each kind of command does.

use core::marker::PhantomData;
use core::ptr::NonNull;

use super::Applied;
use super::words::Words;
use crate::bundle::Bundle;
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::event::EventOf;
use crate::schema::Mask;
use crate::world::{Change, World};

/// What became of a command.
pub(super) enum Outcome {
    Made,
    /// Its entity, or a component of it, is not here.
    Missed,
    /// The payload was put back.
    Refused(Refusal),
}

pub(super) const fn made(yes: bool) -> Outcome {
    if yes { Outcome::Made } else { Outcome::Missed }
}

/// What a kind of command does, given its payload.
///
/// The type of world that it is for is that of the buffer; nothing here names it, so that a
/// buffer's code is compiled once, and what makes commands in no program that writes none.
pub(super) struct Kind {
    /// Makes the change in a `World`, or drops the payload where there is none.
    ///
    /// # Safety
    /// The payload is valid, of the kind's type, at any alignment; it is used no
    /// more unless the outcome is `Refused`. The world is of the type that the command is for,
    /// and nobody else uses it meanwhile.
    pub(super) run: unsafe fn(*mut u8, Option<NonNull<()>>) -> Outcome,
    /// For commands that only change which components one entity has.
    pub(super) part: Option<Part>,
    /// Whether it can do anything, or observers can see what was done before, so that those after it can't be made before it.
    pub(super) barrier: bool,
    /// Makes all commands of a buffer.
    pub(super) pass: Pass,
}

/// Makes the commands of a buffer in order. Where one is refused for good, and is the next, the
/// last argument tells whether to go on. Answers why something waits, if it does.
///
/// # Safety
/// The pointer is to the `World`, of the type that the commands are for, and nobody else uses it
/// meanwhile.
pub(super) type Pass = unsafe fn(
    &mut Words,
    NonNull<()>,
    &mut Applied,
    &mut dyn FnMut(&mut Words) -> bool,
) -> Option<Refusal>;

/// A command as a part of one change of an entity.
pub(super) struct Part {
    /// What it takes: all of it, or it is missed.
    pub(super) removes: Mask,
    /// What it gives.
    pub(super) inserts: Mask,
    /// Adds it to a `Change`.
    ///
    /// # Safety
    /// As [`Kind::run`]; the payload is used no more, the change is of the schema's type, and
    /// nobody else uses it meanwhile.
    pub(super) make: unsafe fn(*mut u8, NonNull<()>) -> Outcome,
}

/// A payload, and what is done with it.
pub(super) trait Command<W: WorldConfig>: Sized + 'static {
    const PART: Option<Part> = None;
    const BARRIER: bool = false;
    const KIND: Kind = Kind {
        run: run::<W, Self>,
        part: Self::PART,
        barrier: Self::BARRIER,
        pass: super::pass::pass::<W>,
    };

    /// Whom it is about.
    fn entity(&self) -> Option<Entity>;

    /// Makes the change, or hands itself back.
    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)>;
}

/// # Safety
/// As [`Kind::run`] says, for the payload `C`.
unsafe fn run<W: WorldConfig, C: Command<W>>(
    payload: *mut u8,
    world: Option<NonNull<()>>,
) -> Outcome {
    // SAFETY: the caller gives up a valid payload.
    let command = unsafe { payload.cast::<C>().read_unaligned() };
    let Some(world) = world else { return Outcome::Missed };
    // SAFETY: the caller gives the world, of this type.
    match command.run(unsafe { world.cast::<World<W>>().as_mut() }) {
        Ok(outcome) => outcome,
        Err((command, why)) => {
            // SAFETY: the place has room for the payload, which was read from it.
            unsafe { payload.cast::<C>().write_unaligned(command) };
            Outcome::Refused(why)
        }
    }
}

/// Whether observers may be told of what happens to the bundle: they are to see the
/// world as it is where the command stands.
const fn observed<W: WorldConfig, B: Bundle<W::Schema>>() -> bool {
    B::MASK & World::<W>::WATCHED != 0
}

pub(super) struct Spawn<B>(pub(super) B);

impl<W: WorldConfig, B: Bundle<W::Schema>> Command<W> for Spawn<B> {
    const BARRIER: bool = observed::<W, B>();

    fn entity(&self) -> Option<Entity> {
        None
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        match world.spawn(self.0) {
            Ok(_) => Ok(Outcome::Made),
            Err(refused) => {
                let why = refused.why();
                Err((Self(refused.into_inner()), why))
            }
        }
    }
}

pub(super) struct Despawn(pub(super) Entity);

impl<W: WorldConfig> Command<W> for Despawn {
    const BARRIER: bool = World::<W>::WATCHED != 0;

    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        Ok(made(world.despawn(self.0).is_ok()))
    }
}

pub(super) struct Insert<B>(pub(super) Entity, pub(super) B);

impl<W: WorldConfig, B: Bundle<W::Schema>> Command<W> for Insert<B> {
    // A marker is no component: the outbox has it.
    const PART: Option<Part> = if B::MARKER || observed::<W, B>() {
        None
    } else {
        Some(Part { removes: 0, inserts: B::MASK, make: insert::<W, B> })
    };
    const BARRIER: bool = observed::<W, B>();

    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        let Self(entity, bundle) = self;
        match world.insert(entity, bundle) {
            Ok(()) => Ok(Outcome::Made),
            Err(refused) => match refused.why() {
                Refusal::Entity(_) => Ok(Outcome::Missed),
                why => Err((Self(entity, refused.into_inner()), why)),
            },
        }
    }
}

/// # Safety
/// As [`Part::make`] says, for the payload `Insert<B>`.
unsafe fn insert<W: WorldConfig, B: Bundle<W::Schema>>(
    payload: *mut u8,
    change: NonNull<()>,
) -> Outcome {
    // SAFETY: the caller gives up a valid payload.
    let Insert(_, bundle) = unsafe { payload.cast::<Insert<B>>().read_unaligned() };
    // SAFETY: the caller gives the change, of this schema.
    unsafe { change.cast::<Change<W::Schema>>().as_mut() }.insert(bundle);
    Outcome::Made
}

pub(super) struct Remove<B>(pub(super) Entity, pub(super) PhantomData<B>);

impl<W: WorldConfig, B: Bundle<W::Schema>> Command<W> for Remove<B> {
    const PART: Option<Part> = if B::MARKER || observed::<W, B>() {
        None
    } else {
        Some(Part { removes: B::MASK, inserts: 0, make: remove::<W, B> })
    };
    const BARRIER: bool = observed::<W, B>();

    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        match world.remove::<B>(self.0) {
            Ok(_) => Ok(Outcome::Made),
            Err(error) => match error.refusal() {
                Some(why) => Err((self, why)),
                None => Ok(Outcome::Missed),
            },
        }
    }
}

/// # Safety
/// As [`Part::make`] says, for the payload `Remove<B>`, which needs no drop.
unsafe fn remove<W: WorldConfig, B: Bundle<W::Schema>>(_: *mut u8, change: NonNull<()>) -> Outcome {
    // SAFETY: the caller gives the change, of this schema.
    made(unsafe { change.cast::<Change<W::Schema>>().as_mut() }.remove(B::MASK))
}

pub(super) struct Complete(pub(super) Entity);

impl<W: WorldConfig> Command<W> for Complete {
    fn entity(&self) -> Option<Entity> {
        Some(self.0)
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        Ok(made(world.complete(self.0).is_ok()))
    }
}

pub(super) struct Tell<E>(pub(super) E);

impl<W: WorldConfig, E: EventOf<W::Schema>> Command<W> for Tell<E> {
    fn entity(&self) -> Option<Entity> {
        None
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        match world.send(self.0) {
            Ok(()) => Ok(Outcome::Made),
            Err(refused) => {
                let why = refused.why();
                Err((Self(refused.into_inner()), why))
            }
        }
    }
}

pub(super) struct TellTo<E>(pub(super) u16, pub(super) E);

impl<W: WorldConfig, E: EventOf<W::Schema>> Command<W> for TellTo<E> {
    fn entity(&self) -> Option<Entity> {
        None
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        let Self(target, event) = self;
        match world.send_to(target, event) {
            Ok(()) => Ok(Outcome::Made),
            Err(refused) => match refused.why() {
                Refusal::NoEdge { .. } => Ok(Outcome::Missed),
                why => Err((Self(target, refused.into_inner()), why)),
            },
        }
    }
}

pub(super) struct TellEntity<E>(pub(super) Entity, pub(super) E);

impl<W: WorldConfig, E: EventOf<W::Schema>> Command<W> for TellEntity<E> {
    fn entity(&self) -> Option<Entity> {
        None
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        let Self(entity, event) = self;
        match world.send_to_entity(entity, event) {
            Ok(()) => Ok(Outcome::Made),
            Err(refused) => match refused.why() {
                Refusal::NoEdge { .. } | Refusal::Entity(_) => Ok(Outcome::Missed),
                why => Err((Self(entity, refused.into_inner()), why)),
            },
        }
    }
}

pub(super) struct Run<F>(pub(super) F);

impl<W: WorldConfig, F: FnOnce(&mut World<W>) + 'static> Command<W> for Run<F> {
    const BARRIER: bool = true;

    fn entity(&self) -> Option<Entity> {
        None
    }

    fn run(self, world: &mut World<W>) -> Result<Outcome, (Self, Refusal)> {
        self.0(world);
        Ok(Outcome::Made)
    }
}
