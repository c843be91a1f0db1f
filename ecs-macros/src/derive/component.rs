//! The impl of `Component`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use super::Component;

/// The impl; type parameters are bound to own their data.
pub(super) fn expand(component: &Component) -> TokenStream {
    let Component { root, ident, generics } = component;
    let support = root.support();
    let mut generics = generics.clone();
    let params: Vec<_> = generics.type_params().map(|param| param.ident.clone()).collect();
    if !params.is_empty() {
        let bounds =
            params.iter().map(|param| -> syn::WherePredicate { parse_quote!(#param: 'static) });
        generics.make_where_clause().predicates.extend(bounds);
    }
    let (params, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params #support::Component for #ident #arguments #bounds {}
    }
}
