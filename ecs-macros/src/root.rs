//! The crate that generated code names.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Ident, Path};

use crate::value::equals;

/// Where `__support` is: the path of `crate = path`, else the facade.
#[derive(Clone, Default)]
pub(crate) struct Root(pub(crate) Option<Path>);

impl Root {
    /// Parses `= path`, after the word `crate`.
    pub(crate) fn parse_value(name: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
        equals(name, input)?;
        input.call(Path::parse_mod_style)
    }

    /// An import to begin a block with, and the root to name in that block: of a path that leads
    /// nowhere the compiler tells at the import alone.
    pub(crate) fn imported(&self) -> (TokenStream, Self) {
        let Some(path) = &self.0 else { return (TokenStream::new(), self.clone()) };
        let span = path.span().resolved_at(Span::mixed_site());
        let name = Ident::new("__crate", Span::mixed_site());
        let import = Ident::new("__crate", span);
        (quote_spanned!(span=> use #path as #import;), Self(Some(name.into())))
    }

    /// The path of `__support`.
    pub(crate) fn support(&self) -> TokenStream {
        self.support_at(Span::mixed_site())
    }

    /// The path of `__support`, as if the user had written it there: of what is at a derive's
    /// own place, the compiler speaks of the derive.
    pub(crate) fn support_of(&self, user: Span) -> TokenStream {
        let Some(path) = &self.0 else {
            return quote_spanned!(user=> ::static_ecs::__support);
        };
        let path = path.to_token_stream().into_iter().map(|mut token| {
            token.set_span(user.resolved_at(token.span()));
            token
        });
        quote_spanned!(user=> #(#path)*::__support)
    }

    /// The path of `__support`, at a place where an error is to be shown.
    pub(crate) fn support_at(&self, span: Span) -> TokenStream {
        self.support_of(span.resolved_at(Span::mixed_site()))
    }
}
