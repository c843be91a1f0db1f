struct Zone;
#[allow(dead_code, clippy::needless_update)]
const _: () = {
    impl ::static_ecs::__support::Queried for Zone {
        type Schema = <game::Game as ::static_ecs::__support::WorldConfig>::Schema;
    }
    impl ::static_ecs::__support::WorldConfig for Zone {
        type Schema = <game::Game as ::static_ecs::__support::WorldConfig>::Schema;
        const PATH: &'static ::static_ecs::__support::core::primitive::str = ::static_ecs::__support::core::concat!(
            ::static_ecs::__support::core::module_path!(), "::", "Zone"
        );
        const DESC: ::static_ecs::__support::WorldDesc = {
            #[allow(unused_imports)]
            use ::static_ecs::__support::NoBase as _;
            ::static_ecs::__support::Inherited::<game::Game>::DESC
                .inherit("Zone", <Zone as ::static_ecs::__support::WorldConfig>::PATH)
        };
    }
};
