//! Comma-separated lists in which one bad entry does not hide the others.

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Lit, Token};

use crate::errors::Errors;
use crate::value::expression;

/// Parses entries until the end; after a mistake goes on at the next comma, where a comma is
/// missing at once. Of an entry that can't be read, and has told of a mistake already, nothing
/// more is told.
pub(crate) fn entries(
    input: ParseStream<'_>,
    errors: &mut Errors,
    mut entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let mut told = errors.count();
    // Whether a comma was missing at the entry, and whether one has been a semicolon.
    let (mut without_comma, mut semicolons) = (false, false);
    while !input.is_empty() {
        let start = input.cursor();
        match entry(input, errors) {
            Ok(()) if input.is_empty() || input.peek(Token![,]) => {}
            Ok(()) => {
                let semicolon = input.peek(Token![;]);
                if errors.count() == told && !(semicolon && semicolons) {
                    errors.push(input.error("expected `,` here"));
                }
                told = errors.count();
                input.parse::<Option<Token![;]>>().ok();
                (without_comma, semicolons) = (!semicolon, semicolons | semicolon);
                continue;
            }
            Err(error) => {
                // What is no entry at all was told of where the comma was missed.
                let no_entry = without_comma && input.cursor() == start;
                if errors.count() == told && !no_entry {
                    errors.push(error);
                }
                skip(input);
            }
        }
        told = errors.count();
        without_comma = false;
        let _ = input.parse::<Token![,]>();
    }
}

/// Parses the entries of a group in parentheses, after its name.
pub(crate) fn group(
    name: &Ident,
    input: ParseStream<'_>,
    errors: &mut Errors,
    mut entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) -> syn::Result<()> {
    if input.peek(syn::token::Paren) {
        return parenthesized(input, errors, entry);
    }
    let name = name.unraw();
    let message = format!("`{name}` has parentheses: write `{name}(..)`");
    errors.at(&name, message);
    // Probably meant: `name = [A, B]`, or `name = A`.
    input.parse::<Option<Token![=]>>()?;
    if input.peek(syn::token::Paren) {
        return parenthesized(input, errors, entry);
    }
    if input.peek(syn::token::Bracket) {
        let content;
        syn::bracketed!(content in input);
        entries(&content, errors, entry);
    } else if input.peek(Lit) {
        // Of what setting it is the value, is not known.
        input.parse::<Lit>()?;
    } else if !input.is_empty() && !input.peek(Token![,]) {
        entry(input, errors)?;
    }
    Ok(())
}

/// Parses the entries of parentheses, which are next.
pub(crate) fn parenthesized(
    input: ParseStream<'_>,
    errors: &mut Errors,
    entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) -> syn::Result<()> {
    let content;
    syn::parenthesized!(content in input);
    entries(&content, errors, entry);
    Ok(())
}

/// Parses the entries of a whole input.
pub(crate) fn all(
    tokens: proc_macro2::TokenStream,
    errors: &mut Errors,
    entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let result = Parser::parse2(
        |input: ParseStream<'_>| {
            entries(input, errors, entry);
            Ok(())
        },
        tokens,
    );
    // Parentheses that were left where a value in them could not be read: that has been told.
    if errors.count() == 0 {
        errors.take(result);
    }
}

/// Skips to the next comma; a value after `=` is skipped as a whole, as it may
/// have commas of its own.
fn skip(input: ParseStream<'_>) {
    use syn::parse::discouraged::Speculative;

    while !input.is_empty() && !input.peek(Token![,]) {
        let fork = input.fork();
        if fork.parse::<Token![=]>().is_ok() && !fork.is_empty() && expression(&fork).is_ok() {
            input.advance_to(&fork);
        } else {
            let _ = input.parse::<TokenTree>();
        }
    }
}
