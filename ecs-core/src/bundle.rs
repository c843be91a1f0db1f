//! Several components at once: tuples, and structs with `#[derive(Bundle)]`.

use crate::outbox::TransferMarker;
use crate::schema::{Contains, Mask, Schema};
use crate::text::Text;

/// Components that are inserted or removed together.
///
/// Components themselves, tuples of up to 16 bundles and structs with
/// `#[derive(Bundle)]` are bundles. A component's impl comes from its derive: an
/// impl for all components would keep the compiler from naming, of a tuple, the
/// component that is not in the schema.
///
/// # Safety
/// A value holds nothing but the components of `MASK`, and the marker if `MARKER`, so that it is
/// `Send` if the schema's components are. What is provided is not changed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a bundle of components of the schema `{S}`",
    label = "not a bundle of `{S}`",
    note = "a bundle is a component listed in the schema, a tuple of up to 16 bundles, or a struct with `#[derive(Bundle)]`"
)]
pub unsafe trait Bundle<S: Schema>: Sized + 'static {
    /// How it is taken apart: `Self`, or for a component [`Single`].
    type Form: Form<S, Self>;
    /// The components.
    const MASK: Mask = Self::Form::MASK;
    /// What is in it twice, if anything is.
    const TWICE: Option<Twice> = Self::Form::TWICE;
    /// Whether a [`TransferMarker`] is in it.
    const MARKER: bool = Self::Form::MARKER;

    /// [`Form::write`].
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn write<T: Cells<S>>(self, cells: &mut T) {
        // SAFETY: the caller promises the same.
        unsafe { Self::Form::write(self, cells) }
    }

    /// [`Form::read`].
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn read<T: Cells<S>>(cells: &mut T) -> Self {
        // SAFETY: the caller promises the same.
        unsafe { Self::Form::read(cells) }
    }
}

/// How a bundle `B` is taken apart, and put together.
///
/// # Safety
/// Where `TWICE` is none, `write` writes exactly the components of `MASK`,
/// each once, and the marker if `MARKER`; `read` reads exactly these, each once.
/// Neither panics: a row that is written or read in part would be dropped twice,
/// or not at all.
pub unsafe trait Form<S: Schema, B> {
    /// The components.
    const MASK: Mask;
    /// What is in it twice, if anything is.
    const TWICE: Option<Twice> = None;
    /// Whether a [`TransferMarker`] is in it.
    const MARKER: bool = false;

    /// Moves the components out to their cells.
    ///
    /// # Safety
    /// The cells of `MASK` are valid for writes and hold no value.
    unsafe fn write<T: Cells<S>>(bundle: B, cells: &mut T);

    /// Moves the components in from their cells.
    ///
    /// # Safety
    /// The cells of `MASK` hold values that are not used again; `cells` has a
    /// marker if `MARKER`.
    unsafe fn read<T: Cells<S>>(cells: &mut T) -> B;
}

/// The form of a component. Its code stands here and not in each derive, where the compiler
/// would look at it again with each edit that moves the component to another line.
#[derive(Debug)]
pub struct Single;

// SAFETY: the one cell of the mask is written, or read, once.
unsafe impl<C: 'static, S: Contains<C>> Form<S, C> for Single {
    const MASK: Mask = S::BIT;

    #[inline(always)]
    unsafe fn write<T: Cells<S>>(component: C, cells: &mut T) {
        // SAFETY: the caller promises that the cell is valid.
        unsafe { cells.cell::<C>().write(component) }
    }

    #[inline(always)]
    unsafe fn read<T: Cells<S>>(cells: &mut T) -> C {
        // SAFETY: the caller promises that the cell holds a value, and gives it up.
        unsafe { cells.cell::<C>().read() }
    }
}

/// The places of one entity's components: a row of a table, or of a transfer.
///
/// # Safety
/// `cell` answers a pointer to the component's own place, aligned for it.
pub unsafe trait Cells<S: Schema> {
    /// The place of component `C`.
    fn cell<C: 'static>(&mut self) -> *mut C
    where
        S: Contains<C>;
    /// Takes a marker.
    fn put_marker(&mut self, marker: TransferMarker);
    /// Gives the marker back.
    fn take_marker(&mut self) -> TransferMarker;
}

// SAFETY: it holds no component.
unsafe impl<S: Schema> Bundle<S> for TransferMarker {
    type Form = Self;
}

// SAFETY: the mask is empty, and the marker is put, or taken, once.
unsafe impl<S: Schema> Form<S, Self> for TransferMarker {
    const MASK: Mask = 0;
    const MARKER: bool = true;

    #[inline(always)]
    unsafe fn write<T: Cells<S>>(bundle: Self, cells: &mut T) {
        cells.put_marker(bundle);
    }

    #[inline(always)]
    unsafe fn read<T: Cells<S>>(cells: &mut T) -> Self {
        cells.take_marker()
    }
}

// SAFETY: it holds nothing.
unsafe impl<S: Schema> Bundle<S> for () {
    type Form = Self;
}

// SAFETY: nothing is written or read.
unsafe impl<S: Schema> Form<S, Self> for () {
    const MASK: Mask = 0;

    #[inline(always)]
    unsafe fn write<T: Cells<S>>((): Self, _: &mut T) {}

    #[inline(always)]
    unsafe fn read<T: Cells<S>>(_: &mut T) -> Self {}
}

macro_rules! bundle {
    ($($name:ident)+) => {
        // SAFETY: it holds bundles.
        unsafe impl<S: Schema, $($name: Bundle<S>),+> Bundle<S> for ($($name,)+) {
            type Form = Self;
        }

        // SAFETY: the parts write and read their own cells; where they overlap,
        // `TWICE` says so.
        unsafe impl<S: Schema, $($name: Bundle<S>),+> Form<S, Self> for ($($name,)+) {
            const MASK: Mask = 0 $(| $name::MASK)+;
            const TWICE: Option<Twice> = twice(&[$(part::<S, $name>()),+]);
            const MARKER: bool = false $(| $name::MARKER)+;

            #[inline(always)]
            #[allow(non_snake_case)]
            unsafe fn write<T: Cells<S>>(bundle: Self, cells: &mut T) {
                let ($($name,)+) = bundle;
                // SAFETY: the parts' cells are among those the caller promises.
                unsafe { $($name.write(cells);)+ }
            }

            #[inline(always)]
            unsafe fn read<T: Cells<S>>(cells: &mut T) -> Self {
                // SAFETY: the parts' cells are among those the caller promises.
                unsafe { ($($name::read(cells),)+) }
            }
        }
    };
}
crate::tuples::for_each_tuple!(bundle);

/// What stands in a bundle twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// The component with this index.
    Component(usize),
    /// A marker.
    Marker,
}

/// A part of a bundle: its mask, what is in it twice, whether a marker is.
pub type Part = (Mask, Option<Twice>, bool);

/// The [`Part`] that bundle `B` is of another.
pub const fn part<S: Schema, B: Bundle<S>>() -> Part {
    (B::MASK, B::TWICE, B::MARKER)
}

/// The component, or the marker, that stands in two of the parts.
pub const fn twice(parts: &[Part]) -> Option<Twice> {
    let (mut mask, mut marker) = (0, false);
    let mut index = 0;
    while index < parts.len() {
        let part = parts[index];
        let both: Mask = mask & part.0;
        if part.1.is_some() {
            return part.1;
        } else if both != 0 {
            return Some(Twice::Component(both.trailing_zeros() as usize));
        } else if marker && part.2 {
            return Some(Twice::Marker);
        }
        mask |= part.0;
        marker |= part.2;
        index += 1;
    }
    None
}

/// Fails to compile where a bundle has a component twice.
pub(crate) const fn assert_distinct<S: Schema, B: Bundle<S>>() {
    assert_once::<S>(B::TWICE);
    crate::relation::assert_not_kept::<S>(B::MASK);
}

/// Fails to compile where something is in a bundle twice.
pub(crate) const fn assert_once<S: Schema>(twice: Option<Twice>) {
    match twice {
        None => {}
        Some(Twice::Marker) => panic!("this bundle holds two markers: remove one of the two"),
        Some(Twice::Component(index)) => {
            let text = Text::new()
                .str("this bundle holds component `")
                .str(S::COMPONENTS[index].name)
                .str("` twice: remove one of the two");
            panic!("{}", text.as_str())
        }
    }
}
