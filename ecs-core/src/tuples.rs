//! Implements a trait for tuples of 1 to 16 members.

/// Calls `$call!` with `A`, then `A B`, up to sixteen names.
macro_rules! for_each_tuple {
    ($call:ident) => {
        $crate::tuples::for_each_tuple!(@grow $call [A] B C D E F G H I J K L M N O P);
    };
    (@grow $call:ident [$($done:ident)+]) => { $call!($($done)+); };
    (@grow $call:ident [$($done:ident)+] $next:ident $($rest:ident)*) => {
        $call!($($done)+);
        $crate::tuples::for_each_tuple!(@grow $call [$($done)+ $next] $($rest)*);
    };
}
pub(crate) use for_each_tuple;
