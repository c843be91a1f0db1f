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
        const EVENTS: &'static [::static_ecs::__support::EventInfo] = &[
            ::static_ecs::__support::EventInfo::new::<
                Damage,
            >(
                "Damage",
                ::static_ecs::__support::DEFAULT_CAPACITY,
                ::static_ecs::__support::Overflow::Refuse,
            ),
            ::static_ecs::__support::EventInfo::new::<
                Heard,
            >("Heard", 64, ::static_ecs::__support::Overflow::DropOldest),
        ];
        fn visit_events<__V: ::static_ecs::__support::EventVisitor<Self>>(
            __visitor: &mut __V,
        ) {
            #[allow(unused_imports)]
            use ::static_ecs::__support::NoEvent as _;
            ::static_ecs::__support::Shown::<Self, Damage>::to(__visitor);
            ::static_ecs::__support::Shown::<Self, Heard>::to(__visitor);
        }
    }
    unsafe impl ::static_ecs::__support::Contains<__Component0> for Game {
        type Component = __Component0;
        const INDEX: ::static_ecs::__support::core::primitive::usize = 0usize;
    }
    unsafe impl ::static_ecs::__support::HasEvent<Damage> for Game {
        const INDEX: ::static_ecs::__support::core::primitive::usize = 0usize;
    }
    unsafe impl ::static_ecs::__support::HasEvent<Heard> for Game {
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
