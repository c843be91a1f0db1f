//! `crate = path; #[attributes] pub type Name = Worlds`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Generics, Ident, Token, Type, Visibility};

use crate::root::Root;

/// What to write.
pub(super) const WORLDS: &str =
    "a coordinator is a tuple or an array of worlds: write `(Accept, Io)` or `[Zone; 16]`";

/// What to write for several like worlds.
pub(super) const ARRAY: &str = "an array of worlds has a length: write `[World; 4]`";

/// The declaration as written.
pub(super) struct Declaration {
    pub(super) root: Root,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) type_token: Token![type],
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) worlds: Type,
}

/// Parses the input; a semicolon at its end may be left out.
pub(super) fn declaration(tokens: TokenStream) -> syn::Result<Declaration> {
    let parser = |input: ParseStream<'_>| {
        let mut root = Root::default();
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            let name = input.call(Ident::parse_any)?;
            root = Root(Some(Root::parse_value(&name, input)?));
            input.parse::<Token![;]>()?;
        }
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let message = "a coordinator is declared as a type: write `type Server = (Accept, Io)`";
        if !input.peek(Token![type]) {
            return Err(syn::Error::new(input.span(), message));
        }
        let type_token: Token![type] = input.parse()?;
        let Ok(ident) = input.parse::<Ident>() else {
            return Err(syn::Error::new(type_token.span, message));
        };
        let generics = input.parse()?;
        if !input.peek(Token![=]) {
            return Err(syn::Error::new(ident.span(), message));
        }
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![;]) {
            return Err(syn::Error::new(ident.span(), WORLDS));
        }
        if let Ok(group) = input.fork().parse::<Group>() {
            if is_no_array(&group) {
                return Err(syn::Error::new(group.span(), WORLDS));
            }
            for token in group.stream() {
                if let TokenTree::Group(member) = token
                    && is_no_array(&member)
                {
                    return Err(syn::Error::new(member.span(), ARRAY));
                }
            }
        }
        let worlds = input.parse()?;
        input.parse::<Option<Token![;]>>()?;
        Ok(Declaration { root, attrs, vis, type_token, ident, generics, worlds })
    };
    Parser::parse2(parser, tokens)
}

/// Whether it is in brackets and can't be read.
fn is_no_array(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket && syn::parse2::<Type>(group.to_token_stream()).is_err()
}
