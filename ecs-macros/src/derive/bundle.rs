//! The impl of `Bundle`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{parse_quote, parse_quote_spanned};

use super::Bundle;

/// The impls. The promises of `Bundle` and `Form`: the mask is the fields' together, each
/// field writes or reads its own cells once, and where fields overlap
/// `TWICE` says so.
pub(super) fn expand(bundle: &Bundle) -> TokenStream {
    let Bundle { root, ident, generics, fields } = bundle;
    let support = root.support();
    let all = fields.as_deref().unwrap_or_default();
    let members: Vec<_> = all.iter().map(|(member, _)| member).collect();
    let types: Vec<_> = all.iter().map(|(_, ty)| ty).collect();
    let (_, arguments, _) = generics.split_for_impl();

    let mut extended = generics.clone();
    // Of the user's, or the compiler speaks of the derive where a bound is not met.
    let span = ident.span();
    let of_user = root.support_of(span);
    extended.params.push(parse_quote_spanned!(span=> __S: #of_user::Schema));
    let owned = generics.type_params().map(|param| &param.ident);
    let bounds = &mut extended.make_where_clause().predicates;
    bounds.extend(owned.map(|param| -> syn::WherePredicate { parse_quote!(#param: 'static) }));
    bounds.extend(types.iter().map(|ty| -> syn::WherePredicate {
        let span = ty.span();
        let of_user = root.support_of(span);
        parse_quote_spanned!(span=> #ty: #of_user::Bundle<__S>)
    }));
    let (params, _, bounds) = extended.split_for_impl();

    let read = match fields {
        Some(_) => quote!(Self { #(#members: <#types as #support::Bundle<__S>>::read(cells)),* }),
        None => quote!(loop {}),
    };
    let bundle = quote_spanned!(span=> #of_user::Bundle<__S>);
    quote! {
        #[automatically_derived]
        unsafe impl #params #bundle for #ident #arguments #bounds {
            type Form = Self;
        }

        #[automatically_derived]
        unsafe impl #params #support::Form<__S, Self> for #ident #arguments #bounds {
            const MASK: #support::Mask = 0 #(| <#types as #support::Bundle<__S>>::MASK)*;
            const TWICE: #support::core::option::Option<#support::Twice> =
                #support::twice(&[#(#support::part::<__S, #types>()),*]);
            const MARKER: #support::core::primitive::bool =
                false #(|| <#types as #support::Bundle<__S>>::MARKER)*;

            #[inline(always)]
            unsafe fn write<__T: #support::Cells<__S>>(bundle: Self, cells: &mut __T) {
                unsafe { #(<#types as #support::Bundle<__S>>::write(bundle.#members, cells);)* }
            }

            #[inline(always)]
            unsafe fn read<__T: #support::Cells<__S>>(cells: &mut __T) -> Self {
                unsafe { #read }
            }
        }
    }
}
