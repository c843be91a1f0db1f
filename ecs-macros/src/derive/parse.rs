//! The item under a derive, and its attribute.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{DeriveInput, Expr, Ident};

use crate::errors::{Errors, doubled, known};
use crate::list;
use crate::root::Root;
use crate::value::{assigned, equals, no_value};

/// The item as written.
pub(super) struct Input {
    pub(super) root: Root,
    pub(super) item: DeriveInput,
    /// What `storage` is set to.
    pub(super) storage: Option<Expr>,
    /// What `version` is set to.
    pub(super) version: Option<Expr>,
    /// What stands behind `relation`.
    pub(super) relation: Option<Relation>,
    /// Which of [`FLAGS`] are set.
    flags: Vec<Ident>,
}

/// `relation`, or `relation(on_despawn = ...)`.
#[derive(Default)]
pub(super) struct Relation {
    /// Whether sources end with their target.
    pub(super) cascade: bool,
}

/// Arguments without a value.
const FLAGS: [&str; 2] = ["observe", "track"];

impl Input {
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|set| set == flag)
    }
}

/// Parses the item and its `#[attribute(...)]`, which takes these arguments:
/// `crate = path`, `storage = "..."`, `version = number`, [`Relation`], and [`FLAGS`].
pub(super) fn input(
    tokens: TokenStream,
    attribute: &str,
    arguments: &[&str],
    errors: &mut Errors,
) -> Option<Input> {
    let item: DeriveInput = errors.take(syn::parse2(tokens))?;
    let mut root = Root::default();
    let (mut storage, mut version, mut flags) = (None, None, Vec::new());
    let mut relation_set = None;
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
            list::entries(input, errors, |input, errors| {
                let name = known("argument", arguments, input, errors)?;
                let before = if name == "crate" {
                    root.0.replace(Root::parse_value(&name, input)?).is_some()
                } else if name == "relation" {
                    relation_set.replace(relation(input, errors)?).is_some()
                } else if FLAGS.iter().any(|flag| name == flag) {
                    let before = flags.contains(&name);
                    flags.push(name.clone());
                    no_value(&name, input)?;
                    before
                } else {
                    let value = if name == "storage" { &mut storage } else { &mut version };
                    value.replace(assigned(&name, input)?).is_some()
                };
                if before { Err(doubled(&name)) } else { Ok(()) }
            });
            Ok(())
        });
        errors.take(parsed);
    }
    Some(Input { root, item, storage, version, relation: relation_set, flags })
}

/// What stands behind `relation`.
fn relation(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Relation> {
    let mut cascade = None;
    if input.peek(syn::token::Paren) {
        list::parenthesized(input, errors, |input, errors| {
            let kind = "setting of a relation";
            let name = known(kind, &["on_despawn"], input, errors)?;
            equals(&name, input)?;
            let (kind, values) = ("value of `on_despawn`", ["detach", "cascade"]);
            let value = known(kind, &values, input, errors)?;
            match cascade.replace(value == "cascade") {
                Some(_) => Err(doubled(&name)),
                None => Ok(()),
            }
        })?;
    }
    Ok(Relation { cascade: cascade.unwrap_or_default() })
}
