//! Columns of plain numbers as flat slices of these numbers.

use bytemuck::Pod;

/// Flat views of slices whose values are plain numbers side by side.
///
/// The compiler works on several numbers at once in a loop over flat slices; in
/// one over structs of three it often can't. Columns start at a multiple of 64
/// bytes, so their lanes do too, and the chunks of `as_chunks` are as SIMD crates
/// want them.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// use bytemuck::{Pod, Zeroable};
///
/// #[derive(Component, Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Position { x: f32, y: f32, z: f32 }
///
/// #[derive(Component, Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Velocity([f32; 3]);
///
/// #[world_config(components(Position, Velocity))]
/// struct Base;
///
/// # let mut world = World::<Base>::new();
/// # let e = world.spawn((Position { x: 1.0, y: 2.0, z: 3.0 }, Velocity([0.5; 3])))?;
/// for (positions, velocities) in world.query::<(&mut Position, &Velocity)>().slices() {
///     let velocities = velocities.lanes::<f32>();
///     for (position, velocity) in positions.lanes_mut::<f32>().iter_mut().zip(velocities) {
///         *position += velocity;
///     }
/// }
/// assert_eq!(world.get::<Position>(e)?.z, 3.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A component that is not made of whole lanes is a compile error:
///
/// ```compile_fail,E0080
/// # use static_ecs::lanes::Lanes;
/// let halves: &[u64] = [[1_u32; 3]; 2].lanes();
/// ```
pub trait Lanes {
    /// What the slice holds.
    type Value: Pod;

    /// The values as one slice of their numbers, in order.
    fn lanes<L: Pod>(&self) -> &[L];

    /// As [`lanes`](Self::lanes), to change.
    fn lanes_mut<L: Pod>(&mut self) -> &mut [L];
}

impl<C: Pod> Lanes for [C] {
    type Value = C;

    #[inline(always)]
    fn lanes<L: Pod>(&self) -> &[L] {
        const { assert_whole::<C, L>() };
        bytemuck::cast_slice(self)
    }

    #[inline(always)]
    fn lanes_mut<L: Pod>(&mut self) -> &mut [L] {
        const { assert_whole::<C, L>() };
        bytemuck::cast_slice_mut(self)
    }
}

/// Fails to compile where a cast would fail.
const fn assert_whole<C, L>() {
    assert!(
        size_of::<L>() > 0 && size_of::<C>() > 0 && size_of::<C>().is_multiple_of(size_of::<L>()),
        "this component is not made of whole lanes of this type: ask for a number that it is made of"
    );
    assert!(
        align_of::<L>() <= align_of::<C>(),
        "these lanes need more alignment than the component has: ask for a number that it is made of"
    );
}
