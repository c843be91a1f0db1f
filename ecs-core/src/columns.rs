//! Whole columns of components, to make many entities at once.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::component::Component;
use crate::error::Refusal;
use crate::schema::{Contains, Mask, Schema};
use crate::table::Table;
use crate::text::Text;

/// A column of values that can be moved into a table.
///
/// # Safety
/// `move_to` writes as many values as `rows` answered before, and does not panic.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no column of components",
    label = "not a column",
    note = "a column is a `Vec<C>`, `Box<[C]>` or `[C; N]`, or a `&[C]` whose `C` is `Copy`"
)]
pub unsafe trait Column {
    /// The component.
    type Component: Component;

    /// How many values.
    fn rows(&self) -> usize;

    /// Moves all values to consecutive places.
    ///
    /// # Safety
    /// There is room for as many values at `target`, apart from these.
    unsafe fn move_to(self, target: *mut Self::Component);
}

// SAFETY: writes `len` values, which the vector forgets.
unsafe impl<C: Component> Column for Vec<C> {
    type Component = C;

    fn rows(&self) -> usize {
        self.len()
    }

    unsafe fn move_to(mut self, target: *mut C) {
        // SAFETY: the caller promises room; the values are the target's from now on.
        unsafe {
            target.copy_from_nonoverlapping(self.as_ptr(), self.len());
            self.set_len(0);
        }
    }
}

// SAFETY: as the vector that it becomes.
unsafe impl<C: Component> Column for Box<[C]> {
    type Component = C;

    fn rows(&self) -> usize {
        self.len()
    }

    unsafe fn move_to(self, target: *mut C) {
        // SAFETY: the caller promises the same.
        unsafe { self.into_vec().move_to(target) }
    }
}

// SAFETY: writes `N` values, which the array gives up.
unsafe impl<C: Component, const N: usize> Column for [C; N] {
    type Component = C;

    fn rows(&self) -> usize {
        N
    }

    unsafe fn move_to(self, target: *mut C) {
        // SAFETY: the caller promises room.
        unsafe { target.cast::<[C; N]>().write(self) }
    }
}

// SAFETY: writes `len` values, copies.
unsafe impl<C: Component + Copy> Column for &[C] {
    type Component = C;

    fn rows(&self) -> usize {
        self.len()
    }

    unsafe fn move_to(self, target: *mut C) {
        // SAFETY: the caller promises room; the values are `Copy`.
        unsafe { target.copy_from_nonoverlapping(self.as_ptr(), self.len()) }
    }
}

/// Columns of one length, a value of each for every new entity: tuples of up to
/// 16 of `Vec<C>`, `Box<[C]>`, `[C; N]` and, of `Copy` components, `&[C]`.
///
/// # Safety
/// Where `rows` answers `Ok(n)` and `TWICE` is empty, `move_to` writes `n`
/// values of exactly the components of `MASK`, and does not panic.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of columns over the schema `{S}`",
    label = "not columns",
    note = "write a tuple of up to 16 columns, such as `(positions,)`; a column is a `Vec<C>`, `Box<[C]>` or `[C; N]`, or a `&[C]` whose `C` is `Copy`"
)]
pub unsafe trait Columns<S: Schema> {
    /// The components.
    const MASK: Mask;
    /// The components that are in it twice.
    const TWICE: Mask;

    /// How many rows each column has.
    ///
    /// # Errors
    /// If they differ.
    fn rows(&self) -> Result<usize, Refusal>;

    /// Moves all columns to rows of the table from `first` on.
    ///
    /// # Safety
    /// `rows` answered `Ok`; the table has these components, and room for as many
    /// rows from `first` on, which hold nothing.
    unsafe fn move_to(self, table: &Table, first: usize);
}

macro_rules! columns {
    ($head:ident $($name:ident)*) => {
        // SAFETY: each column writes its own component; `rows` is that of each.
        unsafe impl<S, $head: Column, $($name: Column),*> Columns<S> for ($head, $($name,)*)
        where
            S: Contains<$head::Component> $(+ Contains<$name::Component>)*
        {
            const MASK: Mask = <S as Contains<$head::Component>>::BIT
                $(| <S as Contains<$name::Component>>::BIT)*;
            const TWICE: Mask = {
                let parts = [
                    <S as Contains<$head::Component>>::BIT,
                    $(<S as Contains<$name::Component>>::BIT),*
                ];
                let (mut mask, mut twice, mut index) = (0, 0, 0);
                while index < parts.len() {
                    twice |= mask & parts[index];
                    mask |= parts[index];
                    index += 1;
                }
                twice
            };

            #[allow(non_snake_case)]
            fn rows(&self) -> Result<usize, Refusal> {
                let ($head, $($name,)*) = self;
                let first = $head.rows();
                $(
                    let other = $name.rows();
                    if other != first {
                        return Err(Refusal::UnequalColumns { first, other });
                    }
                )*
                Ok(first)
            }

            #[allow(non_snake_case)]
            unsafe fn move_to(self, table: &Table, first: usize) {
                debug_assert!(
                    Columns::<S>::rows(&self)
                        .is_ok_and(|rows| rows <= table.capacity() - first)
                );
                let ($head, $($name,)*) = self;
                let index = <S as Contains<$head::Component>>::INDEX;
                let column = table.column(index).cast::<$head::Component>();
                // SAFETY: the table has room for the rows, which nobody else uses.
                unsafe { $head.move_to(column.add(first)) };
                $(
                    let index = <S as Contains<$name::Component>>::INDEX;
                    let column = table.column(index).cast::<$name::Component>();
                    // SAFETY: as above.
                    unsafe { $name.move_to(column.add(first)) };
                )*
            }
        }
    };
}
crate::tuples::for_each_tuple!(columns);

/// Fails to compile where two columns are of one component.
pub(crate) const fn assert_once<S: Schema>(twice: Mask) {
    if twice != 0 {
        let text = Text::new()
            .str("two of these columns are of component `")
            .str(S::COMPONENTS[twice.trailing_zeros() as usize].name)
            .str("`: remove one of the two");
        panic!("{}", text.as_str())
    }
}
