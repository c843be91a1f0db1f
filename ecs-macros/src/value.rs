//! Values of settings, which are handed on as they are.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Expr, Token};

/// Parses `= value`.
pub(crate) fn assigned(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse::<Token![=]>()?;
    expression(input)
}

/// Parses an expression. One that `syn` reads only with its costly feature `full`, such as a
/// `match`, is taken up to the next comma: the compiler says what is wrong in it.
pub(crate) fn expression(input: ParseStream<'_>) -> syn::Result<Expr> {
    if input.is_empty() || input.peek(Token![,]) {
        return Err(input.error("expected a value here"));
    }
    let fork = input.fork();
    if let Ok(value) = fork.parse() {
        input.advance_to(&fork);
        return Ok(value);
    }
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(Expr::Verbatim(tokens))
}
