//! `#[derive(Component)]`, `#[derive(Bundle)]`, `#[derive(Query)]`, `#[derive(Resource)]` and
//! `#[derive(Event)]`.

mod bundle;
mod check;
mod component;
mod event;
mod parse;
mod query;
mod resource;

use proc_macro2::TokenStream;
use syn::{Expr, Generics, Ident, Lifetime, Member, Type, WherePredicate, parse_quote};

use crate::errors::Errors;
use crate::root::Root;

/// A type that becomes a component.
struct Component {
    root: Root,
    ident: Ident,
    generics: Generics,
    sparse: bool,
    /// What `version` is set to.
    version: Option<Expr>,
    observe: bool,
    track: bool,
    relation: Option<Relation>,
}

/// What makes a component a relation.
struct Relation {
    /// The field with the target, and its type. None after a mistake: its uses compile.
    target: Option<(Member, Type)>,
    cascade: bool,
}

/// A type that becomes a resource.
struct Resource {
    root: Root,
    ident: Ident,
    generics: Generics,
}

/// A type that becomes an event.
struct Event {
    root: Root,
    ident: Ident,
    generics: Generics,
}

/// A struct of bundles.
struct Bundle {
    root: Root,
    ident: Ident,
    generics: Generics,
    /// None after a mistake: its uses compile.
    fields: Option<Vec<(Member, Type)>>,
}

/// A struct of queries.
struct Query {
    root: Root,
    ident: Ident,
    generics: Generics,
    /// The lifetime of the borrow from the world.
    lifetime: Option<Lifetime>,
    /// None after a mistake: its uses compile.
    fields: Option<Vec<QueryField>>,
}

struct QueryField {
    member: Member,
    ty: Type,
    form: Form,
}

/// What a field of a query asks for.
enum Form {
    /// `&'w C` or `Option<&'w C>`, with the `C`.
    Read(Type),
    /// `&'w mut C` or `Option<&'w mut C>`, with the `C`.
    Write(Type),
    /// A query of its own.
    Nested,
}

/// Expands `#[derive(Component)]`.
pub(crate) fn component(input: TokenStream) -> TokenStream {
    expand(
        input,
        "component",
        &["crate", "storage", "version", "observe", "track", "relation"],
        check::component,
        component::expand,
    )
}

/// Expands `#[derive(Bundle)]`.
pub(crate) fn bundle(input: TokenStream) -> TokenStream {
    expand(input, "bundle", &["crate"], check::bundle, bundle::expand)
}

/// Expands `#[derive(Event)]`.
pub(crate) fn event(input: TokenStream) -> TokenStream {
    expand(input, "event", &["crate"], check::event, event::expand)
}

/// Expands `#[derive(Query)]`.
pub(crate) fn query(input: TokenStream) -> TokenStream {
    expand(input, "query", &["crate"], check::query, query::expand)
}

/// Expands `#[derive(Resource)]`.
pub(crate) fn resource(input: TokenStream) -> TokenStream {
    expand(input, "resource", &["crate"], check::resource, resource::expand)
}

/// The generics, with this bound on each type parameter.
fn bounded(generics: &Generics, bound: &TokenStream) -> Generics {
    let mut generics = generics.clone();
    let params = generics.type_params().map(|param| &param.ident);
    let bounds: Vec<WherePredicate> = params.map(|param| parse_quote!(#param: #bound)).collect();
    generics.make_where_clause().predicates.extend(bounds);
    generics
}

fn expand<T>(
    input: TokenStream,
    attribute: &str,
    arguments: &[&str],
    check: fn(parse::Input, &mut Errors) -> Option<T>,
    expand: fn(&T) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let tokens = parse::input(input, attribute, arguments, &mut errors)
        .and_then(|input| check(input, &mut errors))
        .map(|checked| expand(&checked));
    let mut out = errors.into_tokens();
    out.extend(tokens);
    out
}
