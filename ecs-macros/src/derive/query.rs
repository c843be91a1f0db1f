//! The impl of `QueryData`.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    GenericArgument, GenericParam, Index, Lifetime, WherePredicate, parse_quote,
    parse_quote_spanned,
};

use super::{Form, Query};

/// The impl. The promises of `QueryData`: each field's query touches its own
/// components, `ACCESS` has them all and says where they conflict.
///
/// A field that borrows a component is bound by `Contains`, not by `QueryData`: a
/// bound `&'w C: QueryData<S>` would hide what its `Item` is.
pub(super) fn expand(query: &Query) -> TokenStream {
    let Query { root, ident, generics, fields, .. } = query;
    let support = root.support();
    let all = fields.as_deref().unwrap_or_default();
    let members: Vec<_> = all.iter().map(|field| &field.member).collect();
    let types: Vec<_> = all.iter().map(|field| &field.ty).collect();
    let places: Vec<_> = (0..all.len()).map(Index::from).collect();
    let (_, arguments, _) = generics.split_for_impl();
    let item = item(query);
    let made = match fields {
        Some(_) => quote! {
            #ident { #(
                #members: <#types as #support::QueryData<__S>>::item(fetch.#places, row),
            )* }
        },
        None => quote!(loop {}),
    };

    let mut extended = generics.clone();
    // Of the user's, or the compiler speaks of the derive where a bound is not met.
    let span = ident.span();
    let of_user = root.support_of(span);
    extended.params.push(parse_quote_spanned!(span=> __S: #of_user::Schema));
    extended.make_where_clause().predicates.extend(bounds(query));
    let read_only = read_only(query, &support, extended.clone());
    let (params, _, bounds) = extended.split_for_impl();

    let query_data = quote_spanned!(span=> #of_user::QueryData<__S>);
    quote! {
        #[automatically_derived]
        unsafe impl #params #query_data for #ident #arguments #bounds {
            type Item<'__item> = #item;
            type Slices<'__item> = (#(<#types as #support::QueryData<__S>>::Slices<'__item>,)*);
            type Fetch = (#(<#types as #support::QueryData<__S>>::Fetch,)*);
            const ACCESS: #support::Access = #support::Access::NONE
                #(.and(<#types as #support::QueryData<__S>>::ACCESS))*;

            #[inline(always)]
            unsafe fn fetch(table: &#support::Table, ticks: #support::Ticks) -> Self::Fetch {
                unsafe { (#(<#types as #support::QueryData<__S>>::fetch(table, ticks),)*) }
            }

            #[inline(always)]
            unsafe fn present(
                fetch: Self::Fetch,
                word: #support::core::primitive::usize,
            ) -> #support::core::primitive::u64 {
                unsafe {
                    !0 #(& <#types as #support::QueryData<__S>>::present(fetch.#places, word))*
                }
            }

            #[inline(always)]
            unsafe fn item<'__item>(
                fetch: Self::Fetch,
                row: #support::core::primitive::usize,
            ) -> Self::Item<'__item> {
                unsafe {
                    #made
                }
            }

            #[inline(always)]
            unsafe fn slices<'__item>(
                fetch: Self::Fetch,
                len: #support::core::primitive::usize,
            ) -> Self::Slices<'__item> {
                unsafe { (#(<#types as #support::QueryData<__S>>::slices(fetch.#places, len),)*) }
            }
        }
        #read_only
    }
}

/// The struct itself, for the lifetime `'__item`.
fn item(query: &Query) -> TokenStream {
    let ident = &query.ident;
    let arguments = query.generics.params.iter().map(|param| -> GenericArgument {
        match param {
            GenericParam::Lifetime(_) => parse_quote!('__item),
            GenericParam::Type(param) => {
                let param = &param.ident;
                parse_quote!(#param)
            }
            GenericParam::Const(param) => {
                let param = &param.ident;
                parse_quote!(#param)
            }
        }
    });
    quote!(#ident<#(#arguments),*>)
}

/// What the fields need of the schema.
fn bounds(query: &Query) -> Vec<WherePredicate> {
    let bound = |field: &super::QueryField| -> WherePredicate {
        let ty = &field.ty;
        let span = ty.span();
        let support = query.root.support_of(span);
        match &field.form {
            Form::Read(component) | Form::Write(component) => {
                parse_quote_spanned!(span=> __S: #support::Contains<#component>)
            }
            Form::Nested => {
                let item = with_lifetime(ty.to_token_stream(), query.lifetime.as_ref());
                parse_quote_spanned!(span=> for<'__item> #ty: #support::QueryData<__S, Item<'__item> = #item>)
            }
        }
    };
    query.fields.iter().flatten().map(bound).collect()
}

/// The impl of `ReadOnlyQueryData` for a query that writes nothing by itself.
fn read_only(
    query: &Query,
    support: &TokenStream,
    mut generics: syn::Generics,
) -> Option<TokenStream> {
    if query.fields.iter().flatten().any(|field| matches!(field.form, Form::Write(_))) {
        return None;
    }
    let nested = query.fields.iter().flatten().filter(|field| matches!(field.form, Form::Nested));
    let nested = nested.map(|field| -> WherePredicate {
        let ty = &field.ty;
        parse_quote!(#ty: #support::ReadOnlyQueryData<__S>)
    });
    generics.make_where_clause().predicates.extend(nested);
    let ident = &query.ident;
    let (_, arguments, _) = query.generics.split_for_impl();
    let (params, _, bounds) = generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        unsafe impl #params #support::ReadOnlyQueryData<__S> for #ident #arguments #bounds {}
    })
}

/// The tokens with `'__item` in place of `lifetime`.
fn with_lifetime(tokens: TokenStream, lifetime: Option<&Lifetime>) -> TokenStream {
    let Some(lifetime) = lifetime else { return tokens };
    let mut after_quote = false;
    let replace = |token: TokenTree| {
        let named = after_quote;
        after_quote = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        match token {
            TokenTree::Ident(ident) if named && ident == lifetime.ident => {
                Ident::new("__item", Span::mixed_site()).into()
            }
            TokenTree::Group(group) => {
                let stream = with_lifetime(group.stream(), Some(lifetime));
                let mut replaced = Group::new(group.delimiter(), stream);
                replaced.set_span(group.span());
                replaced.into()
            }
            other => other,
        }
    };
    tokens.into_iter().map(replace).collect()
}
