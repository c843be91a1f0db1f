//! The type, and a constant that holds its checks.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::Coordinator;

/// The type alias and the constant, at the user's tokens: an error of the
/// constant shows the worlds.
pub(super) fn coordinator(coordinator: &Coordinator) -> TokenStream {
    let Coordinator { root, attrs, vis, ident, worlds, span, members } = coordinator;
    let support = root.support();
    let doc = (!attrs.iter().any(|attr| attr.path().is_ident("doc")))
        .then(|| quote!(#[doc = "The worlds of a coordinator."]));
    let groups = members.iter().map(|member| {
        let span = member.span().resolved_at(Span::mixed_site());
        let support = root.support_at(span);
        quote_spanned!(span=> <#member as #support::Member>::GROUP)
    });
    let span = span.resolved_at(Span::mixed_site());
    let support_here = root.support_at(span);
    let check = quote_spanned!(span=> #support_here::check(&[#(#groups),*]));
    quote! {
        #doc
        #(#attrs)*
        #vis type #ident = #support::WorldCoordinator<#worlds>;
        const _: () = #check;
    }
}
