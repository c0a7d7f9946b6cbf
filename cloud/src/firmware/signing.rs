//! Keys that sign images: Ed25519 in PKCS#8 PEM files, as OpenSSL writes and reads them too.

use std::path::{Path, PathBuf};

use milepost_protocol::update::{Manifest, SignedManifest};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData as _, SigningKey as _};

/// Why a key cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The file cannot be read.
    #[error("reading the key failed, {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// It holds no Ed25519 key.
    #[error("no Ed25519 key in PKCS#8 PEM, {}", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Making or using the key failed.
    #[error("the key failed")]
    Key(#[from] rcgen::Error),
}

/// A private key.
#[derive(Debug)]
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, SigningError> {
        Ok(Self(KeyPair::generate_for(&PKCS_ED25519)?))
    }

    /// Reads a key.
    pub fn read(path: &Path) -> Result<Self, SigningError> {
        let pem =
            std::fs::read_to_string(path).map_err(|source| SigningError::Read { path: path.to_owned(), source })?;
        let key = KeyPair::from_pem_and_sign_algo(&pem, &PKCS_ED25519);
        key.map(Self).map_err(|_| SigningError::NoKey { path: path.to_owned() })
    }

    /// The key as PEM.
    pub fn pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// The public key in hexadecimal digits, as configurations and boards name it.
    pub fn public_hex(&self) -> String {
        super::hex(self.0.der_bytes())
    }

    /// Signs a manifest.
    pub fn sign(&self, manifest: &Manifest) -> Result<SignedManifest, SigningError> {
        let mut signed = SignedManifest { manifest: manifest.encode(), signature: [[0; 32]; 2] };
        let signature = self.0.sign(&signed.message())?;
        let signature: [u8; 64] = signature.try_into().map_err(|_| rcgen::Error::RemoteKeyError)?;
        signed.signature = SignedManifest::split(signature);
        Ok(signed)
    }
}

/// A public key from 64 hexadecimal digits; `None` if the text is no point of the curve.
pub fn parse_key(hex: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    salty::PublicKey::try_from(&key).ok()?;
    Some(key)
}

/// Whether one of the keys made the signature, found out by the verifier that the boards use.
pub fn trusts(keys: &[[u8; 32]], signed: &SignedManifest) -> bool {
    let message = signed.message();
    let signature = salty::Signature::from(&signed.signature_bytes());
    keys.iter().any(|key| salty::PublicKey::try_from(key).is_ok_and(|key| key.verify(&message, &signature).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_signs_the_boards_verifier_trusts_and_another_key_does_not() {
        let key = SigningKey::generate().unwrap();
        let other = SigningKey::generate().unwrap();
        let manifest = Manifest {
            board: "bench".try_into().unwrap(),
            version: "1.5.0".parse().unwrap(),
            floor: "1.4.0".parse().unwrap(),
            build: [1; 8],
            len: 3,
            sha256: [2; 32],
        };
        let signed = key.sign(&manifest).unwrap();
        let public = parse_key(&key.public_hex()).unwrap();
        assert!(trusts(&[parse_key(&other.public_hex()).unwrap(), public], &signed));
        assert!(!trusts(&[parse_key(&other.public_hex()).unwrap()], &signed));
        let mut altered = signed;
        altered.manifest[0] ^= 1;
        assert!(!trusts(&[public], &altered));
    }

    #[test]
    fn a_key_reads_back_from_its_file_and_so_does_one_of_openssl() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let key = SigningKey::generate().unwrap();
        std::fs::write(&path, key.pem()).unwrap();
        assert_eq!(SigningKey::read(&path).unwrap().public_hex(), key.public_hex());
        // RFC 8410, section 10.3.
        let openssl = "-----BEGIN PRIVATE KEY-----\n\
                       MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                       -----END PRIVATE KEY-----\n";
        std::fs::write(&path, openssl).unwrap();
        let public = SigningKey::read(&path).unwrap().public_hex();
        assert_eq!(public, "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(SigningKey::read(&path), Err(SigningError::NoKey { .. })));
    }
}
