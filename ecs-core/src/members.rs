//! The worlds of a coordinator as a type: a tuple of unlike ones, an array of
//! like ones, arrays as members of a tuple.

use crate::config::{WorldConfig, WorldDesc};
use crate::schema::{ComponentInfo, Schema};
use crate::text::Text;

/// A world, or an array of like worlds, as a member of a coordinator.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a member of a coordinator",
    label = "neither a world nor an array of worlds",
    note = "put `#[world_config(...)]` on it, or write `[World; N]` for an array of like worlds"
)]
pub trait Member: 'static {
    /// The schema of the member's worlds.
    type Schema: Schema;
    /// The member as a constant.
    const GROUP: Group;
    /// Shows the member's world type to `visitor`.
    fn visit<V: MemberVisitor>(visitor: &mut V);
}

/// A member of a coordinator as a constant.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The settings of the member's worlds.
    pub desc: WorldDesc,
    /// How many worlds.
    pub count: usize,
    /// Whether the member is an array.
    pub array: bool,
    /// The schema's components.
    pub components: &'static [ComponentInfo],
}

impl<W: WorldConfig> Member for W {
    type Schema = W::Schema;
    const GROUP: Group = Group {
        desc: W::DESC,
        count: 1,
        array: false,
        components: <W::Schema as Schema>::COMPONENTS,
    };
    fn visit<V: MemberVisitor>(visitor: &mut V) {
        visitor.member::<W>(1);
    }
}

impl<W: WorldConfig, const N: usize> Member for [W; N] {
    type Schema = W::Schema;
    const GROUP: Group = Group {
        desc: W::DESC,
        count: N,
        array: true,
        components: <W::Schema as Schema>::COMPONENTS,
    };
    fn visit<V: MemberVisitor>(visitor: &mut V) {
        visitor.member::<W>(N);
    }
}

/// A type as an argument, of which the compiler says what it says of `(World,)` in a
/// coordinator's type.
#[doc(hidden)]
pub type Same<T> = T;

/// Is shown each member of a [`WorldSet`] in order.
pub trait MemberVisitor {
    /// A member of `count` worlds `W`.
    fn member<W: WorldConfig>(&mut self, count: usize);
}

/// All worlds of a coordinator: a tuple of up to 16 members, or an array.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of worlds",
    label = "not a set of worlds",
    note = "write a tuple of up to 16 worlds or arrays, such as `(Accept, Io, [Compute; 4])`, or an array `[Zone; 16]`"
)]
pub trait WorldSet: 'static {
    /// The schema that all worlds share.
    type Schema: Schema;
    /// The members in order.
    const GROUPS: &'static [Group];
    /// Shows each member's world type to `visitor`, in order.
    fn visit<V: MemberVisitor>(visitor: &mut V);
}

impl<W: WorldConfig, const N: usize> WorldSet for [W; N] {
    type Schema = W::Schema;
    const GROUPS: &'static [Group] = &[<[W; N] as Member>::GROUP];
    fn visit<V: MemberVisitor>(visitor: &mut V) {
        <[W; N] as Member>::visit(visitor);
    }
}

macro_rules! world_set {
    ($first:ident $($rest:ident)*) => {
        impl<$first: Member, $($rest: Member),*> WorldSet for ($first, $($rest,)*) {
            type Schema = $first::Schema;
            const GROUPS: &'static [Group] = &[$first::GROUP, $($rest::GROUP),*];
            fn visit<V: MemberVisitor>(visitor: &mut V) {
                $first::visit(visitor);
                $($rest::visit(visitor);)*
            }
        }
    };
}
crate::tuples::for_each_tuple!(world_set);

/// Fails to compile where a world is no member of a coordinator.
#[doc(hidden)]
pub const fn assert_member(world: &WorldDesc, is_member: bool) {
    if !is_member {
        let text = Text::new()
            .str("`")
            .str(world.name)
            .str("` is no member of the coordinator: name it in its `coordinator!`");
        panic!("{}", text.as_str())
    }
}

/// Fails to compile where a world has no driver.
#[doc(hidden)]
pub const fn assert_driven(world: &WorldDesc) {
    if !world.role.has_driver() {
        let text = Text::new()
            .str("only worlds with the role `accept`, `io` or `custom` have a driver: set the `role` of `")
            .str(world.name)
            .str("`");
        panic!("{}", text.as_str())
    }
}
