//! `crate = path; #[attributes] pub type Name = Worlds`.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Generics, Ident, Token, Type, Visibility};

use crate::root::Root;

/// The declaration as written.
pub(super) struct Declaration {
    pub(super) root: Root,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) worlds: Type,
}

/// Parses the input; a semicolon at its end may be left out.
pub(super) fn declaration(tokens: TokenStream) -> syn::Result<Declaration> {
    let parser = |input: ParseStream<'_>| {
        let mut root = Root::default();
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            root = Root(Some(Root::parse_value(input)?));
            input.parse::<Token![;]>()?;
        }
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !input.peek(Token![type]) {
            let message = "a coordinator is declared as a type: write `type Server = (Accept, Io)`";
            return Err(input.error(message));
        }
        input.parse::<Token![type]>()?;
        let ident = input.parse()?;
        let generics = input.parse()?;
        input.parse::<Token![=]>()?;
        let worlds = input.parse()?;
        input.parse::<Option<Token![;]>>()?;
        Ok(Declaration { root, attrs, vis, ident, generics, worlds })
    };
    Parser::parse2(parser, tokens)
}
