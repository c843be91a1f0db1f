//! As much as can be declared: 128 components, 64 archetypes, and 256 worlds in one coordinator.

use std::collections::BTreeSet;

use static_ecs::prelude::*;
use static_ecs::schema::{Contains, MAX_COMPONENTS, Schema};

macro_rules! declare {
    (components: $($component:ident)*; archetypes: $($archetypes:tt)*) => {
        $(
            #[derive(Component, Clone, Copy, Debug, PartialEq)]
            struct $component(usize);
        )*

        #[world_config(
            components($($component),*),
            archetypes($($archetypes)*),
            max_entities = 256,
            transfer_queue(capacity = 8, batch_size = 4),
        )]
        struct Base;

        /// Spawns one entity with each component alone, whose value is its place.
        fn spawn_each(world: &mut World<Base>) -> Result<Vec<Entity>, Box<dyn std::error::Error>> {
            let mut place = 0..;
            Ok(vec![$(world.spawn($component(place.next().unwrap_or(0)))?),*])
        }

        fn places() -> Vec<usize> {
            vec![$(<Base as Contains<$component>>::INDEX),*]
        }
    };
}

declare! {
    components:
        C0 C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23
        C24 C25 C26 C27 C28 C29 C30 C31 C32 C33 C34 C35 C36 C37 C38 C39 C40 C41 C42 C43 C44 C45
        C46 C47 C48 C49 C50 C51 C52 C53 C54 C55 C56 C57 C58 C59 C60 C61 C62 C63 C64 C65 C66 C67
        C68 C69 C70 C71 C72 C73 C74 C75 C76 C77 C78 C79 C80 C81 C82 C83 C84 C85 C86 C87 C88 C89
        C90 C91 C92 C93 C94 C95 C96 C97 C98 C99 C100 C101 C102 C103 C104 C105 C106 C107 C108
        C109 C110 C111 C112 C113 C114 C115 C116 C117 C118 C119 C120 C121 C122 C123 C124 C125
        C126 C127;
    archetypes:
        a0(C0, C1), a1(C2, C3), a2(C4, C5), a3(C6, C7), a4(C8, C9), a5(C10, C11), a6(C12, C13),
        a7(C14, C15), a8(C16, C17), a9(C18, C19), a10(C20, C21), a11(C22, C23), a12(C24, C25),
        a13(C26, C27), a14(C28, C29), a15(C30, C31), a16(C32, C33), a17(C34, C35),
        a18(C36, C37), a19(C38, C39), a20(C40, C41), a21(C42, C43), a22(C44, C45),
        a23(C46, C47), a24(C48, C49), a25(C50, C51), a26(C52, C53), a27(C54, C55),
        a28(C56, C57), a29(C58, C59), a30(C60, C61), a31(C62, C63), a32(C64, C65),
        a33(C66, C67), a34(C68, C69), a35(C70, C71), a36(C72, C73), a37(C74, C75),
        a38(C76, C77), a39(C78, C79), a40(C80, C81), a41(C82, C83), a42(C84, C85),
        a43(C86, C87), a44(C88, C89), a45(C90, C91), a46(C92, C93), a47(C94, C95),
        a48(C96, C97), a49(C98, C99), a50(C100, C101), a51(C102, C103), a52(C104, C105),
        a53(C106, C107), a54(C108, C109), a55(C110, C111), a56(C112, C113), a57(C114, C115),
        a58(C116, C117), a59(C118, C119), a60(C120, C121), a61(C122, C123), a62(C124, C125),
        a63(C126, C127),
}

macro_rules! worlds {
    ($($world:ident => $next:ident,)*) => {
        $(
            #[world_config(base = Base, source, routing(default_target = $next))]
            struct $world;
        )*
        coordinator!(type All = ($([$world; 16]),*));

        /// All worlds, each with one entity, and a system that sends it on.
        fn all() -> Result<All, Box<dyn std::error::Error>> {
            let mut all = All::new();
            $(
                all.add_system::<$world, _>(pass_on::<$world>);
                for member in 0..16 {
                    all.world_at_mut::<$world>(member).spawn((C0(member), C127(member)))?;
                }
            )*
            Ok(all)
        }
    };
}

fn pass_on<W: WorldConfig<Schema = Base>>(world: &mut World<W>) {
    for entity in world.entities().collect::<Vec<_>>() {
        world.complete(entity).expect("it is here");
    }
}

worlds! {
    W0 => W1, W1 => W2, W2 => W3, W3 => W4, W4 => W5, W5 => W6, W6 => W7, W7 => W8, W8 => W9,
    W9 => W10, W10 => W11, W11 => W12, W12 => W13, W13 => W14, W14 => W15, W15 => W0,
}

#[test]
fn as_many_components_as_there_can_be() {
    assert_eq!(Base::COMPONENTS.len(), MAX_COMPONENTS);
    assert_eq!(Base::ALL, u128::MAX);
    assert!(places().into_iter().eq(0..MAX_COMPONENTS));
}

#[test]
fn archetypes_have_their_tables_from_the_start() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = World::<Base>::new();
    let tables = world.tables().len();
    assert!(tables >= 64, "{tables}");
    world.spawn((C126(1), C127(2)))?;
    assert_eq!(world.tables().len(), tables);
    assert_eq!(world.query::<(&C126, &C127)>().count(), 1);
    Ok(())
}

#[test]
fn each_component_is_stored_by_itself() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = World::<Base>::new();
    let entities = spawn_each(&mut world)?;
    assert_eq!(entities.len(), 128);
    assert_eq!(world.get::<C63>(entities[63])?.0, 63);
    assert_eq!(world.view::<&C127>().map(|last| last.0).collect::<Vec<_>>(), [127]);
    Ok(())
}

#[test]
fn entities_go_through_256_worlds() -> Result<(), Box<dyn std::error::Error>> {
    let mut all = all()?;
    assert_eq!(all.len(), 256);
    for _ in 0..64 {
        all.tick()?;
    }
    let report = all.conservation();
    assert!(report.holds(), "{report:?}");
    assert_eq!(report.live() + report.in_flight(), 256, "nobody is lost");
    let came: BTreeSet<_> = report
        .worlds
        .iter()
        .filter(|world| world.counts.arrived > 0)
        .map(|world| world.name)
        .collect();
    assert_eq!(came.len(), 16, "each array has had a guest");
    Ok(())
}
