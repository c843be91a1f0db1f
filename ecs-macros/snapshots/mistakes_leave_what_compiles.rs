::core::compile_error! {
    "unknown role `oi`: write `io` (there are `standalone`, `accept`, `io`, `compute`, `custom`)"
}
::core::compile_error! {
    "`Position` is in `components` twice: take one of the two out"
}
struct Game;
#[allow(dead_code, clippy::needless_update)]
const _: () = {
    type __Component0 = Position;
    #[repr(C)]
    pub struct __Row {
        component_0: ::static_ecs::__support::core::mem::MaybeUninit<__Component0>,
    }
    pub struct __Types(
        ::static_ecs::__support::core::marker::PhantomData<(__Component0,)>,
    );
    unsafe impl ::static_ecs::__support::AllClone for __Types
    where
        for<'__any> __Component0: ::static_ecs::__support::core::clone::Clone,
    {}
    unsafe impl ::static_ecs::__support::Schema for Game {
        type Types = __Types;
        type Row = __Row;
        const NAME: &'static ::static_ecs::__support::core::primitive::str = "Game";
        const PATH: &'static ::static_ecs::__support::core::primitive::str = <Game as ::static_ecs::__support::WorldConfig>::PATH;
        const COMPONENTS: &'static [::static_ecs::__support::ComponentInfo] = ::static_ecs::__support::component_infos!(
            __Row; __Component0, "Position";
        );
    }
    unsafe impl ::static_ecs::__support::Contains<__Component0> for Game {
        type Component = __Component0;
        const INDEX: ::static_ecs::__support::core::primitive::usize = 0usize;
    }
    impl ::static_ecs::__support::Queried for Game {
        type Schema = Game;
    }
    impl ::static_ecs::__support::WorldConfig for Game {
        type Schema = Game;
        const PATH: &'static ::static_ecs::__support::core::primitive::str = ::static_ecs::__support::core::concat!(
            ::static_ecs::__support::core::module_path!(), "::", "Game"
        );
        const DESC: ::static_ecs::__support::WorldDesc = {
            const __BASE: ::static_ecs::__support::WorldDesc = ::static_ecs::__support::WorldDesc::new(
                "Game",
                <Game as ::static_ecs::__support::WorldConfig>::PATH,
                <Game as ::static_ecs::__support::Schema>::PATH,
            );
            ::static_ecs::__support::WorldDesc {
                role: ::static_ecs::__support::Role::Io,
                mistaken: true,
                targets: &[],
                ..__BASE
            }
        };
    }
};
