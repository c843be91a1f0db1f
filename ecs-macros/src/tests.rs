//! What the macros make of one input for each of their features, in files that people read.
//!
//! `UPDATE_EXPECT=1 cargo test --package ecs-macros` writes them anew.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;

fn check(expected: &ExpectFile, made: TokenStream) {
    let file = syn::parse2(made).expect("what is made is items");
    expected.assert_eq(&prettyplease::unparse(&file));
}

macro_rules! snapshots {
    ($($name:ident: $made:expr;)*) => {$(
        #[test]
        fn $name() {
            check(&expect_file![concat!("../snapshots/", stringify!($name), ".rs")], $made);
        }
    )*};
}

snapshots! {
    component: crate::derive::component(quote! {
        struct Position { x: f32, y: f32 }
    });
    component_with_parameters: crate::derive::component(quote! {
        struct Buffer<T: Copy, const N: usize>([T; N])
        where
            T: Default;
    });
    component_with_arguments: crate::derive::component(quote! {
        #[component(crate = renamed::ecs, storage = "sparse", version = 2, observe, track)]
        enum Mood { Happy, Sad }
    });
    relation: crate::derive::component(quote! {
        #[component(relation(on_despawn = cascade))]
        struct PartOf(Entity);
    });
    resource: crate::derive::resource(quote! { struct Score<T>(T); });
    event: crate::derive::event(quote! { struct Damage { target: Entity, amount: u32 } });
    bundle: crate::derive::bundle(quote! {
        struct Mover<T> { position: Position, r#type: T, rest: (Velocity, Failed) }
    });
    query: crate::derive::query(quote! {
        struct Moving<'w> {
            entity: Entity,
            position: &'w mut Position,
            velocity: Option<&'w Velocity>,
            rest: Rest<'w>,
        }
    });
    query_that_only_reads: crate::derive::query(quote! {
        struct Seen<'a, C: Component>(&'a C, Entity);
    });
    world: crate::world::world_config(
        quote! { components(Position, physics::Velocity) },
        quote! {
            /// A game.
            #[derive(Debug)]
            pub struct Game;
        },
    );
    world_with_events: crate::world::world_config(
        quote! {
            components(Position),
            events(Damage, Heard(capacity = 64, on_full = drop_oldest)),
        },
        quote! { struct Game; },
    );
    world_with_a_base: crate::world::world_config(quote! { base = game::Game }, quote! { struct Zone; });
    world_with_all_settings: crate::world::world_config(
        quote! {
            crate = renamed,
            base = Game,
            archetypes(mover(Position, Velocity, capacity = 5_000), r#type(Position), closed),
            role = io,
            world_id = ID,
            max_entities = 1 << 10,
            transfer_queue(
                capacity = 256, batch_size = 16, linger = 2, spsc = true, on_full = block(5ms),
            ),
            routing(default_target = Compute, Failed => Accept, physics::Velocity => 3),
            targets(Audit, 4),
            neighbours = neighbours::ring::<16>,
            source,
        },
        quote! { pub(crate) struct r#Io; },
    );
    pipeline: crate::world::pipeline_configs(quote! {
        Base => pub Accept, /** Waits. */ Io, pub(crate) Compute
    });
    coordinator: crate::coordinator::coordinator(quote! {
        /// The server.
        pub type Server = (Accept, Io, [Compute; 4]);
    });
    coordinator_of_an_array: crate::coordinator::coordinator(quote! {
        crate = renamed;
        type Zones = [Zone; 256]
    });
    mistakes_leave_what_compiles: crate::world::world_config(
        quote! { components(Position, Position), role = oi, targets() },
        quote! { struct Game; },
    );
}

/// A file that no test compares would not be true for long.
#[test]
fn each_file_is_compared() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");
    let source = include_str!("tests.rs");
    for entry in std::fs::read_dir(dir).expect("the files are here") {
        let name = entry.expect("the directory can be read").file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".rs")).expect("a source");
        assert!(source.contains(&format!("    {name}: ")), "{name}.rs belongs to no test");
    }
}

/// The tokens up to each place where a user may be typing; groups are closed, as editors do.
fn half_typed(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut found = vec![TokenStream::new()];
    let mut before = TokenStream::new();
    for token in tokens.clone() {
        if let TokenTree::Group(group) = &token {
            found.extend(half_typed(&group.stream()).into_iter().map(|inner| {
                let group = Group::new(group.delimiter(), inner);
                before.clone().into_iter().chain([TokenTree::Group(group)]).collect()
            }));
        }
        before.extend([token]);
        found.push(before.clone());
    }
    found
}

/// So that editors know the world, its schema and all that uses them while it is typed.
#[test]
fn a_half_typed_attribute_leaves_a_world() {
    let arguments = quote! {
        components(Position, physics::Velocity, Tagged<u8, 3>),
        events(Damage, Heard(capacity = 64, on_full = drop_oldest)),
        archetypes(mover(Position, physics::Velocity, capacity = 5_000), closed),
        role = io,
        world_id = 1,
        max_entities = 1 << 10,
        transfer_queue(capacity = 256, batch_size = 16, spsc = true, on_full = block(5ms)),
        routing(default_target = Compute, Position => Accept, physics::Velocity => 3),
        targets(Audit, 4),
        neighbours = neighbours::ring::<16>,
        source,
        crate = renamed,
    };
    let all = half_typed(&arguments);
    assert!(all.len() > 100);
    for typed in all {
        let made = crate::world::world_config(
            typed.clone(),
            quote!(
                pub struct Io;
            ),
        )
        .to_string();
        for part in ["pub struct Io ;", "WorldConfig for Io", "Schema for Io"] {
            assert!(made.contains(part), "no `{part}` after `{typed}`");
        }
        syn::parse_str::<syn::File>(&made).expect("what is made is items");
    }
}
