//! The rules of `coordinator!` that can be told from its tokens.

use syn::Type;

use super::Coordinator;
use super::parse::{ARRAY, Declaration, WORLDS};
use crate::errors::Errors;

/// The most members of a tuple.
const MAX_MEMBERS: usize = 16;

/// Checks the declaration; none where no type can be made of it.
pub(super) fn coordinator(declaration: Declaration, errors: &mut Errors) -> Option<Coordinator> {
    let Declaration { root, attrs, vis, type_token, ident, generics, worlds } = declaration;
    if !generics.params.is_empty() {
        errors.at(generics, "a coordinator is one type: take out the generic parameters");
        return None;
    }
    // A `macro_rules!` variable stands in a group.
    let mut written = &worlds;
    while let Type::Group(group) = written {
        written = &group.elem;
    }
    let known = errors.count();
    let (members, span) = match written {
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            errors.at(tuple, "a coordinator needs a world: write `(World,)`");
            return None;
        }
        Type::Tuple(tuple) => {
            if let Some(first) = tuple.elems.iter().nth(MAX_MEMBERS) {
                let message = format!(
                    "a coordinator has at most {MAX_MEMBERS} members: write like worlds as an \
                     array, `[World; N]`"
                );
                errors.at(first, message);
                return None;
            }
            let mut members = Vec::new();
            tuple.elems.iter().for_each(|member| self::member(member, &mut members, errors));
            (members, tuple.paren_token.span.join())
        }
        Type::Array(array) => (vec![Type::Array(array.clone())], array.bracket_token.span.join()),
        Type::Paren(paren) => {
            let message = "a tuple of one world has a comma: write `(World,)`";
            errors.span(paren.paren_token.span.join(), message);
            return None;
        }
        other => {
            errors.at(other, WORLDS);
            return None;
        }
    };
    let mistaken = errors.count() > known;
    Some(Coordinator { root, attrs, vis, type_token, ident, worlds, span, members, mistaken })
}

/// A member of a tuple, or after a mistake what was probably meant.
fn member(written: &Type, out: &mut Vec<Type>, errors: &mut Errors) {
    match written {
        Type::Group(group) => member(&group.elem, out, errors),
        Type::Reference(reference) => {
            let world = &reference.elem;
            let message = "a member is a world, and not a reference to one: take the `&` out";
            errors.at(reference.and_token, message);
            member(world, out, errors);
        }
        Type::Tuple(tuple) => {
            let message = "a member is a world or an array of worlds: take these parentheses out";
            errors.at(tuple, message);
            tuple.elems.iter().for_each(|inner| member(inner, out, errors));
        }
        Type::Slice(slice) => {
            errors.at(slice, ARRAY);
            member(&slice.elem, out, errors);
        }
        world => out.push(world.clone()),
    }
}
