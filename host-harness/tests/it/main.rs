//! The whole path, as users and hosts take it: the program, the component, both engines.

mod cli;
mod component;
mod odd;
mod parity;
mod robust;
mod support;
