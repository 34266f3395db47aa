//! Makes the codec from the schema.

fn main() -> Result<(), netipc_codegen::build::Error> {
    netipc_codegen::build::rust(["ip-to-asn.toml"])
}
