//! The rules of the derives that can be told from their tokens.

use syn::{
    Data, DataStruct, DeriveInput, Expr, ExprLit, Fields, GenericArgument, GenericParam, Generics,
    Ident, Index, Lifetime, Lit, Member, PathArguments, Type, TypeReference,
};

use super::parse::{self, Input};
use super::{Bundle, Component, Event, Form, Query, QueryField, Relation, Resource};
use crate::errors::Errors;

/// A component owns its data.
pub(super) fn component(input: Input, errors: &mut Errors) -> Option<Component> {
    let (observe, track) = (input.has("observe"), input.has("track"));
    let Input { root, item, storage, version, relation, .. } = input;
    let DeriveInput { ident, generics, data, .. } = item;
    let is = |storage: &Expr, name: &str| match storage {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value() == name,
        _ => false,
    };
    let sparse = storage.as_ref().is_some_and(|storage| is(storage, "sparse"));
    if let Some(storage) = storage.as_ref().filter(|storage| !sparse && !is(storage, "table")) {
        let message = "a component is stored in tables or beside them: write `\"table\"` or \
                       `\"sparse\"`";
        errors.at(storage, message);
    }
    owned(&generics, "a component", errors)?;
    let relation = match relation {
        Some(parse::Relation { cascade }) => {
            if let Some(storage) = &storage {
                let message = "a relation is always kept beside the tables: take out `storage`";
                errors.at(storage, message);
            }
            Some(Relation { target: target(&ident, data, errors), cascade })
        }
        None => None,
    };
    let sparse = sparse || relation.is_some();
    Some(Component { root, ident, generics, sparse, version, observe, track, relation })
}

/// The one field of a relation.
fn target(ident: &Ident, data: Data, errors: &mut Errors) -> Option<(Member, Type)> {
    if let Data::Struct(DataStruct { fields, .. }) = data
        && fields.len() == 1
    {
        return members(fields).next();
    }
    let message =
        format!("a relation is a struct that holds its target: write `struct {ident}(Entity);`");
    errors.at(ident, message);
    None
}

/// A resource owns its data.
pub(super) fn resource(input: Input, errors: &mut Errors) -> Option<Resource> {
    let Input { root, item: DeriveInput { ident, generics, .. }, .. } = input;
    owned(&generics, "a resource", errors)?;
    Some(Resource { root, ident, generics })
}

/// An event owns its data.
pub(super) fn event(input: Input, errors: &mut Errors) -> Option<Event> {
    let Input { root, item: DeriveInput { ident, generics, .. }, .. } = input;
    owned(&generics, "an event", errors)?;
    Some(Event { root, ident, generics })
}

/// A bundle is a struct, and owns its data.
pub(super) fn bundle(input: Input, errors: &mut Errors) -> Option<Bundle> {
    let Input { root, item: DeriveInput { ident, generics, data, .. }, .. } = input;
    let fields = fields(&ident, data, "a bundle", errors);
    owned(&generics, "a bundle", errors)?;
    Some(Bundle { root, ident, generics, fields })
}

/// A query is a struct that borrows for one lifetime.
pub(super) fn query(input: Input, errors: &mut Errors) -> Option<Query> {
    let Input { root, item: DeriveInput { ident, generics, data, .. }, .. } = input;
    let fields = fields(&ident, data, "a query", errors);
    let mut lifetimes = generics.lifetimes().map(|param| param.lifetime.clone());
    let lifetime = lifetimes.next();
    let mut sound = true;
    let extra: Vec<_> = lifetimes.collect();
    for extra in &extra {
        let first = lifetime.as_ref().map(ToString::to_string).unwrap_or_default();
        let message = format!("a query borrows for one lifetime: write `{first}` in its place");
        errors.at(extra, message);
        sound = false;
    }
    sound &= fields.is_some();
    let mut checked = Vec::new();
    for (member, ty) in fields.into_iter().flatten() {
        let form = form(&ty);
        match reference(&ty).map(|reference| &reference.lifetime) {
            // The compiler tells of a reference without a lifetime.
            Some(None) => sound = false,
            Some(Some(other)) if lifetime.as_ref() != Some(other) && !extra.contains(other) => {
                errors.at(other, another_lifetime(&ident, lifetime.as_ref()));
                sound = false;
            }
            _ => {}
        }
        checked.push(QueryField { member, ty, form });
    }
    let fields = sound.then_some(checked);
    Some(Query { root, ident, generics, lifetime, fields })
}

/// What is said of a field that borrows for another lifetime than its query.
fn another_lifetime(ident: &Ident, own: Option<&Lifetime>) -> String {
    match own {
        Some(own) => format!("a query borrows for its own lifetime: write `{own}` here"),
        None => format!(
            "a query borrows for its own lifetime: declare it as `{ident}<'w>` and write `'w` here"
        ),
    }
}

/// Refuses lifetimes: what is stored outlives every borrow.
fn owned(generics: &Generics, what: &str, errors: &mut Errors) -> Option<()> {
    let mut sound = Some(());
    for param in &generics.params {
        if let GenericParam::Lifetime(param) = param {
            let name = &param.lifetime;
            let message =
                format!("{what} owns its data: take out `{name}` and own what it borrows");
            errors.at(name, message);
            sound = None;
        }
    }
    sound
}

/// The fields of a struct.
fn fields(
    ident: &Ident,
    data: Data,
    what: &str,
    errors: &mut Errors,
) -> Option<Vec<(Member, Type)>> {
    let fields = match data {
        Data::Struct(DataStruct { fields, .. }) => fields,
        Data::Enum(data) => {
            errors.at(data.enum_token, format!("{what} is a struct: write `struct {ident}`"));
            return None;
        }
        Data::Union(data) => {
            errors.at(data.union_token, format!("{what} is a struct: write `struct {ident}`"));
            return None;
        }
    };
    if let Fields::Unit = fields {
        errors.at(ident, format!("{what} has fields: write `struct {ident} {{ name: C }}`"));
        return None;
    }
    Some(members(fields).collect())
}

/// The fields with their names, or places.
fn members(fields: Fields) -> impl Iterator<Item = (Member, Type)> {
    fields.into_iter().enumerate().map(|(index, field)| {
        let member = match field.ident {
            Some(ident) => Member::Named(ident),
            None => Member::Unnamed(Index::from(index)),
        };
        (member, field.ty)
    })
}

/// What a field's type asks for.
fn form(ty: &Type) -> Form {
    match reference(ty) {
        Some(TypeReference { mutability: Some(_), elem, .. }) => Form::Write((**elem).clone()),
        Some(TypeReference { elem, .. }) => Form::Read((**elem).clone()),
        None => Form::Nested,
    }
}

/// The reference in `&C`, `&mut C`, `Option<&C>` or `Option<&mut C>`.
fn reference(ty: &Type) -> Option<&TypeReference> {
    match bare(ty) {
        Type::Reference(reference) => Some(reference),
        Type::Path(path) => {
            let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            let GenericArgument::Type(inner) = arguments.args.first()? else { return None };
            match bare(inner) {
                Type::Reference(reference) => Some(reference),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The type without parentheses, and without the group that stands around a
/// type from a `macro_rules!` variable.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => bare(&paren.elem),
        Type::Group(group) => bare(&group.elem),
        _ => ty,
    }
}
