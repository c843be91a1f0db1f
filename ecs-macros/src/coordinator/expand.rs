//! The type, and a constant that holds its checks.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::Coordinator;

/// The type alias, and constants that check it, each at the user's token: a fault of one member
/// stands at that member. All rules are looked at once.
pub(super) fn coordinator(coordinator: &Coordinator) -> TokenStream {
    let Coordinator { root, attrs, vis, type_token, ident, worlds, span, members, mistaken } =
        coordinator;
    let support = root.support();
    let doc = (!attrs.iter().any(|attr| attr.path().is_ident("doc")))
        .then(|| quote!(#[doc = "The worlds of a coordinator."]));
    if *mistaken {
        return quote!(#doc #(#attrs)* #vis type #ident = #support::WorldCoordinator<(#(#members,)*)>;);
    }
    let end = quote_spanned!(*span=> ;);
    let groups = members.iter().map(|member| {
        let span = member.span().resolved_at(Span::mixed_site());
        let support = root.support_at(span);
        // Named in the same way as above, so that the compiler tells once what it does not know.
        let mut alias = ident.clone();
        alias.set_span(span.resolved_at(ident.span()));
        let group = quote_spanned!(span=> <#alias as #support::Member>::GROUP);
        quote!({ type #ident = #support::Same<#member>; #group })
    });
    let of_members = members.iter().enumerate().map(|(index, member)| {
        let span = member.span().resolved_at(Span::mixed_site());
        let check = quote_spanned!(span=> __VERDICT.of_member(#index));
        quote!(const _: () = #check;)
    });
    let span = span.resolved_at(Span::mixed_site());
    let of_several = quote_spanned!(span=> __VERDICT.of_several());
    quote! {
        #doc
        #(#attrs)*
        #vis #type_token #ident = #support::WorldCoordinator<#worlds> #end
        const _: () = {
            const __VERDICT: #support::Verdict = #support::Verdict::new(&[#(#groups),*]);
            #(#of_members)*
            const _: () = #of_several;
        };
    }
}
