//! Says that a change of the migrations, which a macro embeds, is a change of the crate.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
