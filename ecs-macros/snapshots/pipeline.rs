///The world that accepts.
pub struct Accept;
#[allow(dead_code, clippy::needless_update)]
const _: () = {
    impl ::static_ecs::__support::Queried for Accept {
        type Schema = <Base as ::static_ecs::__support::WorldConfig>::Schema;
    }
    impl ::static_ecs::__support::WorldConfig for Accept {
        type Schema = <Base as ::static_ecs::__support::WorldConfig>::Schema;
        const PATH: &'static ::static_ecs::__support::core::primitive::str = ::static_ecs::__support::core::concat!(
            ::static_ecs::__support::core::module_path!(), "::", "Accept"
        );
        const DESC: ::static_ecs::__support::WorldDesc = {
            const __BASE: ::static_ecs::__support::WorldDesc = {
                #[allow(unused_imports)]
                use ::static_ecs::__support::NoBase as _;
                ::static_ecs::__support::Inherited::<Base>::DESC
                    .inherit(
                        "Accept",
                        <Accept as ::static_ecs::__support::WorldConfig>::PATH,
                    )
            };
            ::static_ecs::__support::WorldDesc {
                role: ::static_ecs::__support::Role::Accept,
                id: {
                    let value: ::static_ecs::__support::core::primitive::u16 = 0;
                    ::static_ecs::__support::core::option::Option::Some(value)
                },
                routing: ::static_ecs::__support::Routing {
                    default: ::static_ecs::__support::core::option::Option::Some(
                        ::static_ecs::__support::Target::World(
                            <Io as ::static_ecs::__support::WorldConfig>::PATH,
                        ),
                    ),
                    ..__BASE.routing
                },
                ..__BASE
            }
        };
    }
};
/// Waits.
struct Io;
#[allow(dead_code, clippy::needless_update)]
const _: () = {
    impl ::static_ecs::__support::Queried for Io {
        type Schema = <Base as ::static_ecs::__support::WorldConfig>::Schema;
    }
    impl ::static_ecs::__support::WorldConfig for Io {
        type Schema = <Base as ::static_ecs::__support::WorldConfig>::Schema;
        const PATH: &'static ::static_ecs::__support::core::primitive::str = ::static_ecs::__support::core::concat!(
            ::static_ecs::__support::core::module_path!(), "::", "Io"
        );
        const DESC: ::static_ecs::__support::WorldDesc = {
            const __BASE: ::static_ecs::__support::WorldDesc = {
                #[allow(unused_imports)]
                use ::static_ecs::__support::NoBase as _;
                ::static_ecs::__support::Inherited::<Base>::DESC
                    .inherit("Io", <Io as ::static_ecs::__support::WorldConfig>::PATH)
            };
            ::static_ecs::__support::WorldDesc {
                role: ::static_ecs::__support::Role::Io,
                id: {
                    let value: ::static_ecs::__support::core::primitive::u16 = 1;
                    ::static_ecs::__support::core::option::Option::Some(value)
                },
                routing: ::static_ecs::__support::Routing {
                    default: ::static_ecs::__support::core::option::Option::Some(
                        ::static_ecs::__support::Target::World(
                            <Compute as ::static_ecs::__support::WorldConfig>::PATH,
                        ),
                    ),
                    ..__BASE.routing
                },
                ..__BASE
            }
        };
    }
};
///The world that computes.
pub(crate) struct Compute;
#[allow(dead_code, clippy::needless_update)]
const _: () = {
    impl ::static_ecs::__support::Queried for Compute {
        type Schema = <Base as ::static_ecs::__support::WorldConfig>::Schema;
    }
    impl ::static_ecs::__support::WorldConfig for Compute {
        type Schema = <Base as ::static_ecs::__support::WorldConfig>::Schema;
        const PATH: &'static ::static_ecs::__support::core::primitive::str = ::static_ecs::__support::core::concat!(
            ::static_ecs::__support::core::module_path!(), "::", "Compute"
        );
        const DESC: ::static_ecs::__support::WorldDesc = {
            const __BASE: ::static_ecs::__support::WorldDesc = {
                #[allow(unused_imports)]
                use ::static_ecs::__support::NoBase as _;
                ::static_ecs::__support::Inherited::<Base>::DESC
                    .inherit(
                        "Compute",
                        <Compute as ::static_ecs::__support::WorldConfig>::PATH,
                    )
            };
            ::static_ecs::__support::WorldDesc {
                role: ::static_ecs::__support::Role::Compute,
                id: {
                    let value: ::static_ecs::__support::core::primitive::u16 = 2;
                    ::static_ecs::__support::core::option::Option::Some(value)
                },
                routing: ::static_ecs::__support::Routing {
                    default: ::static_ecs::__support::core::option::Option::Some(
                        ::static_ecs::__support::Target::World(
                            <Io as ::static_ecs::__support::WorldConfig>::PATH,
                        ),
                    ),
                    ..__BASE.routing
                },
                ..__BASE
            }
        };
    }
};
