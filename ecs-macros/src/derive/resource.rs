//! The impl of `Resource`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

use super::{Resource, bounded};

/// The impl; type parameters are bound to own their data. The promise of `Resource`: the
/// name is a constant.
pub(super) fn expand(resource: &Resource) -> TokenStream {
    let Resource { root, ident, generics } = resource;
    let support = root.support();
    let generics = bounded(generics, &quote!(#support::core::marker::Send + 'static));
    let (params, arguments, bounds) = generics.split_for_impl();
    let name = ident.unraw().to_string();
    quote! {
        #[automatically_derived]
        unsafe impl #params #support::Resource for #ident #arguments #bounds {
            const NAME: &'static #support::core::primitive::str =
                #support::core::concat!(#support::core::module_path!(), "::", #name);
        }
    }
}
