//! `coordinator!`: a set of worlds as a type, and its checks.

mod check;
mod expand;
mod parse;

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Ident, Token, Type, Visibility};

use crate::errors::Errors;
use crate::root::Root;

/// A coordinator as declared.
struct Coordinator {
    root: Root,
    attrs: Vec<Attribute>,
    vis: Visibility,
    type_token: Token![type],
    ident: Ident,
    /// The tuple or array as written.
    worlds: Type,
    /// Where it stands.
    span: Span,
    /// The tuple's members, or the array alone.
    members: Vec<Type>,
    /// Whether a member is not as it was written.
    mistaken: bool,
}

/// Expands `coordinator!(input)`.
pub(crate) fn coordinator(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let tokens = errors
        .take(parse::declaration(input))
        .and_then(|declaration| check::coordinator(declaration, &mut errors))
        .map(|coordinator| expand::coordinator(&coordinator));
    let mut out = errors.into_tokens();
    out.extend(tokens);
    out
}
