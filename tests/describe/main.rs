//! What worlds and coordinators tell of what they are declared to be, beside what they are when
//! they are made.

mod drawing;
mod topology;
mod world;
