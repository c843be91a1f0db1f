#[automatically_derived]
impl renamed::ecs::__support::Component for Mood {
    const STORAGE: renamed::ecs::__support::Storage = renamed::ecs::__support::Storage::Sparse;
    const VERSION: renamed::ecs::__support::core::primitive::u32 = 2;
    const OBSERVE: renamed::ecs::__support::core::primitive::bool = true;
    const TRACK: renamed::ecs::__support::core::primitive::bool = true;
}
#[automatically_derived]
unsafe impl<
    __S: renamed::ecs::__support::Contains<Self>,
> renamed::ecs::__support::Bundle<__S> for Mood {
    const MASK: renamed::ecs::__support::Mask = __S::BIT;
    const TWICE: renamed::ecs::__support::core::option::Option<
        renamed::ecs::__support::Twice,
    > = renamed::ecs::__support::core::option::Option::None;
    const MARKER: renamed::ecs::__support::core::primitive::bool = false;
    #[inline(always)]
    unsafe fn write<__T: renamed::ecs::__support::Cells<__S>>(self, cells: &mut __T) {
        unsafe { cells.cell::<Self>().write(self) }
    }
    #[inline(always)]
    unsafe fn read<__T: renamed::ecs::__support::Cells<__S>>(cells: &mut __T) -> Self {
        unsafe { cells.cell::<Self>().read() }
    }
}
