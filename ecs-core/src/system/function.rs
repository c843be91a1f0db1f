//! Functions as systems.

use super::access::assert_sound;
use super::param::{SystemContext, SystemParam};
use super::{
    BoxError, BoxedSystem, HasSignature, SharedSystem, Signature, SystemAccess, SystemResult,
};
use crate::config::WorldConfig;
use crate::schema::Schema;

/// A function, given its parameters.
struct Function<F> {
    access: &'static SystemAccess,
    run: F,
}

// SAFETY: made below only, with the access of the parameters, which is all that they
// use.
unsafe impl<W, F> SharedSystem<W> for Function<F>
where
    W: WorldConfig,
    F: FnMut(SystemContext<'_, W>) -> Result<(), BoxError> + Send,
{
    fn access(&self) -> &'static SystemAccess {
        self.access
    }

    unsafe fn run(&mut self, context: SystemContext<'_, W>) -> Result<(), BoxError> {
        (self.run)(context)
    }
}

macro_rules! system {
    ($($name:ident)*) => {
        impl<Func, R, $($name),*> HasSignature<fn($($name),*) -> R> for Func
        where
            for<'f> &'f mut Func: FnMut($($name),*) -> R,
        {
        }

        impl<W, Func, R, $($name),*> Signature<W, Func> for fn($($name),*) -> R
        where
            W: WorldConfig,
            $($name: SystemParam<W> + 'static,)*
            Func: Send + 'static,
            // Of a reference, since an opaque type is looked at for one bound only.
            for<'f> &'f mut Func: FnMut($($name),*) -> R
                + FnMut($($name::Item<'_, '_>),*) -> R,
            R: SystemResult,
        {
            const CHECKED: () =
                assert_sound(&<($($name,)*) as SystemParam<W>>::ACCESS, W::Schema::COMPONENTS);

            #[allow(non_snake_case, unused_variables, unused_mut, unused_unsafe, clippy::unused_unit)]
            fn into_system(mut function: Func) -> BoxedSystem<W> {
                let () = <Self as Signature<W, Func>>::CHECKED;
                /// With the parameters' types written once, so that the compiler
                /// need not choose between the two bounds.
                #[allow(clippy::too_many_arguments)]
                fn call<R, $($name),*>(mut f: impl FnMut($($name),*) -> R, $($name: $name),*) -> R {
                    f($($name),*)
                }
                let mut states = <($($name,)*) as SystemParam<W>>::state();
                let run = move |context: SystemContext<'_, W>| {
                    let ($($name,)*) = &mut states;
                    // SAFETY: who runs the system promises that nobody else uses what
                    // is in the access, and the parameters were checked when it was made.
                    let ($($name,)*) = unsafe { ($($name::get($name, context)?,)*) };
                    call(&mut function, $($name),*).into_result()
                };
                BoxedSystem::shared::<Func>(Function { access: &<($($name,)*) as SystemParam<W>>::ACCESS, run })
            }
        }
    };
}
system!();
crate::tuples::for_each_tuple!(system);
