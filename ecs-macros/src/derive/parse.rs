//! The item under a derive, and the attribute that names the crate.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{DeriveInput, Ident};

use crate::errors::{Errors, doubled, unknown};
use crate::list;
use crate::root::Root;

/// The item as written.
pub(super) struct Input {
    pub(super) root: Root,
    pub(super) item: DeriveInput,
}

/// Parses the item and its `#[attribute(crate = path)]`.
pub(super) fn input(tokens: TokenStream, attribute: &str, errors: &mut Errors) -> Option<Input> {
    let item: DeriveInput = errors.take(syn::parse2(tokens))?;
    let mut root = Root::default();
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
            list::entries(input, errors, |input, _| {
                let name = input.call(Ident::parse_any)?;
                if name != "crate" {
                    return Err(unknown("argument", &name, &["crate"]));
                }
                let path = Root::parse_value(input)?;
                if root.0.replace(path).is_some() {
                    return Err(doubled(&name));
                }
                Ok(())
            });
            Ok(())
        });
        errors.take(parsed);
    }
    Some(Input { root, item })
}
