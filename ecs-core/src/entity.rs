//! The identity of an entity: unique within one coordinator, for good.

use core::fmt;
use core::num::NonZeroU64;

const INDEX_BITS: u32 = 32;
pub(crate) const GENERATION_BITS: u32 = 20;
/// The bits before the origin.
pub(crate) const ORIGIN_SHIFT: u32 = INDEX_BITS + GENERATION_BITS;
/// The highest generation; a slot that would go beyond it is retired.
pub(crate) const MAX_GENERATION: u32 = (1 << GENERATION_BITS) - 1;
/// The highest origin.
pub(crate) const MAX_ORIGIN: u16 = (1 << (64 - INDEX_BITS - GENERATION_BITS)) - 1;

/// The id of an entity.
///
/// It names the world that created the entity (its origin), a slot there and
/// the slot's generation. It goes with the entity when it moves, so an id
/// stored in a component stays valid wherever its target is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Entity(NonZeroU64);

const _: () = assert!(size_of::<Option<Entity>>() == 8);
const _: () = assert!(usize::BITS >= 32, "an index must fit into a `usize`");

impl Entity {
    /// The id whose [`origin_and_generation`](Self::origin_and_generation) is this. The
    /// generation is at least 1, so the bits are never all zero.
    #[inline(always)]
    pub(crate) const fn of(origin_and_generation: u32, index: u32) -> Self {
        debug_assert!(origin_and_generation & MAX_GENERATION != 0);
        let bits = (origin_and_generation as u64) << INDEX_BITS | index as u64;
        Self(NonZeroU64::new(bits).expect("a generation is never 0"))
    }

    /// The world that created the entity: 0 for a world on its own, else its id
    /// in the coordinator plus 1.
    #[inline(always)]
    pub const fn origin(self) -> u16 {
        (self.0.get() >> ORIGIN_SHIFT) as u16
    }

    /// How often the slot has been used.
    #[inline(always)]
    pub const fn generation(self) -> u32 {
        (self.0.get() >> INDEX_BITS) as u32 & MAX_GENERATION
    }

    /// The origin, and the generation in the lowest bits.
    #[inline(always)]
    pub(crate) const fn origin_and_generation(self) -> u32 {
        (self.0.get() >> INDEX_BITS) as u32
    }

    /// The slot in the origin.
    #[inline(always)]
    pub const fn index(self) -> u32 {
        self.0.get() as u32
    }

    /// The id as a number.
    #[inline(always)]
    pub const fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// The id that [`to_bits`](Self::to_bits) gave; `None` for a number that is no id.
    #[inline(always)]
    pub const fn from_bits(bits: u64) -> Option<Self> {
        if (bits >> INDEX_BITS) as u32 & MAX_GENERATION == 0 {
            return None;
        }
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}v{}@{}", self.index(), self.generation(), self.origin())
    }
}

impl fmt::Debug for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
