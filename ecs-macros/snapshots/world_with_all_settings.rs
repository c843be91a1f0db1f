pub(crate) struct r#Io;
#[allow(dead_code, clippy::needless_update)]
const _: () = {
    use renamed as __crate;
    impl __crate::__support::Queried for r#Io {
        type Schema = <Game as __crate::__support::WorldConfig>::Schema;
    }
    impl __crate::__support::WorldConfig for r#Io {
        type Schema = <Game as __crate::__support::WorldConfig>::Schema;
        const PATH: &'static __crate::__support::core::primitive::str = __crate::__support::core::concat!(
            __crate::__support::core::module_path!(), "::", "Io"
        );
        const DESC: __crate::__support::WorldDesc = {
            const __BASE: __crate::__support::WorldDesc = {
                #[allow(unused_imports)]
                use __crate::__support::NoBase as _;
                __crate::__support::Inherited::<Game>::DESC
                    .inherit("Io", <r#Io as __crate::__support::WorldConfig>::PATH)
            };
            __crate::__support::WorldDesc {
                role: __crate::__support::Role::Io,
                id: {
                    let value: __crate::__support::core::primitive::u16 = ID;
                    __crate::__support::core::option::Option::Some(value)
                },
                queue: __crate::__support::QueueConfig {
                    capacity: 256,
                    batch_size: 16,
                    linger: 2,
                    spsc: true,
                    on_full: __crate::__support::OnFull::Block(
                        __crate::__support::core::time::Duration::from_millis(5u64),
                    ),
                    ..__BASE.queue
                },
                routing: __crate::__support::Routing {
                    default: __crate::__support::core::option::Option::Some(
                        __crate::__support::Target::World(
                            <Compute as __crate::__support::WorldConfig>::PATH,
                        ),
                    ),
                    routes: &[
                        __crate::__support::Route {
                            component: <<r#Io as __crate::__support::WorldConfig>::Schema as __crate::__support::Contains<
                                Failed,
                            >>::INDEX,
                            target: __crate::__support::Target::World(
                                <Accept as __crate::__support::WorldConfig>::PATH,
                            ),
                        },
                        __crate::__support::Route {
                            component: <<r#Io as __crate::__support::WorldConfig>::Schema as __crate::__support::Contains<
                                physics::Velocity,
                            >>::INDEX,
                            target: __crate::__support::Target::Id(3),
                        },
                    ],
                    ..__BASE.routing
                },
                targets: &[
                    __crate::__support::Target::World(
                        <Audit as __crate::__support::WorldConfig>::PATH,
                    ),
                    __crate::__support::Target::Id(4),
                ],
                archetypes: &[
                    __crate::__support::ArchetypeDesc::new::<
                        <r#Io as __crate::__support::WorldConfig>::Schema,
                    >(
                        "mover",
                        0
                            | <<r#Io as __crate::__support::WorldConfig>::Schema as __crate::__support::Contains<
                                Position,
                            >>::BIT
                            | <<r#Io as __crate::__support::WorldConfig>::Schema as __crate::__support::Contains<
                                Velocity,
                            >>::BIT,
                        {
                            let value: __crate::__support::core::primitive::u32 = 5_000;
                            __crate::__support::core::option::Option::Some(value)
                        },
                    ),
                    __crate::__support::ArchetypeDesc::new::<
                        <r#Io as __crate::__support::WorldConfig>::Schema,
                    >(
                        "type",
                        0
                            | <<r#Io as __crate::__support::WorldConfig>::Schema as __crate::__support::Contains<
                                Position,
                            >>::BIT,
                        __crate::__support::core::option::Option::None,
                    ),
                ],
                closed: true,
                neighbours: __crate::__support::Neighbours::Matrix(
                    &__crate::__support::neighbour_matrix!(neighbours::ring:: < 16 >),
                ),
                source: true,
                max_entities: 1 << 10,
                ..__BASE
            }
        };
    }
};
