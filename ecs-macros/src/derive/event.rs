//! The impl of `Event`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use super::Event;

/// The impl; type parameters are bound to own data that may go to another thread.
pub(super) fn expand(event: &Event) -> TokenStream {
    let Event { root, ident, generics } = event;
    let support = root.support();
    let mut generics = generics.clone();
    let owned: Vec<syn::WherePredicate> = generics
        .type_params()
        .map(|param| &param.ident)
        .map(|param| parse_quote!(#param: #support::core::marker::Send + 'static))
        .collect();
    generics.make_where_clause().predicates.extend(owned);
    let (params, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params #support::Event for #ident #arguments #bounds {}
    }
}
