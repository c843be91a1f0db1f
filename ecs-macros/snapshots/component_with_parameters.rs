#[automatically_derived]
impl<T: Copy, const N: usize> ::static_ecs::__support::Component for Buffer<T, N>
where
    T: Default,
    T: 'static,
{}
#[automatically_derived]
unsafe impl<
    T: Copy,
    const N: usize,
    __S: ::static_ecs::__support::Contains<Self>,
> ::static_ecs::__support::Bundle<__S> for Buffer<T, N>
where
    T: Default,
    T: 'static,
{
    type Form = ::static_ecs::__support::Single;
}
