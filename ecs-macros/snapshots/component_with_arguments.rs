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
    type Form = renamed::ecs::__support::Single;
}
