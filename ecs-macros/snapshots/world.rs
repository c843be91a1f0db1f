/// A game.
#[derive(Debug)]
pub struct Game;
#[allow(dead_code, clippy::needless_update)]
const _: () = {
    type __Component0 = Position;
    type __Component1 = physics::Velocity;
    #[repr(C)]
    pub struct __Row {
        component_0: ::static_ecs::__support::core::mem::MaybeUninit<__Component0>,
        component_1: ::static_ecs::__support::core::mem::MaybeUninit<__Component1>,
    }
    pub struct __Types(
        ::static_ecs::__support::core::marker::PhantomData<(__Component0, __Component1)>,
    );
    unsafe impl ::static_ecs::__support::AllClone for __Types
    where
        for<'__any> __Component0: ::static_ecs::__support::core::clone::Clone,
        for<'__any> __Component1: ::static_ecs::__support::core::clone::Clone,
    {}
    unsafe impl ::static_ecs::__support::Schema for Game {
        type Types = __Types;
        type Row = __Row;
        const NAME: &'static ::static_ecs::__support::core::primitive::str = "Game";
        const PATH: &'static ::static_ecs::__support::core::primitive::str = <Game as ::static_ecs::__support::WorldConfig>::PATH;
        const COMPONENTS: &'static [::static_ecs::__support::ComponentInfo] = ::static_ecs::__support::component_infos!(
            __Row; __Component0, "Position"; __Component1, "Velocity";
        );
    }
    unsafe impl ::static_ecs::__support::Contains<__Component0> for Game {
        type Component = __Component0;
        const INDEX: ::static_ecs::__support::core::primitive::usize = 0usize;
    }
    unsafe impl ::static_ecs::__support::Contains<__Component1> for Game {
        type Component = __Component1;
        const INDEX: ::static_ecs::__support::core::primitive::usize = 1usize;
    }
    impl ::static_ecs::__support::Queried for Game {
        type Schema = Game;
    }
    impl ::static_ecs::__support::WorldConfig for Game {
        type Schema = Game;
        const PATH: &'static ::static_ecs::__support::core::primitive::str = ::static_ecs::__support::core::concat!(
            ::static_ecs::__support::core::module_path!(), "::", "Game"
        );
        const DESC: ::static_ecs::__support::WorldDesc = ::static_ecs::__support::WorldDesc::new(
            "Game",
            <Game as ::static_ecs::__support::WorldConfig>::PATH,
            <Game as ::static_ecs::__support::Schema>::PATH,
        );
    }
};
