//! `#[world_config]` and `pipeline_configs!`: worlds as constants.

mod check;
mod event;
mod expand;
mod parse;
mod pipeline;

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Data, DataStruct, DeriveInput, Expr, Fields, Generics, Ident, Path, Token,
    Visibility,
};

use crate::errors::Errors;
use crate::root::Root;

/// A world as declared.
struct World {
    root: Root,
    /// The item: a struct, unless it was told that it is none.
    item: DeriveInput,
    /// The documentation of an item that has none of its own.
    doc: Option<&'static str>,
    origin: Origin,
    settings: Settings,
    /// Whether the world names itself as a target.
    itself: bool,
    /// Whether there is a mistake in the attribute.
    mistaken: bool,
}

/// Where a world's schema comes from.
enum Origin {
    /// The world is a schema with these components and events.
    Components(Vec<Path>, Vec<Event>),
    /// The world has another's schema, and its settings where it has none.
    Base(Path),
}

/// What is set of a world.
#[derive(Default)]
struct Settings {
    role: Option<Role>,
    id: Option<Expr>,
    capacity: Option<Expr>,
    batch_size: Option<Expr>,
    linger: Option<Expr>,
    spsc: Option<Expr>,
    on_full: Option<OnFull>,
    default_target: Option<Target>,
    routes: Vec<Route>,
    targets: Option<Vec<Target>>,
    archetypes: Vec<Archetype>,
    /// The word `closed`.
    closed: Option<Ident>,
    neighbours: Option<Path>,
    source: bool,
    max_entities: Option<Expr>,
}

#[derive(Clone, Copy)]
enum Role {
    Standalone,
    Accept,
    Io,
    Compute,
    Custom,
}

enum OnFull {
    Retain,
    Block(Timeout),
    Shed,
    Spill(Expr),
}

/// How long `block` waits.
enum Timeout {
    Micros(u64),
    Millis(u64),
    Secs(u64),
    /// A constant `Duration`.
    Const(Expr),
}

enum Target {
    World(Path),
    Id(syn::LitInt),
}

struct Route {
    component: Path,
    target: Target,
}

struct Event {
    path: Path,
    capacity: Option<Expr>,
    overflow: Option<Overflow>,
}

#[derive(Clone, Copy)]
enum Overflow {
    Refuse,
    DropOldest,
}

struct Archetype {
    name: Ident,
    components: Vec<Path>,
    capacity: Option<Expr>,
}

/// `struct Name;`.
fn unit_struct(attrs: Vec<Attribute>, vis: Visibility, ident: Ident) -> DeriveInput {
    DeriveInput {
        attrs,
        vis,
        ident,
        generics: Generics::default(),
        data: Data::Struct(DataStruct {
            struct_token: Token![struct](Span::mixed_site()),
            fields: Fields::Unit,
            semi_token: Some(Token![;](Span::mixed_site())),
        }),
    }
}

/// Expands `#[world_config(args)] item`.
pub(crate) fn world_config(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = parse::arguments(args, &mut errors);
    let item = match parse::item(item, &mut errors) {
        Ok(item) => item,
        Err(untouched) => {
            let mut tokens = errors.into_tokens();
            tokens.extend(untouched);
            return tokens;
        }
    };
    let tokens = expand::world(&check::world(args, &item, &mut errors));
    let mut out = errors.into_tokens();
    out.extend(tokens);
    out
}

/// Expands `pipeline_configs!(input)`.
pub(crate) fn pipeline_configs(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let tokens = match errors.take(pipeline::parse(input)) {
        Some(pipeline) => {
            pipeline::worlds(pipeline, &mut errors).iter().map(expand::world).collect()
        }
        None => TokenStream::new(),
    };
    let mut out = errors.into_tokens();
    out.extend(tokens);
    out
}
