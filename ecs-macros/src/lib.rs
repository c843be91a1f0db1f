//! Macros of `static-ecs`, which re-exports them.
//!
//! Each macro parses, then checks, then expands. What it emits is constants and
//! trait impls that name only the `__support` module of one crate: the facade,
//! or the one that `crate = path` names.

mod coordinator;
mod derive;
mod errors;
mod list;
mod root;
#[cfg(test)]
mod tests;
mod value;
mod world;

use proc_macro::TokenStream;

/// Makes a type a component.
///
/// The type owns its data: lifetimes are refused, type parameters are bound by
/// `'static`. A struct without fields is a tag and takes no bytes.
///
/// `#[component(storage = "sparse")]` keeps it beside the tables, for components
/// that come and go often: their entities stay in their tables. `"table"` is the
/// default.
///
/// `#[component(version = 2)]` is for components that are saved: say a higher number
/// when the type has changed, and saves of lower ones have to be migrated.
///
/// `#[component(observe)]` lets observers be told when it is added, inserted, removed,
/// or despawned with its entity.
///
/// `#[component(relation)]` on a struct that holds one `Entity` makes it a relation to
/// that entity, whose other side is `Sources<Self>`. With
/// `relation(on_despawn = cascade)` those who are related to an entity end with it;
/// `detach`, the default, leaves them without the relation.
///
/// `#[component(track)]` lets queries ask which entities got it, or had it changed, since
/// they last looked: `Added` and `Changed`.
///
/// `#[component(crate = path)]` names the crate where `static-ecs` is found
/// under another name.
///
/// ```
/// use static_ecs::prelude::*;
///
/// #[derive(Component, Clone, Copy)]
/// struct Position { x: f32, y: f32 }
///
/// #[derive(Component)]
/// struct Failed;
///
/// #[derive(Component)]
/// #[component(storage = "sparse")]
/// struct Burning { ticks: u32 }
/// ```
#[proc_macro_derive(Component, attributes(component))]
pub fn component(input: TokenStream) -> TokenStream {
    derive::component(input.into()).into()
}

/// Makes a type an event.
///
/// The type owns its data and may go to another thread: lifetimes are refused, type
/// parameters are bound by `Send + 'static`. List it in the `events(...)` of a
/// `#[world_config]`.
/// `#[event(crate = path)]` names the crate.
///
/// ```
/// use static_ecs::prelude::*;
///
/// #[derive(Event)]
/// struct Damage { target: Entity, amount: u32 }
/// # #[derive(Component)] struct Health(u32);
/// # #[world_config(components(Health), events(Damage))] struct Base;
/// ```
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    derive::event(input.into()).into()
}

/// Makes a struct of components, or of other bundles, one bundle.
///
/// There is no limit to the number of fields. A component that stands in it
/// twice is an error where the bundle is used.
/// `#[bundle(crate = path)]` names the crate.
///
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Position(f32);
/// # #[derive(Component)] struct Velocity(f32);
/// # #[world_config(components(Position, Velocity))] struct Base;
/// # let mut world = World::<Base>::new();
/// #[derive(Bundle)]
/// struct Mover { position: Position, velocity: Velocity }
///
/// world.spawn(Mover { position: Position(0.0), velocity: Velocity(1.0) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[proc_macro_derive(Bundle, attributes(bundle))]
pub fn bundle(input: TokenStream) -> TokenStream {
    derive::bundle(input.into()).into()
}

/// Makes a type a resource that systems can ask for, as `Res` or `ResMut`.
///
/// Two systems of which one writes a resource never run at once: resources are told apart by
/// the path of the type, without its type parameters.
/// `#[resource(crate = path)]` names the crate.
///
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Coin;
/// # #[world_config(components(Coin))] struct Base;
/// #[derive(Resource, Default)]
/// struct Score(usize);
///
/// fn count(coins: Query<Base, &Coin>, mut score: ResMut<Score>) {
///     score.0 = coins.iter().count();
/// }
///
/// let mut world = World::<Base>::new();
/// world.insert_resource(Score::default());
/// world.spawn_batch([Coin, Coin])?;
/// world.run_system(count)?;
/// assert_eq!(world.resource::<Score>().map(|score| score.0), Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[proc_macro_derive(Resource, attributes(resource))]
pub fn resource(input: TokenStream) -> TokenStream {
    derive::resource(input.into()).into()
}

/// Makes a struct of borrowed components, or of other queries, a query that
/// gives the struct.
///
/// The struct has one lifetime, for which its fields borrow: `&'w C`,
/// `&'w mut C`, `Option<_>` of these, `Entity`, tuples, and other structs with
/// this derive. There is no limit to the number of fields. What one table gives
/// is a tuple of slices in the order of the fields.
/// `#[query(crate = path)]` names the crate.
///
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Position { x: f32 }
/// # #[derive(Component)] struct Velocity { dx: f32 }
/// # #[world_config(components(Position, Velocity))] struct Base;
/// # let mut world = World::<Base>::new();
/// #[derive(Query)]
/// struct Moving<'w> {
///     entity: Entity,
///     position: &'w mut Position,
///     velocity: &'w Velocity,
/// }
///
/// for moving in world.query::<Moving>() {
///     moving.position.x += moving.velocity.dx;
/// }
/// ```
#[proc_macro_derive(Query, attributes(query))]
pub fn query(input: TokenStream) -> TokenStream {
    derive::query(input.into()).into()
}

/// Declares a world: its components, or the world whose components it shares,
/// and its settings.
///
/// A world has `components(...)`, and is a schema by that, or a `base`, from
/// which it has its schema and every setting that it doesn't set itself, except
/// the id. The other arguments may be left out; they stand in any order:
///
/// | argument | sets | default |
/// |---|---|---|
/// | `components(A, path::B)` | the components, at most 128 | |
/// | `events(A, path::B)` | the events, at most 128; with `components` only | none |
/// | `events(A(capacity = 1024))` | the most events of this type, up to 2^24 | 1024 |
/// | `events(A(on_full = refuse))` | what happens to one more: `refuse`, or `drop_oldest` | `refuse` |
/// | `base = World` | the world with the components and events | |
/// | `archetypes(name(A, B), .., closed)` | tables that exist from the start; `closed`: no others | none |
/// | `archetypes(name(A, B, capacity = 5_000))` | room for this many entities from the start | what fits 64 KiB |
/// | `max_entities = 65_536` | the most residents | 1,048,576 |
/// | `role = accept` | `standalone`, `accept`, `io`, `compute` or `custom` | `standalone` |
/// | `world_id = 1` | the id in the coordinator, for an array its first member's | the place in the coordinator |
/// | `transfer_queue(capacity = 4096)` | entities in flight, a power of two up to 2^24 | 4096 |
/// | `transfer_queue(batch_size = 64)` | the most entities in a batch, up to the capacity | 64 |
/// | `transfer_queue(linger = 4)` | for how many ticks a source lets less than a batch wait for more | 0 |
/// | `transfer_queue(spsc = true)` | a ring for each source world in place of one inbox | `false` |
/// | `transfer_queue(on_full = retain)` | `retain`, `block(5ms)`, `shed` or `spill(100)` | `retain` |
/// | `routing(default_target = World)` | where completed entities go | nowhere |
/// | `routing(Component => World, ..)` | where those with a component go; the last match wins | |
/// | `targets(World, ..)` | further worlds that a `TransferMarker` may name; of an array, each member | none |
/// | `neighbours = ring::<16>` | a `const fn(usize, usize) -> bool`: which members of an array reach which | all |
/// | `source` | entities originate here, so that nothing needs to reach it | |
/// | `crate = path` | the crate where `static-ecs` is found | `::static_ecs` |
///
/// A target is a world's type or its id. Numbers are literals or constants.
/// `closed` and `source` are inherited too, and an heir can't take them back: write
/// them only in a base of which every heir is to have them.
///
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Position;
/// # #[derive(Component)] struct Velocity;
/// # #[derive(Component)] struct Failed;
/// #[world_config(components(Position, Velocity, Failed), archetypes(mover(Position, Velocity)))]
/// struct Base;
///
/// #[world_config(
///     base = Base,
///     role = io,
///     world_id = 1,
///     transfer_queue(capacity = 4096, batch_size = 64, spsc = true, on_full = retain),
///     routing(default_target = Compute, Failed => Accept),
///     targets(Audit),
/// )]
/// struct Io;
/// # #[world_config(base = Base)] struct Compute;
/// # #[world_config(base = Base)] struct Accept;
/// # #[world_config(base = Base)] struct Audit;
/// ```
#[proc_macro_attribute]
pub fn world_config(args: TokenStream, item: TokenStream) -> TokenStream {
    world::world_config(args.into(), item.into()).into()
}

/// Declares the three worlds of a server: one that accepts, one that waits for
/// the operating system, one that computes.
///
/// They have the roles `accept`, `io` and `compute` and the ids 0, 1 and 2; the
/// first sends to the second, and the second and third to each other. All else
/// is the base's, its queue and its routes too. Names take a visibility and
/// attributes; `crate = path,` before the base names the crate.
///
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] pub struct Position;
/// # #[world_config(components(Position))] pub struct Base;
/// pipeline_configs!(Base => pub Accept, pub Io, pub Compute);
/// ```
#[proc_macro]
pub fn pipeline_configs(input: TokenStream) -> TokenStream {
    world::pipeline_configs(input.into()).into()
}

/// Declares the worlds of a coordinator, and checks their topology.
///
/// Unlike worlds stand in a tuple of up to 16 members, like ones in an array,
/// and arrays may be members of a tuple. A world that can't work there, such as
/// one with a route that leads nowhere, is a compile error that names it; see
/// the guide for the rules. `crate = path;` before the type names the crate.
///
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] pub struct Position;
/// # #[world_config(components(Position))] pub struct Zone;
/// # #[world_config(base = Zone, role = accept, routing(default_target = Io))] struct Accept;
/// # #[world_config(base = Zone, routing(default_target = Compute), targets(Audit))] struct Io;
/// # #[world_config(base = Zone, routing(default_target = Io))] struct Compute;
/// # #[world_config(base = Zone)] struct Audit;
/// coordinator!(type Server = (Accept, Io, [Compute; 4], Audit));
/// coordinator!(pub type Shards = [Zone; 16]);
/// ```
#[proc_macro]
pub fn coordinator(input: TokenStream) -> TokenStream {
    coordinator::coordinator(input.into()).into()
}
