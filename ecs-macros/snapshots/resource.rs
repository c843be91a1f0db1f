#[automatically_derived]
unsafe impl<T> ::static_ecs::__support::Resource for Score<T>
where
    T: ::static_ecs::__support::core::marker::Send + 'static,
{
    const NAME: &'static ::static_ecs::__support::core::primitive::str = ::static_ecs::__support::core::concat!(
        ::static_ecs::__support::core::module_path!(), "::", "Score"
    );
}
