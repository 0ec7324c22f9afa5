//! The `tongma` program; everything it does is in the library.

fn main() -> std::process::ExitCode {
    tongma::cli::main()
}
