//! The compiled rules by which SentencePiece rewrites text, such as those of NFKC.

/// Rewriting rules: a double-array trie of what they replace, in the form of the library Darts-clone, and the replacements.
///
/// The file holds the bytes of the trie (a u32 count, little-endian), its units (u32 each), and the replacements, each ended
/// by a zero byte. A unit has its label in bits 0 to 7 (and bit 31, which no label has, in the units that hold a value),
/// whether a word ends there in bit 8, and in bits 10 to 30 how far its children are, times 256 if bit 9 is set.
pub struct Charsmap {
    units: Vec<u32>,
    replacements: String,
}

impl Charsmap {
    /// Reads `precompiled_charsmap`; an error is the reason alone.
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        let short = || format!("precompiled_charsmap of {} bytes is shorter than it says", bytes.len());
        let (size, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let size = u32::from_le_bytes(*size) as usize;
        let (trie, replacements) = rest.split_at_checked(size).ok_or_else(short)?;
        let (units, left) = trie.as_chunks();
        if units.is_empty() || !left.is_empty() {
            return Err(format!("precompiled_charsmap has a trie of {size} bytes, expected some units of 4"));
        }
        let replacements = std::str::from_utf8(replacements);
        let replacements = replacements.map_err(|e| format!("precompiled_charsmap has replacements that are {e}"))?;
        let units = units.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
        Ok(Self { units, replacements: replacements.to_owned() })
    }

    /// The rule for the longest beginning of `text` that has one: how many bytes it replaces, and by what.
    ///
    /// # Errors
    /// The rule points outside the replacements, or would cut a character in two.
    pub fn rule(&self, text: &str) -> Result<Option<(usize, &str)>, String> {
        let Some((length, start)) = self.longest(text.as_bytes()) else { return Ok(None) };
        let replacement = self.replacements.get(start..).and_then(|rest| rest.split('\0').next());
        match replacement.filter(|_| text.is_char_boundary(length)) {
            Some(replacement) => Ok(Some((length, replacement))),
            None => Err(format!("precompiled_charsmap has a broken rule for {:?}", text.chars().next())),
        }
    }

    /// Length and value of the longest word of the trie that `text` begins with.
    fn longest(&self, text: &[u8]) -> Option<(usize, usize)> {
        let children = |unit: u32| ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize;
        let mut longest = None;
        let mut node = children(*self.units.first()?);
        for (length, &byte) in (1..).zip(text) {
            node ^= usize::from(byte);
            let Some(&unit) = self.units.get(node) else { break };
            if unit & 0x8000_00FF != u32::from(byte) {
                break;
            }
            node ^= children(unit);
            if unit & 1 << 8 != 0 {
                let value = self.units.get(node)?;
                longest = Some((length, (value & 0x7FFF_FFFF) as usize));
            }
        }
        longest
    }
}
