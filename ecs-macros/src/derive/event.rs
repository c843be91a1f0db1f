//! The impl of `Event`.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Event, bounded};

/// The impl; type parameters are bound to own data that may go to another thread.
pub(super) fn expand(event: &Event) -> TokenStream {
    let Event { root, ident, generics } = event;
    let support = root.support();
    let generics = bounded(generics, &quote!(#support::core::marker::Send + 'static));
    let (params, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params #support::Event for #ident #arguments #bounds {}
    }
}
