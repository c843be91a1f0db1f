//! The crate that generated code names.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;
use syn::{Path, Token};

/// Where `__support` is: the path of `crate = path`, else the facade.
#[derive(Clone, Default)]
pub(crate) struct Root(pub(crate) Option<Path>);

impl Root {
    /// Parses `= path`, after `crate`.
    pub(crate) fn parse_value(input: ParseStream<'_>) -> syn::Result<Path> {
        input.parse::<Token![=]>()?;
        input.call(Path::parse_mod_style)
    }

    /// The path of `__support`.
    pub(crate) fn support(&self) -> TokenStream {
        let span = Span::mixed_site();
        match &self.0 {
            Some(path) => quote_spanned!(span=> #path::__support),
            None => quote_spanned!(span=> ::static_ecs::__support),
        }
    }
}
