//! Programs for tests: the smallest files that are told for programs.

/// A program of that machine, with a loader or without.
pub fn program(machine: u16, loader: Option<&str>) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[16..18].copy_from_slice(&2u16.to_le_bytes());
    bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    bytes[32..40].copy_from_slice(&64u64.to_le_bytes());
    bytes[54..56].copy_from_slice(&56u16.to_le_bytes());
    if let Some(loader) = loader {
        bytes[56..58].copy_from_slice(&1u16.to_le_bytes());
        let mut part = vec![0; 56];
        part[..4].copy_from_slice(&3u32.to_le_bytes());
        part[8..16].copy_from_slice(&120u64.to_le_bytes());
        part[32..40].copy_from_slice(&(loader.len() as u64 + 1).to_le_bytes());
        bytes.extend(part);
        bytes.extend(loader.as_bytes());
        bytes.push(0);
    }
    bytes
}
