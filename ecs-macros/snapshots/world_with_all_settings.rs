pub(crate) struct r#Io;
#[allow(dead_code)]
const _: () = {
    const __BASE: renamed::__support::WorldDesc = {
        #[allow(unused_imports)]
        use renamed::__support::NoBase as _;
        renamed::__support::Inherited::<Game>::DESC
    };
    unsafe impl renamed::__support::HasSchema<
        <Game as renamed::__support::WorldConfig>::Schema,
    > for r#Io {}
    impl renamed::__support::Queried for r#Io {
        type Schema = <Game as renamed::__support::WorldConfig>::Schema;
    }
    impl renamed::__support::WorldConfig for r#Io {
        type Schema = <Game as renamed::__support::WorldConfig>::Schema;
        const PATH: &'static renamed::__support::core::primitive::str = renamed::__support::core::concat!(
            renamed::__support::core::module_path!(), "::", "Io"
        );
        #[allow(clippy::needless_update)]
        const DESC: renamed::__support::WorldDesc = renamed::__support::WorldDesc {
            name: "Io",
            path: <r#Io as renamed::__support::WorldConfig>::PATH,
            role: renamed::__support::Role::Io,
            id: renamed::__support::core::option::Option::Some(ID),
            itself: false,
            queue: renamed::__support::QueueConfig {
                capacity: 256,
                batch_size: 16,
                linger: 2,
                spsc: true,
                on_full: renamed::__support::OnFull::Block(
                    renamed::__support::core::time::Duration::from_millis(5u64),
                ),
                ..__BASE.queue
            },
            routing: renamed::__support::Routing {
                default: renamed::__support::core::option::Option::Some(
                    renamed::__support::Target::World(
                        <Compute as renamed::__support::WorldConfig>::PATH,
                    ),
                ),
                routes: &[
                    renamed::__support::Route {
                        component: <<r#Io as renamed::__support::WorldConfig>::Schema as renamed::__support::Contains<
                            Failed,
                        >>::INDEX,
                        target: renamed::__support::Target::World(
                            <Accept as renamed::__support::WorldConfig>::PATH,
                        ),
                    },
                    renamed::__support::Route {
                        component: <<r#Io as renamed::__support::WorldConfig>::Schema as renamed::__support::Contains<
                            physics::Velocity,
                        >>::INDEX,
                        target: renamed::__support::Target::Id(3),
                    },
                ],
                ..__BASE.routing
            },
            targets: &[
                renamed::__support::Target::World(
                    <Audit as renamed::__support::WorldConfig>::PATH,
                ),
                renamed::__support::Target::Id(4),
            ],
            archetypes: &[
                renamed::__support::ArchetypeDesc::new::<
                    <r#Io as renamed::__support::WorldConfig>::Schema,
                >(
                    "mover",
                    0
                        | <<r#Io as renamed::__support::WorldConfig>::Schema as renamed::__support::Contains<
                            Position,
                        >>::BIT
                        | <<r#Io as renamed::__support::WorldConfig>::Schema as renamed::__support::Contains<
                            Velocity,
                        >>::BIT,
                    renamed::__support::core::option::Option::Some(5_000),
                ),
                renamed::__support::ArchetypeDesc::new::<
                    <r#Io as renamed::__support::WorldConfig>::Schema,
                >(
                    "type",
                    0
                        | <<r#Io as renamed::__support::WorldConfig>::Schema as renamed::__support::Contains<
                            Position,
                        >>::BIT,
                    renamed::__support::core::option::Option::None,
                ),
            ],
            closed: true,
            neighbours: renamed::__support::Neighbours::Matrix(
                &renamed::__support::neighbour_matrix!(neighbours::ring:: < 16 >),
            ),
            source: true,
            max_entities: 1 << 10,
            ..__BASE
        };
    }
};
