//! The impl of `Resource`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse_quote;

use super::Resource;

/// The impl; type parameters are bound to own their data. The promise of `Resource`: the
/// name is a constant.
pub(super) fn expand(resource: &Resource) -> TokenStream {
    let Resource { root, ident, generics } = resource;
    let support = root.support();
    let mut generics = generics.clone();
    let owned: Vec<syn::WherePredicate> = generics
        .type_params()
        .map(|param| &param.ident)
        .map(|param| parse_quote!(#param: #support::core::marker::Send + 'static))
        .collect();
    generics.make_where_clause().predicates.extend(owned);
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
