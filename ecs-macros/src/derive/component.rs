//! The impls of `Component` and `Bundle` for a component.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse_quote_spanned;
use syn::spanned::Spanned;

use super::{Component, Relation, bounded};

/// The impls; type parameters are bound to own their data. The promise of
/// `Bundle`: a component is no more than itself.
pub(super) fn expand(component: &Component) -> TokenStream {
    let Component { root, ident, generics, sparse, version, observe, track, relation } = component;
    let support = root.support();
    let generics = bounded(generics, &quote!('static));
    let mut extended = generics.clone();
    // Of the user's, or the compiler speaks of the derive where a bound is not met.
    let span = ident.span();
    let of_user = root.support_of(span);
    extended.params.push(parse_quote_spanned!(span=> __S: #of_user::Contains<Self>));
    let (params, arguments, bounds) = generics.split_for_impl();
    let (bundle_params, _, bundle_bounds) = extended.split_for_impl();
    let bundle = quote_spanned!(span=> #of_user::Bundle<__S>);
    let storage =
        sparse.then(|| quote!(const STORAGE: #support::Storage = #support::Storage::Sparse;));
    let version = version
        .as_ref()
        .map(|version| quote!(const VERSION: #support::core::primitive::u32 = #version;));
    let observe = observe.then(|| quote!(const OBSERVE: #support::core::primitive::bool = true;));
    let track = track.then(|| quote!(const TRACK: #support::core::primitive::bool = true;));
    let is_relation =
        relation.as_ref().map(|_| quote!(const RELATION: #support::core::primitive::bool = true;));
    let relation = relation.as_ref().map(|relation| {
        let Relation { target, cascade } = relation;
        let (to, of) = match target {
            Some((member, ty)) => {
                // At the user's token, where the compiler finds that it is no id.
                let span = ty.span().resolved_at(Span::mixed_site());
                let support_here = root.support_at(span);
                let as_target = quote_spanned!(span=> <#ty as #support_here::RelationTarget>);
                (
                    quote!(Self { #member: #as_target::of(target) }),
                    quote!(#as_target::id(self.#member)),
                )
            }
            None => (quote!(loop {}), quote!(loop {})),
        };
        quote! {
            #[automatically_derived]
            unsafe impl #params #support::Relation for #ident #arguments #bounds {
                const CASCADE: #support::core::primitive::bool = #cascade;

                fn to(target: #support::Entity) -> Self {
                    #to
                }

                fn target(&self) -> #support::Entity {
                    #of
                }
            }
        }
    });
    quote! {
        #relation

        #[automatically_derived]
        impl #params #support::Component for #ident #arguments #bounds {
            #storage
            #version
            #observe
            #is_relation
            #track
        }

        #[automatically_derived]
        unsafe impl #bundle_params #bundle for #ident #arguments #bundle_bounds {
            type Form = #support::Single;
        }
    }
}
